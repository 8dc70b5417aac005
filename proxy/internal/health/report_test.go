package health

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
)

const day = 24 * time.Hour

// version is a certificate of 90 days, which the task has since its first.
func version(change func(*certreader.Version)) certreader.Version {
	now := time.Now()
	v := certreader.Version{
		Serial: "abc123", Names: []string{"*.tasks.example.com"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(90*day - time.Hour), Since: now, LastLook: now,
	}
	if change != nil {
		change(&v)
	}
	return v
}

func ask(t *testing.T, handler http.Handler, method, path string) (int, Report) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
	var report Report
	if recorder.Header().Get("Content-Type") == "application/json" && recorder.Body.Len() > 0 {
		if err := json.Unmarshal(recorder.Body.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
	}
	return recorder.Code, report
}

func TestReport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*certreader.Version)
		missed  time.Duration
		age     time.Duration
		want    string
		warning string
	}{
		"fresh": {want: ok},
		"old":   {age: 89 * day, want: ok},
		"expired, as another task's would be": {
			age: 91 * day, want: ok,
			warning: "the certificate expired on 2000-03-30T23:00:00Z, and is served until there is another",
		},
		"expired in an outage": {
			change: func(v *certreader.Version) { v.LastError = errors.New("reading s3://certs/a/current.json: denied") },
			age:    91 * day, want: ok,
			warning: "the certificate expired on 2000-03-30T23:00:00Z, and is served until there is another",
		},
		"expired, and the next one is not in use": {
			missed: 150 * day, age: 91 * day,
			want: "the certificate expired on 2000-03-30T23:00:00Z, and the next one could not be put in use: another task can",
		},
		"expired, as the next one has, which is not in use": {
			missed: 90*day + time.Hour, age: 91 * day, want: ok,
			warning: "the certificate expired on 2000-03-30T23:00:00Z, and is served until there is another",
		},
		"the next one is not in use": {missed: 150 * day, age: 80 * day, want: ok},
		"an outage is nothing that another task would not have": {
			change: func(v *certreader.Version) { v.LastError = errors.New("reading s3://certs/a/current.json: denied") },
			age:    89*day + 20*time.Hour, want: ok,
		},
		"fixed": {change: fixed, age: 88 * day, want: ok},
		"fixed and about to expire": {
			change: fixed, age: 89*day + 12*time.Hour,
			want: "the certificate expires on 2000-03-30T23:00:00Z, and the task has it for its life: another task gets the renewed one",
		},
		"fixed and expired": {change: fixed, age: 90 * day, want: "the certificate expired on 2000-03-30T23:00:00Z"},
		"of six days, which has a tenth": {change: func(v *certreader.Version) {
			fixed(v)
			v.NotAfter = v.NotBefore.Add(6 * day)
		}, age: 5*day + 6*time.Hour, want: ok},
		"of six days, about to expire": {change: func(v *certreader.Version) {
			fixed(v)
			v.NotAfter = v.NotBefore.Add(6 * day)
		}, age: 5*day + 17*time.Hour, want: "the certificate expires on 2000-01-06T23:00:00Z, and the task has it for its life: another task gets the renewed one"},
		"nothing yet": {change: func(v *certreader.Version) { *v = certreader.Version{} }, want: "there is no certificate yet"},
		"nothing yet, and why": {change: func(v *certreader.Version) {
			*v = certreader.Version{LastError: errors.New("the command failed")}
		}, want: "there is no certificate yet: the command failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := version(test.change)
				missed := func() certreader.Version { return certreader.Version{NotAfter: v.NotBefore.Add(test.missed)} }
				handler := Handler(Source{Hostname: "a.tasks.example.com", Serving: func() certreader.Version { return v }, Missed: missed})
				time.Sleep(test.age)
				code, report := ask(t, handler, http.MethodGet, Path)
				if report.Status != test.want || (code == http.StatusOK) != (test.want == ok) || code != http.StatusOK && code != http.StatusServiceUnavailable {
					t.Errorf("status %d: %s, want %s", code, report.Status, test.want)
				}
				if report.Warning != test.warning {
					t.Errorf("it warns of %q, want %q", report.Warning, test.warning)
				}
				if report.Hostname != "a.tasks.example.com" || report.Draining || report.Connections != nil {
					t.Errorf("tells %+v", report)
				}
				c := report.Certificate
				if v.NotAfter.IsZero() {
					if c != nil {
						t.Errorf("tells of %+v", c)
					}
					return
				}
				if c == nil || c.Serial != "abc123" || !slices.Equal(c.Names, v.Names) || !c.NotAfter.Equal(v.NotAfter) || !c.NotBefore.Equal(v.NotBefore) ||
					!c.Since.Equal(v.Since) || !c.LastLook.Equal(v.LastLook) || c.Followed == v.Fixed || (c.LastError != "") != (v.LastError != nil) {
					t.Errorf("tells %+v of %+v", c, v)
				}
			})
		})
	}
}

