package certbot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

func TestFailuresLeaveEverythingAsItWas(t *testing.T) {
	t.Parallel()
	rateLimited := &caProblem{retryAfter: "3600", ProblemDetails: acme.ProblemDetails{
		Type: problemPrefix + "rateLimited", Detail: "too many certificates already issued", HTTPStatus: 429,
	}}
	at := func(prefix string, p *caProblem) func(*world) {
		return func(w *world) {
			w.ca.refuse = func(path string) *caProblem {
				if strings.HasPrefix(path, prefix) {
					return p
				}
				return nil
			}
		}
	}
	for name, test := range map[string]struct {
		arrange func(*world)
		problem string
		message []string
		wait    time.Duration
	}{
		"directory down":     {at("/dir", refusal400("serverInternal", "boom")), "serverInternal", []string{"reading directory", "boom"}, 0},
		"account refused":    {at("/account", refusal400("invalidContact", "no such domain")), "invalidContact", []string{"registering the account", "contact address"}, 0},
		"order limited":      {at("/order", rateLimited), "rateLimited", []string{"creating order", "too many certificates already issued", "limits how often"}, time.Hour},
		"challenge cut":      {at("/challenge", refusal400("malformed", "nope")), "malformed", []string{"validate", "nope"}, 0},
		"finalize limited":   {at("/finalize", rateLimited), "rateLimited", []string{"finalizing order"}, time.Hour},
		"download cut":       {at("/cert", refusal400("serverInternal", "lost")), "serverInternal", []string{"downloading certificate"}, 0},
		"order stuck":        {func(w *world) { w.ca.stuck = true }, "", []string{"waiting for order to be valid", "end of its time"}, 0},
		"forged certificate": {func(w *world) { w.ca.forged = true }, "", []string{"it is not for our key"}, 0},
		"names fail": {func(w *world) {
			w.ca.judge = func(name string) *acme.ProblemDetails {
				if name == "example.com" {
					return nil
				}
				return &acme.ProblemDetails{Type: problemPrefix + "dns", Detail: "SERVFAIL for " + name, SubProblems: []acme.SubProblem{{Type: problemPrefix + "dns", Detail: "no NS", Identifier: acme.Identifier{Value: name}}}}
			}
		}, "dns", []string{"SERVFAIL for x.example.com", "SERVFAIL for y.example.com", "for y.example.com: no NS", "name servers"}, 0},
		"change never in sync": {func(w *world) { w.zone.delay = time.Hour }, "", []string{"waiting for change (/change/Z1C3)", "end of its time"}, 0},
		"unknown profile":      {func(w *world) { w.config.Certificates[0].Profile = "classic" }, "", []string{`(classic): the authority offers default, shortlived`}, 0},
		"zone denied":          {func(w *world) { w.zone.fail = func(string) error { return denied("route53:Anything") } }, "", []string{"hosted zone (Z1)", "route53:Anything", "apply the resource again"}, 0},
		"key parameter denied": {func(w *world) { w.ssm.fail = denied }, "", []string{"SSM parameter (/fargatedirect/prod/key)", "ssm:GetParameter"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com", "x.example.com", "y.example.com"})
				before := w.mustRun(t, Request{})[0]
				key, chain := w.s3.text("a/key.pem"), w.s3.text("a/cert.pem")
				time.Sleep(70 * 24 * time.Hour)
				w.sns.messages = nil
				test.arrange(w)

				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
				defer cancel()
				status := w.mustFail(t, ctx)

				if w.s3.text("a/key.pem") != key || w.s3.text("a/cert.pem") != chain {
					t.Error("the previous pair was touched")
				}
				if status.Stored == nil || status.Stored.Serial != before.Stored.Serial {
					t.Errorf("stored %+v, want the previous certificate", status.Stored)
				}
				w.holdsNoRecords(t)
				for _, a := range w.ca.authz {
					if a.Status == acme.StatusPending {
						t.Errorf("the authorization for %s stays pending", a.Identifier.Value)
					}
				}
				f := status.Failure
				if strings.TrimPrefix(f.ProblemType, problemPrefix) != test.problem {
					t.Errorf("problem %q, want %q", f.ProblemType, test.problem)
				}
				for _, want := range append(test.message, "No new certificate was stored") {
					if !strings.Contains(f.Message, want) || !strings.Contains(*w.sns.messages[0].Message, want) {
						t.Errorf("the message lacks %q:\n%s", want, f.Message)
					}
				}
				if test.wait == 0 != f.RetryAfter.IsZero() || test.wait > 0 && f.RetryAfter.Sub(status.FinishedAt).Abs() > test.wait+time.Minute {
					t.Errorf("retry after %s, want %s from %s on", f.RetryAfter, test.wait, status.FinishedAt)
				}
			})
		})
	}
}

