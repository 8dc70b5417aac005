package certbot

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

// A scheduled run that waited for one that failed pauses like any other.
func TestRunThatWaitedObeysThePause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.refuseAll(true)
		states := map[string]int{}
		for _, o := range w.runAll(t, Request{}, Request{}, Request{}) {
			states[o.report.Certificates[0].State]++
		}
		if w.ordered() != 1 || states[StateFailed] != 1 || states[StateWaiting] != 2 {
			t.Errorf("%d orders and the states %v, want one order, and two runs that wait", w.ordered(), states)
		}
		if m := w.recalled(t); m.Failures != 1 || len(w.sns.told()) != 1 {
			t.Errorf("told %q and remembered %+v, want one failure", w.sns.told(), m)
		}
		if l := w.leased(t); !l.Until.IsZero() {
			t.Errorf("the lease is %+v, want it released", l)
		}
	})
}

// What needs nothing of the authority does not end the wait that it asked for,
// nor does a failure that it has no part in.
func TestRetryAfterOutlivesWhatNeedsNoAuthority(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(*world) Request{
		"a rollback": func(*world) Request { return Request{Rollback: &Rollback{Key: "a"}} },
		"an apply":   func(*world) Request { return Request{RunID: "r2", Trigger: TriggerApply} },
		"another failure": func(w *world) Request {
			w.config.Certificates[0].Secret = "gone"
			return Request{RunID: "r2", Trigger: TriggerApply}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				for range 2 {
					w.mustRun(t, Request{Force: true})
					time.Sleep(time.Hour)
				}
				w.ca.refuse = func(path string) *caProblem {
					if path != "/order" {
						return nil
					}
					return &caProblem{retryAfter: "172800", ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "rateLimited", Detail: "too many", HTTPStatus: 429}}
				}
				w.try(t, Request{Force: true})
				until := w.recalled(t).RetryAfter
				w.try(t, then(w))
				w.ca.requests = nil
				status, _ := w.try(t, Request{Force: true})
				if f := status.Failure; slices.Contains(w.ca.requests, "/order") || f == nil || !f.RetryAfter.Equal(until) {
					t.Errorf("asked %q and told %+v, want nothing to be asked before %s", w.ca.requests, f, until)
				}
				w.ca.refuse, w.config.Certificates[0].Secret = nil, ""
				time.Sleep(time.Until(until))
				if status, _ := w.try(t, Request{Force: true}); status.State != StateIssued {
					t.Errorf("afterwards: %+v", status)
				}
				if m := w.recalled(t); !m.RetryAfter.IsZero() || m.Failure != "" {
					t.Errorf("a new certificate left %+v", m)
				}
			})
		})
	}
}

// A rollback that came halfway is brought to its end by the next scheduled run,
// which remembers of the version before that there is nothing to do.
func TestTornRollbackIsRepaired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		for range 2 {
			w.mustRun(t, Request{Force: true})
			time.Sleep(time.Hour)
		}
		w.mustRun(t, Request{}) // asks the authority
		w.s3.fail = func(action, key string) error {
			if action == "s3:PutObject" && key == "a/"+BundleObject {
				return denied(action)
			}
			return nil
		}
		if _, err := w.run(t.Context(), Request{Rollback: &Rollback{Key: "a"}}); err == nil {
			t.Fatal("the rollback did not fail")
		}
		w.s3.fail = nil
		w.mustRun(t, Request{})
		pointer := decode[Pointer](t, w.s3.text("a/"+PointerObject))
		if leaf := w.holdsValidPair(t, "a", "example.com"); leaf.SerialNumber.Text(16) != pointer.Version {
			t.Errorf("the objects are of %s, want them to be of %s", leaf.SerialNumber.Text(16), pointer.Version)
		}
		w.s3.writes = nil
		if w.mustRun(t, Request{}); len(w.s3.writes) != 0 {
			t.Errorf("wrote %q when nothing was left to do", w.s3.writes)
		}
	})
}

// A certificate that the authority has issued is worth waiting for, because the
// next one costs its limits again.
func TestIssuedCertificateIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status, times int
		retryAfter    string
		state         string
	}{
		"broken for a moment":    {500, 3, "", StateIssued},
		"busy for a moment":      {503, 3, "20", StateIssued},
		"not found for a moment": {404, 3, "", StateIssued},
		"broken":                 {500, 1000, "", StateFailed},
		"busy for hours":         {503, 1, "7200", StateFailed},
		"refused":                {403, 1, "", StateFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				asked := 0
				w.ca.refuse = func(path string) *caProblem {
					if !strings.HasPrefix(path, "/cert/") || asked == test.times {
						return nil
					}
					asked++
					return &caProblem{retryAfter: test.retryAfter, ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "serverInternal", Detail: "down", HTTPStatus: test.status}}
				}
				status, orders := w.try(t, Request{})
				if status.State != test.state || orders != 1 {
					t.Errorf("%d orders and %+v, failure %+v", orders, status, status.Failure)
				}
				if m := w.recalled(t); len(m.Issued) != 1 || len(m.Attempts) != 0 {
					t.Errorf("remembered %+v, want the authority's count: one certificate", m)
				}
				if test.retryAfter == "7200" && status.Failure.RetryAfter.Sub(status.FinishedAt).Round(time.Minute) != 2*time.Hour {
					t.Errorf("failure %+v, want it to say when the authority allows the next attempt", status.Failure)
				}
			})
		})
	}
}

// Certificates that were issued and lost count, however long ago their runs
// failed.
func TestLostCertificatesCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.ca.refuse = func(path string) *caProblem {
			if !strings.HasPrefix(path, "/cert/") {
				return nil
			}
			return &caProblem{ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "serverInternal", Detail: "down", HTTPStatus: 500}}
		}
		for range 4 * 6 {
			w.try(t, Request{})
			time.Sleep(6 * time.Hour)
		}
		if w.ordered() != issuedPerWeek {
			t.Errorf("%d certificates were issued and lost within six days, want %d", w.ordered(), issuedPerWeek)
		}
	})
}

// answers is an authority that answers everything with an error.
type answers string

func (a answers) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusInternalServerError, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: request}, nil
}

// Whatever an error's body is, the run must come to its end, and tell.
func TestErrorsThatAreNoProblems(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"null", " null\n", "", "{}", "[]", `"null"`, "<html>"} {
		if _, err := newSession(t.Context(), &transport{next: answers(body)}, ACME{DirectoryURL: caURL + "/dir"}, nil, Clients{}); err == nil || !strings.Contains(err.Error(), "reading directory") {
			t.Errorf("after %q: error %v", body, err)
		}
	}
}
