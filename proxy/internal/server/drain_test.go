package server

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// counting is a back end that counts what it answered, by request.
type counting struct {
	mu       sync.Mutex
	answered map[string]int
	total    atomic.Int64
	// release lets downloads and uploads end.
	release chan struct{}
	begun   sync.WaitGroup
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/echo":
		echo(w, r)
	case "/download":
		_, _ = io.WriteString(w, strings.Repeat("a", 100_000))
		_ = http.NewResponseController(w).Flush()
		c.begun.Done()
		<-c.release
		_, _ = io.WriteString(w, strings.Repeat("b", 3_000_000))
	case "/upload":
		c.begun.Done()
		n, err := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintf(w, "%d %v", n, err)
	default:
		id, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		c.mu.Lock()
		c.answered[string(id)]++
		c.mu.Unlock()
		c.total.Add(1)
		_, _ = w.Write(id)
	}
}

// TestDrain ends the binary while many clients send requests that must not be
// sent twice.
func TestDrain(t *testing.T) {
	t.Parallel()
	backend := &counting{answered: map[string]int{}, release: make(chan struct{})}
	w := startProxy(t, backend, "FARGATEDIRECT_DRAIN_TIMEOUT=2m", "FARGATEDIRECT_STALL_TIMEOUT=2m", "FARGATEDIRECT_ACCESS_LOG=false")

	var clients sync.WaitGroup
	var told sync.Map
	for i := range 24 {
		protocol := []string{"http/1.1", "h2"}[i%2]
		client := w.client(t, protocol)
		for j := range 2 {
			clients.Go(func() {
				for n := 0; ; n++ {
					id := fmt.Sprintf("%s %d %d %d", protocol, i, j, n)
					if err := post(t, client, protocol, id); err != nil {
						if !isDial(err) {
							t.Errorf("request %s: %v", id, err)
						}
						return
					}
					told.Store(id, true)
				}
			})
		}
	}
	backend.begun.Add(4)
	var long sync.WaitGroup
	for _, protocol := range []string{"http/1.1", "h2"} {
		client := w.client(t, protocol)
		long.Go(func() { download(t, client) })
		long.Go(func() { upload(t, client, backend.release) })
	}
	socket := w.openTunnel(t)
	socket.echo(t, "before")
	backend.begun.Wait()
	until(t, func() bool { return backend.total.Load() > 500 })

	w.Signal(t, syscall.SIGTERM)
	w.Await(t, `"msg":"draining`)
	clients.Wait()
	socket.echo(t, "while it drains")
	close(backend.release)
	long.Wait()
	socket.echo(t, "at last")
	_ = socket.Close()
	if err := w.Ended(t, patience); err != nil {
		t.Errorf("ends with %v", err)
	}
	if want := `"requests_cut":0,"websockets_cut":0`; !strings.Contains(w.Output(), want) {
		t.Errorf("does not say %s", want)
	}
	for id, times := range backend.answered {
		if _, ok := told.Load(id); !ok || times != 1 {
			t.Errorf("request %s was answered %d times by the back end, and its client was told: %v", id, times, ok)
		}
	}
	t.Logf("%d requests", len(backend.answered))
}

// post sends a request that has an effect. A client of HTTP/2 may send it
// again when it is told that the first was not begun; one of HTTP/1.1 can not
// know that.
func post(t *testing.T, client *http.Client, protocol, id string) error {
	var body io.Reader = strings.NewReader(id)
	if protocol == "http/1.1" {
		body = noReplay(id)
	}
	r := request(t, http.MethodPost, "/", body)
	r.ContentLength = int64(len(id))
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && string(text) != id {
		return fmt.Errorf("answered %s: %q", response.Status, text)
	}
	return err
}

func download(t *testing.T, client *http.Client) {
	response, err := client.Do(request(t, http.MethodGet, "/download", nil))
	if err != nil {
		t.Errorf("downloading: %v", err)
		return
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); n != 3_100_000 || err != nil {
		t.Errorf("downloaded %d bytes: %v", n, err)
	}
}

func upload(t *testing.T, client *http.Client, release <-chan struct{}) {
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.WriteString(writer, strings.Repeat("a", 100_000))
		<-release
		_, _ = io.WriteString(writer, strings.Repeat("b", 3_000_000))
		_ = writer.Close()
	}()
	response, err := client.Do(request(t, http.MethodPost, "/upload", reader))
	if err != nil {
		t.Errorf("uploading: %v", err)
		return
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); string(text) != "3100000 <nil>" {
		t.Errorf("uploading: the back end got %s", text)
	}
}
