package forward

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const upgradeRequest = "GET /ws HTTP/1.1\r\nHost: " + ownName + "\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// upgrading answers a server that accepts websockets, and then has a function
// serve the connection.
func upgrading(serve func(conn net.Conn, r *bufio.Reader)) func(net.Conn, *bufio.Reader) {
	return func(conn net.Conn, r *bufio.Reader) {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if request.Header.Get("Upgrade") != "websocket" || request.Header.Get("X-Forwarded-For") == "" {
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		serve(conn, r)
	}
}

func echoing(conn net.Conn, r *bufio.Reader) { _, _ = io.Copy(conn, r) }

// TestWebsocket: messages of all sizes go both ways, also ones that were sent
// right behind the request, and are counted when it is over.
func TestWebsocket(t *testing.T) {
	t.Parallel()
	for _, withH2C := range []bool{false, true} {
		w := before(t, speak(t, upgrading(echoing)), func(o *Options) { o.H2C = withH2C })
		conn, r := w.dial(t)
		_, _ = io.WriteString(conn, upgradeRequest+"early")
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusSwitchingProtocols || response.Header.Get("Upgrade") != "websocket" {
			t.Fatalf("the answer is %s %v", response.Status, response.Header)
		}
		sent := 5
		expect(t, r, []byte("early"))
		for _, size := range []int{1, 1024, 5, 5000, 1 << 20, 3, 40000, 1023} {
			message := bytes.Repeat([]byte{byte(size)}, size)
			go func() { _, _ = conn.Write(message) }()
			expect(t, r, message)
			sent += size
		}
		_ = conn.CloseWrite()
		if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
			t.Errorf("reads %q, %v", rest, err)
		}
		eventually(t, w.access, fmt.Sprintf(`"status":101,"bytes_in":%d,"bytes_out":%d`, sent, sent))
	}
}

func expect(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("reads %.20q, %v, want %d bytes %.20q", got, err, len(want), want)
	}
}

// TestWebsocketHalfClose: who sends no more may still get all.
func TestWebsocketHalfClose(t *testing.T) {
	t.Parallel()
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		w := before(t, speak(t, upgrading(func(conn net.Conn, r *bufio.Reader) {
			all, _ := io.ReadAll(r)
			_, _ = fmt.Fprintf(conn, "%d bytes and the end", len(all))
		})), nil)
		conn, r := w.dial(t)
		_, _ = io.WriteString(conn, upgradeRequest)
		_, _ = http.ReadResponse(r, nil)
		_, _ = io.WriteString(conn, "hello")
		_ = conn.CloseWrite()
		if all, err := io.ReadAll(r); string(all) != "5 bytes and the end" || err != nil {
			t.Errorf("reads %q, %v", all, err)
		}
	})
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		got := make(chan string)
		w := before(t, speak(t, upgrading(func(conn net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(conn, "bye")
			_ = conn.(*net.TCPConn).CloseWrite() //nolint:forcetypeassert // It is.
			all, err := io.ReadAll(r)
			got <- fmt.Sprint(string(all), err)
		})), nil)
		conn, r := w.dial(t)
		_, _ = io.WriteString(conn, upgradeRequest)
		_, _ = http.ReadResponse(r, nil)
		if all, err := io.ReadAll(r); string(all) != "bye" || err != nil {
			t.Errorf("reads %q, %v", all, err)
		}
		_, _ = io.WriteString(conn, "still here")
		_ = conn.CloseWrite()
		if text := <-got; text != "still here<nil>" {
			t.Errorf("the server reads %q", text)
		}
	})
}

// TestWebsocketCut: when one side is gone, the other's connection ends.
func TestWebsocketCut(t *testing.T) {
	t.Parallel()
	ended := make(chan bool)
	w := before(t, speak(t, upgrading(func(_ net.Conn, r *bufio.Reader) {
		if line, _ := r.ReadString('\n'); line == "die\n" {
			return
		}
		_, _ = io.Copy(io.Discard, r)
		ended <- true
	})), nil)
	conn, r := w.dial(t)
	_, _ = io.WriteString(conn, upgradeRequest)
	_, _ = http.ReadResponse(r, nil)
	_, _ = io.WriteString(conn, "die\n")
	if all, _ := io.ReadAll(r); len(all) > 0 {
		t.Errorf("reads %q", all)
	}
	conn, r = w.dial(t)
	_, _ = io.WriteString(conn, upgradeRequest)
	_, _ = http.ReadResponse(r, nil)
	_, _ = io.WriteString(conn, "live\n")
	_ = conn.NetConn().Close()
	<-ended
}

// TestWebsocketRefused by the server is an answer as any other.
func TestWebsocketRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no websockets", http.StatusForbidden) }), nil)
	if status, body := w.raw(t, upgradeRequest); status != http.StatusForbidden || body != "no websockets\n" {
		t.Errorf("the answer is %d %q", status, body)
	}
	// Nor is one upgraded that did not ask.
	w = before(t, speak(t, func(conn net.Conn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
	}), nil)
	for _, request := range []string{upgradeRequest, strings.Replace(upgradeRequest, "keep-alive, Upgrade", "close", 1)} {
		if status, _ := w.raw(t, request); status != http.StatusBadGateway {
			t.Errorf("the answer is %d", status)
		}
	}
}