func TestDeadlineLeavesTimeToTell(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{15 * time.Minute, 80 * time.Second} {
		t.Run(limit.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.ca.stuck = true
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				started := time.Now()
				w.mustFail(t, ctx)
				if left := limit - time.Since(started); left < reserve(limit) {
					t.Errorf("the run ended %s before its deadline, want at least %s", left, reserve(limit))
				}
				w.holdsNoRecords(t)
			})
		})
	}
}

func TestCancelledRunCleansUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Second, cancel) // while the change is pending
		w.mustFail(t, ctx)
		if len(w.zone.changes) != 2 {
			t.Errorf("%d changes of the zone, want one to add and one to remove", len(w.zone.changes))
		}
		w.holdsNoRecords(t)
		if status := w.ca.authz[0].Status; status != acme.StatusDeactivated {
			t.Errorf("the authorization is %s, want it deactivated", status)
		}
	})
}

func TestOneOfThreeFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"a.example.com"}, []string{"b.example.com"}, []string{"c.example.com"})
		w.ca.judge = func(name string) *acme.ProblemDetails {
			if name != "b.example.com" {
				return nil
			}
			return &acme.ProblemDetails{Type: problemPrefix + "caa", Detail: "CAA forbids"}
		}
		report, err := w.run(t.Context(), Request{})
		if err == nil || !strings.Contains(err.Error(), "certificate (b): ") || strings.Contains(err.Error(), "certificate (c)") {
			t.Errorf("error %v, want that of b alone", err)
		}
		var states []string
		for _, status := range report.Certificates {
			states = append(states, status.State)
			w.storedStatusIs(t, status)
		}
		if want := []string{StateIssued, StateFailed, StateIssued}; !slices.Equal(states, want) {
			t.Errorf("states %q, want %q", states, want)
		}
		w.holdsValidPair(t, "c", "c.example.com")
		w.holdsNoRecords(t)
		logins := slices.DeleteFunc(w.ca.requests, func(path string) bool { return path != "/account" })
		if len(w.ca.accounts) != 1 || len(logins) != 1 || len(w.sns.messages) != 3 {
			t.Errorf("%d accounts, %d logins, %d messages", len(w.ca.accounts), len(logins), len(w.sns.messages))
		}
	})
}

func TestHangingCertificateStarvesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"a.example.com"}, []string{"b.example.com"})
		slow := newFakeZone("Z2")
		slow.delay = 24 * time.Hour
		w.config.Certificates[0].HostedZoneID = "Z2"
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		report, err := w.runWith(ctx, Request{}, func(Role) Route53 { return zones{"Z1": w.zone, "Z2": slow} })
		if err == nil || report.Certificates[0].State != StateFailed || report.Certificates[1].State != StateIssued {
			t.Errorf("error %v, statuses %+v; want the second issued", err, report.Certificates)
		}
	})
}

func TestTornPairIsToldAndRepaired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		before := w.mustRun(t, Request{})[0]
		w.s3.fail = func(action, key string) error {
			if action == "s3:PutObject" && key == "a/cert.pem" {
				return errors.New("connection reset")
			}
			return nil
		}
		report, err := w.run(t.Context(), Request{Force: true})
		if err == nil || !errors.Is(err, errTorn) {
			t.Fatalf("error %v, status %+v; want it told that not all objects are written", err, report.Certificates)
		}
		torn := report.Certificates[0].Stored
		if torn.Serial == before.Stored.Serial || torn.KeyVersion == before.Stored.KeyVersion || torn.CertificateVersion != before.Stored.CertificateVersion {
			t.Errorf("stored %+v, want the new certificate, and the old object of it", torn)
		}
		w.s3.fail = nil
		time.Sleep(time.Minute)
		if got := w.mustRun(t, Request{})[0]; got.State != StateKept || got.Stored.Serial != torn.Serial || w.ordered() != 2 {
			t.Errorf("the next run: %+v after %d orders, want the certificate repaired", got, w.ordered())
		}
		w.holdsValidPair(t, "a", "example.com")
	})
}
