package certbot

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Tests run in synctest bubbles: time there is not the machine's, so waits of
// minutes take no time and happen to the second.

func TestIssueApexAndWildcardTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"*.Example.com", "example.com"})
		started := time.Now()
		status := w.mustRun(t, Request{RunID: "r1", Trigger: TriggerApply})[0]

		if took := time.Since(started); took < w.zone.delay || took > w.zone.delay+15*time.Second {
			t.Errorf("the run took %s; one change takes %s to reach the servers", took, w.zone.delay)
		}
		if calls := w.zone.calls["ChangeResourceRecordSets"]; calls != 2 || w.zone.changes[0].size != 1 {
			t.Errorf("%d batches, the first of %d changes; want both values in one, and one to remove them", calls, w.zone.changes[0].size)
		}
		leaf := w.holdsValidPair(t, "a", "example.com", "*.example.com")
		if leaf.Subject.CommonName != "example.com" {
			t.Errorf("common name %q, want the shortest name", leaf.Subject.CommonName)
		}
		w.holdsNoRecords(t)
		if status.State != StateIssued || status.RunID != "r1" || status.Trigger != TriggerApply || status.AccountURI != caURL+"/account/0" || len(status.ConfigSHA) != 64 {
			t.Errorf("status %+v", status)
		}
		if s := status.Stored; s == nil || s.KeyVersion != "v10" || s.CertificateVersion != "v11" || !s.NotAfter.Equal(leaf.NotAfter) || !slices.Equal(s.Domains, []string{"*.example.com", "example.com"}) {
			t.Errorf("stored %+v", status.Stored)
		}
		w.storedStatusIs(t, status)
		// Who waits learns at once that the run has begun.
		if want := append([]string{"status/prod/a.json"}, published("a", status.Stored.Serial)...); !slices.Equal(w.s3.writes, want) {
			t.Errorf("wrote %q, want %q", w.s3.writes, want)
		}
		if told := w.sns.told(); !slices.Equal(told, []string{"good Certificate Issue Success: prod/a"}) {
			t.Errorf("told %q", told)
		}
		for _, want := range []string{"*.example.com, example.com", "s3://certs/a/", "r1", stamp(leaf.NotAfter)} {
			if !strings.Contains(*w.sns.messages[0].Message, want) {
				t.Errorf("the message lacks %q:\n%s", want, *w.sns.messages[0].Message)
			}
		}
	})
}

func TestRunsKeepAndRenew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		first := w.mustRun(t, Request{})[0]
		kept := w.mustRun(t, Request{})[0]
		if kept.State != StateKept || kept.Trigger != TriggerSchedule || !reflect.DeepEqual(kept.Stored, first.Stored) || kept.AccountURI != first.AccountURI {
			t.Errorf("second run: %+v, want the first run's certificate kept", kept)
		}
		w.storedStatusIs(t, first) // which says it already
		if w.ordered() != 1 || len(w.sns.messages) != 1 {
			t.Errorf("%d orders and %d messages after a run that keeps", w.ordered(), len(w.sns.messages))
		}
		if got := w.mustRun(t, Request{Force: true})[0]; got.State != StateIssued || got.Stored.Serial == first.Stored.Serial {
			t.Errorf("a forced run: %+v", got)
		}
		time.Sleep(61 * 24 * time.Hour) // 29 of 90 days are left
		if got := w.mustRun(t, Request{})[0]; got.State != StateIssued {
			t.Errorf("a run when a third is left: %+v", got)
		}
		if w.ssm.puts != 1 || len(w.ca.accounts) != 1 {
			t.Errorf("%d account keys stored, %d accounts made; want one reused", w.ssm.puts, len(w.ca.accounts))
		}
	})
}

func TestChangedConfigurationReissues(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"names":    func(c *Config) { c.Certificates[0].Domains = []string{"example.com", "www.example.com"} },
		"key type": func(c *Config) { c.Certificates[0].KeyType = "P384" },
		"profile":  func(c *Config) { c.Certificates[0].Profile = "shortlived" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.mustRun(t, Request{})
				change(&w.config)
				if got := w.mustRun(t, Request{})[0]; got.State != StateIssued {
					t.Errorf("after the change: %+v, want a new certificate", got)
				}
				if got := w.mustRun(t, Request{})[0]; got.State != StateKept {
					t.Errorf("the run after that: %+v, want it kept", got)
				}
			})
		})
	}
}

func TestPaceOfTheAuthority(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.zone.delay, w.ca.pace = 0, "90"
		started := time.Now()
		w.mustRun(t, Request{})
		if took := time.Since(started); took < 180*time.Second || took > 190*time.Second {
			t.Errorf("the run took %s; the authority asked twice to wait 90 s", took)
		}
	})
}

func TestBadNoncesAreRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		asked := 0
		w.ca.refuse = func(path string) *caProblem {
			if asked++; path != "/dir" && path != "/nonce" && asked%3 == 0 {
				return refusal400("badNonce", "")
			}
			return nil
		}
		w.mustRun(t, Request{})
		w.holdsValidPair(t, "a", "example.com")
	})
}

func TestContactIsKeptCurrent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		w.config.ACME.ContactEmail = "ops@example.com"
		contacts := func(want ...string) {
			t.Helper()
			if len(w.ca.contacts) != 1 || !slices.Equal(w.ca.contacts[0], want) {
				t.Errorf("contacts %q, want %q", w.ca.contacts, want)
			}
		}
		w.mustRun(t, Request{})
		contacts() // a scheduled run leaves the authority alone while nothing is due
		w.mustRun(t, Request{Trigger: TriggerApply})
		contacts("mailto:ops@example.com")
		w.config.ACME.ContactEmail = "other@example.com"
		w.mustRun(t, Request{Force: true})
		contacts("mailto:other@example.com")
	})
}

func TestRefusedContactKeepsTheCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		w.config.ACME.ContactEmail = "ops@example.com"
		w.ca.refuse = func(path string) *caProblem {
			if path == "/account" {
				return refusal400("invalidContact", "no such domain")
			}
			return nil
		}
		if got := w.mustRun(t, Request{Trigger: TriggerApply})[0]; got.State != StateKept {
			t.Errorf("state %s, want %s", got.State, StateKept)
		}
		if !strings.Contains(w.log.String(), "no such domain") {
			t.Errorf("the refusal is not in the log: %s", w.log.String())
		}
	})
}

func TestEarlierProofsAreTrusted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.ca.trusted = map[string]bool{"example.com": true}
		w.mustRun(t, Request{})
		w.holdsValidPair(t, "a", "example.com")
		if n := w.zone.calls["ChangeResourceRecordSets"]; n != 0 {
			t.Errorf("%d changes of the zone though the authority asked for no proof", n)
		}
	})
}
