package proxytest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// hold binds a socket to any port of 127.0.0.1, and neither listens nor closes
// it until it is released. Linux gives no port away that is bound, and shares
// one with a program that asks for this port, as long as both have
// SO_REUSEADDR, which servers have, and nobody listens (socket(7), ip(7)).
func hold() (address string, release func(), err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", nil, os.NewSyscallError("socket", err)
	}
	port, err := bind(fd)
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("holding a port: %w", err), syscall.Close(fd))
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), func() { _ = syscall.Close(fd) }, nil
}

func bind(fd int) (int, error) {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	bound, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return 0, fmt.Errorf("unexpected address %v", name)
	}
	return bound.Port, nil
}
