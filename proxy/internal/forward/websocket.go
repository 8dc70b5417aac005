package forward

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// upgrade forwards a request that asks for a websocket.
//
// The reverse proxy would copy each direction through a buffer of 32 KiB, for
// as long as the websocket lives, and net/http keeps 8 KiB. Most websockets
// are idle, so what the server's side is wrapped in copies by itself (io.Copy
// lets it), with buffers that are as large as what came last.
func (h *handler) upgrade(w http.ResponseWriter, r *http.Request) {
	u := &upgradeWriter{ResponseWriter: w}
	defer u.end()
	proxy := h.proxy
	proxy.ModifyResponse = u.wrap
	proxy.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
		if u.buffers == nil {
			h.failed(w, r, err)
		}
		// Else the client went while it was told of the upgrade.
	}
	proxy.ServeHTTP(u, r)
}

// refuseSwitch refuses an answer that switches protocols although nobody asked
// for it. The reverse proxy does so, too, but would forget the connection to
// the server, open as it is.
func refuseSwitch(response *http.Response) error {
	if response.StatusCode == http.StatusSwitchingProtocols {
		return errors.New("it switches protocols, which no client asked for")
	}
	return nil
}

// upgradeWriter keeps the buffers of a connection that is taken over, and the
// server's side of it.
type upgradeWriter struct {
	http.ResponseWriter
	buffers *bufio.ReadWriter
	server  io.Closer
}

// end closes the server's side: the reverse proxy forgets it where it switches
// to another protocol than the client asked for.
func (u *upgradeWriter) end() {
	if u.server != nil {
		_ = u.server.Close()
	}
}

// Unwrap is for http.ResponseController.
func (u *upgradeWriter) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// Hijack takes the connection over.
func (u *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(u.ResponseWriter).Hijack()
	u.buffers = buffers
	return conn, buffers, err
}

// wrap wraps the server's side of a websocket.
func (u *upgradeWriter) wrap(response *http.Response) error {
	server, ok := response.Body.(io.ReadWriteCloser)
	if ok && response.StatusCode == http.StatusSwitchingProtocols {
		u.server = server
		response.Body = &websocket{ReadWriteCloser: server, upgrade: u}
	}
	return nil
}

// websocket is the server's side of one.
type websocket struct {
	io.ReadWriteCloser
	upgrade *upgradeWriter
}

// ReadFrom copies what the client sends to the server.
func (s *websocket) ReadFrom(client io.Reader) (int64, error) {
	early, err := s.release()
	if err != nil {
		return early, err
	}
	n, err := relay(s.ReadWriteCloser, client)
	return early + n, err
}

// WriteTo copies what the server sends to the client.
func (s *websocket) WriteTo(client io.Writer) (int64, error) {
	return relay(client, s.ReadWriteCloser)
}

// CloseWrite tells the server that the client sends no more.
func (s *websocket) CloseWrite() error {
	if c, ok := s.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return http.ErrNotSupported
}

// release sends on what the client sent right behind its request, which the
// reverse proxy would drop, and lets go of the connection's buffers: they are
// the hijacker's, and net/http would keep them for as long as the websocket.
func (s *websocket) release() (int64, error) {
	buffers := s.upgrade.buffers
	early, err := buffers.Peek(buffers.Reader.Buffered())
	if err != nil {
		return 0, err
	}
	n := 0
	if len(early) > 0 {
		if n, err = s.Write(early); err != nil {
			return int64(n), err
		}
	}
	*buffers.Reader, *buffers.Writer = bufio.Reader{}, bufio.Writer{}
	return int64(n), nil
}

// relaySizes are the sizes of a relay's buffers.
var relaySizes = [...]int{1 << 10, 4 << 10, 16 << 10, 32 << 10}

var relayPools [len(relaySizes)]sync.Pool

const (
	// relayWait is how long a read takes at least where traffic is not dense.
	relayWait = 10 * time.Millisecond
	// relayReads are how many reads of dense traffic must have needed less
	// before the buffer shrinks.
	relayReads = 16
)

// relay copies until the end, as io.Copy does. It waits with a buffer that has
// room for twice what came last; one that was filled is followed by the
// largest, which stays while traffic is dense, for small reads cost system
// calls. So a busy websocket has the largest, and an idle one, whose last
// message was a ping, the smallest.
func relay(dst io.Writer, src io.Reader) (int64, error) {
	var copied int64
	size, small := 0, 0
	buffer := relayBuffer(size)
	defer func() { relayPools[size].Put(buffer) }()
	for {
		begun := time.Now()
		n, err := src.Read(*buffer)
		waited := time.Since(begun) >= relayWait
		if n > 0 {
			written, failure := dst.Write((*buffer)[:n])
			copied += int64(written)
			if failure != nil {
				return copied, failure
			}
		}
		if err == io.EOF {
			return copied, nil
		}
		if err != nil {
			return copied, err
		}
		next := relaySize(n, len(*buffer))
		if small++; next >= size {
			small = 0
		}
		if next > size || next < size && (waited || small >= relayReads) {
			relayPools[size].Put(buffer)
			size, buffer, small = next, relayBuffer(next), 0
		}
	}
}

// relaySize answers which size follows when n bytes came into a buffer.
func relaySize(n, length int) int {
	if n < length {
		for i, size := range relaySizes {
			if 2*n <= size {
				return i
			}
		}
	}
	return len(relaySizes) - 1
}

func relayBuffer(size int) *[]byte {
	if b, ok := relayPools[size].Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, relaySizes[size])
	return &b
}
