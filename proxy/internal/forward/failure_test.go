package forward

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// TestStartsLater: requests wait for a server that does not listen yet, and
// not for one that has ended.
func TestStartsLater(t *testing.T) {
	t.Parallel()
	address, err := net.ResolveTCPAddr("tcp", proxytest.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	w := before(t, address, nil)
	c := w.client(t, 1)
	answers := make(chan string)
	go func() {
		response, body := do(t, c, w.request(t, http.MethodPost, "/", strings.NewReader("sent once")))
		answers <- response.Status + " " + body
	}()
	time.Sleep(3 * startPause)
	listener, err := net.ListenTCP("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	})}
	go func() { _ = server.Serve(listener) }()
	if got := <-answers; got != "200 OK sent once" {
		t.Errorf("the answer is %s", got)
	}
	_ = server.Close()

	response, body := do(t, c, w.request(t, http.MethodGet, "/", nil))
	if response.StatusCode != http.StatusBadGateway || !strings.Contains(body, unreachable) {
		t.Errorf("the answer is %s %q", response.Status, body)
	}
	eventually(t, w.log, unreachable)
	eventually(t, w.log, "connection refused")
}

// TestPatience: a server that has never listened is waited for, but not for
// ever; one that has is not.
func TestPatience(t *testing.T) {
	t.Parallel()
	nobody := proxytest.FreeAddress(t)
	synctest.Test(t, func(t *testing.T) {
		d := &dialer{}
		for _, most := range []time.Duration{startPatience + startPause, 0} {
			begun := time.Now()
			_, err := d.dial(t.Context(), "tcp", nobody)
			if took := time.Since(begun); took > most || took < most-startPause || !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("it waits for %v, want %v at most; error %v", took, most, err)
			}
			d.reached.Store(true)
		}
	})
}

// TestDiesInAnswer: the client sees that it has not got all.
func TestDiesInAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun",
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n",
	} {
		w := before(t, speak(t, func(conn net.Conn, r *bufio.Reader) {
			_, _ = http.ReadRequest(r)
			_, _ = io.WriteString(conn, answer)
		}), nil)
		both(t, w, func(t *testing.T, c *http.Client) {
			response, err := c.Do(w.request(t, http.MethodGet, "/", nil))
			if err != nil {
				return // It was cut before the header was through.
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err == nil {
				t.Errorf("%s: reads %q without an error", name, body)
			}
			eventually(t, w.access, `"aborted_by":"server"`)
			eventually(t, w.log, brokenOff)
		})
	}
}

// TestDiesBeforeAnswer: a request that was sent is not sent again.
func TestDiesBeforeAnswer(t *testing.T) {
	t.Parallel()
	requests := make(chan string, 10)
	w := before(t, speak(t, func(conn net.Conn, r *bufio.Reader) {
		for {
			request, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(request.Body)
			requests <- request.Method + " " + string(body)
			if len(body) > 0 && request.URL.Path == "/die" {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	}), nil)
	c := w.client(t, 1)
	// The first leaves a connection that the second takes.
	for i, want := range []int{200, 502} {
		path := []string{"/", "/die"}[i]
		response, body := do(t, c, w.request(t, http.MethodPost, path, strings.NewReader("order")))
		if response.StatusCode != want {
			t.Errorf("%s is answered %s %s", path, response.Status, body)
		}
	}
	if len(requests) != 2 {
		t.Errorf("the server got %d orders, want 2", len(requests))
	}
}

// pipeTo answers a dialer to a server that is a function.
func pipeTo(serve func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			serve(far)
		}()
		return near, nil
	}
}

// TestIdleConnection: one that asked for nothing for a second is not used any
// more, as the server may just be closing it.
func TestIdleConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		transport := newHTTPTransport(&dialer{}, func(p *http.Protocols) { p.SetHTTP1(true) })
		defer transport.CloseIdleConnections()
		h := New(Options{Port: 8080}).(*handler) //nolint:forcetypeassert // It is what New makes.
		h.proxy.Transport = transport
		transport.DialContext = pipeTo(func(conn net.Conn) {
			dials++
			r := bufio.NewReader(conn)
			for {
				request, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, request.Body)
				_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
			}
		})
		post := func() {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("order"))
			r.RequestURI, r.Host = "/", "x"
			w := &discard{header: http.Header{}}
			h.ServeHTTP(w, r)
			if w.status != http.StatusNoContent {
				t.Errorf("the answer is %d", w.status)
			}
			synctest.Wait()
		}
		post()
		time.Sleep(idleTimeout / 2)
		post()
		if dials != 1 {
			t.Errorf("%d connections after a pause of half a second, want 1", dials)
		}
		// Gunicorn closes after 2 s.
		time.Sleep(2 * time.Second)
		post()
		if dials != 2 {
			t.Errorf("%d connections after a pause of 2 s, want 2", dials)
		}
	})
}

// TestClientsBody: what is wrong with it is not the server's fault.
func TestClientsBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }), nil)
	status, body := w.raw(t, "POST / HTTP/1.1\r\nHost: "+ownName+"\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n")
	if status != http.StatusBadRequest {
		t.Errorf("the answer is %d %s", status, body)
	}
	conn, _ := w.dial(t)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\nbegun", ownName)
	_ = conn.Close()
	eventually(t, w.access, `"status":499`)
	if w.log.String() != "" {
		t.Errorf("the log is\n%s", w.log.String())
	}
}

// TestTeller: a flood of failures is a line a second, with all of them counted.
func TestTeller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &output{}
		tell := newTeller(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		}})))
		for i := range 1500 {
			tell.tell("a", fmt.Errorf("failure %d", i))
			if i == 0 {
				// None comes at the moment in which a line is written.
				time.Sleep(time.Microsecond)
			}
			time.Sleep(time.Millisecond)
		}
		tell.tell("b", errors.New("other"))
		time.Sleep(time.Minute)
		tell.tell("a", errors.New("later"))
		synctest.Wait()
		want := `msg=a error="failure 0" count=1
msg=a error="failure 999" count=999
msg=b error=other count=1
msg=a error="failure 1499" count=500
msg=a error=later count=1
`
		if log.String() != want {
			t.Errorf("the log is\n%s\nwant\n%s", log.String(), want)
		}
		time.Sleep(time.Minute)
		tell.mu.Lock()
		defer tell.mu.Unlock()
		if len(tell.kinds) != 0 {
			t.Errorf("%d kinds are kept", len(tell.kinds))
		}
	})
}
