package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

func TestRedirect(t *testing.T) {
	t.Parallel()
	const own = proxytest.Hostname
	names := func() []string { return []string{"*." + proxytest.Domain, "www.example.com"} }
	for _, c := range []struct {
		hostname, port string
		anyHost        bool
		method, target string
		host           string
		status         int
		location       string
	}{
		{own, "443", false, "GET", "/a/b?c=d", own, 308, "https://" + own + "/a/b?c=d"},
		{own, "443", false, "HEAD", "/", own + ":80", 308, "https://" + own + "/"},
		{own, "8443", false, "GET", "/", own, 308, "https://" + own + ":8443/"},
		{own, "443", false, "GET", "//evil.example/x", own, 308, "https://" + own + "//evil.example/x"},
		{own, "443", false, "GET", "/%0d%0aX:%20y", own, 308, "https://" + own + "/%0d%0aX:%20y"},
		{own, "443", false, "GET", "/", "evil.example", 421, ""},
		{own, "443", false, "GET", "http://evil.example/", own, 421, ""},
		{own, "443", false, "GET", "/", "other." + proxytest.Domain, 421, ""},
		{own, "443", false, "GET", "/", own + "@evil.example", 421, ""},
		{own, "443", false, "GET", "x:.evil.example/", own, 400, ""},
		{own, "443", false, "GET", "x:@evil.example/", own, 400, ""},
		{own, "443", false, "POST", "/", own, 405, ""},
		{own, "443", true, "GET", "/", "Other." + proxytest.Domain + ".", 308, "https://other." + proxytest.Domain + "/"},
		{own, "443", true, "GET", "/", "evil.example", 421, ""},
		{own, "443", true, "GET", "/", "evil:1:x." + proxytest.Domain, 421, ""},
		{own, "443", true, "GET", "/", "a.b." + proxytest.Domain, 421, ""},
		{"", "443", false, "GET", "/", "www.example.com", 308, "https://www.example.com/"},
		{"", "443", false, "GET", "/", "192.0.2.1", 421, ""},
		{"", "443", false, "GET", "/", "", 421, ""},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		if r.URL.Host == "" {
			r.Host = c.host
		}
		w := httptest.NewRecorder()
		redirect(c.hostname, c.port, c.anyHost, names).ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s %s for %s: %d %s, want %d %s", c.method, c.target, c.host, w.Code, w.Header().Get("Location"), c.status, c.location)
		}
		if w.Header().Get("Connection") != "close" {
			t.Errorf("%s %s: the connection stays", c.method, c.target)
		}
	}
}

// TestRedirectOnly serves nothing else there.
func TestRedirectOnly(t *testing.T) {
	t.Parallel()
	handler := redirect(proxytest.Hostname, "443", false, nil)
	for _, path := range []string{"/healthz", "/.well-known/acme-challenge/x"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = proxytest.Hostname
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusPermanentRedirect {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
