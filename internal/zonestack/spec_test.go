package zonestack

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const (
	domain = "tasks.example.com"
	parent = "ZPARENT"
)

func fakeZones() *route53fake.Fake {
	f := route53fake.New()
	f.SyncDelay = 40 * time.Second
	f.AddZone(parent, "example.com")
	return f
}

func testSpec(creating bool) Spec {
	return Spec{
		Scope:        names.Scope{Kind: names.KindZone, Partition: "aws", DNSSuffix: "amazonaws.com", Account: "123456789012", Region: "eu-west-2", Name: domain},
		ParentZoneID: parent, NegativeTTL: 5, RecordTTL: DefaultRecordTTL, Tags: map[string]string{"team": "web"}, Creating: creating,
	}
}

// created is the spec of a finished zone.
func created(t *testing.T, f *route53fake.Fake) Spec {
	t.Helper()
	s := testSpec(true)
	p := s.Parts(f)
	if err := errors.Join(p.Claim(t.Context()), p.Ensure(t.Context()), p.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	s.ZoneID, s.NameServers, s.Creating = p.Zone.ID, p.Zone.NameServers, false
	return s
}

func record(name string, kind types.RRType, values ...string) types.ResourceRecordSet {
	set := types.ResourceRecordSet{Name: aws.String(name), Type: kind, TTL: aws.Int64(60)}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	return set
}

// actions lists the changes of all batches as "zone action type".
func actions(f *route53fake.Fake) []string {
	var all []string
	for _, b := range f.Batches() {
		for _, c := range b.Changes {
			all = append(all, b.ZoneID+" "+string(c.Action)+" "+string(c.ResourceRecordSet.Type))
		}
	}
	return all
}

func TestZoneLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		s := created(t, f)
		if got, want := actions(f), []string{s.ZoneID + " UPSERT SOA", parent + " CREATE NS"}; !slices.Equal(got, want) {
			t.Errorf("changes are %q, want %q", got, want)
		}
		// The parent leads to the zone only when all servers know the zone.
		if b := f.Batches(); b[1].At.Sub(b[0].At) < f.SyncDelay {
			t.Errorf("the delegation came %s after the SOA record", b[1].At.Sub(b[0].At))
		}
		if drift, err := s.Parts(f).Drift(t.Context()); err != nil || len(drift) != 0 {
			t.Errorf("drift is %q, %v", drift, err)
		}
		var owned *stack.OwnershipError
		if err := testSpec(true).Parts(f).Claim(t.Context()); !errors.As(err, &owned) || !owned.Finished {
			t.Errorf("claiming a finished zone: %v", err)
		}
		if err := s.Parts(f).Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Parts(f).Drift(t.Context()); !errors.Is(err, stack.ErrNotFound) {
			t.Errorf("after Delete: %v", err)
		}
	})
}

// The zone outlives its delegation, for else somebody who gets its name
// servers could answer for its names.
func TestDeleteEndsTheDelegationFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		s := created(t, f)
		f.Fault = func(action string, _ any) (error, error) {
			if action == route53fake.Change {
				return route53fake.Denied(action), nil
			}
			return nil, nil
		}
		if err := s.Parts(f).Delete(t.Context()); err == nil || !strings.Contains(err.Error(), "deleting delegation") {
			t.Fatalf("Delete: %v", err)
		}
		f.Fault = nil
		if _, err := hostedzone.Read(t.Context(), f, s.ZoneID); err != nil {
			t.Fatalf("the zone was deleted before its delegation: %v", err)
		}
		var deleted, insync time.Time
		f.Fault = func(action string, _ any) (error, error) {
			if action == "DeleteHostedZone" {
				deleted = time.Now()
			}
			return nil, nil
		}
		if err := s.Parts(f).Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		batches := f.Batches()
		if insync = batches[len(batches)-1].At.Add(f.SyncDelay); deleted.Before(insync) {
			t.Errorf("the zone was deleted %s before all servers knew that nothing leads to it", insync.Sub(deleted))
		}
	})
}

func TestDeleteRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		s := created(t, f)
		f.Put(s.ZoneID, record("x."+domain, types.RRTypeA, "192.0.2.1"))
		changes := len(f.Batches())
		if err := s.Parts(f).Delete(t.Context()); err == nil || !strings.Contains(err.Error(), "still holds x.tasks.example.com A") {
			t.Errorf("Delete with a record inside: %v", err)
		}
		f.Remove(s.ZoneID, record("x."+domain, types.RRTypeA, "192.0.2.1"))
		if _, err := f.ChangeTagsForResource(t.Context(), &route53.ChangeTagsForResourceInput{
			ResourceType: types.TagResourceTypeHostedzone, ResourceId: &s.ZoneID, RemoveTagKeys: []string{stack.OwnerTag},
		}); err != nil {
			t.Fatal(err)
		}
		var owned *stack.OwnershipError
		if err := s.Parts(f).Delete(t.Context()); !errors.As(err, &owned) {
			t.Errorf("Delete of a zone without our tag: %v", err)
		}
		if n := len(f.Batches()); n != changes {
			t.Error("a refused Delete changed something")
		}
	})
}

func TestVanished(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		s := created(t, f)
		if err := s.Parts(f).Zone.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		drift, err := s.Parts(f).Drift(t.Context())
		if err != nil || !s.Parts(f).Vanished(drift) {
			t.Fatalf("drift is %q, %v", drift, err)
		}
		s.ZoneID = ""
		if err := s.Parts(f).Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Parts(f).Drift(t.Context()); !errors.Is(err, stack.ErrNotFound) {
			t.Errorf("after Delete: %v", err)
		}
		if s.Parts(f).Vanished([]string{"hosted zone (other.example.com): missing"}) {
			t.Error("another zone counts")
		}
	})
}

func TestCheckParent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, zone, attribute, problem string }{
		{name: domain},
		{name: "a.b.c.example.com"},
		{name: domain, zone: "ZNONE", attribute: "parent_zone_id", problem: "there is no hosted zone ZNONE in this AWS account"},
		{name: "example.com", attribute: "name", problem: `"example.com" is the name of hosted zone ZPARENT itself; a right value is "tasks.example.com"`},
		{name: "tasks.example.org", attribute: "name", problem: `"tasks.example.org" is outside of hosted zone ZPARENT (example.com); a right value is "tasks.example.com"`},
		{name: "tasksexample.com", attribute: "name", problem: "is outside of"},
		{name: "a.b.sub.example.com", attribute: "parent_zone_id", problem: "hosted zone ZPARENT (example.com) delegates sub.example.com to another zone"},
		{name: domain, zone: "private", attribute: "parent_zone_id", problem: "is private"},
	} {
		t.Run(tc.name+" "+tc.zone, func(t *testing.T) {
			t.Parallel()
			f := fakeZones()
			f.Put(parent, record("sub.example.com", types.RRTypeNs, "ns-1.example.net."))
			s := testSpec(true)
			s.Scope.Name = tc.name
			switch tc.zone {
			case "":
			case "private":
				s.ParentZoneID = privateZone(t, f)
			default:
				s.ParentZoneID = tc.zone
			}
			got, err := s.CheckParent(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if got == nil {
				got = &Problem{}
			}
			if got.Attribute != tc.attribute || !strings.Contains(got.Text, tc.problem) || (got.Text == "") != (tc.problem == "") {
				t.Errorf("problem is %+v, want %q of %s", got, tc.problem, tc.attribute)
			}
		})
	}
}

