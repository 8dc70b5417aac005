// Package forward hands requests on to the server in the task.
package forward

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
)

// Options are where requests go and what is told with them.
type Options struct {
	// Port is the one of 127.0.0.1 that the server listens on.
	Port int
	// H2C has the server spoken to by HTTP/2 without TLS.
	H2C bool
	// Hostname is the task's own name; empty if it is not known.
	Hostname string
	// AnyHost has requests for other names than Hostname forwarded, too.
	AnyHost bool
	// Logger is told of the server's failures.
	Logger *slog.Logger
}

// New answers a handler that forwards each request to the server.
func New(o Options) http.Handler {
	target := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port))}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}}
}
