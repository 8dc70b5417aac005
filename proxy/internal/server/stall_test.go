package server

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

var errCut = errors.New("cut")

// pace is a client that moves so many bytes each time, and takes so long.
type pace struct {
	bytes int
	takes time.Duration
}

// TestWatch shows which clients are waited for, in time that passes only here.
func TestWatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps  []pace
		repeat int
		cut    time.Duration
	}{
		"quick":                           {steps: []pace{{1 << 20, time.Millisecond}}, repeat: 1000},
		"slow but moving":                 {steps: []pace{{leastProgress, 29 * time.Second}}, repeat: 100},
		"stands still":                    {steps: []pace{{1 << 20, time.Second}, {0, time.Hour}}, repeat: 1, cut: 31 * time.Second},
		"stands still from the beginning": {steps: []pace{{0, time.Hour}}, repeat: 1, cut: 30 * time.Second},
		"a byte now and then":             {steps: []pace{{1, 7 * time.Second}}, repeat: 10, cut: 30 * time.Second},
		"many that wait for nothing":      {steps: []pace{{1, 0}}, repeat: 10000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun, cut := time.Now(), make(chan struct{})
				w := &watch{stall: 30 * time.Second, cut: func() { close(cut) }}
				defer w.end()
				var err error
				for range c.repeat {
					for _, step := range c.steps {
						if err == nil {
							_, err = w.wait(func() (int, error) { return step.do(cut) })
						}
						// What the back end takes does not count.
						if err == nil {
							time.Sleep(time.Minute)
							begun = begun.Add(time.Minute)
						}
					}
				}
				if took := time.Since(begun); (c.cut == 0) != (err == nil) || err != nil && took != c.cut {
					t.Errorf("ends after %v with %v, want it cut after %v", took, err, c.cut)
				}
			})
		})
	}
}

func (p pace) do(cut <-chan struct{}) (int, error) {
	select {
	case <-cut:
		return 0, errCut
	case <-time.After(p.takes):
		return p.bytes, nil
	}
}

// TestWatchEnds has nothing cut after the handler, when its ResponseWriter is
// no more.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &watch{stall: time.Second, cut: func() { t.Error("cut after its end") }}
		go func() { _, _ = w.wait(func() (int, error) { time.Sleep(time.Minute); return 0, io.EOF }) }()
		synctest.Wait()
		w.end()
		time.Sleep(time.Hour)
	})
}

// TestSlowBodies has clients stand still in either direction, over real
// connections of both protocols.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	const stall = 300 * time.Millisecond
	for _, protocol := range []string{"http/1.1", "h2"} {
		t.Run(protocol+" upload", func(t *testing.T) {
			t.Parallel()
			ended := make(chan error, 1)
			f := startFront(t, func(s *limits) { s.StallTimeout = stall }, func(_ http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				ended <- err
			})
			reader, writer := io.Pipe()
			defer writer.Close()
			go func() { _, _ = writer.Write(make([]byte, 5000)) }()
			go func() {
				if response, err := f.client(t, protocol).Do(request(t, http.MethodPost, "/", reader)); err == nil {
					_ = response.Body.Close()
				}
			}()
			if err := receive(t, ended); err == nil {
				t.Error("the body that stands still has come to its end")
			}
		})
		t.Run(protocol+" unread upload", func(t *testing.T) {
			t.Parallel()
			f := startFront(t, func(s *limits) { s.StallTimeout = stall }, func(w http.ResponseWriter, r *http.Request) {
				_ = r.Body.Close()
				w.WriteHeader(http.StatusUnauthorized)
			})
			reader, writer := io.Pipe()
			defer writer.Close()
			go func() { _, _ = writer.Write(make([]byte, 5000)) }()
			go func() {
				if response, err := f.client(t, protocol).Do(request(t, http.MethodPost, "/", reader)); err == nil {
					_ = response.Body.Close()
				}
			}()
			until(t, func() bool { return f.running.Load() > 0 || f.served.Load() > 0 })
			until(t, func() bool { return f.running.Load() == 0 })
		})
		t.Run(protocol+" download", func(t *testing.T) {
			t.Parallel()
			ended := make(chan error, 1)
			var kept int
			f := startFront(t, func(s *limits) { s.StallTimeout = stall }, func(w http.ResponseWriter, _ *http.Request) {
				part := make([]byte, 1<<20)
				for {
					n, err := w.Write(part)
					if kept += n; err != nil {
						ended <- err
						return
					}
				}
			})
			response, err := f.client(t, protocol).Do(request(t, http.MethodGet, "/", nil))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if err := receive(t, ended); err == nil {
				t.Error("the answer that nobody reads goes on")
			}
			// HTTP/2's client takes megabytes for somebody who may read them.
			if protocol == "http/1.1" && runtime.GOOS == "linux" && kept > 1<<20 {
				t.Errorf("the kernel has kept %d bytes for a client who takes none", kept)
			}
		})
	}
	t.Run("tunnel", func(t *testing.T) {
		t.Parallel()
		f := startFront(t, func(s *limits) { s.StallTimeout, s.IdleTimeout, s.HeaderTimeout = stall, stall, stall }, echo)
		// Until it is open the limits hold, and a machine that has other things to do
		// may not keep them.
		var tunnel *tunnel
		until(t, func() bool {
			var err error
			tunnel, err = f.tryTunnel(t)
			return err == nil
		})
		tunnel.echo(t, "one")
		time.Sleep(3 * stall)
		tunnel.echo(t, "two")
	})
}

