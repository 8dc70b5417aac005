package sidecar

import (
	"fmt"
	"net"
)

// FreeAddress is an address of the host with a port that nobody listened on a
// moment ago. In ECS each task has ports to itself.
func FreeAddress(host string) (string, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
