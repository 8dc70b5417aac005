package accesslog

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// lines is a log whose lines can be awaited.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func (l lines) next(t testing.TB) map[string]any {
	t.Helper()
	text := <-l
	if !strings.HasSuffix(text, "}\n") || strings.Count(text, "\n") != 1 {
		t.Errorf("%q is not one line", text)
	}
	entry := map[string]any{}
	if err := json.Unmarshal([]byte(text), &entry); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return entry
}

// never is for servers that cut nobody.
func never() bool { return false }

func start(t testing.TB, handler http.HandlerFunc) (*httptest.Server, lines) {
	t.Helper()
	log := make(lines, 10)
	server := httptest.NewUnstartedServer(Handler(slog.New(slog.NewJSONHandler(log, nil)), never, handler))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, log
}

func TestLine(t *testing.T) {
	t.Parallel()
	server, log := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, RequestID(r.Context()))
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/a%2Fb/"+strings.Repeat("x", 2000)+"?token=secret", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "task.example.com:443"
	request.Header.Set("User-Agent", "agent "+strings.Repeat("ü", 500))
	request.Header.Set("Authorization", "Bearer secret")
	request.Header.Set("X-Request-Id", "secret")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	id, _ := io.ReadAll(response.Body)
	entry := log.next(t)
	for field, want := range map[string]any{
		"level": "INFO", "msg": "request", "method": "POST", "host": "task.example.com:443", "path": "/a%2Fb/" + strings.Repeat("x", maxPath-7) + "...",
		"protocol": "HTTP/2.0", "tls": "TLS 1.3", "status": 418.0, "bytes_in": 4.0, "bytes_out": float64(len(id)), "request_id": string(id), "aborted_by": nil,
	} {
		if entry[field] != want {
			t.Errorf("%s is %v, want %v", field, entry[field], want)
		}
	}
	if remote, _ := entry["remote"].(string); !strings.HasPrefix(remote, "127.0.0.1:") {
		t.Errorf("remote is %q", remote)
	}
	took, _ := entry["duration_ms"].(float64)
	if first, ok := entry["first_byte_ms"].(float64); !ok || first > took {
		t.Errorf("took %v ms, %v to the first byte", took, entry["first_byte_ms"])
	}
	if agent, _ := entry["user_agent"].(string); len(agent) > maxAgent+3 || !utf8.ValidString(agent) {
		t.Errorf("user_agent has %d bytes: %q", len(agent), agent)
	}
	if text := fmt.Sprint(entry); strings.Contains(text, "secret") {
		t.Errorf("a secret is told: %s", text)
	}
}

// TestEnds: every end of a request is told as what it was.
func TestEnds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"silent":             {func(http.ResponseWriter, *http.Request) {}, "200 <nil>"},
		"flushed":            {func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() }, "200 <nil>"},
		"aborted":            {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "0 server"},
		"aborted in between": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); panic(http.ErrAbortHandler) }, "201 server"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, log := start(t, test.handler)
			response, err := server.Client().Get(server.URL) //nolint:noctx // Short.
			if err == nil {
				_ = response.Body.Close()
			}
			if aborted := strings.Contains(name, "aborted"); aborted != (err != nil) {
				t.Errorf("the client sees %v", err)
			}
			entry := log.next(t)
			if got := fmt.Sprint(entry["status"], " ", entry["aborted_by"]); got != test.want {
				t.Errorf("told is %s, want %s", got, test.want)
			}
		})
	}
}

