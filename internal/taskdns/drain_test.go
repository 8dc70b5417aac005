package taskdns

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestDrainTakesOursAndThenTheClaim(t *testing.T) {
	onRig(t, func(r *rig) {
		r.do(Command{Do: DoClaim})
		r.configure(func(c *Config) { c.TTL = 30 })
		r.do(Command{Do: DoClaim})
		r.address("www."+domain, 30, otherAddress)
		r.address(nameOf(9000), 77, otherAddress)
		r.address(idOf(9001)+".a."+domain, 30, otherAddress)
		stays := r.contents()
		for n := range 2000 {
			r.address(nameOf(n), []int64{30, 60}[n%2], addressOf(n))
			r.address(nameOf(n), 30, fmt.Sprintf("2001:db8:1111:2222:3333:4444:5555:%x", 0x1000+n))
		}
		before := len(r.zone.Batches())
		got := r.do(Command{Do: DoDrain})
		if got.Deleted != 2000 || !got.Done || got.Claimant != "" {
			r.Errorf("%+v", got)
		}
		r.holds(stays)
		batches := r.zone.Batches()[before:]
		if len(batches) != 6 || r.claimed() != "" { // 4,000 in batches of 820, and the claim
			r.Errorf("%d batches, and the claim is %q", len(batches), r.claimed())
		}
		for i, b := range batches {
			for _, c := range b.Changes {
				if isClaim := c.ResourceRecordSet.Type == types.RRTypeTxt; isClaim != (i == len(batches)-1) || c.Action != types.ChangeActionDelete {
					r.Fatalf("batch %d: %s of %s %s", i, c.Action, aws.ToString(c.ResourceRecordSet.Name), c.ResourceRecordSet.Type)
				}
			}
		}
		if got := r.do(Command{Do: DoDrain}); got != (Report{Done: true}) {
			r.Errorf("the second time: %+v", got)
		}
	})
}

// TestDrainWithoutClaim: whose the names are cannot be told.
func TestDrainWithoutClaim(t *testing.T) {
	onRig(t, func(r *rig) {
		r.address(nameOf(1), 60, addressOf(1))
		if got := r.do(Command{Do: DoDrain}); got != (Report{Done: true}) || len(r.zone.Batches()) != 0 {
			r.Errorf("%+v, %d batches", got, len(r.zone.Batches()))
		}
	})
}

// TestDrainRunsOutOfTime: it goes on where it was, and the claim is there
// until all is gone.
func TestDrainRunsOutOfTime(t *testing.T) {
	onRig(t, func(r *rig) {
		r.do(Command{Do: DoClaim})
		for n := range 5000 {
			r.address(nameOf(n), 60, addressOf(n))
		}
		r.zone.Latency = func(action string) time.Duration {
			if action == route53fake.Change {
				return 15 * time.Second
			}
			return 0
		}
		deleted, runs := 0, 0
		for done := false; !done; runs++ {
			start := time.Now()
			got := r.do(Command{Do: DoDrain})
			if took := time.Since(start); took > time.Minute-reserve {
				r.Errorf("a run took %s", took)
			}
			deleted, done = deleted+got.Deleted, got.Done
			if left := len(r.contents()); left > 0 && r.claimed() == "" || !done && got.Reason == "" {
				r.Fatalf("%d names left, claim %q, %+v", left, r.claimed(), got)
			}
			if runs > 10 {
				r.Fatal("it comes to no end")
			}
		}
		if deleted < 4000 || runs < 2 || len(r.contents()) != 0 || r.claimed() != "" {
			r.Errorf("%d deleted in %d runs, %d left, claim %q", deleted, runs, len(r.contents()), r.claimed())
		}
	})
}

// TestDrainWaitsForOthers: what an invocation that was under way still writes
// is found.
func TestDrainWaitsForOthers(t *testing.T) {
	onRig(t, func(r *rig) {
		r.do(Command{Do: DoClaim})
		r.address(nameOf(1), 60, addressOf(1))
		for n := 2; n < 5; n++ {
			time.AfterFunc(time.Duration(n-1)*1500*time.Millisecond, func() { r.address(nameOf(n), 60, addressOf(n)) })
		}
		if got := r.do(Command{Do: DoDrain}); got.Deleted != 4 || !got.Done {
			r.Errorf("%+v", got)
		}
		r.holds(nil)
	})
}

// TestDrainMeetsOthers: somebody changes a record between its being read and
// its being deleted.
func TestDrainMeetsOthers(t *testing.T) {
	for name, c := range map[string]struct {
		meddle func(*rig)
		want   map[string]string
	}{
		"deleted": {func(r *rig) {
			r.zone.Remove("Z1", recordSet(types.RRTypeA, nameOf(1), 60, addressOf(1)))
		}, nil},
		"made somebody's": {func(r *rig) { r.address(nameOf(1), 300, otherAddress) }, map[string]string{nameOf(1): "300 " + otherAddress}},
	} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.do(Command{Do: DoClaim})
				for n := range 5 {
					r.address(nameOf(n), 60, addressOf(n))
				}
				done := false
				r.wire.Before(func(_ context.Context, call taskdnstest.Call) error {
					if call.Operation == "ChangeResourceRecordSets" && !done {
						done = true
						c.meddle(r)
					}
					return nil
				})
				if got := r.do(Command{Do: DoDrain}); got.Deleted != 4 || !got.Done || r.claimed() != "" {
					r.Errorf("%+v, claim %q", got, r.claimed())
				}
				r.holds(c.want)
			})
		})
	}
}

