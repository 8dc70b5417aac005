package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// TestLargeFrame refuses a frame of HTTP/2 at its first bytes, which tell how
// long it is, so that nobody has memory taken by the promise of a MiB.
func TestLargeFrame(t *testing.T) {
	t.Parallel()
	f := startFront(t, func(*limits) {}, func(http.ResponseWriter, *http.Request) {})
	conn, err := f.dial(t.Context(), "h2")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, preface+"\x00\x40\x01\x00\x00\x00\x00\x00\x01")
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is still open")
	}
}

// TestStuckLog serves and drains while nobody takes what the process says.
func TestStuckLog(t *testing.T) {
	t.Parallel()
	unread, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	_ = out.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	for range 1 << 10 {
		if _, err := out.Write(make([]byte, 1<<10)); err != nil {
			break
		}
	}
	cmd := exec.Command(proxytest.Binary(t), "serve")
	bucket := proxytest.NewBucket(t)
	bucket.Publish(bucket.Authority.Issue(nil))
	c := clients{proxytest.FreeAddress(t), bucket.Authority}
	cmd.Env = append(bucket.Env(), proxytest.Metadata(t), "FARGATEDIRECT_BACKEND_PORT=1", "FARGATEDIRECT_DOMAIN="+proxytest.Domain,
		"FARGATEDIRECT_LISTEN="+c.address, "FARGATEDIRECT_HEALTH_LISTEN="+proxytest.FreeAddress(t))
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	// A proxy that waits for its log takes connections, and shakes no hands.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	until(t, func() bool {
		_, err := c.serial(ctx)
		return err == nil
	})
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := receive(t, ended); err != nil {
		t.Errorf("ends with %v", err)
	}
}

// TestOutOfStep has bodies that do not come to their end. The connection ends
// then, since what follows may be a request that is hidden in a body.
func TestOutOfStep(t *testing.T) {
	t.Parallel()
	var hidden atomic.Bool
	w := startProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Else net/http answers only when it has the body.
		_ = http.NewResponseController(w).EnableFullDuplex()
		switch r.URL.Path {
		case "/hidden":
			hidden.Store(true)
		case "/read":
			_, _ = io.Copy(io.Discard, r.Body)
		case "/die":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
				_ = conn.Close()
			}
		default:
			w.Header().Set("Content-Length", "2")
			_, _ = io.WriteString(w, "no")
		}
	}), "FARGATEDIRECT_STALL_TIMEOUT=300ms")
	const broken, stalled = "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\n", "Content-Length: 300\r\n\r\nabc"
	for name, c := range map[string]struct {
		begin string
		// stands tells that the client waits before it goes on.
		stands bool
	}{
		"broken":                 {"/read HTTP/1.1\r\n" + broken, false},
		"broken and not read":    {"/ HTTP/1.1\r\n" + broken, false},
		"stalled":                {"/read HTTP/1.1\r\n" + stalled, true},
		"stalled and not read":   {"/ HTTP/1.1\r\n" + stalled, true},
		"stalled, back end dies": {"/die HTTP/1.1\r\n" + stalled, true},
		"stalled in a chunk":     {"/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", true},
		"stalled, for others":    {"/ HTTP/1.1\r\nHost: example.org\r\n" + stalled, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := w.dial(t.Context(), "http/1.1")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			own := "Host: " + proxytest.Hostname + "\r\n"
			text := "POST " + c.begin
			if !strings.Contains(text, "Host: ") {
				text = strings.Replace(text, "\r\n", "\r\n"+own, 1)
			}
			if !c.stands {
				text += "GET /hidden HTTP/1.1\r\n" + own + "\r\n"
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection is still open")
			}
			if hidden.Load() {
				t.Error("a request that was hidden in a body was forwarded")
			}
		})
	}
}
