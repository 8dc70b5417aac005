package forward

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/accesslog"
)

const ownName = "0123456789abcdef0123456789abcdef.tasks.example.com"

// output is a log that may be read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// world is a proxy before a server.
type world struct {
	proxy *httptest.Server
	// log is what the proxy told of the server, access that of its clients.
	log, access *output
}

// newWorld starts a proxy, for HTTP/1.1 and HTTP/2 by TLS, before a server.
func newWorld(t testing.TB, backend http.Handler, change func(*Options)) *world {
	t.Helper()
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	return before(t, server.Listener.Addr(), change)
}

// before starts a proxy before the server that has this address.
func before(t testing.TB, address net.Addr, change func(*Options)) *world {
	t.Helper()
	w := &world{log: &output{}, access: &output{}}
	o := Options{Port: portOf(t, address), Hostname: ownName, Logger: slog.New(slog.NewJSONHandler(w.log, nil))}
	if change != nil {
		change(&o)
	}
	w.proxy = httptest.NewUnstartedServer(accesslog.Handler(slog.New(slog.NewJSONHandler(w.access, nil)), func() bool { return false }, New(o)))
	w.proxy.EnableHTTP2 = true
	w.proxy.StartTLS()
	t.Cleanup(func() {
		w.proxy.CloseClientConnections()
		w.proxy.Close()
	})
	return w
}

func portOf(t testing.TB, address net.Addr) int {
	t.Helper()
	_, text, _ := net.SplitHostPort(address.String())
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// client is one of the proxy's, for HTTP/1.1 or HTTP/2.
func (w *world) client(t testing.TB, major int) *http.Client {
	t.Helper()
	transport := w.proxy.Client().Transport.(*http.Transport).Clone() //nolint:forcetypeassert // It is what httptest makes.
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(major == 1)
	transport.Protocols.SetHTTP2(major == 2)
	transport.ForceAttemptHTTP2 = false
	transport.TLSClientConfig.NextProtos = nil
	transport.DisableCompression = true
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// request makes one for the task's own name.
func (w *world) request(t testing.TB, method, path string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.proxy.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = ownName
	return r
}

// do sends a request and answers the answer and its body.
func do(t testing.TB, c *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// dial opens a connection of HTTP/1.1 to the proxy.
func (w *world) dial(t testing.TB) (*tls.Conn, *bufio.Reader) {
	t.Helper()
	d := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // Not what is tested.
	conn, err := d.DialContext(t.Context(), "tcp", w.proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*tls.Conn), bufio.NewReader(conn) //nolint:forcetypeassert // The dialer is tls's.
}

// raw sends a request as it is, and answers the answer's status and body.
func (w *world) raw(t testing.TB, request string) (int, string) {
	t.Helper()
	conn, reader := w.dial(t)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

// both runs a test with a client of HTTP/1.1 and one of HTTP/2.
func both(t *testing.T, w *world, test func(t *testing.T, c *http.Client)) {
	t.Helper()
	for _, major := range []int{1, 2} {
		t.Run("HTTP/"+strconv.Itoa(major), func(t *testing.T) { test(t, w.client(t, major)) })
	}
}

// eventually waits until a log has a text.
func eventually(t testing.TB, o *output, text string) {
	t.Helper()
	for range 12000 {
		if strings.Contains(o.String(), text) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%q is not in the log:\n%s", text, o.String())
}
