package certbot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

// fault is something wrong with an authority, and what is to come of it.
type fault struct {
	arrange func(*world)
	// kept tells that nothing is due, so the fault must have nothing issued.
	kept bool
	// fails tells that the run cannot succeed, and retryAfter what the
	// authority asks for then.
	fails      bool
	retryAfter time.Duration
	// orders are how many may be placed, the following run's included.
	orders int
}

// faults are all but broken connections.
func faults() map[string]fault {
	information := func(status int, body string) fault {
		return fault{kept: true, arrange: func(w *world) { w.ca.ari.status, w.ca.ari.body = status, body }}
	}
	window := func(start, end time.Duration) fault {
		return fault{kept: true, arrange: func(w *world) { w.ca.ari.window(time.Now().Add(start), time.Now().Add(end)) }}
	}
	replacement := func(kind string, status int) func(*world) {
		return func(w *world) {
			w.ca.ari.refusal = &acme.ProblemDetails{Type: problemPrefix + kind, Detail: "replaces", HTTPStatus: status}
		}
	}
	limited := func(path string) func(*world) {
		return func(w *world) {
			w.ca.refuse = func(asked string) *caProblem {
				if !strings.HasPrefix(asked, path) {
					return nil
				}
				return &caProblem{retryAfter: "5400", ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "rateLimited", Detail: "too many", HTTPStatus: http.StatusTooManyRequests}}
			}
		}
	}
	return map[string]fault{
		"information not found": information(404, `{"type":"urn:ietf:params:acme:error:malformed"}`),
		"information limited":   information(429, `{"type":"urn:ietf:params:acme:error:rateLimited"}`),
		"information broken":    information(500, `{"suggestedWindow":{"start":"2000-01-01T00:00:00Z","end":"2000-01-02T00:00:00Z"}}`),
		"information empty":     information(200, `{}`),
		"window inverted":       window(-time.Minute, -2*time.Minute),
		"window for ever":       window(-1000*day, -999*day),

		"replacement forbidden": {arrange: replacement("unauthorized", 403), orders: 1},
		"replacement not found": {arrange: replacement("malformed", 404), orders: 1},
		"replacement stumbled":  {arrange: replacement("serverInternal", 500), orders: 1},
		"replacement refused":   {arrange: replacement("alreadyReplaced", 409), orders: 1},
		"replacement limited": {orders: 1, fails: true, retryAfter: 90 * time.Minute, arrange: func(w *world) {
			replacement("rateLimited", 429)(w)
			w.ca.ari.retry = "5400"
		}},
		"orders limited":           {arrange: limited("/order"), fails: true, retryAfter: 90 * time.Minute, orders: 1},
		"finalization limited":     {arrange: limited("/finalize"), fails: true, retryAfter: 90 * time.Minute, orders: 2},
		"order stuck":              {arrange: func(w *world) { w.ca.stuck = true }, fails: true, orders: 2},
		"validation stuck":         {arrange: func(w *world) { w.ca.faults.undecided = true }, fails: true, orders: 2},
		"an authority that is mad": {arrange: func(w *world) { w.ca.forged = true }, fails: true, orders: 2},
	}
}

// heal has the authority work again.
func (ca *fakeCA) heal() {
	ca.refuse, ca.stuck, ca.forged, ca.faults = nil, false, false, caFaults{}
	ca.ari.refusal, ca.ari.status = nil, 0
}

// renewable is a world whose next run has something to obtain: a first
// certificate or, if it has one, the next.
func renewable(t *testing.T, has bool) *world {
	t.Helper()
	w := newWorld([]string{"example.com", "*.example.com"})
	if has {
		w.mustRun(t, Request{})
		time.Sleep(61 * day)
	}
	w.sns.messages, w.events.events, w.ca.requests = nil, nil, nil
	return w
}

// steps are the requests of a run without faults.
func steps(t *testing.T, has bool) (paths []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := renewable(t, has)
		w.mustRun(t, Request{})
		paths = w.ca.requests
	})
	return paths
}

