package certbot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is how a run ended.
type outcome struct {
	report Report
	err    error
}

// runAll makes runs at once, each with Lambda's time, and answers how they
// ended in the order of the requests.
func (w *world) runAll(t *testing.T, requests ...Request) []outcome {
	t.Helper()
	outcomes := make([]outcome, len(requests))
	done := make(chan struct{})
	for i, request := range requests {
		go func() {
			defer func() { done <- struct{}{} }()
			ctx, cancel := context.WithTimeout(t.Context(), LongestRun)
			defer cancel()
			outcomes[i].report, outcomes[i].err = w.run(ctx, request)
		}()
	}
	for range requests {
		<-done
	}
	return outcomes
}

func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	forced := func(id string) Request { return Request{RunID: id, Trigger: TriggerManual, Force: true} }
	for name, test := range map[string]struct {
		requests []Request
		orders   int
		states   []string // in alphabetical order
	}{
		"two schedules":              {[]Request{{RunID: "r1"}, {RunID: "r2"}}, 1, []string{StateIssued, StateKept}},
		"an apply and a schedule":    {[]Request{{RunID: "r1", Trigger: TriggerApply}, {}}, 1, []string{StateIssued, StateKept}},
		"many":                       {[]Request{{RunID: "r1"}, {RunID: "r2"}, {RunID: "r3"}, {RunID: "r4"}}, 1, []string{StateIssued, StateKept, StateKept, StateKept}},
		"two that are forced":        {[]Request{forced("r1"), forced("r2")}, 2, []string{StateIssued, StateIssued}},
		"a request that comes twice": {[]Request{forced("r1"), forced("r1")}, 1, []string{StateIssued, StateIssued}},
		"one that is forced":         {[]Request{forced("r1"), {RunID: "r2"}}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com", "*.example.com"})
				var states []string
				for i, o := range w.runAll(t, test.requests...) {
					if o.err != nil {
						t.Fatalf("run %d: %v", i, o.err)
					}
					states = append(states, o.report.Certificates[0].State)
				}
				slices.Sort(states)
				if test.states != nil && (!slices.Equal(states, test.states) || w.ordered() != test.orders) {
					t.Errorf("%d orders and the states %q, want %d and %q", w.ordered(), states, test.orders, test.states)
				}
				w.holdsValidPair(t, "a", "example.com", "any.example.com")
				w.holdsNoRecords(t)
				if m := w.recalled(t); len(m.Issued) != w.ordered() || len(m.Attempts) != 0 || m.Failures != 0 {
					t.Errorf("%d orders are remembered as %+v", w.ordered(), m)
				}
				if l := w.leased(t); !l.Until.IsZero() {
					t.Errorf("the lease is %+v, want it released", l)
				}
			})
		})
	}
}

// Two functions that prove the same name at once must both succeed: apart from
// the same zone they know nothing of each other.
func TestConcurrentRunsOfTwoFunctions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, other := newWorld([]string{"example.com", "*.example.com"}), newWorld([]string{"*.example.com"})
		other.zone, other.ca.zone = one.zone, one.zone
		done := make(chan outcome, 2)
		for _, w := range []*world{one, other} {
			go func() { done <- w.runAll(t, Request{})[0] }()
		}
		for range 2 {
			if o := <-done; o.err != nil || o.report.Certificates[0].State != StateIssued {
				t.Errorf("report %+v, error %v", o.report, o.err)
			}
		}
		one.holdsNoRecords(t)
		if one.ordered() != 1 || other.ordered() != 1 {
			t.Errorf("%d and %d orders, want one each", one.ordered(), other.ordered())
		}
	})
}

// leased is the lease as it is stored.
func (w *world) leased(t *testing.T) lease {
	t.Helper()
	return decode[lease](t, w.s3.text(LeaseObject("prod")))
}

// hold has another run hold the lease.
func (w *world) hold(l lease) {
	r := run{Runner: &Runner{clients: Clients{S3: w.s3}}, config: w.config}
	if _, err := r.writeLease(context.Background(), l, nil); err != nil {
		panic(err)
	}
}

// A run that cannot have the lease in its time says who has it, and counts for
// nothing else.
func TestRunGivesUpOnAHeldLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"}, []string{"b.example.com"})
		until := time.Now().Add(time.Hour).UTC()
		w.hold(lease{RunID: "other", Token: "x", Until: until})
		started := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), LongestRun)
		defer cancel()
		report, err := w.run(ctx, Request{RunID: "r1", Trigger: TriggerApply})
		if _, ok := errors.AsType[*occupied](err); !ok || len(report.Certificates) != 2 {
			t.Fatalf("report %+v, error %v", report, err)
		}
		if took := time.Since(started); took < 10*time.Minute || took > 14*time.Minute {
			t.Errorf("the run waited for %s", took)
		}
		for _, status := range report.Certificates {
			f := status.Failure
			if status.State != StateFailed || f == nil || !f.NextAttempt.Equal(until) || !strings.Contains(f.Message, "another run (other)") || !strings.Contains(f.Message, stamp(until)) {
				t.Errorf("status %+v, failure %+v, want it to say who holds the lease and until when", status, f)
			}
			w.storedStatusIs(t, status)
		}
		if l := w.leased(t); l.RunID != "other" || !l.Until.Equal(until) || w.ordered() != 0 {
			t.Errorf("the lease is %+v after %d orders, want it left alone", l, w.ordered())
		}
		if m := w.recalled(t); m.Failures != 0 || !m.NextAttempt.IsZero() {
			t.Errorf("remembered %+v, want no failure", m)
		}
		time.Sleep(time.Until(until))
		if got := w.mustRun(t, Request{}); got[0].State != StateIssued || got[1].State != StateIssued {
			t.Errorf("once the lease is over: %+v", got)
		}
	})
}

