package forward

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// ask has the handler answer a request as net/http parses it, and answers what
// the server would get; nil if it gets nothing.
func ask(h *handler, text string) (in, out *http.Request, status int) {
	in, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		return nil, nil, 0
	}
	in.RemoteAddr = "203.0.113.9:1234"
	h.proxy.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		out = r
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Header: http.Header{}}, nil
	})
	w := &discard{header: http.Header{}}
	h.ServeHTTP(w, in)
	return in, out, w.status
}

func newHandler(o Options) *handler {
	o.Port = 8080
	return New(o).(*handler) //nolint:forcetypeassert // It is what New makes.
}

// FuzzGuard: whatever is forwarded is for the own name.
func FuzzGuard(f *testing.F) {
	for _, host := range []string{ownName, ownName + ":443", ownName + ".", strings.ToUpper(ownName), "other", "", "[::1]:1", "a@" + ownName, ownName + ":x", "\u212a"} {
		f.Add(host, "/")
		f.Add(ownName, "http://"+host+"/")
	}
	f.Fuzz(func(t *testing.T, host, target string) {
		h := newHandler(Options{Hostname: ownName})
		_, out, status := ask(h, "GET "+target+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		if out == nil {
			if status != 0 && (status < 400 || status > 499) {
				t.Errorf("Host %q, target %q: not forwarded, and answered %d", host, target, status)
			}
			return
		}
		u, err := url.Parse("https://" + out.Host)
		if err != nil || !strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), ownName) || u.User != nil || u.Path != "" {
			t.Errorf("Host %q, target %q is forwarded as %q", host, target, out.Host)
		}
	})
}

// FuzzTarget: what is forwarded has the path and query that it came with.
func FuzzTarget(f *testing.F) {
	for _, target := range targets {
		f.Add(target)
		f.Add("http://" + ownName + target)
	}
	f.Add("http:opaque")
	f.Add("*")
	f.Fuzz(func(t *testing.T, target string) {
		in, out, _ := ask(newHandler(Options{}), "GET "+target+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if out == nil {
			return
		}
		want := in.RequestURI
		if !strings.HasPrefix(want, "/") {
			_, rest, _ := strings.Cut(want, "://")
			want = rest[strings.IndexAny(rest+"/", "/?"):]
			if !strings.HasPrefix(want, "/") {
				want = "/" + want
			}
		}
		if got := out.URL.RequestURI(); got != want || out.URL.Host != "127.0.0.1:8080" {
			t.Errorf("%q is forwarded to %s as %q, want %q", target, out.URL.Host, got, want)
		}
	})
}

// FuzzHeaders: no name that a client thinks of is one of the proxy's, to a
// server that reads headers as CGI does.
func FuzzHeaders(f *testing.F) {
	for _, name := range append(clientHeaders, "X_Forwarded_For", "x.forwarded-For", "X-Forwarded", "X-Own", "Te") {
		f.Add(name, "forged", "Connection")
		f.Add(name, "websocket", "Upgrade")
	}
	f.Fuzz(func(t *testing.T, name, value, other string) {
		_, out, _ := ask(newHandler(Options{Hostname: "x"}), "GET / HTTP/1.1\r\nHost: x\r\n"+name+": "+value+"\r\n"+other+": "+name+"\r\n\r\n")
		if out == nil {
			return
		}
		seen := map[string]string{}
		for key, values := range out.Header {
			variable := strings.Map(func(c rune) rune {
				if c >= 'a' && c <= 'z' {
					return c - 'a' + 'A'
				}
				if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
					return c
				}
				return '_'
			}, key)
			seen[variable] += strings.Join(values, "|")
		}
		for variable, want := range map[string]string{
			"X_FORWARDED_FOR": "203.0.113.9", "X_FORWARDED_HOST": "x", "X_FORWARDED_PROTO": "http", "X_FORWARDED_SERVER": "x",
			"X_FORWARDED_PORT": "", "FORWARDED": "", "X_REAL_IP": "", "PROXY": "",
		} {
			if seen[variable] != want {
				t.Errorf("%q: the server sees %s as %q", name, variable, seen[variable])
			}
		}
		if upgrade := out.Header.Get("Upgrade"); upgrade != "" && !strings.EqualFold(upgrade, "websocket") {
			t.Errorf("an upgrade to %q is forwarded", upgrade)
		}
	})
}
