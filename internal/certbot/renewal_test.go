package certbot

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

const day = 24 * time.Hour

// recalled is what the function remembers of certificate a.
func (w *world) recalled(t *testing.T) memory {
	t.Helper()
	return decode[memory](t, w.s3.text(MemoryObject("prod", "a")))
}

// An authority whose renewal information is of no use must not have anything
// renewed, nor keep anything from being renewed.
func TestUselessRenewalInformationChangesNothing(t *testing.T) {
	t.Parallel()
	window := func(start, end time.Duration) func(*caRenewals) {
		return func(a *caRenewals) { a.window(time.Now().Add(start), time.Now().Add(end)) }
	}
	answer := func(status int, body string) func(*caRenewals) {
		return func(a *caRenewals) { a.status, a.body = status, body }
	}
	const past = `{"suggestedWindow":{"start":"1999-12-31T23:30:00Z","end":"2000-01-01T00:00:00Z"}}`
	for name, test := range map[string]struct {
		arrange func(*caRenewals)
		logged  string
	}{
		"not offered":       {func(a *caRenewals) { a.off = true }, "the lifetime decides"},
		"not found":         {answer(404, `{"type":"urn:ietf:params:acme:error:malformed"}`), "HTTP status 404"},
		"limited":           {answer(429, `{"type":"urn:ietf:params:acme:error:rateLimited"}`), "HTTP status 429"},
		"broken":            {answer(500, `{"detail":"boom"}`), "HTTP status 500"},
		"error with window": {answer(503, past), "HTTP status 503"},
		"empty status":      {answer(203, past), "HTTP status 203"},
		"empty":             {answer(200, `{}`), "no start or no end"},
		"no end":            {answer(200, `{"suggestedWindow":{"start":"2000-01-01T00:00:00Z"}}`), "no start or no end"},
		"not JSON":          {answer(200, `<html>`), "decoding"},
		"inverted":          {window(-time.Minute, -2*time.Minute), "before it starts"},
		"no width":          {window(-time.Minute, -time.Minute), "before it starts"},
		"long ago":          {window(-1000*day, -999*day), "long before the certificate"},
		"from long ago":     {window(-1000*day, -time.Minute), "long before the certificate"},
		"never":             {window(900*day, 901*day), "after the certificate expires"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				first := w.mustRun(t, Request{})[0]
				time.Sleep(30 * day)
				test.arrange(&w.ca.ari)
				if got := w.mustRun(t, Request{})[0]; got.State != StateKept || got.Stored.Serial != first.Stored.Serial || w.ordered() != 1 {
					t.Errorf("status %+v after %d orders, want the certificate kept", got, w.ordered())
				}
				if log := w.log.String(); !strings.Contains(log, test.logged) {
					t.Errorf("the log lacks %q:\n%s", test.logged, log)
				}
				time.Sleep(30 * day)
				if got := w.mustRun(t, Request{})[0]; got.State != StateIssued {
					t.Errorf("status %+v when a third is left, want it renewed", got)
				}
			})
		})
	}
}

// Also a window that was over before the certificate was made: who has to
// revoke may not care when that was.
func TestPastWindowRenewsNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		w.ca.ari.window(time.Now().Add(-3*time.Hour), time.Now().Add(-2*time.Hour))
		if got := w.mustRun(t, Request{})[0]; got.State != StateIssued {
			t.Fatalf("status %+v, want it renewed", got)
		}
		if got := w.ca.ari.replaced; len(got) != 1 || got[0] != w.ca.ari.known[0] {
			t.Errorf("the order replaces %q, want %q", got, w.ca.ari.known[0])
		}
		if !strings.Contains(w.log.String(), "the moment drawn in between has come") || !strings.Contains(w.log.String(), "https://ca.test/why") {
			t.Errorf("the log does not say why:\n%s", w.log.String())
		}
	})
}

func TestMomentIsDrawnOnceInAWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		start := time.Now().Add(40 * day).Truncate(time.Second)
		w.ca.ari.window(start, start.Add(10*day))
		w.mustRun(t, Request{})
		kept := w.recalled(t).Renewal.Moment
		if kept.Before(start) || !kept.Before(start.Add(10*day)) {
			t.Fatalf("moment %s is not in the window from %s", kept, start)
		}
		for range 5 {
			time.Sleep(6 * time.Hour)
			w.mustRun(t, Request{})
			if got := w.recalled(t).Renewal.Moment; !got.Equal(kept) {
				t.Fatalf("the moment moved from %s to %s", kept, got)
			}
		}
		w.ca.ari.status = http.StatusInternalServerError // keeps what is known
		time.Sleep(time.Until(kept) - 7*time.Hour)
		if got := w.mustRun(t, Request{})[0]; got.State != StateKept {
			t.Errorf("seven hours before the moment: %+v", got)
		}
		w.ca.ari.window(start.Add(15*day), start.Add(16*day)) // until it changes
		time.Sleep(day)
		if got := w.mustRun(t, Request{})[0]; got.State != StateKept || !w.recalled(t).Renewal.Moment.After(start.Add(15*day)) {
			t.Errorf("after the window moved: %+v, %+v", got, w.recalled(t).Renewal)
		}
		time.Sleep(time.Until(w.recalled(t).Renewal.Moment) + time.Second)
		if got := w.mustRun(t, Request{})[0]; got.State != StateIssued {
			t.Errorf("after the moment: %+v", got)
		}
	})
}

func TestLateWindowDoesNotLetItExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		stored := w.mustRun(t, Request{})[0].Stored
		w.ca.ari.window(stored.NotAfter.Add(-time.Hour), stored.NotAfter)
		time.Sleep(74 * day)
		if got := w.mustRun(t, Request{})[0]; got.State != StateKept {
			t.Errorf("with 16 of 90 days left: %+v", got)
		}
		time.Sleep(day)
		if got := w.mustRun(t, Request{})[0]; got.State != StateIssued {
			t.Errorf("with 15 of 90 days left: %+v", got)
		}
	})
}