func privateZone(t *testing.T, f *route53fake.Fake) string {
	t.Helper()
	out, err := f.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String("example.com"), CallerReference: aws.String("private"), HostedZoneConfig: &types.HostedZoneConfig{PrivateZone: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
}

func TestHidden(t *testing.T) {
	t.Parallel()
	f := fakeZones()
	s := testSpec(true)
	hidden := func(want string) {
		t.Helper()
		got, more, err := s.Hidden(t.Context(), f)
		text := strings.Join(got, ", ")
		if more {
			text += "…"
		}
		if err != nil || text != want {
			t.Errorf("hidden are %q, %v, want %q", text, err, want)
		}
	}
	f.Put(parent, record("a.example.com", types.RRTypeA, "192.0.2.1"))
	f.Put(parent, record("xtasks.example.com", types.RRTypeA, "192.0.2.1"))
	f.Put(parent, record(domain, types.RRTypeNs, "ns-1.example.net."))
	hidden("")
	f.Put(parent, record(domain, types.RRTypeTxt, `"x"`))
	f.Put(parent, record("*."+domain, types.RRTypeA, "192.0.2.1"))
	f.Put(parent, record("a.b."+domain, types.RRTypeA, "192.0.2.1"))
	hidden("tasks.example.com TXT, *.tasks.example.com A, a.b.tasks.example.com A")
	for _, label := range []string{"v", "w", "x", "y"} {
		f.Put(parent, record(label+"."+domain, types.RRTypeA, "192.0.2.1"))
	}
	hidden("tasks.example.com TXT, *.tasks.example.com A, a.b.tasks.example.com A, v.tasks.example.com A, w.tasks.example.com A…")
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fakeZones()
		s := created(t, f)
		// Not the parent: its name is nearer, but it leads elsewhere, or
		// nowhere; one may not be read.
		f.AddZone("ZSAME", "example.com")
		f.AddZone("ZELSEWHERE", "example.com")
		f.Put("ZELSEWHERE", record(domain, types.RRTypeNs, "ns-1.example.net."))
		f.AddZone("ZDENIED", "example.com")
		f.Fault = func(action string, in any) (error, error) {
			if in, ok := in.(*route53.ListResourceRecordSetsInput); ok && aws.ToString(in.HostedZoneId) == "ZDENIED" {
				return route53fake.Denied(action), nil
			}
			return nil, nil
		}
		scope := s.Scope
		scope.Name = ""
		for _, given := range []string{"", parent} {
			got, err := Discover(t.Context(), f, scope, s.ZoneID, given)
			if err != nil {
				t.Fatal(err)
			}
			if got.Scope != s.Scope || got.ParentZoneID != parent || got.NegativeTTL != 5 || got.RecordTTL != DefaultRecordTTL || !slices.Equal(got.NameServers, s.NameServers) || got.Tags["team"] != "web" {
				t.Errorf("found %+v, want %+v", got, s)
			}
			delete(got.Tags, stack.OwnerTag)
			if drift, err := got.Parts(f).Drift(t.Context()); err != nil || len(drift) > 0 {
				t.Errorf("drift is %q, %v", drift, err)
			}
		}
		// A zone that somebody made by hand, as Route 53 makes it.
		f.AddZone("ZMANUAL", "manual.example.com")
		got, err := Discover(t.Context(), f, scope, "ZMANUAL", parent)
		if err != nil || got.NegativeTTL != 900 || got.RecordTTL != DefaultRecordTTL {
			t.Errorf("found %+v, %v", got, err)
		}
		if _, err := Discover(t.Context(), f, scope, "ZMANUAL", ""); err == nil || !strings.Contains(err.Error(), `as in "<parent zone id>/ZMANUAL"`) {
			t.Errorf("a zone that nobody delegates to: %v", err)
		}
		if _, err := Discover(t.Context(), f, scope, "ZNONE", ""); !errors.Is(err, stack.ErrNotFound) {
			t.Errorf("no zone: %v", err)
		}
		if _, err := Discover(t.Context(), f, scope, privateZone(t, f), ""); err == nil || !strings.Contains(err.Error(), "is private") {
			t.Errorf("a private zone: %v", err)
		}
	})
}
