// Package forward hands requests on to the server in the task, with the
// standard library's reverse proxy.
//
// What a client sent reaches the server as it came: path and query byte for
// byte, the Host header, bodies and trailers in both directions as they flow.
// What only a proxy may say (who the client is, and how it came) is the
// proxy's alone.
package forward

import (
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
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

// handler forwards what is meant for this task.
type handler struct {
	proxy httputil.ReverseProxy
	// target is the server's address.
	target string
	// hostname is the task's own name; empty if it is not known.
	hostname string
	// guarded has requests for other names refused.
	guarded bool
	// h2c is whether the server is spoken to by HTTP/2.
	h2c    bool
	teller *teller
}

// New answers a handler that forwards each request to the server.
func New(o Options) http.Handler {
	h := &handler{
		target:   net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)),
		hostname: strings.TrimSuffix(o.Hostname, "."),
		guarded:  o.Hostname != "" && !o.AnyHost,
		h2c:      o.H2C,
		teller:   newTeller(o.Logger),
	}
	h.proxy = httputil.ReverseProxy{
		Rewrite:      h.rewrite,
		Transport:    newTransport(o.H2C),
		BufferPool:   bodyBuffers{},
		ErrorHandler: h.failed,
		// Requests that may be upgraded have another one.
		ModifyResponse: refuseSwitch,
		ErrorLog:       log.New(h.teller, "", 0),
	}
	return h
}

// ServeHTTP refuses what is not for this task, and forwards the rest.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		// Else net/http would swallow what is left of the request's body before
		// it sends an answer, while the server still reads it (go.dev/issue/15527).
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	if h.guarded && !isHost(r.Host, h.hostname) {
		// RFC 9110, 15.5.20. The own name is not told: whoever scans addresses
		// would learn it.
		refuse(w, http.StatusMisdirectedRequest, "Misdirected Request: this server does not answer for that name.")
		return
	}
	if r.Method == http.MethodConnect {
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed: this server is no tunnel.")
		return
	}
	if _, ok := asSent(r); !ok {
		refuse(w, http.StatusBadRequest, "Bad Request: the request's target is no path.")
		return
	}
	if isWebsocket(r.Header) && r.ContentLength != 0 {
		// The body would still be read when the connection is no longer HTTP.
		// The handshake is a GET (RFC 6455, section 4.1), which needs none.
		refuse(w, http.StatusBadRequest, "Bad Request: a request for a websocket has no body.")
		return
	}
	// An answer without a type stays so: net/http would guess one.
	w.Header()["Content-Type"] = nil
	if r.Header.Get("Upgrade") != "" {
		h.upgrade(w, r)
		return
	}
	h.proxy.ServeHTTP(w, r)
}

func refuse(w http.ResponseWriter, status int, text string) {
	http.Error(w, strconv.Itoa(status)+" "+text, status)
}

// isHost tells whether a Host header names the host: in any case, with or
// without a port and the root's dot.
func isHost(header, host string) bool {
	if i := strings.LastIndexByte(header, ':'); i >= 0 {
		for _, c := range []byte(header[i+1:]) {
			if c < '0' || c > '9' {
				return false
			}
		}
		header = header[:i]
	}
	header = strings.TrimSuffix(header, ".")
	return equalASCII(header, host)
}

// equalASCII compares without case. Letters beyond ASCII are never equal to
// ones of ASCII, as they are for strings.EqualFold (the Kelvin sign is a k).
func equalASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
