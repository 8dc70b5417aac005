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
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listening on %s (%s): %w; for a port below 1024 without root the container definition needs "+
			`"systemControls": [{"namespace": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]`, address, setting, err)
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listening on %s (%s): %w; another container of this task listens there: in a task all containers share their ports", address, setting, err)
	default:
		return nil, fmt.Errorf("listening on %s (%s): %w", address, setting, err)
	}
}
