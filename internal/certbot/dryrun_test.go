package certbot

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// foretold makes a dry run that must change and tell nothing, and answers its
// only status.
func (w *world) foretold(t *testing.T, request Request) Status {
	t.Helper()
	request.DryRun = true
	writes, puts, changes, told, events, metrics := len(w.s3.writes), w.ssm.puts, len(w.zone.changes), len(w.sns.messages), len(w.events.events), len(w.metrics.String())
	w.ca.requests = nil
	statuses := w.mustRun(t, request)
	if len(statuses) != 1 {
		t.Fatalf("statuses %+v", statuses)
	}
	if len(w.s3.writes) != writes || w.ssm.puts != puts || len(w.zone.changes) != changes {
		t.Errorf("a dry run wrote %q, %d parameters and %d changes of records", w.s3.writes[writes:], w.ssm.puts-puts, len(w.zone.changes)-changes)
	}
	if len(w.sns.messages) != told || len(w.events.events) != events || len(w.metrics.String()) != metrics {
		t.Errorf("a dry run told %d messages, %d events and %d bytes of metrics", len(w.sns.messages)-told, len(w.events.events)-events, len(w.metrics.String())-metrics)
	}
	for _, path := range w.ca.requests {
		if path != "/dir" && !strings.HasPrefix(path, "/renewal") {
			t.Errorf("a dry run asked the authority for %s", path)
		}
	}
	return statuses[0]
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	issued := func(t *testing.T, w *world) { w.mustRun(t, Request{}) }
	for name, test := range map[string]struct {
		arrange func(*testing.T, *world)
		request Request
		state   string
		reason  string
	}{
		"nothing there":  {func(*testing.T, *world) {}, Request{}, StateWouldIssue, "there is none yet; there is no account at the authority yet"},
		"nothing is due": {issued, Request{}, StateKept, "it is valid until 2000-03-30 23:00 UTC, and will be renewed from 2000-02-29"},
		"the authority's window is far": {func(t *testing.T, w *world) {
			issued(t, w)
			w.ca.ari.window(time.Now().Add(50*day), time.Now().Add(52*day))
		}, Request{}, StateKept, "the authority wants it renewed from 2000-02-20 00:00 UTC to 2000-02-22 00:00 UTC"},
		"the authority's window is over": {func(t *testing.T, w *world) {
			issued(t, w)
			w.ca.ari.window(time.Now().Add(-2*time.Minute), time.Now().Add(-time.Minute))
		}, Request{}, StateWouldIssue, "the moment drawn in between has come"},
		"forced":          {issued, Request{Force: true}, StateWouldIssue, "the request forces it"},
		"of other names":  {func(t *testing.T, w *world) { issued(t, w); w.config.Certificates[0].Domains[0] = "www.example.com" }, Request{}, StateWouldIssue, "the names changed from example.com to www.example.com"},
		"adoptable":       {func(t *testing.T, w *world) { issued(t, w); w.config.Certificates[0].Prefix = "b/" }, Request{}, StateWouldAdopt, "there is none yet, but one that fits lies at a/"},
		"just failed":     {func(t *testing.T, w *world) { w.refuseAll(true); w.try(t, Request{}) }, Request{}, StateWaiting, "the last attempt failed, and the next one is made at 2000-01-01 00:01 UTC: "},
		"failed, but now": {func(t *testing.T, w *world) { w.refuseAll(true); w.try(t, Request{}) }, Request{Force: true}, StateWouldIssue, "there is none yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.zone.delay = 0
				test.arrange(t, w)
				got := w.foretold(t, test.request)
				if got.State != test.state || !strings.Contains(got.Reason, test.reason) || got.Failure != nil {
					t.Errorf("got %q, because %q, failure %+v; want %q, because %q", got.State, got.Reason, got.Failure, test.state, test.reason)
				}
				if (got.Stored != nil) != (w.s3.text(w.config.Certificates[0].Prefix+CertificateObject) != "") || got.FinishedAt.IsZero() {
					t.Errorf("status %+v", got)
				}
			})
		})
	}
}

