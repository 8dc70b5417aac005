package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// tool answers the path of a program, and skips the test where it is missing.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s here: %v", name, err)
	}
	return path
}

// root writes the authority's root into a file.
func (w *world) root(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(file, []byte(w.bucket.Authority.RootPEM()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestOpenSSL shakes hands as clients do that are not Go's.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	openssl := tool(t, "openssl")
	w := startProxy(t, http.NotFoundHandler())
	root := w.root(t)
	for _, c := range []struct {
		arguments string
		says      []string // none: it is refused
	}{
		{arguments: "-tls1_3", says: []string{"TLSv1.3", "Verify return code: 0"}},
		{arguments: "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", says: []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "Verify return code: 0"}},
		{arguments: "-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305", says: []string{"ECDHE-ECDSA-CHACHA20-POLY1305"}},
		{arguments: "-alpn h2,http/1.1", says: []string{"ALPN protocol: h2"}},
		{arguments: "-alpn http/1.1", says: []string{"ALPN protocol: http/1.1"}},
		{arguments: "-tls1 -cipher ALL:@SECLEVEL=0"},
		{arguments: "-tls1_1 -cipher ALL:@SECLEVEL=0"},
		// CBC, key exchange without forward secrecy, and 3DES.
		{arguments: "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"},
		{arguments: "-tls1_2 -cipher kRSA:@SECLEVEL=0"},
		{arguments: "-tls1_2 -cipher 3DES:@SECLEVEL=0"},
		{arguments: "-alpn gopher"},
	} {
		arguments := append([]string{"s_client", "-connect", w.address, "-servername", proxytest.Hostname, "-CAfile", root, "-verify_hostname", proxytest.Hostname}, strings.Fields(c.arguments)...)
		out, err := exec.CommandContext(t.Context(), openssl, arguments...).CombinedOutput()
		text := string(out)
		if len(c.says) == 0 {
			// What this openssl has not even got says nothing of the proxy.
			if strings.Contains(text, "no cipher match") || strings.Contains(text, "no ciphers available") || strings.Contains(text, "nknown option") {
				t.Logf("%s: not tried, as this openssl does not have it", c.arguments)
				continue
			}
			if err == nil || !strings.Contains(text, "alert") {
				t.Errorf("%s is not refused: %v\n%s", c.arguments, err, text)
			}
			continue
		}
		for _, want := range c.says {
			if err != nil || !strings.Contains(text, want) {
				t.Errorf("%s: %v, says no %q:\n%s", c.arguments, err, want, text)
			}
		}
	}
}

// TestCurl asks by both protocols, and plain HTTP, with a client that is not
// Go's.
func TestCurl(t *testing.T) {
	t.Parallel()
	curl := tool(t, "curl")
	plain := proxytest.FreeAddress(t)
	w := startProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.RequestURI()) }),
		"FARGATEDIRECT_REDIRECT_LISTEN="+plain)
	_, port, _ := net.SplitHostPort(w.address)
	_, plainPort, _ := net.SplitHostPort(plain)
	url := "https://" + proxytest.Hostname + ":" + port + "/a?b=c"
	for _, c := range []struct{ arguments, want string }{
		{"--http1.1 " + url, "/a?b=c 1.1 200"},
		{"--http2 " + url, "/a?b=c 2 200"},
		{"--http2 --tlsv1.2 --tls-max 1.2 " + url, "/a?b=c 2 200"},
		{"--tls-max 1.1 " + url, "000"},
		{"--location http://" + proxytest.Hostname + ":" + plainPort + "/a?b=c", "/a?b=c 2 200"},
	} {
		if strings.Contains(c.want, " 2 ") && !hasHTTP2(t, curl) {
			t.Logf("%s: not tried, as this curl has no HTTP/2", c.arguments)
			continue
		}
		arguments := []string{
			"--silent", "--cacert", w.root(t), "--write-out", " %{http_version} %{http_code}",
			"--resolve", proxytest.Hostname + ":" + port + ":127.0.0.1", "--resolve", proxytest.Hostname + ":" + plainPort + ":127.0.0.1",
		}
		out, _ := exec.CommandContext(t.Context(), curl, append(arguments, strings.Fields(c.arguments)...)...).Output()
		if !strings.HasSuffix(string(out), c.want) {
			t.Errorf("%s: %q, want %q", c.arguments, out, c.want)
		}
	}
}

func hasHTTP2(t *testing.T, curl string) bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), curl, "--version").Output()
	return err == nil && strings.Contains(string(out), "HTTP2")
}

// TestRenewals publishes a hundred versions. A thousand clients have begun to
// shake hands before the first, and end it bit by bit between the last; others
// shake hands all the time; a websocket and a download go on.
func TestRenewals(t *testing.T) {
	t.Parallel()
	const versions, handshakes = 100, 1000
	backend := &counting{answered: map[string]int{}, release: make(chan struct{})}
	w := startProxy(t, backend, "FARGATEDIRECT_INTERVAL=10ms", "FARGATEDIRECT_ACCESS_LOG=false",
		"FARGATEDIRECT_MAX_CONNECTIONS=2000", "FARGATEDIRECT_MAX_CONNECTIONS_PER_CLIENT=2000", "FARGATEDIRECT_HEADER_TIMEOUT=10m")
	socket := w.openTunnel(t)
	backend.begun.Add(1)
	var long sync.WaitGroup
	long.Go(func() { download(t, w.client(t, "h2")) })
	backend.begun.Wait()
	waiting := make([]net.Conn, handshakes)
	for i := range waiting {
		var err error
		if waiting[i], err = net.Dial("tcp", w.address); err != nil {
			t.Fatal(err)
		}
		defer waiting[i].Close()
	}

	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for {
				if _, err := w.serial(t.Context()); err != nil {
					t.Errorf("a handshake fails: %v", err)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for i := range versions {
		pair := w.bucket.Authority.Issue(nil)
		w.bucket.Publish(pair)
		until(t, func() bool {
			serial, err := w.serial(t.Context())
			return err == nil && serial == pair.Serial
		})
		for _, conn := range waiting[i*handshakes/versions : (i+1)*handshakes/versions] {
			session := tls.Client(conn, w.config("http/1.1"))
			if err := session.HandshakeContext(t.Context()); err != nil {
				t.Fatalf("a handshake that began before version %d fails: %v", i, err)
			}
			if serial := serialOf(session); serial != pair.Serial {
				t.Errorf("serves %s, and not version %d, %s", serial, i, pair.Serial)
			}
		}
		socket.echo(t, fmt.Sprintf("with version %d", i))
	}
	close(stop)
	others.Wait()
	close(backend.release)
	long.Wait()
}

// serial shakes hands and answers the serial number of what is served.
func (c clients) serial(ctx context.Context) (string, error) {
	conn, err := c.dial(ctx, "http/1.1")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return serialOf(conn), nil
}

func serialOf(conn *tls.Conn) string {
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Text(16)
}

// TestManyHandshakes has a thousand clients shake hands at the same time, and
// keeps all their connections.
func TestManyHandshakes(t *testing.T) {
	t.Parallel()
	const many = 1000
	w := startProxy(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }),
		"FARGATEDIRECT_ACCESS_LOG=false", "FARGATEDIRECT_HEADER_TIMEOUT=2m")
	begin := make(chan struct{})
	conns := make([]*tls.Conn, many)
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			<-begin
			conns[i], errs[i] = w.dial(t.Context(), "http/1.1")
		})
	}
	close(begin)
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
}
