//go:build !windows

package cname

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/miekg/dns"
)

// askSystem asks the servers that the system uses.
func askSystem(ctx context.Context, name string) (string, error) {
	config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return "", fmt.Errorf("finding the system's name servers: %w", err)
	}
	if len(config.Servers) == 0 {
		return "", errors.New("finding the system's name servers: /etc/resolv.conf has none")
	}
	servers := make([]string, len(config.Servers))
	for i, server := range config.Servers {
		servers[i] = net.JoinHostPort(server, config.Port)
	}
	return askServers(ctx, servers, name)
}
