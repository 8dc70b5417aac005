package certbot

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// killed has the function die once its records are in the zone: nothing it
// does afterwards happens.
func (w *world) killed(t *testing.T) {
	t.Helper()
	dead := errors.New("killed")
	gone := func() bool { return len(w.zone.changes) > 0 }
	w.zone.fail = func(string) error {
		if gone() {
			return dead
		}
		return nil
	}
	w.s3.fail = func(string, string) error {
		if gone() {
			return dead
		}
		return nil
	}
	if _, err := w.run(t.Context(), Request{}); err == nil || len(w.zone.sets) == 0 {
		t.Fatalf("error %v, records %v; want a run that died", err, w.zone.sets)
	}
	w.zone.fail, w.s3.fail, w.sns.messages = nil, nil, nil
	time.Sleep(LongestRun + leaseMargin) // it holds the lease
}

func TestRecordsOfAKilledRunAreRemoved(t *testing.T) {
	t.Parallel()
	refuse := func(err error) func(*world) {
		return func(w *world) {
			w.zone.fail = func(action string) error {
				if action == "ChangeResourceRecordSets" {
					return err
				}
				return nil
			}
		}
	}
	moved := func(w *world) {
		other := newFakeZone("Z2")
		w.ca.zone = other
		w.zones = zones{"Z1": w.zone, "Z2": other}
		w.config.Certificates[0].HostedZoneID = "Z2"
	}
	delegated := func(w *world) {
		w.config.Certificates[0].Challenges = map[string]string{challengeName: "elsewhere.example.com"}
	}
	for name, test := range map[string]struct {
		then []func(*world)
		// removed tells that the records are gone afterwards, and noted that
		// they are still remembered.
		removed, noted bool
		state          string
	}{
		"as it was":                        {nil, true, false, StateIssued},
		"in another zone":                  {[]func(*world){moved}, true, false, StateIssued},
		"in another zone, the old lost":    {[]func(*world){moved, refuse(denied("route53:ChangeResourceRecordSets"))}, false, false, StateIssued},
		"in another zone, the old deleted": {[]func(*world){moved, refuse(&types.NoSuchHostedZone{})}, false, false, StateIssued},
		"in another zone, the old broken":  {[]func(*world){moved, refuse(errors.New("boom"))}, false, true, StateIssued},
		"at another name, the old lost":    {[]func(*world){delegated, refuse(denied("route53:ChangeResourceRecordSets"))}, false, false, StateFailed},
		"still denied":                     {[]func(*world){refuse(denied("route53:ChangeResourceRecordSets"))}, false, true, StateFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com", "*.example.com"})
				w.zone.foreign(challengeName, 60, `"theirs"`)
				w.killed(t)
				if got := w.recalled(t).Presented; len(got) != 1 || got[0].Zone != "Z1" || len(got[0].Records[challengeName]) != 2 {
					t.Fatalf("noted %+v, want both values", got)
				}
				for _, then := range test.then {
					then(w)
				}
				status, _ := w.try(t, Request{})
				if status.State != test.state {
					t.Errorf("status %+v, want %s", status, test.state)
				}
				values := w.zone.values(challengeName)
				if !slices.Contains(values, `"theirs"`) || (len(values) == 1) != test.removed {
					t.Errorf("the zone has %q; want theirs, and ours removed: %t", values, test.removed)
				}
				if noted := len(w.recalled(t).Presented) > 0; noted != test.noted {
					t.Errorf("remembered %+v, want that noted: %t", w.recalled(t).Presented, test.noted)
				}
				if warned := strings.Contains(w.log.String(), "challenge records of an earlier run stay behind"); warned == test.removed {
					t.Errorf("warned: %t", warned)
				}
			})
		})
	}
}

// What Route 53 refuses to remove is no failure, and removed by the next run
// that does more than look at the clock.
func TestRecordsThatCannotBeRemovedAreNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.zone.fail = func(action string) error {
			if action == "ChangeResourceRecordSets" && len(w.zone.changes) > 0 {
				return errors.New("boom")
			}
			return nil
		}
		if got := w.mustRun(t, Request{})[0]; got.State != StateIssued || len(w.zone.sets) != 1 || len(w.recalled(t).Presented) != 1 {
			t.Fatalf("status %+v, records %v, remembered %+v", got, w.zone.sets, w.recalled(t))
		}
		w.zone.fail = nil
		if got := w.mustRun(t, Request{})[0]; got.State != StateKept || len(w.recalled(t).Presented) != 0 {
			t.Errorf("status %+v, remembered %+v", got, w.recalled(t))
		}
		w.holdsNoRecords(t)
		if w.ordered() != 1 {
			t.Errorf("%d orders, want one", w.ordered())
		}
	})
}

// Names that the certificate has no more may not be touched any more either;
// those that it still has may.
func TestRecordsOfOtherNamesAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com", "www.example.com"})
		w.killed(t)
		w.config.Certificates[0].Domains = []string{"example.com"}
		w.zone.deny = func(name string) bool { return name != challengeName }
		w.mustRun(t, Request{Trigger: TriggerApply})
		if got := w.zone.values("_acme-challenge.www.example.com"); len(got) != 1 || len(w.zone.sets) != 1 {
			t.Errorf("records %v, want only what may not be removed", w.zone.sets)
		}
		if got := w.recalled(t).Presented; len(got) != 0 {
			t.Errorf("remembered %+v", got)
		}
	})
}
