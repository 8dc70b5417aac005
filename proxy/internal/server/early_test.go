package server

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// TestEarlyAnswer has a client send a part of a body, and wait then for an
// answer, as curl does with one that is an error. The whole answer comes, and
// says that it is the connection's last.
func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	w := startProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		// Else net/http answers only when it has the body.
		_ = c.EnableFullDuplex()
		switch r.URL.Path {
		case "/chunked":
			w.WriteHeader(http.StatusForbidden)
			_ = c.Flush()
			_, _ = io.WriteString(w, "no")
		case "/length":
			http.Error(w, "no", http.StatusForbidden)
		}
	}), "FARGATEDIRECT_STALL_TIMEOUT=10m")
	for _, path := range []string{"/chunked", "/length"} {
		for _, framing := range []string{"Content-Length: 1000\r\n\r\nabc", "Content-Length: 1000000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"} {
			t.Run(path+" "+framing[:20], func(t *testing.T) {
				t.Parallel()
				conn, err := w.dial(t.Context(), "http/1.1")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\n%s", path, proxytest.Hostname, framing)
				_ = conn.SetReadDeadline(time.Now().Add(patience))
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				if _, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusForbidden || !response.Close {
					t.Errorf("answers %s, last: %v, %v", response.Status, response.Close, err)
				}
			})
		}
	}
}

// TestEarlyHints are for those who know them.
func TestEarlyHints(t *testing.T) {
	t.Parallel()
	w := startProxy(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "<html>")
	}))
	for version, want := range map[string]string{"1.0": "HTTP/1.0 200 OK\r\n", "1.1": "HTTP/1.1 103 Early Hints\r\nLink: "} {
		conn, err := w.dial(t.Context(), "http/1.1")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = fmt.Fprintf(conn, "GET / HTTP/%s\r\nHost: %s\r\nConnection: close\r\n\r\n", version, proxytest.Hostname)
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		text, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(text), want) {
			t.Errorf("answers %q, %v", text, err)
		}
	}
}
