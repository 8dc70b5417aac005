package health

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	well := Handler(Source{Serving: func() certreader.Version { return version(nil) }})
	for name, test := range map[string]struct {
		handler      http.Handler
		want, errSay string
	}{
		"well": {handler: well, want: "healthy: the certificate abc123 is valid until "},
		"well, in an outage": {handler: Handler(Source{Serving: func() certreader.Version {
			return version(func(v *certreader.Version) { v.LastError = errors.New("denied\nby S3") })
		}}), want: "; last error: denied by S3"},
		"expired, and followed": {handler: Handler(Source{Serving: func() certreader.Version {
			return version(func(v *certreader.Version) { v.NotAfter = time.Now().Add(-time.Minute) })
		}}), want: "; warning: the certificate expired on 2"},
		"expired": {handler: Handler(Source{Serving: func() certreader.Version {
			return version(func(v *certreader.Version) { v.Fixed, v.NotAfter = true, time.Now().Add(-time.Minute) })
		}}), errSay: "unhealthy: the certificate expired on 2"},
		"redirect": {handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == Path {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
				return
			}
			_, _ = w.Write([]byte(`{"status":"ok"}`))
		}), errSay: "unhealthy: what answers there is no proxy (status 302)"},
		"another server": {handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("It works!"))
		}), errSay: "unhealthy: what answers there is no proxy (status 200)"},
		"ok by mistake": {handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"status":"ok"}`))
		}), errSay: "unhealthy: ok"},
		"endless": {handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}), errSay: "unhealthy: what answers there is no proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.handler)
			defer server.Close()
			got, err := Check(t.Context(), server.Listener.Addr().String())
			if (err == nil) != (test.errSay == "") || err != nil && !strings.Contains(err.Error(), test.errSay) || !strings.Contains(got, test.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q, error %v; want %q, %q", got, err, test.want, test.errSay)
			}
		})
	}
}

// One that does not answer is not waited for longer than ECS waits.
func TestCheckEnds(t *testing.T) {
	t.Parallel()
	address := proxytest.FreeAddress(t)
	listener, err := net.Listen("tcp", address) // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := Check(t.Context(), address); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("it says %v", err)
	}
	listener.Close()
	if _, err := Check(t.Context(), address); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("with nobody there it says %v", err)
	}
	if _, err := Check(t.Context(), "9443"); err == nil || !strings.Contains(err.Error(), "reading -health-listen") {
		t.Errorf("without a port it says %v", err)
	}
}

// The environment's proxy is not asked for what is in the same container.
func TestCheckAsksNoProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"ok"}`))
	}))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	// The standard client leaves out loopback by itself, but no other address.
	if line, err := Check(t.Context(), "health.invalid:80"); err == nil {
		t.Errorf("the proxy answered: %s", line)
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		":9443": "127.0.0.1:9443", "0.0.0.0:9443": "127.0.0.1:9443", "[::]:9443": "[::1]:9443",
		"127.0.0.1:9443": "127.0.0.1:9443", "10.0.0.7:80": "10.0.0.7:80", "localhost:80": "localhost:80",
	} {
		if got, err := local(address); err != nil || got != want {
			t.Errorf("%s: got %s, error %v; want %s", address, got, err, want)
		}
	}
}

// Whatever answers, the check says one line of bounded length, and "healthy"
// only where status and report agree.
func FuzzJudge(f *testing.F) {
	text, err := json.Marshal(Source{Serving: func() certreader.Version { return version(nil) }}.report(time.Now(), 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(200, text)
	f.Add(503, []byte(`{"status":"the certificate\nexpired\u001b[2J"}`))
	f.Add(200, []byte(`{"status":"ok","certificate":null}`))
	f.Add(200, []byte(`{"status":"ok","certificate":{"serial":"\u0000","not_after":"9999-12-31T23:59:59Z"}}`))
	f.Add(200, []byte("null"))
	f.Fuzz(func(t *testing.T, status int, text []byte) {
		line, err := judge(status, text)
		if err == nil && (status != http.StatusOK || !strings.HasPrefix(line, "healthy")) {
			t.Errorf("status %d: %q", status, line)
		}
		if err != nil {
			line = err.Error()
		}
		if len(line) > maxStatus+10 || line == "" || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("it says %q", line)
		}
	})
}
