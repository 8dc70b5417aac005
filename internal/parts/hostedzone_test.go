package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const (
	testZone   = "tasks.example.com"
	testParent = "ZPARENT"
	zoneOwner  = "zone/" + testZone
)

// fakeZones is Route 53 with the parent zone, in which a change takes a while.
func fakeZones() *route53fake.Fake {
	f := route53fake.New()
	f.SyncDelay = 40 * time.Second
	f.AddZone(testParent, "example.com")
	return f
}

// testZoneTags are the tags of a zone, while it is created or afterwards.
func testZoneTags(creating bool) Tags {
	return OwnTags(zoneOwner, creating, map[string]string{"team": "web"}, func(k string) bool { return strings.HasPrefix(k, "cost-") })
}

func testHostedZone(f *route53fake.Fake, creating bool) *HostedZone {
	return &HostedZone{API: f, Name: testZone, NegativeTTL: 5, Tags: testZoneTags(creating)}
}

// made is a finished zone.
func made(t *testing.T, f *route53fake.Fake) *HostedZone {
	t.Helper()
	z := testHostedZone(f, true)
	mustEnsure(t, z)
	if err := z.Untag(t.Context(), stack.CreatingTag); err != nil {
		t.Fatal(err)
	}
	z.Tags = testZoneTags(false)
	return z
}

// recordText is a record set of a zone as "TTL value, value".
func recordText(t *testing.T, f *route53fake.Fake, zoneID, name string, kind types.RRType) string {
	t.Helper()
	set, err := hostedzone.RecordSet(t.Context(), f, zoneID, name, kind)
	if err != nil {
		t.Fatal(err)
	}
	if set == nil {
		return ""
	}
	var values []string
	for _, r := range set.ResourceRecords {
		values = append(values, aws.ToString(r.Value))
	}
	return fmt.Sprintf("%d %s", aws.ToInt64(set.TTL), strings.Join(values, ", "))
}

func TestHostedZoneLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		z := testHostedZone(f, true)
		mustBeAbsent(t, z)
		mustDelete(t, z)
		start := time.Now()
		mustEnsure(t, z)
		// A resolver that asks a server which does not know the zone yet would
		// remember the old SOA record.
		if waited := time.Since(start); waited < f.SyncDelay {
			t.Errorf("the zone was there after %s, before all servers knew it", waited)
		}
		soa := recordText(t, f, z.ID, testZone, types.RRTypeSoa)
		if want := "5 " + z.NameServers[0]; !strings.HasPrefix(soa, "5 ns-") || !strings.HasSuffix(soa, ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 5") {
			t.Errorf("the SOA record is %q, want %q and so on, with the other fields as they were", soa, want)
		}
		if len(z.NameServers) != 4 || !slices.IsSorted(z.NameServers) || strings.HasSuffix(z.NameServers[0], ".") {
			t.Errorf("name servers are %q", z.NameServers)
		}
		mustDrift(t, z)
		if tags, err := z.ReadTags(t.Context()); err != nil || !maps.Equal(tags, z.Tags.Want) {
			t.Errorf("tags are %v, %v", tags, err)
		}
		for range 2 {
			if err := z.Untag(t.Context(), stack.CreatingTag); err != nil {
				t.Fatal(err)
			}
		}
		z.Tags = testZoneTags(false)
		mustDrift(t, z)
		changes := len(f.Batches())
		mustEnsure(t, z)
		if n := len(f.Batches()); n != changes {
			t.Errorf("ensuring again made %d changes", n-changes)
		}
		mustDelete(t, z)
		mustBeAbsent(t, z)
		mustDelete(t, z)
	})
}

// A create that is killed after any call is finished by the next, which does
// not know the zone's id, and there is one zone in the end.
func TestHostedZoneCreateIsFinished(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"CreateHostedZone", "GetHostedZone", "ChangeTagsForResource", route53fake.Change, route53fake.GetChange} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := fakeZones()
				killed := errors.New("killed")
				f.Fault = func(called string, _ any) (error, error) {
					if called == action {
						return nil, killed
					}
					return nil, nil
				}
				first := testHostedZone(f, true)
				if err := first.Ensure(t.Context()); !errors.Is(err, killed) {
					t.Fatalf("Ensure: %v", err)
				}
				f.Fault = nil
				second := testHostedZone(f, true)
				tags, err := second.ReadTags(t.Context())
				if _, creating := tags[stack.CreatingTag]; err != nil || !creating || tags[stack.OwnerTag] != zoneOwner {
					t.Fatalf("what was left has the tags %v, %v", tags, err)
				}
				start := time.Now()
				mustEnsure(t, second)
				if time.Since(start) < f.SyncDelay {
					t.Error("the zone was taken over before all servers knew it")
				}
				mustDrift(t, second)
				if zones, err := hostedzone.OfName(t.Context(), f, testZone); err != nil || len(zones) != 1 {
					t.Errorf("zones are %v, %v", zones, err)
				}
			})
		})
	}
}

