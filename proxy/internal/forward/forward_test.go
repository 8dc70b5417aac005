package forward

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestHeaders: what only a proxy may say is the proxy's alone.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Host: %s\n", r.Host)
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for name := range r.Header {
				if !yield(name) {
					return
				}
			}
		}) {
			if name != requestID {
				fmt.Fprintf(w, "%s: %s\n", name, strings.Join(r.Header[name], "|"))
			}
		}
		if id := r.Header[requestID]; len(id) != 1 || len(id[0]) != 26 {
			fmt.Fprintf(w, "request id: %q\n", id)
		}
	}), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		r := w.request(t, http.MethodGet, "/", nil)
		for _, name := range []string{
			"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Ssl",
			"X_Forwarded_For", "x_forwarded-Proto", "X.Forwarded.For", "Forwarded", "X-Real-IP", "X_Real_IP", "True-Client-IP",
			"X-Request-ID", "Proxy", "Client-IP",
		} {
			r.Header[http.CanonicalHeaderKey(name)] = []string{"forged"}
		}
		r.Header.Set("X-Own", "kept")
		r.Header.Set("X_own", "kept")
		r.Header.Set("Authorization", "Bearer kept")
		r.Header.Set("User-Agent", "test")
		_, got := do(t, c, r)
		want := "Host: " + ownName + "\nAuthorization: Bearer kept\nUser-Agent: test\nX-Forwarded-For: 127.0.0.1\nX-Forwarded-Host: " + ownName +
			"\nX-Forwarded-Proto: https\nX-Forwarded-Server: " + ownName + "\nX-Own: kept\nX_own: kept\n"
		if got != want {
			t.Errorf("the server sees\n%s\nwant\n%s", got, want)
		}
	})
}

// TestHeadersNamedHopByHop: a client that calls a header hop-by-hop has its
// own removed, not the proxy's.
func TestHeadersNamedHopByHop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Own"))
	}), nil)
	_, body := w.raw(t, "GET / HTTP/1.1\r\nHost: "+ownName+"\r\nConnection: close, X-Forwarded-For, X-Own\r\nX-Own: kept\r\n\r\n")
	if body != "127.0.0.1" {
		t.Errorf("the server sees %q", body)
	}
}

// TestClientAddress is without port, zone and brackets.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"203.0.113.9:1234": "203.0.113.9", "[2001:db8::1]:1234": "2001:db8::1", "[fe80::1%eth0]:1": "fe80::1", "[::ffff:192.0.2.1]:1": "192.0.2.1", "@": "",
	} {
		if got := forwarded(t, func(r *http.Request) { r.RemoteAddr = remote }).Header.Get("X-Forwarded-For"); got != want {
			t.Errorf("%s is told as %q, want %q", remote, got, want)
		}
	}
}

// targets are paths and queries that a server is to see as they are.
var targets = []string{
	"/", "//", "//evil.example.com/x", "/a//b/../c/./d", "/a%2Fb", "/a%2fb", "/a|b%2Fc", "/a%20b/%E2%82%AC", "/;p=1/%3B", "/caf\xc3\xa9/%2F", "/[x]{y}^`",
	"/x?", "/x?a=1;b=2", "/x?a=%zz&b=%", "/x?b=2&a=1", "/x?a=b?c=/d//", "/x?a=%26&a=&=&&", "/%2e%2e/%00", "/a\\b%5c",
}

// TestTargetByteForByte: path and query reach the server as they were sent.
func TestTargetByteForByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RequestURI) }), nil)
	for _, target := range targets {
		for _, form := range []string{target, "http://" + ownName + target, "https://user:pw@" + ownName + target} {
			status, body := w.raw(t, "GET "+form+" HTTP/1.1\r\nHost: "+ownName+"\r\nConnection: close\r\n\r\n")
			if status != http.StatusOK || body != target {
				t.Errorf("%q is forwarded as %q (%d)", form, body, status)
			}
		}
	}
}

// TestTargetRefused: what is no path is not forwarded.
func TestTargetRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s is forwarded", r.Method, r.RequestURI) }), nil)
	for line, want := range map[string]int{
		"GET *": 400, "GET http:opaque": 400, "GET ftp://" + ownName + "/": 400, "GET http:/x": 400, "GET mailto:x": 400,
		"GET //a|b%2Fc":                   400,
		"CONNECT " + ownName + ":443":     405,
		"CONNECT evil.example.com:443":    421,
		"GET http://evil.example.com/":    421,
		"GET http://" + ownName + ".evil": 421,
	} {
		if status, _ := w.raw(t, line+" HTTP/1.1\r\nHost: "+ownName+"\r\nConnection: close\r\n\r\n"); status != want {
			t.Errorf("%s is answered %d, want %d", line, status, want)
		}
	}
}

