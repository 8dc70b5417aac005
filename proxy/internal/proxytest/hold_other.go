//go:build !linux

package proxytest

import "net"

// hold finds a port of 127.0.0.1 that was free just now.
func hold() (address string, release func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	return listener.Addr().String(), func() {}, listener.Close()
}
