package server

import (
	"context"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// drained drains without a deadline that comes.
func drained(t *testing.T, f *inside, linger time.Duration) left {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience/2)
	defer cancel()
	rest := f.drain(ctx, linger)
	if ctx.Err() != nil {
		t.Error("it does not come to an end")
	}
	return rest
}

// TestDrainAlone ends at once, as there is nobody to wait for.
func TestDrainAlone(t *testing.T) {
	t.Parallel()
	f := startFront(t, func(*limits) {}, func(http.ResponseWriter, *http.Request) {})
	if rest := drained(t, f, 24*time.Hour); rest != (left{}) {
		t.Errorf("cuts %+v", rest)
	}
}

// TestDrainIdle tells clients of HTTP/2 at once, and closes upon those of
// HTTP/1.1 that have nothing to ask.
func TestDrainIdle(t *testing.T) {
	t.Parallel()
	for protocol, linger := range map[string]time.Duration{"h2": 24 * time.Hour, "http/1.1": 50 * time.Millisecond} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			f := startFront(t, func(*limits) {}, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
			_ = post(t, f.client(t, protocol), protocol, "")
			if f.conns.count() != 1 {
				t.Fatal("the client has not kept its connection")
			}
			if rest := drained(t, f, linger); rest != (left{}) {
				t.Errorf("cuts %+v", rest)
			}
		})
	}
}

// TestDrainLastAnswer says in each answer that it is the connection's last, and
// takes clients until the linger is over.
func TestDrainLastAnswer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	f := startFront(t, func(*limits) {}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/early" {
			_ = http.NewResponseController(w).Flush()
			<-release
		}
	})
	client := f.client(t, "http/1.1")
	early, err := client.Do(request(t, http.MethodGet, "/early", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer early.Body.Close()
	end := make(chan left, 1)
	go func() { end <- drained(t, f, 24*time.Hour) }()
	until(t, f.draining.Load)
	// Another connection, made while it drains.
	get(t, client, true)
	// Of this one it was not said in time that it ends, so it takes one more.
	close(release)
	_, _ = io.Copy(io.Discard, early.Body)
	get(t, client, true)
	if rest := receive(t, end); rest != (left{}) {
		t.Errorf("cuts %+v", rest)
	}
}

func get(t *testing.T, client *http.Client, last bool) {
	t.Helper()
	response, err := client.Do(request(t, http.MethodGet, "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	if response.Close != last {
		t.Errorf("the last answer: %v, want %v", response.Close, last)
	}
}

// TestCutIsKnown to a request that ends by it.
func TestCutIsKnown(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"h2", "http/1.1"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			var f *inside
			begun, known := make(chan struct{}), make(chan bool, 1)
			f = startFront(t, func(*limits) {}, func(_ http.ResponseWriter, r *http.Request) {
				// net/http looks for the client's end when it has the body.
				_, _ = io.Copy(io.Discard, r.Body)
				close(begun)
				<-r.Context().Done()
				known <- f.cutting.Load()
				panic(http.ErrAbortHandler)
			})
			client := f.client(t, protocol)
			go func() {
				if response, err := client.Do(request(t, http.MethodPost, "/", noReplay("text"))); err == nil {
					_ = response.Body.Close()
				}
			}()
			receive(t, begun)
			if f.cutting.Load() {
				t.Error("it cuts before it ends")
			}
			over, cancel := context.WithCancel(t.Context())
			cancel()
			if rest := f.drain(over, 0); rest.requests != 1 {
				t.Errorf("cuts %+v", rest)
			}
			if !receive(t, known) {
				t.Error("it is taken for the client's doing")
			}
		})
	}
}

// TestDrainCut ends the binary with requests and websockets that do not end.
func TestDrainCut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request, again bool
		says           string
	}{
		"websocket at the deadline":    {says: "the drain time is over"},
		"websocket at a second signal": {again: true, says: "told to stop at once"},
		"request at the deadline":      {request: true, says: "the drain time is over"},
		"request at a second signal":   {request: true, again: true, says: `"requests_cut":1,"websockets_cut":1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := make(chan struct{})
			limit := "1s"
			if c.again {
				limit = "10m"
			}
			w := startProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/echo" {
					echo(w, r)
					return
				}
				close(begun)
				<-r.Context().Done()
			}), "FARGATEDIRECT_DRAIN_TIMEOUT="+limit)
			socket := w.openTunnel(t)
			socket.echo(t, "before")
			if c.request {
				go func() {
					if response, err := w.client(t, "h2").Do(request(t, http.MethodGet, "/", nil)); err == nil {
						_ = response.Body.Close()
					}
				}()
				<-begun
			}
			w.Signal(t, syscall.SIGTERM)
			w.Await(t, `"msg":"draining`)
			if c.again {
				socket.echo(t, "meanwhile")
				w.Signal(t, syscall.SIGTERM)
			}
			if err := w.Ended(t, patience); (err != nil) != c.request {
				t.Errorf("ends with %v", err)
			}
			if !strings.Contains(w.Output(), c.says) || !strings.Contains(w.Output(), `"websockets_cut":1`) {
				t.Errorf("does not say %s", c.says)
			}
			if c.request && !strings.Contains(w.Output(), "1 requests were cut") {
				t.Error("does not say that a request was cut")
			}
			if strings.Contains(w.Output(), `"aborted_by":"client"`) {
				t.Error("says that the client has gone, which was cut")
			}
		})
	}
}
