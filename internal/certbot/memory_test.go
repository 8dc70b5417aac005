package certbot

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return value
}

// refuseAll has the authority refuse all proofs.
func (w *world) refuseAll(refused bool) {
	w.ca.judge = func(string) *acme.ProblemDetails {
		if !refused {
			return nil
		}
		return &acme.ProblemDetails{Type: problemPrefix + "dns", Detail: "SERVFAIL"}
	}
}

// try makes a run and answers its only status and how many orders it placed.
func (w *world) try(t *testing.T, request Request) (Status, int) {
	t.Helper()
	before := w.ordered()
	report, _ := w.run(t.Context(), request)
	if len(report.Certificates) != 1 {
		t.Fatalf("report %+v", report)
	}
	return report.Certificates[0], w.ordered() - before
}

func TestFailuresAreRetriedOnALadder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.refuseAll(true)
		for i, pause := range []time.Duration{time.Minute, 10 * time.Minute, 100 * time.Minute, day, day} {
			status, orders := w.try(t, Request{})
			if status.State != StateFailed || orders != 1 {
				t.Fatalf("attempt %d: %+v, %d orders", i, status, orders)
			}
			next := status.Failure.NextAttempt
			if !next.Equal(status.FinishedAt.Add(pause)) {
				t.Errorf("attempt %d: the next one is %s later, want %s", i, next.Sub(status.FinishedAt), pause)
			}
			time.Sleep(time.Until(next) - time.Second)
			w.s3.writes, w.sns.messages, w.ca.requests = nil, nil, nil
			if report, err := w.run(t.Context(), Request{}); err != nil || report.Certificates[0].State != StateWaiting {
				t.Errorf("before attempt %d: %+v, error %v; want it to wait", i+1, report, err)
			}
			if len(w.s3.writes)+len(w.sns.messages)+len(w.ca.requests) != 0 {
				t.Errorf("before attempt %d: wrote %q, told %d, asked %q", i+1, w.s3.writes, len(w.sns.messages), w.ca.requests)
			}
			time.Sleep(time.Second)
		}
		w.refuseAll(false)
		if status, _ := w.try(t, Request{}); status.State != StateIssued {
			t.Errorf("after the cause is gone: %+v", status)
		}
		if m := w.recalled(t); m.Failures != 0 || m.Failure != "" || !m.NextAttempt.IsZero() {
			t.Errorf("a good run left %+v", m)
		}
	})
}

func TestWhatOverridesOurOwnBackOff(t *testing.T) {
	t.Parallel()
	change := func(change func(*Certificate)) func(*world) Request {
		return func(w *world) Request { change(&w.config.Certificates[0]); return Request{} }
	}
	request := func(r Request) func(*world) Request { return func(*world) Request { return r } }
	for name, test := range map[string]struct {
		then   func(*world) Request
		orders int
	}{
		"a schedule":          {request(Request{}), 0},
		"a person":            {request(Request{Trigger: TriggerManual}), 0},
		"an apply":            {request(Request{Trigger: TriggerApply}), 1},
		"force":               {request(Request{Trigger: TriggerManual, Force: true}), 1},
		"other names":         {change(func(c *Certificate) { c.Domains = []string{"www.example.com"} }), 1},
		"another key type":    {change(func(c *Certificate) { c.KeyType = "P384" }), 1},
		"another profile":     {change(func(c *Certificate) { c.Profile = "shortlived" }), 1},
		"names in other case": {change(func(c *Certificate) { c.Domains = []string{"Example.com"} }), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.refuseAll(true)
				w.try(t, Request{})
				if status, orders := w.try(t, test.then(w)); orders != test.orders {
					t.Errorf("%d orders, want %d: %+v", orders, test.orders, status)
				}
			})
		})
	}
}

func TestAuthoritysRetryAfterIsNeverOverridden(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer string
		want   time.Duration
	}{
		"hours":                  {"10800", 3 * time.Hour},
		"longer than any ladder": {"172800", 48 * time.Hour},
		"for ever":               {"99999999", week},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.ca.refuse = func(path string) *caProblem {
					if path != "/order" {
						return nil
					}
					return &caProblem{retryAfter: test.answer, ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "rateLimited", Detail: "too many", HTTPStatus: 429}}
				}
				w.try(t, Request{})
				w.ca.refuse = nil
				time.Sleep(test.want - time.Minute)
				for _, request := range []Request{{}, {Trigger: TriggerApply}, {Trigger: TriggerApply, Force: true}, {Trigger: TriggerManual, Force: true}} {
					status, orders := w.try(t, request)
					if orders != 0 {
						t.Fatalf("%+v placed an order: %+v", request, status)
					}
					if request.Trigger != "" && (status.Failure == nil || !strings.Contains(status.Failure.Message, "too many") || status.Failure.RetryAfter.Before(time.Now())) {
						t.Errorf("%+v: failure %+v, want it to say until when and why", request, status.Failure)
					}
				}
				if m := w.recalled(t); m.Failures != 1 {
					t.Errorf("%d failures are remembered, want 1: what was not tried did not fail", m.Failures)
				}
				time.Sleep(2 * time.Minute)
				if status, _ := w.try(t, Request{}); status.State != StateIssued {
					t.Errorf("afterwards: %+v", status)
				}
			})
		})
	}
	t.Run("other names", func(t *testing.T) {
		t.Parallel()
		m := memory{Directory: "d", Domains: []string{"a"}, RetryAfter: time.Now()}
		if m.want(Certificate{Domains: []string{"A"}, KeyType: "P384"}, "d"); m.RetryAfter.IsZero() {
			t.Error("another key type voids the authority's Retry-After")
		}
		if m.want(Certificate{Domains: []string{"b"}}, "d"); !m.RetryAfter.IsZero() {
			t.Error("other names do not void the authority's Retry-After")
		}
	})
}

func TestBudgetOfFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.refuseAll(true)
		force := Request{Trigger: TriggerManual, Force: true}
		start := time.Now()
		for range attemptsPerHour {
			if status, orders := w.try(t, force); orders != 1 {
				t.Fatalf("%d orders: %+v", orders, status)
			}
			time.Sleep(time.Minute)
		}
		for _, request := range []Request{force, {Trigger: TriggerApply}} {
			status, orders := w.try(t, request)
			possible := w.recalled(t).Attempts[0].At.Add(time.Hour)
			next := w.recalled(t).NextAttempt // a scheduled run's, which is a day after the fourth failure
			if orders != 0 || status.Failure == nil || !status.Failure.NextAttempt.Equal(next) || next.Before(start.Add(day)) || !strings.Contains(status.Failure.Message, stamp(possible)) {
				t.Errorf("%+v: %d orders, failure %+v, want it to say %s", request, orders, status.Failure, possible)
			}
		}
		if status, _ := w.try(t, Request{}); status.State != StateWaiting {
			t.Errorf("a scheduled run: %+v, want it to wait quietly", status)
		}
		time.Sleep(time.Until(start.Add(time.Hour + time.Minute)))
		if status, orders := w.try(t, force); orders != 1 {
			t.Errorf("an hour later: %d orders, %+v", orders, status)
		}
	})
}

func TestBudgetOfCertificates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		force := Request{Trigger: TriggerManual, Force: true}
		start := time.Now()
		for range issuedPerWeek {
			w.mustRun(t, force)
		}
		status, orders := w.try(t, force)
		if possible := w.recalled(t).Issued[0].At.Add(week); orders != 0 || !strings.Contains(status.Failure.Message, "the next attempt is possible at "+stamp(possible)) {
			t.Errorf("%d orders, failure %+v, want it to say %s", orders, status.Failure, possible)
		}
		w.config.Certificates[0].Domains = []string{"www.example.com"}
		if status, orders := w.try(t, Request{Trigger: TriggerApply}); orders != 1 {
			t.Errorf("for other names: %d orders, %+v", orders, status)
		}
		w.config.Certificates[0].Domains = []string{"example.com"}
		w.config.ACME.DirectoryURL += "?other"
		if status, orders := w.try(t, Request{Trigger: TriggerApply}); orders != 1 {
			t.Errorf("at another authority: %d orders, %+v", orders, status)
		}
		w.config.ACME.DirectoryURL = caURL + "/dir"
		w.loseVersions() // or one of them would be taken again
		time.Sleep(time.Until(start.Add(week + time.Minute)))
		if status, orders := w.try(t, Request{Trigger: TriggerApply}); orders != 1 {
			t.Errorf("a week later: %d orders, %+v", orders, status)
		}
	})
}

// Who issues for a day expects to be asked each day.
func TestBudgetAllowsShortLifetimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.ca.lifetime = day
		w.mustRun(t, Request{})
		for range 20 {
			time.Sleep(13 * time.Hour)
			if got := w.mustRun(t, Request{})[0]; got.State != StateIssued {
				t.Fatalf("status %+v", got)
			}
		}
	})
}

// An attempt counts even if the function is killed while it waits.
func TestKilledAttemptIsRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		var seen []spending
		w.ca.refuse = func(path string) *caProblem {
			if path == "/order" {
				seen = w.recalled(t).Attempts
			}
			return nil
		}
		w.mustRun(t, Request{})
		if len(seen) != 1 || len(w.recalled(t).Attempts) != 0 {
			t.Errorf("while the order was placed, %v were remembered; afterwards %+v", seen, w.recalled(t))
		}
	})
}

func TestUnreadableMemoryIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.s3.objects[MemoryObject("prod", "a")] = object{body: []byte(`{"failures": "many"`)}
		w.mustRun(t, Request{})
		if m := w.recalled(t); !slices.Equal(m.Domains, []string{"example.com"}) || m.Stored == nil || len(m.Issued) != 1 {
			t.Errorf("remembered %+v", m)
		}
		memory := w.s3.text(MemoryObject("prod", "a"))
		w.s3.fail = func(action, key string) error {
			if action == "s3:GetObject" && key == MemoryObject("prod", "a") {
				return denied(action)
			}
			return nil
		}
		if _, err := w.run(t.Context(), Request{}); err == nil {
			t.Error("a memory that may not be read is no failure")
		}
		if got := w.s3.text(MemoryObject("prod", "a")); got != memory {
			t.Errorf("a memory that may not be read was replaced by %s", got)
		}
	})
}
