package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

func TestMain(m *testing.M) { os.Exit(proxytest.Main(m)) }

// patience is how long a test waits for what comes, on a machine that has other
// things to do.
const patience = time.Minute

// clients are those of a server at an address.
type clients struct {
	address   string
	authority *proxytest.Authority
}

// world is the proxy's own binary, between clients and a back end.
type world struct {
	*proxytest.Process
	clients
	bucket        *proxytest.Bucket
	health, plain string
}

// startProxy has the binary serve, with more settings than it needs.
func startProxy(t *testing.T, backend http.Handler, more ...string) *world {
	t.Helper()
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{bucket: proxytest.NewBucket(t), health: proxytest.FreeAddress(t), plain: proxytest.FreeAddress(t)}
	w.clients = clients{proxytest.FreeAddress(t), w.bucket.Authority}
	w.bucket.Publish(w.bucket.Authority.Issue(nil))
	environment := append(w.bucket.Env(), proxytest.Metadata(t), "FARGATEDIRECT_BACKEND_PORT="+port, "FARGATEDIRECT_DOMAIN="+proxytest.Domain,
		"FARGATEDIRECT_LISTEN="+w.address, "FARGATEDIRECT_HEALTH_LISTEN="+w.health)
	w.Process = proxytest.Start(t, append(environment, more...), "serve")
	w.Await(t, `"msg":"serving"`)
	return w
}

// limits are the settings that a front looks at.
type limits = settings.Settings

// inside is a front without the rest of the proxy.
type inside struct {
	*front
	clients
	// served counts the requests that are over.
	served atomic.Int64
	said   notes
}

// startFront has a front serve a handler over TLS.
func startFront(t *testing.T, change func(*limits), handler http.HandlerFunc) *inside {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	authority := proxytest.NewAuthority()
	pair := authority.Issue(nil)
	certificate, err := tls.X509KeyPair([]byte(pair.Chain), []byte(pair.Key))
	if err != nil {
		t.Fatal(err)
	}
	s := limits{HeaderTimeout: patience, IdleTimeout: patience, StallTimeout: patience, MaxHeaderBytes: 32 << 10, MaxConnections: 100, MaxConnectionsPerClient: 100}
	change(&s)
	i := &inside{clients: clients{listener.Addr().String(), authority}}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12}
	i.front = newFront(listener, config, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer i.served.Add(1)
		handler(w, r)
	}), s, new(atomic.Int64), slog.New(slog.NewTextHandler(&i.said, nil)))
	ended := make(chan struct{})
	go func() {
		_ = i.serve()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = i.server.Close()
		i.conns.closeAll()
		<-ended
	})
	return i
}

// errDial is that no connection was to be had.
type errDial struct{ error }

// dial makes a connection that speaks a protocol of HTTP.
func (c clients) dial(ctx context.Context, protocols ...string) (*tls.Conn, error) {
	dialer := &tls.Dialer{Config: c.config(protocols...)}
	conn, err := dialer.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return nil, errDial{err}
	}
	return conn.(*tls.Conn), nil
}

// config is for a client that trusts the authority.
func (c clients) config(protocols ...string) *tls.Config {
	return &tls.Config{RootCAs: c.authority.Pool(), ServerName: proxytest.Hostname, NextProtos: protocols, MinVersion: tls.VersionTLS12}
}

// client makes an HTTP client with connections of its own: h2 or http/1.1.
func (c clients) client(t *testing.T, protocol string) *http.Client {
	transport := &http.Transport{ForceAttemptHTTP2: protocol == "h2"}
	transport.DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx, protocol) }
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// isDial tells whether a request got no connection, and so was never sent.
func isDial(err error) bool {
	var dial errDial
	return errors.As(err, &dial)
}

// once is a body that can be sent only once.
type once struct{ io.Reader }

func request(t *testing.T, method, path string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "https://"+proxytest.Hostname+path, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tunnel is a connection that has been switched to another protocol, as a
// websocket is.
type tunnel struct {
	net.Conn
	lines *bufio.Reader
}

// openTunnel opens one to a back end with echo.
func (c clients) openTunnel(t *testing.T) *tunnel {
	t.Helper()
	opened, err := c.tryTunnel(t)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func (c clients) tryTunnel(t *testing.T) (*tunnel, error) {
	t.Helper()
	conn, err := c.dial(t.Context(), "http/1.1")
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, _ = fmt.Fprintf(conn, "GET /echo HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", proxytest.Hostname)
	lines := bufio.NewReader(conn)
	response, err := http.ReadResponse(lines, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("switching protocols: %v, %w", response, err)
	}
	return &tunnel{Conn: conn, lines: lines}, nil
}

// echo sends a line and waits for its answer.
func (c *tunnel) echo(t *testing.T, line string) {
	t.Helper()
	_, _ = fmt.Fprintln(c, line)
	if answer, err := c.lines.ReadString('\n'); answer != line+"\n" {
		t.Fatalf("the tunnel answers %q to %q: %v", answer, line, err)
	}
}

// echo is a back end that switches protocols.
func echo(w http.ResponseWriter, _ *http.Request) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	for {
		line, err := buffered.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, line)
	}
}

func noReplay(text string) io.Reader { return once{strings.NewReader(text)} }

// until waits for something that comes to pass.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it has not come to pass")
		}
	}
}
