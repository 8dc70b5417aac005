package server

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// preface is how a client of HTTP/2 begins, with SETTINGS that say nothing
// (RFC 9113, section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// TestSlowClients has clients that never come to the point, and shows that
// their connections are closed.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		protocol string // of TLS; none for what comes before it
		begin    string
		again    string // goes on and on
	}{
		"says nothing":               {},
		"shakes hands byte by byte":  {begin: "\x16\x03\x01\x02\x00\x01", again: "\x00"},
		"no request":                 {protocol: "http/1.1"},
		"header without end":         {protocol: "http/1.1", begin: "GET / HTTP/1.1\r\nHost: " + proxytest.Hostname + "\r\n", again: "X-A: b\r\n"},
		"header byte by byte":        {protocol: "http/1.1", begin: "G", again: "E"},
		"second header without end":  {protocol: "http/1.1", begin: "GET / HTTP/1.1\r\nHost: " + proxytest.Hostname + "\r\n\r\nGET /", again: "a"},
		"idle":                       {protocol: "http/1.1", begin: "GET / HTTP/1.1\r\nHost: " + proxytest.Hostname + "\r\n\r\n"},
		"HTTP/2 and no request":      {protocol: "h2", begin: preface},
		"HTTP/2 header without end":  {protocol: "h2", begin: preface + "\x00\x40\x00\x01\x04\x00\x00\x00\x01", again: "\x82"},
		"HTTP/2 and no settings":     {protocol: "h2", begin: preface[:24]},
		"HTTP/2 and nothing but air": {protocol: "h2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFront(t, func(s *limits) { s.HeaderTimeout, s.IdleTimeout = 300*time.Millisecond, 300*time.Millisecond },
				func(http.ResponseWriter, *http.Request) {})
			conn, err := net.Dial("tcp", f.address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if c.protocol != "" {
				_ = conn.Close()
				// The limit is for the handshake, too, and a machine that has other things
				// to do may not keep it.
				until(t, func() bool {
					conn, err = f.dial(t.Context(), c.protocol)
					return err == nil
				})
			}
			stop := make(chan struct{})
			var writing sync.WaitGroup
			writing.Go(func() {
				text := c.begin
				for {
					if _, err := io.WriteString(conn, text); err != nil || c.again == "" {
						return
					}
					text = c.again
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			})
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection is still open")
			}
			close(stop)
			writing.Wait()
			until(t, func() bool { return f.conns.count() == 0 })
		})
	}
}

// TestOversizedHeader refuses headers that are too long, and goes on.
func TestOversizedHeader(t *testing.T) {
	t.Parallel()
	f := startFront(t, func(s *limits) { s.MaxHeaderBytes = 8 << 10 }, func(http.ResponseWriter, *http.Request) {})
	conn, err := f.dial(t.Context(), "http/1.1")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", proxytest.Hostname, strings.Repeat("c", 20<<10))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge || f.served.Load() > 0 {
		t.Errorf("answers %s", response.Status)
	}
	client := f.client(t, "h2")
	big := request(t, http.MethodGet, "/", nil)
	big.Header.Set("Cookie", strings.Repeat("c", 20<<10))
	if response, err := client.Do(big); err == nil {
		_ = response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("answers %s by HTTP/2", response.Status)
		}
	}
	if f.served.Load() > 0 {
		t.Error("the request was handled")
	}
	if err := post(t, client, "h2", "0"); err == nil || !strings.Contains(err.Error(), `200 OK: ""`) {
		t.Errorf("afterwards: %v", err)
	}
}

// notes is a log that tests look at.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notes) times(text string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.text.String(), text)
}

// take opens connections, until the test's end.
func (c clients) take(t *testing.T, count int) []*tls.Conn {
	t.Helper()
	taken := make([]*tls.Conn, count)
	for i := range taken {
		conn, err := c.dial(t.Context(), "http/1.1")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		taken[i] = conn
	}
	return taken
}

