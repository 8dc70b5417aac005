//go:build !race

package proxytest

const raceFlag = "-race=false"