// The SDK repeats a call whose answer was lost.
func TestHostedZoneCreateRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		repeated := &repeatingZones{Fake: f}
		z := testHostedZone(f, true)
		z.API = repeated
		mustEnsure(t, z)
		if repeated.calls != 2 {
			t.Errorf("%d calls", repeated.calls)
		}
	})
}

type repeatingZones struct {
	*route53fake.Fake
	calls int
}

func (r *repeatingZones) CreateHostedZone(ctx context.Context, in *route53.CreateHostedZoneInput, _ ...func(*route53.Options)) (*route53.CreateHostedZoneOutput, error) {
	r.calls += 2
	if _, err := r.Fake.CreateHostedZone(ctx, in); err != nil {
		return nil, err
	}
	return r.Fake.CreateHostedZone(ctx, in)
}

// Zones of the same name that are not ours are no zones of ours, and a
// finished one of ours is told.
func TestHostedZoneOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		f.AddZone("ZOTHER", testZone)
		z := testHostedZone(f, true)
		mustBeAbsent(t, z)
		mustEnsure(t, z)
		if z.ID == "ZOTHER" {
			t.Fatal("somebody else's zone was taken over")
		}
		if err := z.Untag(t.Context(), stack.CreatingTag); err != nil {
			t.Fatal(err)
		}
		second := testHostedZone(f, true)
		tags, err := second.ReadTags(t.Context())
		if _, creating := tags[stack.CreatingTag]; err != nil || tags[stack.OwnerTag] != zoneOwner || creating {
			t.Errorf("the tags of the finished zone are %v, %v", tags, err)
		}
		// It is not this one's to delete.
		mustDelete(t, second)
		mustDrift(t, &HostedZone{API: f, Name: testZone, ID: z.ID, NegativeTTL: 5, Tags: testZoneTags(false)})
		_, err = (&HostedZone{API: f, Name: "other.example.com", ID: z.ID}).Drift(t.Context())
		expectError(t, err, z.ID, "is of tasks.example.com, not of other.example.com")
	})
}

func TestHostedZoneCheckDelete(t *testing.T) {
	t.Parallel()
	record := func(label string) types.ResourceRecordSet {
		return types.ResourceRecordSet{Name: aws.String(label + testZone), Type: types.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.1")}}}
	}
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		z := made(t, f)
		if err := z.CheckDelete(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.Put(z.ID, record("*."))
		f.Put(z.ID, types.ResourceRecordSet{Name: aws.String(testZone), Type: types.RRTypeTxt, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String(`"x"`)}}})
		err := z.CheckDelete(t.Context())
		expectError(t, err, "hosted zone (tasks.example.com) still holds tasks.example.com TXT, *.tasks.example.com A. Destroy the fargatedirect_task_dns")
		for i := range 4 {
			f.Put(z.ID, record(fmt.Sprintf("n%d.", i)))
		}
		expectError(t, z.CheckDelete(t.Context()), "n2.tasks.example.com A and others. Destroy")
		expectError(t, z.Delete(t.Context()), "deleting hosted zone (tasks.example.com)", "HostedZoneNotEmpty")
		if err := (&HostedZone{API: f, Name: testZone, ID: "ZGONE", Tags: testZoneTags(false)}).CheckDelete(t.Context()); err != nil {
			t.Errorf("a zone that is gone: %v", err)
		}
	})
}

// A domain may be as long as the rest of a comment.
func TestHostedZoneLongName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		name := strings.Repeat(strings.Repeat("a", 59)+".", 3) + strings.Repeat("b", 20) + ".example.com"
		z := &HostedZone{API: f, Name: name, NegativeTTL: 5, Tags: OwnTags("zone/"+name, true, nil, nil)}
		mustEnsure(t, z)
		if err := z.Untag(t.Context(), stack.CreatingTag); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHostedZoneErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ action, words string }{
		{"ListHostedZonesByName", "listing the hosted zones of tasks.example.com"},
		{"CreateHostedZone", "ensuring hosted zone (tasks.example.com)"},
		{"ListTagsForResource", "reading hosted zone (tasks.example.com)"},
		{"ListResourceRecordSets", "reading hosted zone (tasks.example.com)"},
		{"ChangeTagsForResource", "setting the tags of hosted zone (tasks.example.com)"},
		{"ChangeResourceRecordSets", "setting the SOA record of hosted zone (tasks.example.com)"},
		{"GetChange", "setting the SOA record of hosted zone (tasks.example.com)"},
	} {
		t.Run(tc.action, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := fakeZones()
				f.Fault = func(action string, _ any) (error, error) {
					if action == tc.action {
						return route53fake.Denied(action), nil
					}
					return nil, nil
				}
				err := testHostedZone(f, true).Ensure(t.Context())
				expectError(t, err, tc.words)
				expectDenied(t, err)
			})
		})
	}
}

// The wait ends with the context and tells what it waited for.
func TestHostedZoneWaitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		f.SyncDelay = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := testHostedZone(f, true).Ensure(ctx)
		expectError(t, err, "waiting until all name servers know the change")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
	})
}
