package server

import (
	"net"
	"net/http"
	"strings"
)

// redirect sends clients of plain HTTP to HTTPS, and nowhere else: to the
// task's own name, or to one that the certificate is for if any host is
// answered. Only GET and HEAD: what is sent with others was already read by
// whoever listens, and a redirect would hide that.
func redirect(hostname, httpsPort string, anyHost bool, names func() []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		host := strings.ToLower(r.Host)
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.TrimSuffix(host, ".")
		known := host == hostname
		if anyHost || hostname == "" {
			known = covered(names(), host)
		}
		switch {
		case !known:
			http.Error(w, "This server does not know that name.", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Use HTTPS.", http.StatusMethodNotAllowed)
		case !strings.HasPrefix(r.URL.RequestURI(), "/"):
			// GET x:.example.org, say, would be added to the name.
			http.Error(w, "The request's target is no path.", http.StatusBadRequest)
		default:
			if httpsPort != "443" {
				host = net.JoinHostPort(host, httpsPort)
			}
			w.Header().Set("Location", "https://"+host+r.URL.RequestURI())
			w.WriteHeader(http.StatusPermanentRedirect)
		}
	})
}

// covered tells whether a certificate for the names is for the host, too: a
// wildcard is for one label (RFC 9525, section 6.3).
func covered(names []string, host string) bool {
	label, rest, _ := strings.Cut(host, ".")
	if strings.ContainsFunc(label, func(c rune) bool { return !isLabel(c) }) {
		return false
	}
	for _, name := range names {
		name = strings.ToLower(name)
		if name == host || label != "" && rest != "" && name == "*."+rest {
			return true
		}
	}
	return false
}

// isLabel tells whether names have such a character. Host headers may have
// others, too, which mean something in a URL.
func isLabel(c rune) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