// TestFaultyCA shows what comes of everything that an authority can do wrong:
// what was in force stays whole, nothing stays in the zone, a failure is told
// once and says when it is tried again, and the run that comes then succeeds.
func TestFaultyCA(t *testing.T) {
	t.Parallel()
	for _, has := range []bool{false, true} {
		all := faults()
		for n, path := range steps(t, has) {
			kind, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
			step := fmt.Sprintf("request %d (%s)", n, kind)
			// An order whose answer is lost is placed again, and is all that is.
			orders := 1
			if path == "/order" {
				orders = 2
			}
			all[step+" cut before it arrives"] = cutAt(func(i int) (bool, bool) { return i == n, false }, false, 1)
			all[step+" cut before the answer"] = cutAt(func(i int) (bool, bool) { return false, i == n }, false, orders)
			all[step+" turned away"] = fault{orders: 1, arrange: func(w *world) { w.ca.faults = caFaults{busy: func(i int) bool { return i == n }} }}
			all["busy from "+step] = fault{fails: true, orders: 2, arrange: func(w *world) { w.ca.faults = caFaults{busy: func(i int) bool { return i >= n }} }}
			// A renewal is not asked for what nobody answers: the lifetime decides.
			all["dead from "+step] = cutAt(func(i int) (bool, bool) { return i >= n, false }, true, 2)
			all["mute from "+step] = cutAt(func(i int) (bool, bool) { return false, i >= n }, true, 2)
		}
		for name, f := range all {
			if !has && (f.kept || strings.HasPrefix(name, "replacement")) {
				continue // there is nothing to ask for yet, nor to replace
			}
			t.Run(fmt.Sprintf("has one %t, %s", has, name), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { f.show(t, has) })
			})
		}
	}
}

func cutAt(cut func(int) (bool, bool), fails bool, orders int) fault {
	return fault{fails: fails, orders: orders, arrange: func(w *world) { w.ca.faults = caFaults{cut: cut} }}
}

func (f fault) show(t *testing.T, has bool) {
	w := renewable(t, has)
	if f.kept {
		w = newWorld([]string{"example.com", "*.example.com"})
		w.mustRun(t, Request{})
		w.sns.messages, w.events.events = nil, nil
	}
	key, chain, orders := w.s3.text("a/key.pem"), w.s3.text("a/cert.pem"), w.ordered()
	f.arrange(w)
	ctx, cancel := context.WithTimeout(t.Context(), LongestRun)
	defer cancel()
	report, err := w.run(ctx, Request{RunID: "r1"})
	if (err != nil) != f.fails {
		t.Fatalf("the run gave %+v, error %v; want it to fail: %t", report, err, f.fails)
	}
	w.ca.heal()
	w.holdsNoRecords(t)
	if l := w.leased(t); !l.Until.IsZero() {
		t.Errorf("the lease is %+v, want it released", l)
	}
	status := report.Certificates[0]
	switch {
	case f.kept:
		if status.State != StateKept || w.ordered() != orders || len(w.sns.messages) != 0 {
			t.Errorf("status %+v after %d orders, told %q; want nothing to happen", status, w.ordered()-orders, w.sns.told())
		}
	case f.fails:
		if w.s3.text("a/key.pem") != key || w.s3.text("a/cert.pem") != chain {
			t.Error("the previous pair was touched")
		}
		f.showFailure(t, w, status)
		w.ca.heal()
		time.Sleep(time.Until(status.Failure.NextAttempt))
		report, err := w.run(t.Context(), Request{RunID: "r2"})
		if err != nil || report.Certificates[0].State != StateIssued {
			t.Fatalf("the following run gave %+v, error %v", report, err)
		}
	case status.State != StateIssued:
		t.Errorf("status %+v, want it issued", status)
	}
	if !f.kept {
		f.showIssued(t, w, orders)
	}
	if m := w.recalled(t); len(m.Presented) != 0 {
		t.Errorf("remembered %+v, want no records", m.Presented)
	}
}

// showFailure checks what was told of a failure, and that it is not tried again
// too early.
func (f fault) showFailure(t *testing.T, w *world, status Status) {
	t.Helper()
	_, events := w.events.take(t)
	if told := w.sns.told(); !slices.Equal(told, []string{"bad Certificate Issue Failure: prod/a"}) || len(events) != 1 {
		t.Errorf("told %q and %d events, want one failure", told, len(events))
	}
	w.storedStatusIs(t, status)
	next := status.Failure.NextAttempt
	if want := status.FinishedAt.Add(max(f.retryAfter, time.Minute)); next.Sub(want).Abs() > time.Minute || !strings.Contains(status.Failure.Message, stamp(next)) {
		t.Errorf("the next attempt is at %s, want %s; told: %s", next, want, status.Failure.Message)
	}
	w.sns.messages = nil
	time.Sleep(time.Until(next) - time.Second)
	if got, orders := w.try(t, Request{}); got.State != StateWaiting || orders != 0 || len(w.sns.messages) != 0 {
		t.Errorf("before the next attempt: %+v, %d orders, told %q", got, orders, w.sns.told())
	}
}

// showIssued checks that a new certificate is in force and was told once.
func (f fault) showIssued(t *testing.T, w *world, before int) {
	t.Helper()
	w.holdsNoRecords(t)
	w.holdsValidPair(t, "a", "example.com", "any.example.com")
	if told := w.sns.told(); !slices.Equal(told, []string{"good Certificate Issue Success: prod/a"}) {
		t.Errorf("told %q, want one success", told)
	}
	if got := w.ordered() - before; got == 0 || got > f.orders {
		t.Errorf("%d orders were placed, want at most %d", got, f.orders)
	}
}
