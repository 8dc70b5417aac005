package freeport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
)

// find binds a socket to any port and neither listens nor closes it. Linux
// gives no port away that is bound, and shares one with a program that asks for
// this port, as long as both have SO_REUSEADDR, which servers have, and nobody
// listens (socket(7), ip(7)).
func find(host string) (string, error) {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "", err
	}
	if !ip.Is4() {
		return "", errors.New("it is no IPv4 address")
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", os.NewSyscallError("socket", err)
	}
	port, err := bind(fd, ip)
	if err != nil {
		return "", errors.Join(err, syscall.Close(fd))
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}

func bind(fd int, ip netip.Addr) (int, error) {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: ip.As4()}); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	bound, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return 0, fmt.Errorf("unexpected address %v", name)
	}
	return bound.Port, nil
}
