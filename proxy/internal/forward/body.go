package forward

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// body is a request's on its way to the server.
type body struct {
	io.Reader
	in, out *http.Request
	begun   atomic.Bool
	failure atomic.Pointer[error]
}

// errSent is what a request fails with whose connection broke when a part of
// its body was sent already.
var errSent = errors.New("the connection broke after the request was sent")

// wrapBody has a request's body tell of its client's failures, bring its
// trailers along, and be sent by another connection if nothing of it was read:
// the transport does that by GetBody, with a request of which nothing was
// sent, or which the server says it did not take (HTTP/2's GOAWAY).
func wrapBody(in, out *http.Request) {
	b := &body{Reader: out.Body, in: in, out: out}
	out.Body = b
	out.GetBody = func() (io.ReadCloser, error) {
		if b.begun.Load() {
			return nil, errSent
		}
		return b, nil
	}
	// The values come with the end of the body; until then only the names
	// are known.
	for name := range out.Trailer {
		if isClientHeader(name) {
			delete(out.Trailer, name)
		}
	}
}

func (b *body) Read(p []byte) (int, error) {
	b.begun.Store(true)
	n, err := b.Reader.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		for name := range b.out.Trailer {
			b.out.Trailer[name] = b.in.Trailer[name]
		}
	default:
		b.failure.Store(&err)
	}
	return n, err
}

// Close does nothing, so that another connection may still send the body; the
// reverse proxy takes it away when the request is over.
func (b *body) Close() error { return nil }

// clientFailure is why the client's body could not be read; nil if it could.
func clientFailure(r *http.Request) error {
	b, ok := r.Body.(*body)
	if !ok {
		return nil
	}
	if failure := b.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}
