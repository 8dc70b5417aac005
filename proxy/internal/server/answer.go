package server

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"time"
)

// answer is an http.ResponseWriter for a client that may stand still, and that
// may have to be told that its connection ends.
type answer struct {
	http.ResponseWriter
	front   *front
	control *http.ResponseController
	// request has its body watched.
	request *http.Request
	// body is that of a request of HTTP/1.1; nil if it has none.
	body              *body
	stall             time.Duration
	reading, writing  *watch
	begun, isHijacked bool
}

func newAnswer(f *front, w http.ResponseWriter, r *http.Request, stall time.Duration) *answer {
	a := &answer{ResponseWriter: w, front: f, control: http.NewResponseController(w), request: r, stall: stall}
	past := time.Unix(1, 0)
	arrival := stall
	if f.grpc && isGRPC(r) {
		arrival = 0
	}
	a.reading = &watch{stall: arrival, cut: func() { _ = a.control.SetReadDeadline(past) }}
	a.writing = &watch{stall: stall, cut: func() { _ = a.control.SetWriteDeadline(past) }}
	if r.Body != nil && r.Body != http.NoBody {
		// The caller's request stays as it is: net/http looks at its body.
		a.request = new(*r)
		watched := &body{ReadCloser: r.Body, watch: a.reading, stays: r.ProtoMajor == 1}
		a.request.Body = watched
		if watched.stays {
			a.body = watched
		}
	}
	return a
}

// isGRPC tells of a request whose body is messages, sent whenever there are
// some: a stream may be silent for hours. Whether its client is still there is
// asked by HTTP/2's pings.
func isGRPC(r *http.Request) bool {
	return r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader sends the header of an answer, or one that tells something
// before the answer, which clients of HTTP/1.0 do not know (RFC 9110, section
// 15.2).
func (a *answer) WriteHeader(status int) {
	if status >= http.StatusOK {
		a.head()
	} else if !a.request.ProtoAtLeast(1, 1) {
		return
	}
	a.ResponseWriter.WriteHeader(status)
}

// head tells the client that the connection ends, when it does; for HTTP/2
// net/http makes a GOAWAY of that.
func (a *answer) head() {
	if a.begun {
		return
	}
	a.begun = true
	if a.front.draining.Load() || a.isEarly() {
		a.Header().Set("Connection", "close")
	}
}

// isEarly tells whether the request's body has not come to its end. It may
// never do so, and then nobody knows where the client's next request begins:
// what follows could be one that somebody has hidden in a body.
func (a *answer) isEarly() bool { return a.body != nil && !a.body.ended.Load() }

// Write writes pieces, each of which the client has to take in time.
func (a *answer) Write(p []byte) (int, error) {
	a.head()
	written := 0
	for {
		part := p[written:min(len(p), written+piece)]
		n, err := a.writing.wait(func() (int, error) { return a.ResponseWriter.Write(part) })
		written += n
		if err != nil || written >= len(p) {
			return written, err
		}
	}
}

// FlushError is for http.ResponseController.
func (a *answer) FlushError() error {
	a.head()
	_, err := a.writing.wait(func() (int, error) { return 0, a.control.Flush() })
	return err
}

// Hijack hands over the connection, which may then be silent for as long as
// its ends like.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := a.control.Hijack()
	if err == nil {
		a.reading.end()
		a.writing.end()
		a.isHijacked = true
		a.front.tunnels.Add(1)
	}
	return conn, buffered, err
}

// finish is for when the handler has returned, and not all is written: net/http
// does that, and takes the limits away again.
func (a *answer) finish() {
	if a.isHijacked {
		return
	}
	a.head()
	limit := time.Now().Add(a.stall)
	_ = a.control.SetWriteDeadline(limit)
	if a.request.ProtoMajor == 1 {
		_ = a.control.SetReadDeadline(limit)
	}
	if a.isEarly() {
		// Where both directions flow at once net/http waits for the rest of the
		// body without a limit, and ends the answer only then.
		_ = a.control.Flush()
		a.reading.hurry(lateBody)
		a.body.discard()
	}
}

// end is for when the handler is over, however it ended.
func (a *answer) end(returned bool) {
	if !returned && !a.isHijacked && a.body != nil {
		// net/http would wait for the rest of it, and then close the connection.
		a.reading.cut()
		a.body.drop()
	}
	a.reading.end()
	a.writing.end()
	if a.isHijacked {
		a.front.tunnels.Add(-1)
	}
}