// TestMaxConnections has one client more than there may be wait until another
// goes.
func TestMaxConnections(t *testing.T) {
	t.Parallel()
	f := startFront(t, func(s *limits) { s.MaxConnections = 2 }, func(http.ResponseWriter, *http.Request) {})
	taken := f.take(t, 2)
	third := make(chan error, 1)
	go func() {
		conn, err := f.dial(t.Context(), "http/1.1")
		if err == nil {
			_ = conn.Close()
		}
		third <- err
	}()
	until(t, func() bool { return f.said.times("further clients wait") > 0 })
	if n := f.conns.count(); n != 2 {
		t.Errorf("there are %d connections", n)
	}
	select {
	case err := <-third:
		t.Fatalf("a third client need not wait: %v", err)
	default:
	}
	_ = taken[0].Close()
	if err := receive(t, third); err != nil {
		t.Errorf("there is no place for the third: %v", err)
	}
	for range 5 {
		_, _ = f.serial(t.Context())
	}
	if n := f.said.times("further clients wait"); n != 1 {
		t.Errorf("that is told %d times within a minute", n)
	}
}

// TestMaxConnectionsPerClient closes what a client has too many of, at once, and
// nobody else's.
func TestMaxConnectionsPerClient(t *testing.T) {
	t.Parallel()
	f := startFront(t, func(s *limits) { s.MaxConnectionsPerClient = 2 }, func(http.ResponseWriter, *http.Request) {})
	taken := f.take(t, 2)
	for range 3 {
		if conn, err := f.dial(t.Context(), "http/1.1"); err == nil {
			_ = conn.Close()
			t.Error("a client has a connection more than it may")
		}
	}
	if n := f.said.times("its others are closed"); n != 1 {
		t.Errorf("that is told %d times within a minute", n)
	}
	// All of 127.0.0.0/8 is this machine, on Linux.
	if runtime.GOOS == "linux" {
		other := tls.Dialer{NetDialer: &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}, Config: f.config("http/1.1")}
		conn, err := other.DialContext(t.Context(), "tcp", f.address)
		if err != nil {
			t.Fatalf("another client: %v", err)
		}
		defer conn.Close()
	}
	_ = taken[0].Close()
	until(t, func() bool {
		conn, err := f.dial(t.Context(), "http/1.1")
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// TestRequestsPerClient refuses what a client has too many of at a time, over
// however many connections of HTTP/2 it has them.
func TestRequestsPerClient(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	f := startFront(t, func(s *limits) { s.MaxConnectionsPerClient = 3 }, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			<-release
		}
	})
	one, two := f.client(t, "h2"), f.client(t, "h2")
	answers := make(chan error, 3)
	for _, client := range []*http.Client{one, one, two} {
		go func() {
			response, err := client.Do(request(t, http.MethodGet, "/wait", nil))
			if err == nil {
				_ = response.Body.Close()
			}
			answers <- err
		}()
	}
	until(t, func() bool { return f.running.Load() == 3 })
	for range 2 {
		response, err := two.Do(request(t, http.MethodPost, "/", strings.NewReader("more")))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "1" {
			t.Errorf("one request more than a client may have: %s, %v", response.Status, response.Header)
		}
	}
	if n := f.said.times("its others are refused"); n != 1 {
		t.Errorf("that is told %d times within a minute", n)
	}
	close(release)
	for range 3 {
		if err := receive(t, answers); err != nil {
			t.Error(err)
		}
	}
	until(t, func() bool {
		response, err := two.Do(request(t, http.MethodGet, "/", nil))
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// TestClientOf tells whose a connection is.
func TestClientOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7:5000":              "192.0.2.7/32",
		"[::ffff:192.0.2.7]:5000":     "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:5000": "2001:db8:1:2::/64",
		"[2001:db8:1:3::1]:5000":      "2001:db8:1:3::/64",
		"[fe80::1%eth0]:5000":         "fe80::/64",
	} {
		if client := clientOf(address); client.String() != want {
			t.Errorf("the client at %s is %s, not %s", address, client, want)
		}
	}
}

// TestListen tells what to do about addresses.
func TestListen(t *testing.T) {
	t.Parallel()
	taken := proxytest.FreeAddress(t)
	listener, err := listen(t.Context(), "-listen", taken)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, err = listen(t.Context(), "-listen", taken)
	for _, want := range []string{"-listen", taken, "another container of this task"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: has no %q", err, want)
		}
	}
	if text := hint(&net.OpError{Err: syscall.EACCES}); !strings.Contains(text, "net.ipv4.ip_unprivileged_port_start") {
		t.Errorf("of a port that root may have it says %q", text)
	}
}