func fixed(v *certreader.Version) { v.Fixed = true }

// Where renewals fail, tasks that follow each other are replaced ever later,
// and not all the time: each lives for half of what is left at least.
func TestReplacementsAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := version(fixed)
		replaced := 0
		for now := time.Now(); now.Before(first.NotAfter); replaced++ {
			v := first
			v.Since = now
			for wrong(v, now, 1) == nil {
				now = now.Add(10 * time.Second)
			}
			if lived := now.Sub(v.Since); lived < first.NotAfter.Sub(v.Since)/2 {
				t.Fatalf("a task that started %s before the end lives for %s", first.NotAfter.Sub(v.Since), lived)
			}
		}
		if replaced < 5 || replaced > 20 {
			t.Errorf("%d replacements", replaced)
		}
	})
}

// Tasks that started together do not ask to be replaced together.
func TestReplacementsAreSpread(t *testing.T) {
	t.Parallel()
	v := version(fixed)
	if early, late := lead(v, 1), lead(v, 0.5); early != day || late != 12*time.Hour {
		t.Errorf("from %s to %s before the end", early, late)
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	draining, connections := false, 3
	handler := Handler(Source{
		Serving:  func() certreader.Version { return version(nil) },
		Draining: func() bool { return draining }, Connections: func() int { return connections },
	})
	if code, report := ask(t, handler, http.MethodGet, Path); code != http.StatusOK || report.Draining || report.Connections == nil || *report.Connections != 3 {
		t.Errorf("status %d, %+v", code, report)
	}
	draining, connections = true, 0
	if code, report := ask(t, handler, http.MethodGet, Path); code != http.StatusOK || !report.Draining || report.Connections == nil || *report.Connections != 0 {
		t.Errorf("while it drains: status %d, %+v", code, report)
	}
	for method, want := range map[string]int{http.MethodHead: 200, http.MethodPost: 405, http.MethodDelete: 405, "FOO": 405} {
		if code, _ := ask(t, handler, method, Path); code != want {
			t.Errorf("%s: status %d, want %d", method, code, want)
		}
	}
	for _, path := range []string{"/", "/healthz/", "/healthz/x", "/debug/pprof/"} {
		if code, _ := ask(t, handler, http.MethodGet, path); code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, code)
		}
	}
}

// A long header is refused, and one that does not come ends the connection.
func TestLimits(t *testing.T) {
	t.Parallel()
	server, err := Start("127.0.0.1:0", Source{Serving: func() certreader.Version { return version(nil) }}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	for name, test := range map[string]struct{ sent, want string }{
		"usual":                   {"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK"},
		"long header":             {"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 16<<10) + "\r\n\r\n", "HTTP/1.1 431 "},
		"header without end":      {"GET /healthz HTTP/1.1\r\nHost: x\r\n", ""},
		"nothing":                 {"", ""},
		"connection that is kept": {"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection, err := net.Dial("tcp", server.Addr)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			if _, err := io.WriteString(connection, test.sent); err != nil {
				t.Fatal(err)
			}
			// The answer is over when the server closes the connection.
			got, err := io.ReadAll(connection)
			if err != nil && !errors.Is(err, syscall.ECONNRESET) || !strings.HasPrefix(string(got), test.want) || test.want == "" && len(got) > 0 {
				t.Errorf("got %q, error %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	_, err := Start(other.Listener.Addr().String(), Source{}, slog.Default())
	if err == nil || !strings.Contains(err.Error(), "address already in use; set another -health-listen") {
		t.Errorf("it says %v", err)
	}
}