// TestGuard: only requests for the own name are forwarded.
func TestGuard(t *testing.T) {
	t.Parallel()
	const other = "fedcba9876543210fedcba9876543210.tasks.example.com"
	tests := []struct {
		name   string
		change func(*Options)
		host   string
		want   int
	}{
		{"own", nil, ownName, 200},
		{"own with port", nil, ownName + ":443", 200},
		{"own with another port", nil, ownName + ":8443", 200},
		{"own with an empty port", nil, ownName + ":", 200},
		{"own from the root", nil, ownName + ".", 200},
		{"own from the root with port", nil, ownName + ".:443", 200},
		{"own in capitals", nil, strings.ToUpper(ownName), 200},
		{"own of options in capitals", func(o *Options) { o.Hostname = strings.ToUpper(ownName) + "." }, ownName, 200},
		{"another task's", nil, other, 421},
		{"none", nil, "", 421},
		{"the address", nil, "127.0.0.1", 421},
		{"the address of IPv6", nil, "[::1]:443", 421},
		{"domain", nil, "tasks.example.com", 421},
		{"below", nil, "a." + ownName, 421},
		{"two dots", nil, ownName + "..", 421},
		{"port without digits", nil, ownName + ":evil", 421},
		{"user", nil, "user@" + ownName, 400},
		{"two ports", nil, ownName + ":1:2", 421},
		{"another letter that folds", func(o *Options) { o.Hostname = "k.example.com" }, "\u212a.example.com", 400},
		{"any host", func(o *Options) { o.AnyHost = true }, other, 200},
		{"no hostname", func(o *Options) { o.Hostname = "" }, other, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reached := false
			w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				reached = true
				_, _ = io.WriteString(w, r.Host)
			}), test.change)
			status, body := w.raw(t, "GET / HTTP/1.1\r\nHost: "+test.host+"\r\nConnection: close\r\n\r\n")
			if status != test.want || reached != (test.want == 200) {
				t.Errorf("Host %q is answered %d %q, want %d; forwarded: %v", test.host, status, body, test.want, reached)
			}
			if reached && body != test.host {
				t.Errorf("the server sees Host %q, want %q", body, test.host)
			}
		})
	}
}

// TestGuardOfHTTP2 looks at :authority, whatever name the handshake was for.
func TestGuardOfHTTP2(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) }), nil)
	c := w.client(t, 2)
	for host, want := range map[string]int{ownName: 200, strings.ToUpper(ownName) + ":443": 200, "other.tasks.example.com": 421} {
		r := w.request(t, http.MethodGet, "/", nil)
		r.Host = host
		r.Header["Host"] = []string{ownName}
		response, body := do(t, c, r)
		if response.StatusCode != want || want == 200 && body != host || response.ProtoMajor != 2 {
			t.Errorf(":authority %s is answered %s %q by %s", host, response.Status, body, response.Proto)
		}
	}
}

// TestUpgradeToHTTP2IsNotForwarded: through it requests would pass the guard.
func TestUpgradeToHTTP2IsNotForwarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header["Upgrade"], r.Header["Connection"], r.Header["Http2-Settings"])
	}), nil)
	for _, upgrade := range []string{"h2c", "websocket, h2c", "TLS/1.0", "HTTP/2.0"} {
		status, body := w.raw(t, "GET / HTTP/1.1\r\nHost: "+ownName+"\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: "+upgrade+"\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
		if status != http.StatusOK || body != "[] [] []" {
			t.Errorf("Upgrade: %s reaches the server: %d %s", upgrade, status, body)
		}
	}
}

// TestAnswerAsItIs: the proxy adds nothing to an answer that its server did
// not say.
func TestAnswerAsItIs(t *testing.T) {
	t.Parallel()
	w := before(t, speak(t, func(conn net.Conn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nX-Powered-By: test\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n<html>")
	}), nil)
	both(t, w, func(t *testing.T, c *http.Client) {
		response, body := do(t, c, w.request(t, http.MethodGet, "/", nil))
		want := http.Header{"Content-Length": {"6"}, "Date": {"Sun, 22 Nov 2026 10:00:00 GMT"}, "X-Powered-By": {"test"}}
		if got := fmt.Sprint(response.Header); got != fmt.Sprint(want) || body != "<html>" {
			t.Errorf("the answer is %s %q, want %s", got, body, want)
		}
	})
}

// speak listens and has each connection served by a function.
func speak(t testing.TB, serve func(conn net.Conn, r *bufio.Reader)) net.Addr {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn, bufio.NewReader(conn))
			}()
		}
	}()
	return listener.Addr()
}

// forwarded answers the request that a server would get.
func forwarded(t testing.TB, change func(*http.Request)) *http.Request {
	t.Helper()
	h := New(Options{Port: 8080}).(*handler) //nolint:forcetypeassert // It is what New makes.
	var got *http.Request
	h.proxy.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Header: http.Header{}}, nil
	})
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	change(r)
	h.ServeHTTP(&discard{header: http.Header{}}, r)
	return got
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// discard is a ResponseWriter for what nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