// TestGone: a client that has gone is told by a status of its own, and is not
// blamed where the server cuts the connection.
func TestGone(t *testing.T) {
	t.Parallel()
	for want, cutting := range map[string]bool{"499 client": false, "0 server": true} {
		log := make(lines, 1)
		h := Handler(slog.New(slog.NewJSONHandler(log, nil)), func() bool { return cutting }, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		func() {
			defer func() { _ = recover() }()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		}()
		entry := log.next(t)
		if got := fmt.Sprint(entry["status"], " ", entry["aborted_by"]); got != want {
			t.Errorf("told is %s, want %s", got, want)
		}
	}
}

// TestForgery: what a client sends is inside the quotes, whatever it is.
func TestForgery(t *testing.T) {
	t.Parallel()
	log := make(lines, 1)
	h := Handler(slog.New(slog.NewJSONHandler(log, nil)), never, http.NotFoundHandler())
	const forged = "x\"}\n{\"level\":\"INFO\",\"msg\":\"request\",\"status\":200}\r\n\x00\x1b[2J\xff\u2028"
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Method, r.Host, r.URL.Path, r.RemoteAddr = forged, forged, "/"+forged, forged
	r.Header.Set("User-Agent", forged)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if entry := log.next(t); entry["status"] != 404.0 {
		t.Errorf("the line is %v", entry)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("GET", "task.example.com", "/a%2Fb", "agent", "x\"}\n{")
	f.Fuzz(func(t *testing.T, method, host, path, agent, remote string) {
		log := make(lines, 1)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Method, r.Host, r.URL.Path, r.RemoteAddr = method, host, path, remote
		r.Header["User-Agent"] = []string{agent}
		Handler(slog.New(slog.NewJSONHandler(log, nil)), never, http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
		if entry := log.next(t); entry["status"] != 404.0 {
			t.Errorf("the line is %v", entry)
		}
	})
}

// TestController: what http.ResponseController can do it can through the log.
func TestController(t *testing.T) {
	t.Parallel()
	failures := make(chan error, 1)
	server, log := start(t, func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		err := errors.Join(c.SetReadDeadline(time.Now().Add(time.Hour)), c.SetWriteDeadline(time.Now().Add(time.Hour)), c.Flush())
		if r.ProtoMajor == 1 {
			err = errors.Join(err, c.EnableFullDuplex())
		}
		_, copyErr := io.Copy(w, strings.NewReader("copied"))
		failures <- errors.Join(err, copyErr)
	})
	for _, http2 := range []bool{true, false} {
		client := server.Client()
		if !http2 {
			transport := client.Transport.(*http.Transport).Clone() //nolint:forcetypeassert // It is what httptest makes.
			transport.Protocols = new(http.Protocols)
			transport.Protocols.SetHTTP1(true)
			transport.TLSClientConfig.NextProtos = nil
			client = &http.Client{Transport: transport}
		}
		response, err := client.Get(server.URL) //nolint:noctx // Short.
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err := <-failures; err != nil || string(body) != "copied" {
			t.Errorf("%s: %q, %v", response.Proto, body, err)
		}
		if entry := log.next(t); entry["bytes_out"] != 6.0 {
			t.Errorf("the line is %v", entry)
		}
	}
}

// TestHijacked connections are told when they are over, with both directions.
func TestHijacked(t *testing.T) {
	t.Parallel()
	hijacked := make(chan bool)
	server, log := start(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		close(hijacked)
		line, _ := bufio.NewReader(conn).ReadString('\n')
		_, _ = io.WriteString(conn, line+line)
		_ = conn.(interface{ CloseWrite() error }).CloseWrite() //nolint:forcetypeassert // It is what is tested.
	})
	client, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec,noctx // Not what is tested.
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, _ = io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-hijacked
	_, _ = io.WriteString(client, "hello\n")
	if all, err := io.ReadAll(client); string(all) != "hello\nhello\n" || err != nil {
		t.Errorf("reads %q, %v", all, err)
	}
	if entry := log.next(t); entry["status"] != 101.0 || entry["bytes_in"] != 6.0 || entry["bytes_out"] != 12.0 {
		t.Errorf("the line is %v", entry)
	}
}

// stuck is an output that takes nothing until it is let go.
type stuck struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// TestStuckOutput keeps nobody waiting; what is lost is counted.
func TestStuckOutput(t *testing.T) {
	t.Parallel()
	out := &stuck{}
	w := NewWriter(out)
	out.mu.Lock()
	line := []byte(`{"msg":"` + strings.Repeat("x", 1000) + `"}` + "\n")
	const count = 3 * maxPending / 1000
	for range count {
		if n, err := w.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	out.mu.Unlock()
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(line)
	written, dropped := 0, 0
	for text := range strings.Lines(out.text.String()) {
		var entry struct {
			Message string `json:"msg"`
			Count   int    `json:"count"`
		}
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if entry.Count > 0 {
			dropped += entry.Count
		} else {
			written++
		}
	}
	// However many of them the output had been handed, no more were kept.
	if want := maxPending / len(line); written != want || dropped != count-want {
		t.Errorf("%d lines are written and %d dropped of %d, not %d and the others", written, dropped, count, want)
	}
}

// TestCloseOfStuckOutput has an end.
func TestCloseOfStuckOutput(t *testing.T) {
	t.Parallel()
	out := &stuck{}
	out.mu.Lock()
	defer out.mu.Unlock()
	w := NewWriter(out)
	_, _ = w.Write([]byte("{}\n"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("answers %v", err)
	}
}
