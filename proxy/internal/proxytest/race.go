//go:build race

package proxytest

// The binary looks for races when its tests do.
const raceFlag = "-race"
