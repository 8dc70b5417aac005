package parts

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

func testDelegation(f *route53fake.Fake, z *HostedZone) *Delegation {
	return &Delegation{API: f, Zone: z, ParentID: testParent, TTL: 300}
}

// nsSet is an NS record set of the test's zone in its parent.
func nsSet(ttl int64, servers ...string) types.ResourceRecordSet {
	set := types.ResourceRecordSet{Name: aws.String(testZone), Type: types.RRTypeNs, TTL: &ttl}
	for _, s := range servers {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(s)})
	}
	return set
}

func TestDelegationLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		z := made(t, f)
		d := testDelegation(f, z)
		if err := d.CheckFree(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustBeAbsent(t, d)
		mustDelete(t, d)
		for _, action := range []func() error{func() error { return d.Ensure(t.Context()) }, func() error { return d.Delete(t.Context()) }} {
			start := time.Now()
			if err := action(); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(start); waited < f.SyncDelay {
				t.Errorf("done after %s, before all servers knew it", waited)
			}
		}
		mustEnsure(t, d)
		if got, want := recordText(t, f, testParent, testZone, types.RRTypeNs), "300 "+strings.Join(z.NameServers, "., ")+"."; got != want {
			t.Errorf("the record is %q, want %q", got, want)
		}
		mustDrift(t, d)
		changes := len(f.Batches())
		mustEnsure(t, d)
		if n := len(f.Batches()); n != changes {
			t.Errorf("ensuring again made %d changes", n-changes)
		}
		for range 2 {
			mustDelete(t, d)
			mustBeAbsent(t, d)
		}
	})
}

// What names servers of others is not overwritten and not deleted, before a
// create as little as later.
func TestDelegationOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		z := made(t, f)
		d := testDelegation(f, z)
		for _, others := range [][]string{{"ns-1.example.net.", "ns-2.example.net."}, {"ns-1.example.net.", z.NameServers[0] + "."}} {
			f.Put(testParent, nsSet(60, others...))
			want := recordText(t, f, testParent, testZone, types.RRTypeNs)
			for _, err := range []error{d.CheckFree(t.Context()), d.Ensure(t.Context())} {
				expectError(t, err, "hosted zone ZPARENT delegates tasks.example.com already", "ns-1.example.net", "remove the NS record set by hand")
			}
			mustDelete(t, d)
			if got := recordText(t, f, testParent, testZone, types.RRTypeNs); got != want {
				t.Errorf("the record became %q, it was %q", got, want)
			}
		}
		diffs, err := d.Drift(t.Context())
		if err != nil || len(diffs) != 2 || !strings.HasPrefix(diffs[0], "the name servers are "+z.NameServers[0]+", ns-1.example.net, want ns-") || diffs[1] != "the TTL is 60 s, want 300 s" {
			t.Errorf("Drift: %q, %v", diffs, err)
		}
		// Nor where our own zone does not exist.
		none := testDelegation(f, &HostedZone{API: f, Name: testZone, Tags: testZoneTags(true)})
		expectError(t, none.CheckFree(t.Context()), "delegates tasks.example.com already")
	})
}

// A record set of our name servers alone is ours, whoever wrote it.
func TestDelegationRepaired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		z := made(t, f)
		d := testDelegation(f, z)
		// One server is missing, one has another case and no dot.
		f.Put(testParent, nsSet(60, z.NameServers[2], strings.ToUpper(z.NameServers[1])+".", z.NameServers[0]+"."))
		mustDrift(t, d, "the name servers are "+strings.Join(z.NameServers[:3], ", ")+", want "+strings.Join(z.NameServers, ", "), "the TTL is 60 s, want 300 s")
		mustEnsure(t, d)
		mustDrift(t, d)
		batches := f.Batches()
		last := batches[len(batches)-1]
		if len(last.Changes) != 2 || last.Changes[0].Action != types.ChangeActionDelete || last.Changes[1].Action != types.ChangeActionCreate {
			t.Errorf("changes are %v", last.Changes)
		}
		d.TTL = 60
		mustDrift(t, d, "the TTL is 300 s, want 60 s")
		mustEnsure(t, d)
		mustDrift(t, d)
		mustDelete(t, d)
		mustBeAbsent(t, d)
	})
}

// A create waits for a delegation that a killed one wrote: nobody knows
// whether all servers have it.
func TestDelegationAdoptedIsAwaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		z := testHostedZone(f, true)
		mustEnsure(t, z)
		f.Put(testParent, nsSet(300, z.NameServers...))
		d := testDelegation(f, z)
		start := time.Now()
		mustEnsure(t, d)
		if time.Since(start) < f.SyncDelay {
			t.Error("done before all servers knew it")
		}
		mustDrift(t, d)
	})
}

// When the zone is gone its name servers, which the state knows, tell that the
// delegation is ours.
func TestDelegationOutlivesItsZone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		z := made(t, f)
		d := testDelegation(f, z)
		mustEnsure(t, d)
		mustDelete(t, z)
		unknown := testDelegation(f, &HostedZone{API: f, Name: testZone, ID: z.ID, Tags: testZoneTags(false)})
		mustDelete(t, unknown)
		if recordText(t, f, testParent, testZone, types.RRTypeNs) == "" {
			t.Fatal("a delegation to unknown servers was deleted")
		}
		known := testDelegation(f, &HostedZone{API: f, Name: testZone, NameServers: z.NameServers, Tags: testZoneTags(false)})
		mustDrift(t, known)
		mustDelete(t, known)
		mustBeAbsent(t, known)
	})
}

func TestDelegationWithoutParent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		d := testDelegation(f, made(t, f))
		d.ParentID = "ZGONE"
		mustBeAbsent(t, d)
		mustDelete(t, d)
		for _, err := range []error{d.Ensure(t.Context()), d.CheckFree(t.Context())} {
			expectError(t, err, "reading delegation (tasks.example.com in hosted zone ZGONE)", "no such hosted zone")
		}
	})
}

func TestDelegationErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		d := testDelegation(f, made(t, f))
		deny := func(denied string) {
			f.Fault = func(action string, _ any) (error, error) {
				if action == denied {
					return route53fake.Denied(action), nil
				}
				return nil, nil
			}
		}
		deny(route53fake.Change)
		expectError(t, d.Ensure(t.Context()), "writing delegation (tasks.example.com in hosted zone ZPARENT)")
		deny("")
		mustEnsure(t, d)
		deny(route53fake.Change)
		expectError(t, d.Delete(t.Context()), "deleting delegation (tasks.example.com in hosted zone ZPARENT)")
		deny(route53fake.List)
		_, err := d.Drift(t.Context())
		for _, err := range []error{err, d.Delete(t.Context()), d.Ensure(t.Context()), d.CheckFree(t.Context())} {
			expectError(t, err, "reading delegation (tasks.example.com in hosted zone ZPARENT)")
			if errors.Is(err, stack.ErrNotFound) {
				t.Errorf("what may not be read is told to be missing: %v", err)
			}
		}
	})
}
