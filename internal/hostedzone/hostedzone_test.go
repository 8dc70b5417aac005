package hostedzone

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
)

func TestRead(t *testing.T) {
	t.Parallel()
	f := route53fake.New()
	f.AddZone("Z1", "example.com")
	z, err := Read(t.Context(), f, "Z1")
	if err != nil || z.ID != "Z1" || z.Name != "example.com" || z.Private || len(z.NameServers) != 4 {
		t.Errorf("read %+v, %v", z, err)
	}
	if _, err := Read(t.Context(), f, "Z2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a zone that is not there: %v", err)
	}
	f.Fault = func(action string, _ any) (error, error) { return route53fake.Denied(action), nil }
	if _, err := Read(t.Context(), f, "Z1"); !awserr.IsAccessDenied(err) {
		t.Errorf("a zone that may not be read: %v", err)
	}
	if name, err := Name(t.Context(), f, "Z1"); name != "" || err != nil {
		t.Errorf("the name of a zone that may not be read is %q, %v", name, err)
	}
}

// smallPages lists two zones on a page.
type smallPages struct{ *route53fake.Fake }

func (s smallPages) ListHostedZonesByName(ctx context.Context, in *route53.ListHostedZonesByNameInput, _ ...func(*route53.Options)) (*route53.ListHostedZonesByNameOutput, error) {
	page := *in
	page.MaxItems = aws.Int32(2)
	return s.Fake.ListHostedZonesByName(ctx, &page)
}

func TestOfName(t *testing.T) {
	t.Parallel()
	f := route53fake.New()
	for i := range 5 {
		f.AddZone(fmt.Sprintf("Z%d", i), "tasks.example.com")
	}
	f.AddZone("ZBEFORE", "example.com")
	f.AddZone("ZBELOW", "a.tasks.example.com")
	f.AddZone("ZAFTER", "z.example.com")
	if _, err := f.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String("tasks.example.com"), CallerReference: aws.String("x"), HostedZoneConfig: &types.HostedZoneConfig{PrivateZone: true},
	}); err != nil {
		t.Fatal(err)
	}
	for _, api := range []ListAPI{f, smallPages{f}} {
		zones, err := OfName(t.Context(), api, "tasks.example.com")
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, z := range zones {
			ids = append(ids, z.ID)
		}
		if !slices.Equal(ids, []string{"Z0", "Z1", "Z2", "Z3", "Z4"}) {
			t.Errorf("zones are %q", ids)
		}
	}
	if zones, err := OfName(t.Context(), f, "none.example.com"); err != nil || len(zones) != 0 {
		t.Errorf("zones of no name are %v, %v", zones, err)
	}
}

func TestRecordSet(t *testing.T) {
	t.Parallel()
	f := route53fake.New()
	f.AddZone("Z1", "example.com")
	f.Put("Z1", types.ResourceRecordSet{Name: aws.String("*.b.example.com"), Type: types.RRTypeTxt, TTL: aws.Int64(1), ResourceRecords: []types.ResourceRecord{{Value: aws.String(`"x"`)}}})
	for _, tc := range []struct {
		name string
		kind types.RRType
		want bool
	}{
		{"*.b.example.com", types.RRTypeTxt, true},
		{"*.b.example.com", types.RRTypeNs, false},
		{"a.example.com", types.RRTypeTxt, false},
		{"z.example.com", types.RRTypeTxt, false},
	} {
		set, err := RecordSet(t.Context(), f, "Z1", tc.name, tc.kind)
		if err != nil || (set != nil) != tc.want {
			t.Errorf("%s %s: %v, %v", tc.name, tc.kind, set, err)
		}
	}
	if _, err := RecordSet(t.Context(), f, "Z2", "example.com", types.RRTypeNs); !errors.Is(err, ErrNotFound) {
		t.Errorf("a zone that is not there: %v", err)
	}
}

func TestReadSOA(t *testing.T) {
	t.Parallel()
	f := route53fake.New()
	f.AddZone("Z1", "example.com")
	soa, err := ReadSOA(t.Context(), f, "Z1", "example.com")
	if err != nil || soa.TTL != 900 || soa.Minimum != 86400 {
		t.Fatalf("the SOA record is %+v, %v", soa, err)
	}
	set := soa.With("example.com", 7)
	f.Put("Z1", *set)
	again, err := ReadSOA(t.Context(), f, "Z1", "example.com")
	if err != nil || again.TTL != 7 || again.Minimum != 7 || !slices.Equal(again.fields[:6], soa.fields[:6]) {
		t.Errorf("the SOA record became %+v, %v", again, err)
	}
	if _, err := ReadSOA(t.Context(), f, "Z1", "a.example.com"); err == nil {
		t.Error("a name without SOA record has one")
	}
}
