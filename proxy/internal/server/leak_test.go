package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

// TestLeaks has clients of all kinds go in the middle of what they do, and
// shows that nothing is left of them. It is alone: it counts what the process
// has.
func TestLeaks(t *testing.T) {
	const rounds = 20
	// The collector would close what is forgotten, sooner or later.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	backend := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/echo":
			echo(w, r)
		case "/wait":
			if _, err := io.Copy(io.Discard, r.Body); err == nil {
				<-r.Context().Done()
			}
		case "/download":
			_, _ = w.Write(make([]byte, 4<<20))
		}
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = backend.Serve(listener) }()
	t.Cleanup(func() { _ = backend.Close() })
	authority := proxytest.NewAuthority()
	c := clients{proxytest.FreeAddress(t), authority}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := settings.Settings{
		Secret: authority.Issue(nil).Secret(), CertificateTimeout: patience, Interval: time.Hour,
		Listen: c.address, HealthListen: proxytest.FreeAddress(t), AnyHost: true, AccessLog: true,
		BackendPort: listener.Addr().(*net.TCPAddr).Port, BackendProtocol: settings.HTTP1, DrainTimeout: patience, HeaderTimeout: patience,
		IdleTimeout: patience, StallTimeout: time.Second, MaxHeaderBytes: 32 << 10, MaxConnections: 1000, MaxConnectionsPerClient: 1000,
	}
	go func() { ended <- Run(ctx, t.Context(), s, io.Discard) }()
	until(t, func() bool { return c.leave(t, "http/1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n") == nil })

	goroutines, files := counts(t)
	const body = " HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\nabc"
	for range rounds {
		var all sync.WaitGroup
		for _, text := range []string{
			"", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n", "GET /download HTTP/1.1\r\nHost: a\r\n\r\n",
			"POST /" + body, "POST /wait" + body, "POST /" + body[:20], "POST /echo" + body,
			"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello\n",
		} {
			all.Go(func() { _ = c.leave(t, "http/1.1", text) })
		}
		all.Go(func() { _ = c.leave(t, "h2", preface) })
		all.Go(func() { _ = c.leave(t, "h2", preface+"\x00\x00\x05\x01\x05\x00\x00\x00\x01\x82\x84\x87\x41\x00") })
		all.Go(func() { _ = c.leave(t, "h2", preface+"\x00\x00\x06\x01\x04\x00\x00\x00\x01\x83\x84\x87\x41\x01a") })
		all.Go(func() { leaveHandshake(t, c.address) })
		all.Wait()
	}
	now, open := counts(t)
	for end := time.Now().Add(patience); (now > goroutines || open > files) && time.Now().Before(end); now, open = counts(t) {
		time.Sleep(50 * time.Millisecond)
	}
	if now > goroutines || open > files {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		t.Errorf("%d goroutines and %d open files, at first %d and %d\n%s", now, open, goroutines, files, stacks)
	}
	stop()
	if err := receive(t, ended); err != nil {
		t.Errorf("ends with %v", err)
	}
}

// counts answers how many goroutines and open files the process has.
func counts(t *testing.T) (goroutines, files int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("open files can not be counted here: %v", err)
	}
	return runtime.NumGoroutine(), len(entries)
}

// leave sends a text, waits a little for what comes, and goes without a word.
func (c clients) leave(t *testing.T, protocol, text string) error {
	conn, err := c.dial(t.Context(), protocol)
	if err != nil {
		return err
	}
	_, _ = io.WriteString(conn, text)
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, _ = io.CopyN(io.Discard, conn, 1)
	return conn.NetConn().Close()
}

// leaveHandshake goes in the middle of a handshake.
func leaveHandshake(t *testing.T, address string) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = fmt.Fprint(conn, "\x16\x03\x01\x02\x00\x01", strings.Repeat("\x00", 50))
	_ = conn.Close()
}