// Before the authority may be asked again, a run reads its configuration and
// the memory, and does nothing else.
func TestRetryAfterOfRenewalInformationIsObeyed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		answer string
		want   time.Duration
	}{
		"as asked":           {200, "21600", 6 * time.Hour},
		"of an error":        {429, "7200", 2 * time.Hour},
		"too short":          {200, "1", time.Minute},
		"too long":           {200, "9999999", 24 * time.Hour},
		"none":               {200, "", 5 * time.Hour},
		"of an error, none":  {500, "", 5 * time.Hour},
		"cannot be read":     {200, "soon", 5 * time.Hour},
		"more than an int64": {200, "9223372036854775807", 5 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				first := w.mustRun(t, Request{})[0]
				w.ca.ari.window(time.Now().Add(60*day), time.Now().Add(61*day))
				w.ca.ari.status, w.ca.ari.retryAfter = test.status, test.answer
				w.ca.requests = nil
				w.mustRun(t, Request{})
				asked := []string{"/dir", "/renewal/" + w.ca.ari.known[0]}
				if !slices.Equal(w.ca.requests, asked) {
					t.Fatalf("requests %q, want %q", w.ca.requests, asked)
				}
				time.Sleep(test.want - 2*time.Second)
				w.ca.requests, w.s3.writes = nil, nil
				var reads []string
				w.s3.fail = func(_, key string) error { reads = append(reads, key); return nil }
				got := w.mustRun(t, Request{})[0]
				if got.State != StateKept || got.Stored.Serial != first.Stored.Serial {
					t.Errorf("status %+v", got)
				}
				if len(w.ca.requests) != 0 || len(w.s3.writes) != 0 || len(reads) != 2 || reads[1] != MemoryObject("prod", "a") {
					t.Errorf("too early: requests %q, reads %q, writes %q", w.ca.requests, reads, w.s3.writes)
				}
				w.mustRun(t, Request{Trigger: TriggerApply})
				if len(w.ca.ari.asked) != 1 {
					t.Errorf("an apply asked the authority again: %q", w.ca.ari.asked)
				}
				time.Sleep(3 * time.Second)
				w.mustRun(t, Request{})
				if !slices.Equal(w.ca.requests, asked) {
					t.Errorf("requests %q, want %q", w.ca.requests, asked)
				}
			})
		})
	}
}

func TestRefusedReplacementIsOrderedPlainly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		kind   string
		again  bool
	}{
		"unauthorized":     {403, "unauthorized", true},
		"not found":        {404, "malformed", true},
		"conflict":         {409, "malformed", true},
		"already replaced": {409, "alreadyReplaced", true},
		"odd status":       {400, "alreadyReplaced", true},
		"limited":          {429, "rateLimited", false},
		"limited by 403":   {403, "rateLimited", false},
		"its own fault":    {500, "serverInternal", true},
		"malformed":        {400, "malformed", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.mustRun(t, Request{})
				w.ca.ari.refusal = &acme.ProblemDetails{Type: problemPrefix + test.kind, HTTPStatus: test.status, Detail: "no"}
				w.ca.ari.retry = "86400"
				time.Sleep(60 * day)
				w.ca.ari.claims = nil
				report, err := w.run(t.Context(), Request{})
				id := w.ca.ari.known[0]
				if !test.again {
					if err == nil || !slices.Equal(w.ca.ari.claims, []string{id}) {
						t.Errorf("orders replacing %q, error %v; want one and a failure", w.ca.ari.claims, err)
					}
					if until := w.recalled(t).RetryAfter; !until.After(time.Now().Add(23 * time.Hour)) {
						t.Errorf("the Retry-After is remembered as %s", until)
					}
					return
				}
				if err != nil || report.Certificates[0].State != StateIssued || !slices.Equal(w.ca.ari.claims, []string{id, ""}) {
					t.Errorf("orders replacing %q, error %v; want a second one that replaces nothing", w.ca.ari.claims, err)
				}
			})
		})
	}
}

func TestOnlyARenewalReplaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		w.config.Certificates[0].Domains = []string{"example.com", "www.example.com"}
		w.mustRun(t, Request{})
		w.ssm.values = map[string]string{} // so the account is another
		w.mustRun(t, Request{Force: true})
		w.mustRun(t, Request{Force: true})
		if want := []string{"", "", "", w.ca.ari.known[2]}; !slices.Equal(w.ca.ari.claims, want) {
			t.Errorf("orders replacing %q, want %q", w.ca.ari.claims, want)
		}
	})
}

// A window of hours lies between runs that are hours apart: a run in it does
// not wait for a moment that comes before the next run.
func TestShortWindowIsMet(t *testing.T) {
	t.Parallel()
	issued := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	moment := issued.Add(82 * time.Hour)
	plan := &renewal{Start: moment.Add(-time.Hour), End: moment.Add(time.Hour), Moment: moment}
	for before, want := range map[time.Duration]bool{2 * time.Hour: false, time.Hour: false, time.Hour - time.Second: true, 0: true, -time.Hour: true} {
		if reason := ripe(issued, issued.Add(160*time.Hour), plan, moment.Add(-before)); (reason != "") != want {
			t.Errorf("%s before the moment: due because %q, want due: %t", before, reason, want)
		}
	}
	plan.Start = moment
	if reason := ripe(issued, issued.Add(160*time.Hour), plan, moment.Add(-time.Minute)); reason != "" {
		t.Errorf("due because %q before the window", reason)
	}
}
