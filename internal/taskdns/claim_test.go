package taskdns

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

const (
	ourClaim   = "fargatedirect owner=task_dns/test account=111122223333 region=us-west-2 ttl=60"
	theirClaim = "fargatedirect owner=task_dns/api account=111122223333 region=us-west-2 ttl=60"
)

func TestClaimIsMadeOnce(t *testing.T) {
	onRig(t, func(r *rig) {
		if got := r.do(Command{Do: DoStatus}); got != (Report{Done: true}) || r.claimed() != "" {
			r.Errorf("before: %+v, %q", got, r.claimed())
		}
		want := Report{Claimant: "task_dns/test of account 111122223333 in region us-west-2", Ours: true, Done: true}
		for range 2 {
			if got := r.do(Command{Do: DoClaim}); got != want {
				r.Errorf("claimed: %+v, want %+v", got, want)
			}
		}
		if got := r.do(Command{Do: DoStatus}); got != want {
			r.Errorf("status: %+v, want %+v", got, want)
		}
		if r.claimed() != ourClaim || len(r.zone.Batches()) != 1 {
			r.Errorf("the claim is %q after %d batches", r.claimed(), len(r.zone.Batches()))
		}
	})
}

func TestClaimRemembersTTLs(t *testing.T) {
	onRig(t, func(r *rig) {
		for _, ttl := range []int64{60, 30, 60, 1, 2, 3, 4, 5, 6, 7} {
			r.configure(func(c *Config) { c.TTL = ttl })
			r.do(Command{Do: DoClaim})
		}
		if want := strings.Replace(ourClaim, "ttl=60", "ttl=7,6,5,4,3,2,1,60", 1); r.claimed() != want {
			r.Errorf("the claim is %q, want %q", r.claimed(), want)
		}
	})
}

// TestForeignClaim: where somebody else has the domain, nothing is written,
// whatever is asked for.
func TestForeignClaim(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"another resource": {theirClaim},
		"another account":  {strings.Replace(ourClaim, "111122223333", "444455556666", 1)},
		"another region":   {strings.Replace(ourClaim, "us-west-2", "eu-west-2", 1)},
		"no TTL":           {strings.Replace(ourClaim, "ttl=60", "", 1)},
		"a bad TTL":        {strings.Replace(ourClaim, "ttl=60", "ttl=60,x", 1)},
		"something else":   {"v=spf1 -all"},
		"two claims":       {ourClaim, theirClaim},
	} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.configure(func(c *Config) {
					c.Retired = []Place{{Domain: domain, HostedZoneID: "Z1", HostnameTemplate: "x-{task_id}"}}
				})
				r.start(fargateCluster, 1)
				r.address(nameOf(2), 60, addressOf(2))
				r.address("x-"+nameOf(3), 60, addressOf(3))
				var quoted []string
				for _, v := range values {
					quoted = append(quoted, `"`+v+`"`)
				}
				r.put(types.RRTypeTxt, ClaimName(domain), 300, quoted...)
				for _, command := range []string{DoClaim, DoStatus, DoRetire, DoDrain} {
					if got := r.do(Command{Do: command}); got.Ours || got.Claimant == "" || !got.Done {
						r.Errorf("%s: %+v", command, got)
					}
				}
				for _, unguarded := range []bool{false, true} {
					if got, err := r.try(Command{Do: DoReconcile, Unguarded: unguarded}); err == nil || got.Ours || got.Claimant == "" || !strings.Contains(err.Error(), got.Claimant) {
						r.Errorf("reconcile: %+v, %v", got, err)
					}
				}
				r.handleSent(own{Kind: kindRecheck, Names: []string{nameOf(2)}}.body(), "1000")
				if n := len(r.zone.Batches()); n > 0 {
					r.Errorf("%d batches were written", n)
				}
			})
		})
	}
}

// TestClaimIsNeverTakenOver: of two that claim at the same time one wins.
func TestClaimIsNeverTakenOver(t *testing.T) {
	onRig(t, func(r *rig) {
		r.wire.Before(func(_ context.Context, c taskdnstest.Call) error {
			if c.Operation == "ChangeResourceRecordSets" {
				r.put(types.RRTypeTxt, ClaimName(domain), 300, `"`+theirClaim+`"`)
			}
			return nil
		})
		got := r.do(Command{Do: DoClaim})
		if got.Ours || got.Claimant != "task_dns/api of account 111122223333 in region us-west-2" || r.claimed() != theirClaim {
			r.Errorf("%+v, and the zone says %q", got, r.claimed())
		}
	})
}

// TestClaimSurvivesALostAnswer: a change that was made though its answer was
// lost is found, not taken for somebody else's.
func TestClaimSurvivesALostAnswer(t *testing.T) {
	onRig(t, func(r *rig) {
		lost := false
		r.wire.After(func(_ context.Context, c taskdnstest.Call) error {
			if c.Operation == "ChangeResourceRecordSets" && !lost {
				lost = true
				return taskdnstest.Error("RequestTimeout", "the answer is lost")
			}
			return nil
		})
		if got := r.do(Command{Do: DoClaim}); !got.Ours || r.claimed() != ourClaim {
			r.Errorf("%+v, and the zone says %q", got, r.claimed())
		}
	})
}

func TestReadClaim(t *testing.T) {
	t.Parallel()
	c := Claim{Owner: "task_dns/test", Account: "111122223333", Region: "us-west-2", TTLs: []int64{60, 30}}
	got, ok := readClaim(*c.recordSet(domain))
	if !ok || !got.sameHolder(c) || !slices.Equal(got.TTLs, c.TTLs) {
		t.Errorf("read %+v, %v", got, ok)
	}
	longest := Claim{Owner: "task_dns/" + strings.Repeat("n", 32), Account: c.Account, Region: "ap-southeast-99"}
	for i := range int64(20) {
		longest = longest.with(2147483647 - i)
	}
	if text := value(*longest.recordSet(domain)); len(text) > 255+2 || len(longest.TTLs) != maxTTLs {
		t.Errorf("a text of %d characters with %d TTLs: %s", len(text), len(longest.TTLs), text)
	}
	weighted := *c.recordSet(domain)
	weighted.SetIdentifier = &c.Owner
	if _, ok := readClaim(weighted); ok {
		t.Error("one of several record sets counts as a claim")
	}
	if text := fmt.Sprint(c); text != "task_dns/test of account 111122223333 in region us-west-2" {
		t.Errorf("a claim says %q", text)
	}
}
