//go:build !linux

package server

import "net"

// limitUnsent does nothing: tasks run on Linux.
func limitUnsent(net.Conn) {}
