//go:build linux

package localcloud_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestListensOnLoopbackOnly reads from the kernel on which addresses the
// cloud's ports listen.
func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	ports := map[string]string{}
	for name, address := range map[string]string{
		"LocalStack": cloud.Endpoint, "directory": cloud.DirectoryURL, "management": cloud.ManagementURL, "DNS": "dns://" + cloud.DNSAddr,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(u.Port())
		if err != nil {
			t.Fatal(err)
		}
		ports[fmt.Sprintf("%04X", n)] = name
	}
	const listening, loopback = "0A", "0100007F"
	seen := map[string]bool{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Skipf("the kernel does not tell: %v", err)
		}
		for line := range strings.Lines(string(b)) {
			fields := strings.Fields(line)
			if len(fields) < 4 || fields[3] != listening {
				continue
			}
			address, port, _ := strings.Cut(fields[1], ":")
			name, ours := ports[port]
			if !ours {
				continue
			}
			seen[name] = true
			if address != loopback {
				t.Errorf("%s listens on %s (hexadecimal, as in %s)", name, address, file)
			}
		}
	}
	for _, name := range ports {
		if !seen[name] {
			t.Errorf("%s does not listen", name)
		}
	}
	if host, _, err := net.SplitHostPort(cloud.DNSAddr); err != nil || host != "127.0.0.1" {
		t.Errorf("the DNS server (UDP too) is at %s", cloud.DNSAddr)
	}
}
