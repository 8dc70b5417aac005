package forward

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// idleTimeout is how long a connection to the server is kept that asks for
	// nothing. A request that is sent while the server closes its connection
	// fails, and one that is not idempotent must not be sent again, so the
	// proxy has to close first: Gunicorn closes after 2 s, Node and Uvicorn
	// after 5 s. A new connection within a task costs some 50 µs.
	idleTimeout = time.Second
	// startPatience is how long a request waits for a server that does not
	// listen yet: with dependsOn START containers start before they listen.
	startPatience = 10 * time.Second
	// startPause is the time between two tries to reach it.
	startPause = 100 * time.Millisecond
	// dialTimeout is for servers whose queue of connections is full.
	dialTimeout = 10 * time.Second
	// maxAnswerHeader is how many bytes an answer's header may have; browsers
	// take no more.
	maxAnswerHeader = 256 << 10
	// bodyBuffer is the buffer for an answer's body: two frames of HTTP/2 that
	// fill a record of TLS each.
	bodyBuffer = 2 * (16<<10 - 9)
)

// transport sends requests to the server.
type transport struct {
	// requests takes all but upgrades.
	requests http.RoundTripper
	// upgrades are of HTTP/1.1, whatever the server speaks else.
	upgrades http.RoundTripper
}

func newTransport(h2c bool) http.RoundTripper {
	d := &dialer{Dialer: net.Dialer{Timeout: dialTimeout, KeepAlive: -1}}
	http1 := newHTTPTransport(d, func(p *http.Protocols) { p.SetHTTP1(true) })
	if !h2c {
		return http1
	}
	return &transport{upgrades: http1, requests: newHTTPTransport(d, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })}
}

// newHTTPTransport has no limit for the time until an answer begins: long
// polls take as long as they take, and a client that has no patience goes.
// Without a proxy of the environment, nothing leaves the task.
func newHTTPTransport(d *dialer, protocols func(*http.Protocols)) *http.Transport {
	t := &http.Transport{
		DialContext: d.dial,
		Protocols:   new(http.Protocols),
		// There is one server, so the limit for all is that for each; what is
		// idle is gone within a second.
		MaxIdleConnsPerHost:    1 << 16,
		IdleConnTimeout:        idleTimeout,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxAnswerHeader,
		// A server that does not know 100-continue gets the body after this time.
		ExpectContinueTimeout: time.Second,
	}
	protocols(t.Protocols)
	return t
}

// RoundTrip sends a request in the protocol that it needs.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if isWebsocket(r.Header) {
		return t.upgrades.RoundTrip(r)
	}
	return t.requests.RoundTrip(r)
}

// dialer connects to the server.
type dialer struct {
	net.Dialer
	// reached is set with the first connection. From then on a server that
	// refuses one has ended, and nobody waits for it.
	reached atomic.Bool
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	limit := time.Now().Add(startPatience)
	for {
		conn, err := d.DialContext(ctx, network, address)
		if err == nil {
			d.reached.Store(true)
			return conn, nil
		}
		if !errors.Is(err, syscall.ECONNREFUSED) || d.reached.Load() || time.Now().After(limit) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(startPause):
		}
	}
}

// bodyBuffers lends buffers to the reverse proxy.
type bodyBuffers struct{}

var bodyBufferPool = sync.Pool{New: func() any { return new([bodyBuffer]byte) }}

func (bodyBuffers) Get() []byte {
	b, _ := bodyBufferPool.Get().(*[bodyBuffer]byte)
	return b[:]
}

func (bodyBuffers) Put(b []byte) { bodyBufferPool.Put((*[bodyBuffer]byte)(b)) }