// TestRefusedSwitchIsClosed: nothing is left of a connection whose server
// switches to what nobody asked for.
func TestRefusedSwitchIsClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ request, answer string }{
		"not asked":        {"", "Connection: Upgrade\r\nUpgrade: websocket\r\n"},
		"another protocol": {"Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n"},
		"no protocol":      {"Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: Upgrade\r\n"},
		"not forwarded":    {"Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHandler(Options{})
			server := &switched{}
			h.proxy.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				response, err := http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.1 101 Switching Protocols\r\n"+c.answer+"\r\n")), r)
				if err == nil {
					response.Body = server
				}
				return response, err
			})
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\n" + c.request + "\r\n")))
			if err != nil {
				t.Fatal(err)
			}
			w := &discard{header: http.Header{}}
			h.ServeHTTP(w, r)
			if w.status != http.StatusBadGateway || !server.closed {
				t.Errorf("the answer is %d, the server's connection closed: %v", w.status, server.closed)
			}
		})
	}
}

// switched is a connection to a server that has switched protocols.
type switched struct{ closed bool }

func (*switched) Read([]byte) (int, error)    { return 0, io.EOF }
func (*switched) Write(p []byte) (int, error) { return len(p), nil }
func (s *switched) Close() error              { s.closed = true; return nil }

// TestWebsocketWithBody refuses one: the server could accept it while the body
// is still on its way, and both would be read from the same connection.
func TestWebsocketWithBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it is forwarded") }), nil)
	for _, framing := range []string{"Content-Length: 100", "Transfer-Encoding: chunked"} {
		if status, _ := w.raw(t, strings.Replace(upgradeRequest, "\r\n\r\n", "\r\n"+framing+"\r\n\r\n", 1)); status != http.StatusBadRequest {
			t.Errorf("%s: the answer is %d", framing, status)
		}
	}
}

// reads is a source that answers pieces, and notes the room it was given.
type reads struct {
	wait   time.Duration
	pieces []int
	rooms  []int
	end    error
}

func (r *reads) Read(p []byte) (int, error) {
	r.rooms = append(r.rooms, len(p))
	time.Sleep(r.wait)
	if len(r.pieces) == 0 {
		return 0, r.end
	}
	n := min(len(p), r.pieces[0])
	if r.pieces[0] -= n; r.pieces[0] == 0 {
		r.pieces = r.pieces[1:]
	}
	return n, nil
}

// TestRelay: the buffer grows with what comes, and shrinks again.
func TestRelay(t *testing.T) {
	t.Parallel()
	const k = 1 << 10
	synctest.Test(t, func(t *testing.T) {
		src := &reads{wait: relayWait, pieces: []int{10, 100 * k, 16 * k, 9000, 10, 1000, 10}, end: io.EOF}
		var dst bytes.Buffer
		n, err := relay(&dst, src)
		if want := int64(10 + 100*k + 16*k + 9000 + 10 + 1000 + 10); n != want || err != nil || int64(dst.Len()) != want {
			t.Errorf("copies %d, want %d; %v", n, want, err)
		}
		if want := []int{k, k, 32 * k, 32 * k, 32 * k, 32 * k, 16 * k, 32 * k, 32 * k, k, 4 * k, k}; !slices.Equal(src.rooms, want) {
			t.Errorf("reads into %v, want %v", src.rooms, want)
		}
		// While traffic is dense, small reads do not count one by one.
		dense := &reads{pieces: append([]int{k}, slices.Repeat([]int{10}, relayReads+1)...), end: io.EOF}
		_, _ = relay(io.Discard, dense)
		if want := append(append([]int{k}, slices.Repeat([]int{32 * k}, relayReads)...), k, k); !slices.Equal(dense.rooms, want) {
			t.Errorf("reads into %v, want %v", dense.rooms, want)
		}
	})
	broken := errors.New("broken")
	if _, err := relay(io.Discard, &reads{end: broken}); !errors.Is(err, broken) {
		t.Errorf("answers %v", err)
	}
	near, far := net.Pipe()
	_ = far.Close()
	if _, err := relay(near, &reads{pieces: []int{1}, end: io.EOF}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("answers %v", err)
	}
}

// TestHeadIsLastWhereItCounts: on connections of HTTP/1.1, which websockets
// have whatever the server speaks else.
func TestHeadIsLastWhereItCounts(t *testing.T) {
	t.Parallel()
	const websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	for _, c := range []struct {
		h2c            bool
		method, header string
		last           bool
	}{
		{false, "HEAD", "", true},
		{false, "GET", "", false},
		{true, "HEAD", "", false},
		{true, "HEAD", websocket, true},
		{true, "GET", websocket, false},
	} {
		_, out, _ := ask(newHandler(Options{H2C: c.h2c}), c.method+" / HTTP/1.1\r\nHost: x\r\n"+c.header+"\r\n")
		if out == nil || out.Close != c.last {
			t.Errorf("%+v: the request to the server is %+v", c, out)
		}
	}
}