// A dry run finds whatever would have an order fail before it costs something.
func TestDryRunFindsWhatWouldFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(*testing.T, *world)
		want    string
	}{
		"bucket":       {func(_ *testing.T, w *world) { w.s3.fail = onKey("a/", denied("s3:GetObject")) }, "not authorized to perform: s3:GetObject"},
		"zone":         {func(_ *testing.T, w *world) { w.zone.fail = func(action string) error { return denied(action) } }, "reading hosted zone (Z1)"},
		"account key":  {func(_ *testing.T, w *world) { w.ssm.fail = func(action string) error { return denied(action) } }, "not authorized to perform: ssm:GetParameter"},
		"a broken key": {func(_ *testing.T, w *world) { w.ssm.values[w.config.ACME.KeyParameter] = "x" }, "delete the parameter"},
		"directory": {func(_ *testing.T, w *world) {
			w.ca.refuse = func(string) *caProblem { return refusal400("serverInternal", "down") }
		}, "reading directory (https://ca.test/dir)"},
		"profile":       {func(_ *testing.T, w *world) { w.config.Certificates[0].Profile = "nope" }, "choosing certificate profile (nope): the authority offers "},
		"no binding":    {func(_ *testing.T, w *world) { w.ca.bindings.keys = map[string][]byte{} }, "set acme.eab"},
		"failures":      {func(t *testing.T, w *world) { w.spend(t, attemptsPerHour, true) }, "4 attempts failed within an hour"},
		"certificates":  {func(t *testing.T, w *world) { w.spend(t, issuedPerWeek, false) }, "4 certificates for example.com were issued within seven days"},
		"asked to wait": {func(t *testing.T, w *world) { w.ca.refuse = limited; w.try(t, Request{}); w.ca.refuse = nil }, "the authority asked to wait"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.zone.delay = 0
				test.arrange(t, w)
				got := w.foretold(t, Request{Force: true})
				if got.State != StateFailed || got.Failure == nil || !strings.HasPrefix(got.Failure.Message, "A run would fail: ") || !strings.Contains(got.Failure.Message, test.want) {
					t.Errorf("got %+v, failure %+v; want %q", got, got.Failure, test.want)
				}
			})
		})
	}
}

// A dry run of some certificates tells of those.
func TestDryRunTellsOfEachCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"}, []string{"b.example.com"}, []string{"c.example.com"})
		w.config.Certificates[1].Profile = "nope"
		var told []string
		for _, s := range w.mustRun(t, Request{DryRun: true, Keys: []string{"a", "b"}}) {
			told = append(told, s.Key+" "+s.State)
		}
		if want := []string{"a " + StateWouldIssue, "b " + StateFailed}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

func onKey(prefix string, err error) func(action, key string) error {
	return func(_, key string) error {
		if strings.HasPrefix(key, prefix) {
			return err
		}
		return nil
	}
}

func limited(path string) *caProblem {
	if path != "/order" {
		return nil
	}
	problem := refusal400("rateLimited", "too many")
	problem.retryAfter = "7200"
	return problem
}

// spend makes forced runs that all fail, or all issue.
func (w *world) spend(t *testing.T, n int, refused bool) {
	t.Helper()
	w.refuseAll(refused)
	for range n {
		w.try(t, Request{Force: true})
	}
	w.refuseAll(false)
}

// What a run would put right of a certificate that is good is told as well.
func TestDryRunTellsWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s := newSecretWorld()
		w.mustRun(t, Request{})
		says := func(want, not string) {
			t.Helper()
			status := w.mustRun(t, Request{DryRun: true})[0]
			if status.State != StateKept || !strings.Contains(status.Reason, want) || not != "" && strings.Contains(status.Reason, not) {
				t.Errorf("%s because %q, want it to say %q", status.State, status.Reason, want)
			}
		}
		says("it is valid until", "a run would")
		s.stages = map[string]string{}
		says("its secret does not hold it", "objects")
		delete(w.s3.objects, "a/"+BundleObject)
		says("objects of it are missing", "")
		w.mustRun(t, Request{RunID: "r1"})
		says("it is valid until", "a run would")
	})
}