// Only who changes something needs the lease.
func TestIdleRunsTakeNoLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		issued := w.leased(t)
		delete(w.s3.objects, LeaseObject("prod"))
		w.hold(lease{RunID: "other", Token: "x", Until: time.Now().Add(1000 * day)})
		w.s3.writes = nil
		if got := w.mustRun(t, Request{})[0]; got.State != StateKept { // asks the authority
			t.Errorf("status %+v", got)
		}
		if want := []string{MemoryObject("prod", "a")}; !slices.Equal(w.s3.writes, want) {
			t.Errorf("wrote %q, want %q", w.s3.writes, want)
		}
		w.s3.writes = nil
		w.mustRun(t, Request{})
		if len(w.s3.writes) != 0 {
			t.Errorf("wrote %q when nothing changed", w.s3.writes)
		}
		if issued.Until != (time.Time{}) || issued.Token == "" {
			t.Errorf("the run that issued left the lease %+v", issued)
		}
		got := w.mustRun(t, Request{RunID: "r1", Trigger: TriggerApply})[0]
		w.storedStatusIs(t, got)
		if got.State != StateKept || got.RunID != "r1" {
			t.Errorf("an apply: %+v", got)
		}
	})
}

// The status of a run that is at work stays, and that of one that died does not.
func TestKeptCertificateIsToldWhereThatIsNews(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Status)
		news   bool
	}{
		"issued":             {func(*Status) {}, false},
		"adopted":            {func(s *Status) { s.State = StateAdopted }, false},
		"failed":             {func(s *Status) { s.State = StateFailed }, true},
		"another one":        {func(s *Status) { s.Stored.Serial = "1" }, true},
		"none":               {func(s *Status) { s.Stored = nil }, true},
		"other objects":      {func(s *Status) { s.Stored.KeyVersion = "1" }, true},
		"another account":    {func(s *Status) { s.AccountURI = "" }, true},
		"another config":     {func(s *Status) { s.ConfigSHA = "" }, true},
		"a run at work":      {func(s *Status) { s.State, s.RunID, s.StartedAt = StateRunning, "r0", time.Now() }, false},
		"a later run":        {func(s *Status) { s.ConfigSHA, s.StartedAt = "", time.Now().Add(time.Second) }, false},
		"a run that is dead": {func(s *Status) { s.State, s.RunID, s.StartedAt = StateRunning, "r0", time.Now().Add(-LongestRun) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				told := w.mustRun(t, Request{})[0]
				test.change(&told)
				if err := storeStatus(t.Context(), w.s3, w.config, told); err != nil {
					t.Fatal(err)
				}
				before := w.s3.text(StatusObject("prod", "a"))
				w.mustRun(t, Request{})
				if news := w.s3.text(StatusObject("prod", "a")) != before; news != test.news {
					t.Errorf("the status was written: %t, want %t", news, test.news)
				}
			})
		})
	}
}

// The SDK repeats a write whose answer was lost; the lease is ours all the
// same. Somebody else's is not, even with the same run id.
func TestLeaseIsOursByItsToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		one := run{Runner: &Runner{clients: Clients{S3: &repeatingS3{w.s3}}}, log: quietLog, config: w.config, id: "r1", started: time.Now(), deadline: time.Now().Add(time.Minute), reserve: reserveMax}
		other := one
		if got, err := one.tryLease(t.Context()); got != nil || err != nil || !one.leased() {
			t.Errorf("another's lease %+v, error %v; want it to be ours", got, err)
		}
		if got, err := other.tryLease(t.Context()); got == nil || got.RunID != "r1" || err != nil || other.leased() {
			t.Errorf("lease %+v, error %v; want it to be another's", got, err)
		}
		one.release(t.Context())
		if got, err := other.tryLease(t.Context()); got != nil || err != nil {
			t.Errorf("after the release: another's lease %+v, error %v", got, err)
		}
		time.Sleep(time.Minute + leaseMargin)
		if got, err := one.tryLease(t.Context()); got != nil || err != nil {
			t.Errorf("after its time: another's lease %+v, error %v", got, err)
		}
		other.release(t.Context()) // it is not ours any more
		if l := w.leased(t); l.Until.IsZero() {
			t.Error("a run released the lease of another")
		}
	})
}

// What a run without the lease learned does not overwrite what one with it
// remembers.
func TestMemoryOfTheLeaseWins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		raced := false
		w.ca.refuse = func(path string) *caProblem {
			if strings.HasPrefix(path, "/renewal/") && !raced {
				raced = true
				text := strings.Replace(w.s3.text(MemoryObject("prod", "a")), `"prefix"`, `"failure": "newer", "prefix"`, 1)
				if _, err := putObject(t.Context(), w.s3, "certs", MemoryObject("prod", "a"), "application/json", []byte(text), nil); err != nil {
					t.Error(err)
				}
			}
			return nil
		}
		w.mustRun(t, Request{})
		if m := w.recalled(t); !raced || m.Failure != "newer" {
			t.Errorf("remembered %+v, want what the other run wrote", m)
		}
	})
}
