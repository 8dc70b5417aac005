package forward

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestStreams: what a server sends goes to the client at once.
func TestStreams(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		for text := range next {
			if text == "" {
				return
			}
			_, _ = io.WriteString(w, text)
			_ = http.NewResponseController(w).Flush()
		}
	}), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		for _, kind := range []string{"text/event-stream", "text/plain"} {
			response, err := c.Do(w.request(t, http.MethodGet, "/?type="+kind, nil))
			if err != nil {
				t.Fatal(err)
			}
			buffer := make([]byte, 100)
			for i := range 3 {
				text := "data: " + strconv.Itoa(i) + "\n\n"
				next <- text
				if n, err := io.ReadFull(response.Body, buffer[:len(text)]); err != nil || string(buffer[:n]) != text {
					t.Errorf("reads %q, %v", buffer[:n], err)
				}
			}
			next <- ""
			_ = response.Body.Close()
		}
	})
}

// TestBothDirectionsAtOnce: a server may answer while its client still sends,
// in HTTP/1.1, too.
func TestBothDirectionsAtOnce(t *testing.T) {
	t.Parallel()
	backend := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		_ = c.EnableFullDuplex()
		_ = c.Flush()
		buffer := make([]byte, 100)
		for {
			n, err := r.Body.Read(buffer)
			_, _ = w.Write(buffer[:n])
			_ = c.Flush()
			if err != nil {
				return
			}
		}
	})
	w := newWorld(t, backend, nil)
	both(t, w, func(t *testing.T, c *http.Client) { echo(t, c, w.request(t, http.MethodPost, "/", nil)) })
}

// echo sends a body to a server that sends it back, each piece when the one
// before has come.
func echo(t *testing.T, c *http.Client, r *http.Request) *http.Response {
	t.Helper()
	body, send := io.Pipe()
	r.Body, r.ContentLength = body, -1
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	buffer := make([]byte, 100)
	for i := range 20 {
		text := fmt.Sprint("message ", i)
		_, _ = io.WriteString(send, text)
		if n, err := io.ReadFull(response.Body, buffer[:len(text)]); err != nil || string(buffer[:n]) != text {
			t.Fatalf("reads %q, %v", buffer[:n], err)
		}
	}
	_ = send.Close()
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
		t.Errorf("reads %q, %v", rest, err)
	}
	return response
}

// TestLargeBodies: they come whole, with and without a length.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Length", strconv.FormatInt(r.ContentLength, 10))
		_, _ = w.Write(body)
	}), nil)
	sent := strings.Repeat("0123456789abcdef", 1<<16)
	both(t, w, func(t *testing.T, c *http.Client) {
		for _, length := range []int64{int64(len(sent)), -1} {
			r := w.request(t, http.MethodPut, "/", strings.NewReader(sent))
			r.ContentLength = length
			response, body := do(t, c, r)
			if body != sent || response.Header.Get("X-Length") != strconv.FormatInt(length, 10) {
				t.Errorf("with length %d the server sees %s, and %d bytes come back", length, response.Header.Get("X-Length"), len(body))
			}
		}
	})
}

// TestTrailers go in both directions, and can forge nothing.
func TestTrailers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Announced")
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("X-Announced", fmt.Sprint(r.Trailer))
		w.Header().Set(http.TrailerPrefix+"X-Late", "2")
	}), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		r := w.request(t, http.MethodPost, "/", io.MultiReader(strings.NewReader("body")))
		r.ContentLength = -1
		r.Trailer = http.Header{"X-Sum": {"1"}, "X-Forwarded-For": {"forged"}}
		response, body := do(t, c, r)
		if want := "map[X-Sum:[1]]"; body != "body" || response.Trailer.Get("X-Announced") != want || response.Trailer.Get("X-Late") != "2" {
			t.Errorf("the answer is %q with trailers %v", body, response.Trailer)
		}
	})
}

// TestContinue: a client that waits for the server's word before it sends its
// body gets that word.
func TestContinue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}), nil)
	for path, want := range map[string]string{"/take": "HTTP/1.1 100 Continue", "/refuse": "HTTP/1.1 413 Request Entity Too Large"} {
		conn, reader := w.dial(t)
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n", path, ownName)
		if line, err := textproto.NewReader(reader).ReadLine(); line != want || err != nil {
			t.Errorf("%s: the first line is %q, want %q (%v)", path, line, want, err)
		}
		if path == "/refuse" {
			continue
		}
		_, _ = reader.Discard(2)
		_, _ = io.WriteString(conn, "body")
		response, err := http.ReadResponse(reader, nil)
		// Where the server is slow to say so, the proxy has said it before.
		for err == nil && response.StatusCode == http.StatusContinue {
			response, err = http.ReadResponse(reader, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(response.Body); string(body) != "body" {
			t.Errorf("%s: the body is %q", path, body)
		}
	}
}

// TestEarlyHints (103) come before the answer.
func TestEarlyHints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.WriteHeader(http.StatusTeapot)
	}), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		hints := ""
		r := w.request(t, http.MethodGet, "/", nil)
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			hints = fmt.Sprint(code, header["Link"])
			return nil
		}}))
		response, _ := do(t, c, r)
		if hints != "103 [</style.css>; rel=preload]" || response.StatusCode != http.StatusTeapot || response.Header.Get("Link") != "" {
			t.Errorf("hints %s, answer %s %v", hints, response.Status, response.Header)
		}
	})
	if log := w.access.String(); strings.Count(log, `"status":418`) != 2 {
		t.Errorf("the access log is\n%s", log)
	}
}

