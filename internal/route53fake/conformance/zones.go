package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// zones follows a hosted zone.
func zones(t *testing.T, api API) {
	reference := fmt.Sprint(t.Name(), time.Now().UnixNano())
	made, err := api.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String("Zone." + domain), CallerReference: &reference})
	if err != nil {
		t.Fatal(err)
	}
	_, err = api.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String("other." + domain), CallerReference: &reference})
	wantError(t, err, "HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.")
	if made.ChangeInfo.Status != types.ChangeStatusPending || len(made.DelegationSet.NameServers) != 4 || aws.ToInt64(made.HostedZone.ResourceRecordSetCount) != 2 {
		t.Errorf("the zone is made as %+v, %+v, %+v", made.ChangeInfo, made.DelegationSet, made.HostedZone)
	}
	id := strings.TrimPrefix(aws.ToString(made.HostedZone.Id), "/hostedzone/")
	page, err := api.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &id})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range page.ResourceRecordSets {
		got = append(got, text(s))
	}
	servers := made.DelegationSet.NameServers
	want := []string{
		"zone.conformance.test. NS 172800 " + strings.Join(servers, ". ") + ".",
		"zone.conformance.test. SOA 900 " + servers[0] + ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the zone is\n%q, want\n%q", got, want)
	}
	// Both must be there, but can be changed.
	for kind, complaint := range map[int]string{0: "A HostedZone must contain at least one NS record for the zone itself.", 1: "A HostedZone must contain exactly one SOA record."} {
		_, err = submit(t, api, id, "without", change(remove, &page.ResourceRecordSets[kind]))
		wantError(t, err, batch, "["+complaint+"]")
	}
	soa := page.ResourceRecordSets[1]
	soa.TTL = aws.Int64(5)
	inside := set("a.zone."+domain+".", types.RRTypeA, "192.0.2.1")
	must(t, api, id, change(upsert, &soa), change(create, inside))
	read, err := api.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: &id})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToInt64(read.HostedZone.ResourceRecordSetCount) != 3 || aws.ToString(read.HostedZone.Name) != "zone.conformance.test." ||
		!slices.Equal(read.DelegationSet.NameServers, servers) {
		t.Errorf("the zone %s has %d sets and %q", aws.ToString(read.HostedZone.Name), aws.ToInt64(read.HostedZone.ResourceRecordSetCount), read.DelegationSet.NameServers)
	}
	_, err = api.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: &id})
	wantError(t, err, "HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
	must(t, api, id, change(remove, inside))
	if _, err := api.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: &id}); err != nil {
		t.Error(err)
	}
	for range 2 {
		_, err = api.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: &id})
		wantError(t, err, "NoSuchHostedZone", "No hosted zone found with ID: "+id)
		_, err = api.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: &id})
		wantError(t, err, "NoSuchHostedZone", "No hosted zone found with ID: "+id)
	}
}

// zonesByName lists from a name on. Others' zones may be between ours.
func zonesByName(t *testing.T, api API) {
	const parent = "by-name.test"
	twice := []string{newZone(t, api, "b."+parent), newZone(t, api, "b."+parent)}
	slices.Sort(twice)
	sorted := []string{newZone(t, api, "a-b."+parent), newZone(t, api, "a."+parent), newZone(t, api, "z.a."+parent), twice[0], twice[1]}
	for _, c := range []struct {
		from string
		id   *string
		want []string
	}{
		{parent, nil, sorted},
		{"A." + parent + ".", nil, sorted[1:]},
		{"b." + parent, &twice[1], sorted[4:]},
		{"c." + parent, nil, nil},
	} {
		in := &route53.ListHostedZonesByNameInput{DNSName: aws.String(c.from), HostedZoneId: c.id, MaxItems: aws.Int32(2)}
		var got []string
		for {
			page, err := api.ListHostedZonesByName(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.HostedZones) > 2 {
				t.Errorf("a page has %d zones", len(page.HostedZones))
			}
			for _, z := range page.HostedZones {
				if id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"); slices.Contains(sorted, id) {
					got = append(got, id)
				}
			}
			if !page.IsTruncated {
				break
			}
			in.DNSName, in.HostedZoneId = page.NextDNSName, page.NextHostedZoneId
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("from %s: got %q, want %q", c.from, got, c.want)
		}
	}
}

// tags changes those of a zone.
func tags(t *testing.T, api API) {
	zone := newZone(t, api, "tags."+domain)
	read := func() []string {
		out, err := api.ListTagsForResource(t.Context(), &route53.ListTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: &zone})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, tag := range out.ResourceTagSet.Tags {
			all = append(all, aws.ToString(tag.Key)+"="+aws.ToString(tag.Value))
		}
		slices.Sort(all)
		return all
	}
	for _, step := range []struct {
		add    []types.Tag
		remove []string
		want   []string
	}{
		{[]types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("")}}, nil, []string{"a=1", "b="}},
		{[]types.Tag{{Key: aws.String("a"), Value: aws.String("2")}}, []string{"b", "c"}, []string{"a=2"}},
		{nil, []string{"a"}, nil},
	} {
		if _, err := api.ChangeTagsForResource(t.Context(), &route53.ChangeTagsForResourceInput{
			ResourceType: types.TagResourceTypeHostedzone, ResourceId: &zone, AddTags: step.add, RemoveTagKeys: step.remove,
		}); err != nil {
			t.Fatal(err)
		}
		if got := read(); !slices.Equal(got, step.want) {
			t.Errorf("the tags are %q, want %q", got, step.want)
		}
	}
	none := aws.String("Z000000000000000000")
	_, err := api.ListTagsForResource(t.Context(), &route53.ListTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: none})
	wantError(t, err, "NoSuchHostedZone", "No hosted zone found with ID: "+*none)
	_, err = api.ChangeTagsForResource(t.Context(), &route53.ChangeTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: none, RemoveTagKeys: []string{"a"}})
	wantError(t, err, "NoSuchHostedZone", "No hosted zone found with ID: "+*none)
}