// TestSlowServers has the back end be silent for longer than a client may. The
// clients are quick, but the machine may have other things to do: so the limit
// is long here, and all wait at the same time.
func TestSlowServers(t *testing.T) {
	t.Parallel()
	const (
		stall  = 3 * time.Second
		silent = stall + time.Second/2
	)
	answer := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/late" {
			time.Sleep(silent)
		}
		_, _ = io.WriteString(w, "at ")
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/slow" {
			time.Sleep(silent)
		}
		_, _ = io.WriteString(w, "last")
	}
	var all sync.WaitGroup
	for _, protocol := range []string{"http/1.1", "h2"} {
		for _, path := range []string{"/late", "/slow"} {
			f := startFront(t, func(s *limits) { s.StallTimeout = stall }, answer)
			client := f.client(t, protocol)
			all.Go(func() {
				answers(t, client, request(t, http.MethodPost, path, noReplay("a question")), "at last")
			})
		}
	}
	f := startFront(t, func(s *limits) { s.StallTimeout, s.BackendProtocol = stall, settings.H2C }, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	})
	reader, writer := io.Pipe()
	stream := request(t, http.MethodPost, "/stream", reader)
	stream.Header.Set("Content-Type", "application/grpc+proto")
	client := f.client(t, "h2")
	all.Go(func() { answers(t, client, stream, "one, two") })
	all.Go(func() {
		_, _ = io.WriteString(writer, "one, ")
		time.Sleep(silent)
		_, _ = io.WriteString(writer, "two")
		_ = writer.Close()
	})
	all.Wait()
}

// answers sends a request and looks for its answer.
func answers(t *testing.T, client *http.Client, r *http.Request, want string) {
	response, err := client.Do(r)
	if err != nil {
		t.Errorf("%s by %s: %v", r.URL.Path, r.Proto, err)
		return
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); string(text) != want || err != nil {
		t.Errorf("%s by %s: answers %q, want %q; %v", r.URL.Path, response.Proto, text, want, err)
	}
}

// receive waits for what comes.
func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case what := <-from:
		return what
	case <-time.After(patience):
		t.Fatal("it has not come")
		panic("unreachable")
	}
}

// TestDiscard reads all that a client still sends, so that it is not reset
// before it has read its answer.
func TestDiscard(t *testing.T) {
	t.Parallel()
	w := &watch{stall: patience, cut: func() { t.Error("cut") }}
	defer w.end()
	text := strings.NewReader(strings.Repeat("x", 1<<20))
	b := &body{ReadCloser: io.NopCloser(text), watch: w, stays: true}
	if _, err := io.ReadFull(b, make([]byte, 10)); err != nil {
		t.Error(err)
	}
	b.discard()
	if text.Len() > 0 {
		t.Errorf("%d bytes are left", text.Len())
	}
}
