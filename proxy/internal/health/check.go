package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode"
)

const (
	// maxReport is the longest answer that is read.
	maxReport = 64 << 10
	// maxStatus is the longest status that is repeated.
	maxStatus = 1000
)

// Check asks the proxy that listens there whether it is well, for 3 seconds at
// most, and answers a line about it, with what it warns of; an error if it is
// not well. It is for the
// health check of a container, which runs in it: an address without a host, or
// of all hosts, is asked at loopback.
func Check(ctx context.Context, address string) (string, error) {
	line, err := check(ctx, address)
	if err != nil {
		return "", fmt.Errorf("unhealthy: %w", err)
	}
	return line, nil
}

func check(ctx context.Context, address string) (string, error) {
	address, err := local(address)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+Path, nil)
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", address, err)
	}
	// What is asked is here: no proxy of the environment leads there, and no
	// redirect away.
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("asking: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxReport))
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", address, err)
	}
	return judge(response.StatusCode, text)
}

// local is where to ask one that listens at an address.
func local(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("reading -health-listen: %w", err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}

// judge reads an answer.
func judge(status int, text []byte) (string, error) {
	var report Report
	if err := json.Unmarshal(text, &report); err != nil || report.Status == "" {
		return "", fmt.Errorf("what answers there is no proxy (status %d)", status)
	}
	if status != http.StatusOK || report.Status != ok {
		return "", errors.New(plain(report.Status))
	}
	line := "healthy"
	if c := report.Certificate; c != nil {
		line += fmt.Sprintf(": the certificate %s is valid until %s", c.Serial, c.NotAfter.UTC().Format(time.RFC3339))
		if report.Warning != "" {
			line += "; warning: " + report.Warning
		}
		if c.LastError != "" {
			line += "; last error: " + c.LastError
		}
	}
	return plain(line), nil
}

// plain is a text on one line.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if len(text) > maxStatus {
		text = strings.ToValidUTF8(text[:maxStatus], "") + " …"
	}
	return text
}
