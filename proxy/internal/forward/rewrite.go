package forward

import (
	"net/http"
	"net/http/httputil"
	"net/netip"
	"slices"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/accesslog"
)

// clientHeaders are what servers take for a proxy's word about its client.
// Clients connect directly here, so from them none of it can be true. All that
// begin with forwardedPrefix are, too.
var clientHeaders = []string{
	"Forwarded", "X-Real-Ip", "X-Client-Ip", "Client-Ip", "True-Client-Ip", "X-Cluster-Client-Ip", "Cf-Connecting-Ip",
	requestID,
	// CGI makes HTTP_PROXY of it, which is a setting (httpoxy.org).
	"Proxy",
}

const (
	forwardedPrefix = "X-Forwarded"
	requestID       = "X-Request-Id"
)

// rewrite makes of a client's request the one for the server. Hop-by-hop
// headers are gone when it is called.
func (h *handler) rewrite(p *httputil.ProxyRequest) {
	in, out := p.In, p.Out
	out.URL.Scheme, out.URL.Host, out.URL.User = "http", h.target, nil
	// The proxy does not look at the query, so that nothing can be smuggled
	// past it by what only one of the two can parse.
	out.URL.RawQuery = in.URL.RawQuery
	out.URL.Opaque, _ = asSent(in)
	out.Host = in.Host
	// A server that does not know HEAD answers with a body, which on a kept
	// connection would be taken for the answer to another's request. Frames of
	// HTTP/2 belong to one request; what asks for a websocket is never sent by it.
	out.Close = in.Method == http.MethodHead && (!h.h2c || isWebsocket(out.Header))

	for name := range out.Header {
		if isClientHeader(name) {
			delete(out.Header, name)
		}
	}
	if address, err := netip.ParseAddrPort(in.RemoteAddr); err == nil {
		out.Header.Set("X-Forwarded-For", address.Addr().Unmap().WithZone("").String())
	}
	out.Header.Set("X-Forwarded-Host", in.Host)
	proto := "http"
	if in.TLS != nil {
		proto = "https"
	}
	out.Header.Set("X-Forwarded-Proto", proto)
	if h.hostname != "" {
		out.Header.Set("X-Forwarded-Server", h.hostname)
	}
	out.Header.Set(requestID, accesslog.RequestID(in.Context()))

	// Only websockets: through a connection upgraded to HTTP/2 (h2c) a client
	// would send requests that nobody looks at.
	if !isWebsocket(out.Header) {
		out.Header.Del("Connection")
		out.Header.Del("Upgrade")
		out.Header.Del("Http2-Settings")
	}
	if out.Body != nil {
		wrapBody(in, out)
	}
}

// isWebsocket tells whether a request to the server asks for a websocket.
func isWebsocket(h http.Header) bool { return equalASCII(h.Get("Upgrade"), "websocket") }

// isClientHeader tells whether servers may take a header for one of
// clientHeaders. Those behind CGI and its heirs (WSGI, Rack, PHP) see
// X_Forwarded_For and X-Forwarded-For as one, HTTP_X_FORWARDED_FOR.
func isClientHeader(name string) bool {
	if len(name) >= len(forwardedPrefix) && equalAsCGI(name[:len(forwardedPrefix)], forwardedPrefix) {
		return true
	}
	return slices.ContainsFunc(clientHeaders, func(header string) bool { return equalAsCGI(name, header) })
}

// equalAsCGI tells whether two names are the same variable for a CGI program.
func equalAsCGI(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if variable(a[i]) != variable(b[i]) {
			return false
		}
	}
	return true
}

func variable(c byte) byte {
	c = lower(c)
	if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
		return c
	}
	return '_'
}

// asSent answers the Opaque that a URL needs for the request's path to be sent
// byte for byte: net/url encodes a path anew if there is any character in it
// that should have been encoded, and what was encoded as well (/a|b%2Fc would
// be /a%7Cb/c then). It is empty if nothing is needed. Targets that can not be
// sent on as they are, and those that are no paths, are not ok.
func asSent(r *http.Request) (opaque string, ok bool) {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if r.URL.Scheme != "" {
		if path, ok = pathOfAbsolute(r, path); !ok {
			return "", false
		}
	}
	switch {
	case r.URL.Opaque != "" || !strings.HasPrefix(path, "/"):
		return "", false
	case path == r.URL.EscapedPath(), path == "/" && r.URL.Path == "":
		return "", true
	case strings.HasPrefix(path, "//"):
		// As an Opaque it would be an authority.
		return "", false
	}
	return path, true
}

// pathOfAbsolute answers the path of a target in absolute form (RFC 9112,
// 3.2.2), which servers must understand.
func pathOfAbsolute(r *http.Request, target string) (string, bool) {
	_, rest, ok := strings.Cut(target, "://")
	if !ok || r.URL.Host == "" || r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return "", false
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return "/", true
	}
	return rest[slash:], true
}
