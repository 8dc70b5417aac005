package freeport

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// TestAddress shows that a port is kept for whoever names it.
func TestAddress(t *testing.T) {
	t.Parallel()
	address, err := Address("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("connecting: %v, want that nobody listens", err)
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		client, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = client.Close()
		_ = listener.Close()
	}
	// A connection's own port is not shared, as any free one is not.
	other := net.Dialer{LocalAddr: addressOf(t, address)}
	if _, err := other.Dial("tcp", "127.0.0.1:1"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("another gets it: %v", err)
	}
	if _, err := Address("::1"); err == nil {
		t.Error("an address of IPv6 is taken")
	}
	if _, err := Address("192.0.2.1"); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("an address that is not here: %v", err)
	}
}

func addressOf(t *testing.T, address string) net.Addr {
	t.Helper()
	known, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return known
}