func TestDrainFails(t *testing.T) {
	onRig(t, func(r *rig) {
		r.do(Command{Do: DoClaim})
		r.address(nameOf(1), 60, addressOf(1))
		r.refuse("ChangeResourceRecordSets", taskdnstest.Error("AccessDenied", "not authorized"))
		if got, err := r.try(Command{Do: DoDrain}); err == nil || got.Done || !strings.Contains(err.Error(), domain) {
			r.Errorf("%+v, %v", got, err)
		}
	})
}

func TestRetire(t *testing.T) {
	const (
		running  = 1
		template = "{service}-{short_id}"
	)
	old := Place{Domain: domain, HostedZoneID: "Z1"}
	uuid := "1dcd2a1c-8e6b-4c5b-9a3c-5c1a4b2e7f10." + domain // both templates can make it
	for name, c := range map[string]struct {
		now     func(*Config)
		retired []Place
		stays   []string // beside the foreign records
		claim   bool
	}{
		"another domain": {
			now: func(c *Config) { c.Domain = "new.example.com" }, retired: []Place{old},
		},
		"another zone": {
			now: func(c *Config) { c.HostedZoneID = "Z2" }, retired: []Place{old},
		},
		"another template": {
			now: func(c *Config) { c.HostnameTemplate = template }, retired: []Place{old}, stays: []string{uuid}, claim: true,
		},
		"another role": {
			now: func(c *Config) { c.RoleARN = "arn:aws:iam::444455556666:role/zone" }, retired: []Place{old}, stays: []string{uuid, nameOf(running)}, claim: true,
		},
		"two templates of another domain": {
			now:     func(c *Config) { c.Domain = "new.example.com" },
			retired: []Place{{Domain: domain, HostedZoneID: "Z1", HostnameTemplate: "x-{short_id}"}, old},
		},
		"a zone that is gone": {
			now: func(c *Config) { c.HostedZoneID = "Z2" }, retired: []Place{{Domain: domain, HostedZoneID: "Z9"}}, stays: []string{uuid, nameOf(running)}, claim: true,
		},
		"nothing": {stays: []string{uuid, nameOf(running)}, claim: true, now: func(*Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.zone.AddZone("Z2", "example.com")
				r.do(Command{Do: DoClaim})
				r.start(fargateCluster, running)
				r.address(nameOf(running), 60, addressOf(running))
				r.address(uuid, 60, otherAddress)
				r.address("www."+domain, 60, otherAddress)
				r.address("*."+domain, 60, otherAddress)
				want := r.contents()
				for _, name := range []string{uuid, nameOf(running)} {
					if !strings.Contains(strings.Join(c.stays, " "), name) {
						delete(want, name)
					}
				}
				r.configure(func(cfg *Config) { c.now(cfg); cfg.Retired = c.retired })
				if got := r.do(Command{Do: DoRetire}); !got.Done {
					r.Errorf("%+v", got)
				}
				r.holds(want)
				if claimed := r.claimed() != ""; claimed != c.claim {
					r.Errorf("the claim is there: %v", claimed)
				}
			})
		})
	}
}

// TestDrainOfAChange: a resource that is destroyed in the middle of a change
// has names in both places.
func TestDrainOfAChange(t *testing.T) {
	onRig(t, func(r *rig) {
		r.configure(func(c *Config) { c.HostnameTemplate = "x-{short_id}" })
		r.do(Command{Do: DoClaim})
		r.address("x-aaaaaaaaaaaa."+domain, 60, addressOf(1))
		r.configure(func(c *Config) {
			c.Retired = []Place{c.Place}
			c.HostnameTemplate = "y-{short_id}"
		})
		r.address("y-aaaaaaaaaaaa."+domain, 60, addressOf(1))
		if got := r.do(Command{Do: DoDrain}); got.Deleted != 2 || !got.Done {
			r.Errorf("%+v", got)
		}
		r.holds(nil)
		if r.claimed() != "" {
			r.Errorf("the claim is %q", r.claimed())
		}
	})
}

func TestDrainOfAZoneThatIsGone(t *testing.T) {
	onRig(t, func(r *rig) {
		r.configure(func(c *Config) { c.HostedZoneID = "Z9" })
		if got := r.do(Command{Do: DoDrain}); !got.Done {
			r.Errorf("%+v", got)
		}
		if _, err := r.try(Command{Do: DoReconcile}); err == nil {
			r.Error("reconciling it succeeds")
		}
	})
}