// TestHead has the length of what GET would answer.
func TestHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "12345") }), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		response, _ := do(t, c, w.request(t, http.MethodHead, "/", nil))
		if response.StatusCode != http.StatusOK || response.ContentLength != 12345 {
			t.Errorf("the answer is %s, %d bytes", response.Status, response.ContentLength)
		}
	})
}

// TestHeadIsLast gives the connection of a HEAD request to nobody else: the
// server may have sent a body, which would be taken for an answer.
func TestHeadIsLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Came-From", r.RemoteAddr) }), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		head, _ := do(t, c, w.request(t, http.MethodHead, "/", nil))
		get, _ := do(t, c, w.request(t, http.MethodGet, "/", nil))
		if from := head.Header.Get("Came-From"); from == "" || from == get.Header.Get("Came-From") {
			t.Errorf("a GET comes by the connection of a HEAD, %q", from)
		}
	})
}

// h2c starts a server that speaks nothing but HTTP/2 without TLS, and has few
// requests at a time on a connection.
func h2c(t testing.TB, handler http.HandlerFunc) net.Addr {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100}
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr()
}

// TestH2C: gRPC, whose calls are streams in both directions with trailers.
func TestH2C(t *testing.T) {
	t.Parallel()
	w := before(t, h2c(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.Header.Get("Te") != "trailers" {
			http.Error(w, r.Proto+r.Header.Get("Te"), http.StatusHTTPVersionNotSupported)
			return
		}
		w.Header().Set("Content-Type", "application/grpc")
		c := http.NewResponseController(w)
		_ = c.Flush()
		buffer := make([]byte, 100)
		for {
			n, err := r.Body.Read(buffer)
			_, _ = w.Write(buffer[:n])
			_ = c.Flush()
			if err != nil {
				break
			}
		}
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	}), func(o *Options) { o.H2C = true })
	c := w.client(t, 2)
	var group sync.WaitGroup
	for range 130 {
		group.Go(func() {
			r := w.request(t, http.MethodPost, "/package.Service/Call", nil)
			r.Header.Set("Te", "trailers")
			if response := echo(t, c, r); response.StatusCode != http.StatusOK || response.Trailer.Get("Grpc-Status") != "0" {
				t.Errorf("the answer is %s with trailers %v", response.Status, response.Trailer)
			}
		})
	}
	group.Wait()
}

// TestH2CTarget: by HTTP/2, too, path and query are as they were sent.
func TestH2CTarget(t *testing.T) {
	t.Parallel()
	w := before(t, h2c(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host+r.RequestURI) }), func(o *Options) { o.H2C = true })
	for _, target := range targets {
		status, body := w.raw(t, "GET "+target+" HTTP/1.1\r\nHost: "+ownName+"\r\nConnection: close\r\n\r\n")
		if status != http.StatusOK || body != ownName+target {
			t.Errorf("%q is forwarded as %q (%d)", target, body, status)
		}
	}
}

// TestManyHeaderBytes of an answer are refused.
func TestManyHeaderBytes(t *testing.T) {
	t.Parallel()
	w := before(t, speak(t, func(conn net.Conn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Much: ")
		_, _ = io.Copy(conn, io.LimitReader(endless{}, 2*maxAnswerHeader))
	}), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		if response, _ := do(t, c, w.request(t, http.MethodGet, "/", nil)); response.StatusCode != http.StatusBadGateway {
			t.Errorf("the answer is %s", response.Status)
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte("a"), len(p))), nil
}

// TestClientGone: the server learns it, and the log is not full of it.
func TestClientGone(t *testing.T) {
	t.Parallel()
	begun, gone := make(chan bool), make(chan bool)
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/answer" {
			_ = http.NewResponseController(w).Flush()
		}
		begun <- true
		<-r.Context().Done()
		gone <- true
	}), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		for path, log := range map[string]string{"/answer": `"status":200`, "/silence": `"status":499`} {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-begun
				if path == "/silence" {
					cancel()
				}
			}()
			response, err := c.Do(w.request(t, http.MethodGet, path, nil).WithContext(ctx))
			cancel()
			if err == nil {
				_ = response.Body.Close()
			}
			<-gone
			eventually(t, w.access, log)
			eventually(t, w.access, `"aborted_by":"client"`)
		}
	})
	if w.log.String() != "" {
		t.Errorf("the log is\n%s", w.log.String())
	}
}
