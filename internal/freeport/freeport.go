// Package freeport finds ports for programs that this one starts. It is for the
// local cloud, the demo and tests; the product does not import it.
package freeport

import "fmt"

// Address answers an IPv4 host with a port that nobody listens on. On Linux the
// port is this process's until it ends: the system gives it to nobody who asks
// for any port, and whoever is told of it can listen on it, again and again.
// Elsewhere others may take it first.
func Address(host string) (string, error) {
	address, err := find(host)
	if err != nil {
		return "", fmt.Errorf("finding a free port of %s: %w", host, err)
	}
	return address, nil
}
