package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

const (
	// maxStreams is how many requests an HTTP/2 client may have at a time on a
	// connection: RFC 9113, section 6.5.2, would not have it smaller.
	maxStreams = 100
	// pingAfter is for how long an HTTP/2 client may be silent before it is
	// asked whether it is still there, and has as long to answer. A request that
	// waits long for its answer is so told from a client that has gone.
	pingAfter = 30 * time.Second
	// maxFrame is the least that RFC 9113, section 6.5.2, allows. net/http makes
	// room for a frame when its length is told, and keeps it as long as the
	// connection: a MiB for 9 bytes of an attacker's, if it were left to it.
	maxFrame = 16 << 10
)

// front serves a listener, and drains it.
type front struct {
	conns  *connections
	server *http.Server
	// group is the server of HTTP/2 connections that come now; see goAway.
	group atomic.Pointer[http.Server]
	// running are requests that are handled, tunnels those of them whose
	// connection is no longer HTTP: websockets.
	running, tunnels atomic.Int64
	draining         atomic.Bool
	// cutting is set when the front closes connections with requests that are
	// not over, which is not their clients' doing.
	cutting atomic.Bool
	// grpc is whether the back end may be one of gRPC.
	grpc bool
}

// newFront makes a front, for HTTPS if there is a config. It adds its connections
// to those that are open.
func newFront(listener net.Listener, config *tls.Config, handler http.Handler, s settings.Settings, open *atomic.Int64, log *slog.Logger) *front {
	f := &front{conns: newConnections(listener, s, open, log), grpc: s.BackendProtocol == settings.H2C}
	f.server = &http.Server{
		Handler: f.handler(handler, s.StallTimeout), TLSConfig: config, ConnState: noteState,
		// It is also the time that a handshake may take.
		ReadHeaderTimeout: s.HeaderTimeout,
		// OPTIONS * is a request as any other.
		DisableGeneralOptionsHandler: true,
		IdleTimeout:                  s.IdleTimeout,
		MaxHeaderBytes:               s.MaxHeaderBytes,
		ErrorLog:                     slog.NewLogLogger(newSampler(log.Handler()), slog.LevelWarn),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, MaxReadFrameSize: maxFrame,
			SendPingTimeout: pingAfter, PingTimeout: pingAfter,
			WriteByteTimeout: s.StallTimeout,
		},
	}
	f.server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"h2": func(_ *http.Server, c *tls.Conn, h http.Handler) {
			group := f.group.Load()
			group.TLSNextProto["h2"](group, c, h)
		},
	}
	f.group.Store(f.newGroup())
	return f
}

// newGroup makes a server for connections of HTTP/2, which it is given one by
// one.
func (f *front) newGroup() *http.Server {
	group := &http.Server{
		Handler: f.server.Handler, ConnState: f.server.ConnState, ErrorLog: f.server.ErrorLog,
		ReadHeaderTimeout: f.server.ReadHeaderTimeout, IdleTimeout: f.server.IdleTimeout, DisableGeneralOptionsHandler: true,
		MaxHeaderBytes: f.server.MaxHeaderBytes, HTTP2: f.server.HTTP2,
	}
	// That sets up HTTP/2, and ends at once.
	_ = group.Serve(noListener{})
	return group
}

// goAway tells all clients of HTTP/2 to take no connection of theirs for new
// requests. What they have sent meanwhile was not begun, as the message says,
// and they send it again on another connection.
//
// net/http says so only when a server shuts down, and a server that shuts down
// drops requests of HTTP/1.1 that are on their way. So HTTP/2 has servers of
// its own.
func (f *front) goAway() {
	// Shutdown does not wait here: the group has no connections of its own.
	_ = f.group.Swap(f.newGroup()).Shutdown(context.Background())
}

// serve answers why it no longer can.
func (f *front) serve() error {
	if f.server.TLSConfig != nil {
		return f.server.ServeTLS(f.conns, "", "")
	}
	return f.server.Serve(f.conns)
}

// noListener has no clients.
type noListener struct{}

func (noListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (noListener) Close() error              { return nil }
func (noListener) Addr() net.Addr            { return &net.TCPAddr{} }
