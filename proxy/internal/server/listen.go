package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listen listens on an address that a setting names.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for %s: %w%s", setting, err, hint(err))
	}
	return listener, nil
}

// hint is what to do about an address that can not be had.
func hint(err error) string {
	switch {
	case errors.Is(err, syscall.EACCES):
		return "; for a port below 1024 without root, the container definition needs " +
			`"systemControls": [{"namespace": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]`
	case errors.Is(err, syscall.EADDRINUSE):
		return "; another container of this task has the port: in a task all share their ports"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "; an address without a host, such as :443, is all addresses of the task"
	default:
		return ""
	}
}
