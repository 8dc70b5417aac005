package localcloud_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
)

const (
	create = types.ChangeActionCreate
	remove = types.ChangeActionDelete
	upsert = types.ChangeActionUpsert
)

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("error is %v, want %s", err, code)
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		t.Errorf("error is %s: %s\nwant     %s: %s", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

// listAll is everything in the zone but what each zone has.
func listAll(t *testing.T, client *route53.Client, zone string) []string {
	t.Helper()
	var out []string
	pages := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.ResourceRecordSets) > 300 {
			t.Errorf("a page holds %d record sets", len(page.ResourceRecordSets))
		}
		for _, s := range page.ResourceRecordSets {
			if s.Type == types.RRTypeNs || s.Type == types.RRTypeSoa {
				continue
			}
			line := fmt.Sprintf("%s %s %d", aws.ToString(s.Name), s.Type, aws.ToInt64(s.TTL))
			for _, r := range s.ResourceRecords {
				line += " " + aws.ToString(r.Value)
			}
			out = append(out, line)
		}
	}
	return out
}

func many(n int, action types.ChangeAction, suffix, value string) []types.Change {
	var out []types.Change
	for i := range n {
		out = append(out, change(action, recordSet(fmt.Sprintf("m%04d.%s", i, suffix), types.RRTypeTxt, value)))
	}
	return out
}

// TestRoute53RefusesWhole tells for each refused batch that nothing of it was
// applied, not even what was right.
func TestRoute53RefusesWhole(t *testing.T) {
	t.Parallel()
	const domain = "refuses.test"
	a := func(name string, values ...string) *types.ResourceRecordSet {
		return recordSet(name+domain, types.RRTypeA, values...)
	}
	otherTTL := a("have.", "127.0.0.1", "127.0.0.2")
	otherTTL.TTL = aws.Int64(61)
	noTTL := a("new.", "127.0.0.1")
	noTTL.TTL = nil
	long := `"` + strings.Repeat("x", 118) + `"`
	tests := map[string]struct {
		changes       []types.Change
		code, message string
	}{
		"create of what exists": {
			[]types.Change{change(create, a("have.", "127.0.0.9"))},
			"InvalidChangeBatch", "[Tried to create resource record set [name='have.refuses.test.', type='A'] but it already exists]",
		},
		"create of a wildcard that exists": {
			[]types.Change{change(create, a("*.", "127.0.0.9"))},
			"InvalidChangeBatch", `[Tried to create resource record set [name='\052.refuses.test.', type='A'] but it already exists]`,
		},
		"delete of nothing": {
			[]types.Change{change(remove, a("none.", "127.0.0.1"))},
			"InvalidChangeBatch", "[Tried to delete resource record set [name='none.refuses.test.', type='A'] but it was not found]",
		},
		"delete with another value": {
			[]types.Change{change(remove, a("have.", "127.0.0.1"))},
			"InvalidChangeBatch", "[Tried to delete resource record set [name='have.refuses.test.', type='A'] but the values provided do not match the current values]",
		},
		"delete with another TTL": {
			[]types.Change{change(remove, otherTTL)},
			"InvalidChangeBatch", "but the values provided do not match the current values]",
		},
		"each of two faults is told": {
			[]types.Change{change(remove, a("none.", "127.0.0.1")), change(create, a("have.", "127.0.0.9"))},
			"InvalidChangeBatch", "but it was not found, Tried to create resource record set",
		},
		"one set created twice": {
			[]types.Change{change(create, a("new.", "127.0.0.1")), change(create, a("NEW.", "127.0.0.2"))},
			"InvalidChangeBatch", "The request contains an invalid set of changes for a resource record set 'A new.refuses.test.'",
		},
		"one set deleted twice": {
			[]types.Change{change(remove, a("have.", "127.0.0.1", "127.0.0.2")), change(remove, a("have.", "127.0.0.1", "127.0.0.2"))},
			"InvalidChangeBatch", "invalid set of changes",
		},
		"outside the zone": {
			[]types.Change{change(create, recordSet("xrefuses.test", types.RRTypeA, "127.0.0.1"))},
			"InvalidChangeBatch", "[RRSet with DNS name xrefuses.test. is not permitted in zone refuses.test.]",
		},
		"invalid IPv4 address": {
			[]types.Change{change(create, a("new.", "127.0.0.256"))},
			"InvalidChangeBatch", "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '127.0.0.256'",
		},
		"invalid IPv6 address": {
			[]types.Change{change(create, recordSet("new."+domain, types.RRTypeAaaa, "127.0.0.1"))},
			"InvalidChangeBatch", "AAAARRDATAIllegalIPv6Address",
		},
		"text without quotes": {
			[]types.Change{change(create, recordSet("new."+domain, types.RRTypeTxt, "plain"))},
			"InvalidChangeBatch", "InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'plain'",
		},
		"text too long": {
			[]types.Change{change(create, recordSet("new."+domain, types.RRTypeTxt, `"`+strings.Repeat("x", 256)+`"`))},
			"InvalidChangeBatch", "CharacterStringTooLong",
		},
		"one value twice": {
			[]types.Change{change(create, a("new.", "127.0.0.1", "127.0.0.1"))},
			"InvalidChangeBatch", "Duplicate Resource Record: '127.0.0.1'",
		},
		"alias beside a record": {
			[]types.Change{change(create, recordSet("have."+domain, types.RRTypeCname, "x.test"))},
			"InvalidChangeBatch", "RRSet of type CNAME with DNS name have.refuses.test. is not permitted as it conflicts",
		},
		"record beside an alias": {
			[]types.Change{change(create, a("alias.", "127.0.0.1"))},
			"InvalidChangeBatch", "because a conflicting RRSet of type CNAME with the same DNS name already exists",
		},
		"alias at the apex": {
			[]types.Change{change(create, recordSet(domain, types.RRTypeCname, "x.test"))},
			"InvalidChangeBatch", "is not permitted at apex in zone refuses.test.",
		},
		"no TTL": {
			[]types.Change{change(create, noTTL)},
			"InvalidInput", "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]",
		},
		"too many records": {
			many(1001, create, domain, `"x"`),
			"InvalidChangeBatch", "[Number of records limit of 1000 exceeded.]",
		},
		"too many records, for each of UPSERT is two": {
			many(501, upsert, domain, `"x"`),
			"InvalidChangeBatch", "[Number of records limit of 1000 exceeded.]",
		},
		"too many characters": {
			many(267, create, domain, long),
			"InvalidChangeBatch", "[RDATA character limit of 32000 exceeded.]",
		},
		"too many characters, for each of UPSERT is two": {
			many(134, upsert, domain, long),
			"InvalidChangeBatch", "[RDATA character limit of 32000 exceeded.]",
		},
	}
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, domain)
	if _, err := submit(t, client, zone,
		change(create, a("have.", "127.0.0.1", "127.0.0.2")),
		change(create, a("*.", "127.0.0.3")),
		change(create, recordSet("alias."+domain, types.RRTypeCname, "x.test")),
	); err != nil {
		t.Fatal(err)
	}
	before := listAll(t, client, zone)
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			right := change(create, a("right.", "127.0.0.1"))
			for _, batch := range [][]types.Change{tt.changes, append(slices.Clone(tt.changes), right)} {
				if len(tt.changes) > 100 && len(batch) > len(tt.changes) {
					break
				}
				_, err := submit(t, client, zone, batch...)
				wantError(t, err, tt.code, tt.message)
			}
			if after := listAll(t, client, zone); !slices.Equal(after, before) {
				t.Errorf("the zone is\n%q\nit was\n%q", after, before)
			}
		})
	}
}

// TestRoute53Applies goes through what is allowed, in steps.
func TestRoute53Applies(t *testing.T) {
	t.Parallel()
	const domain = "applies.test"
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, domain)
	a := func(name string, values ...string) *types.ResourceRecordSet {
		return recordSet(name+domain, types.RRTypeA, values...)
	}
	steps := []struct {
		label   string
		changes []types.Change
		want    []string
	}{
		{
			"create",
			[]types.Change{change(create, a("Task.", "127.0.0.1", "127.0.0.2")), change(create, a("*.", "127.0.0.3")), change(create, a("a.task.", "127.0.0.4"))},
			[]string{`\052.applies.test. A 60 127.0.0.3`, "task.applies.test. A 60 127.0.0.1 127.0.0.2", "a.task.applies.test. A 60 127.0.0.4"},
		},
		{
			"replace by delete and create",
			[]types.Change{change(remove, a(`\052.`, "127.0.0.3")), change(create, a("*.", "127.0.0.5"))},
			[]string{`\052.applies.test. A 60 127.0.0.5`, "task.applies.test. A 60 127.0.0.1 127.0.0.2", "a.task.applies.test. A 60 127.0.0.4"},
		},
		{
			"upsert",
			[]types.Change{change(upsert, a("a.task.", "127.0.0.6")), change(upsert, a("b.task.", "127.0.0.7"))},
			[]string{`\052.applies.test. A 60 127.0.0.5`, "task.applies.test. A 60 127.0.0.1 127.0.0.2", "a.task.applies.test. A 60 127.0.0.6", "b.task.applies.test. A 60 127.0.0.7"},
		},
		{
			"delete with the values in another order",
			[]types.Change{change(remove, a("task.", "127.0.0.2", "127.0.0.1")), change(remove, a("*.", "127.0.0.5")), change(remove, a("b.task.", "127.0.0.7"))},
			[]string{"a.task.applies.test. A 60 127.0.0.6"},
		},
		{"delete the last", []types.Change{change(remove, a("a.task.", "127.0.0.6"))}, nil},
	}
	for _, step := range steps {
		if _, err := submit(t, client, zone, step.changes...); err != nil {
			t.Fatalf("%s: %v", step.label, err)
		}
		if got := listAll(t, client, zone); !slices.Equal(got, step.want) {
			t.Errorf("%s: the zone is\n%q, want\n%q", step.label, got, step.want)
		}
	}
	seen, err := cloud.Route53Changes(t.Context(), zone)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(steps) || seen[1].Comment != "a test's" || seen[1].Changes[0].Name != `\052.applies.test.` {
		t.Errorf("the changes seen are %+v", seen)
	}
	if _, err := client.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: aws.String(zone)}); err != nil {
		t.Errorf("deleting the empty zone: %v", err)
	}
}

func TestRoute53ChangeIsPendingFirst(t *testing.T) {
	t.Parallel()
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, "pending.test")
	first, err := submit(t, client, zone, change(create, recordSet("a.pending.test", types.RRTypeA, "127.0.0.1")))
	if err != nil {
		t.Fatal(err)
	}
	second, err := submit(t, client, zone, change(create, recordSet("b.pending.test", types.RRTypeA, "127.0.0.1")))
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(first.ChangeInfo.Id) == aws.ToString(second.ChangeInfo.Id) {
		t.Errorf("two changes have the id %s", aws.ToString(first.ChangeInfo.Id))
	}
	if second.ChangeInfo.Status != types.ChangeStatusPending {
		t.Errorf("the change is %s at once, want PENDING", second.ChangeInfo.Status)
	}
	waiter := route53.NewResourceRecordSetsChangedWaiter(client, func(o *route53.ResourceRecordSetsChangedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &route53.GetChangeInput{Id: second.ChangeInfo.Id}, 10*time.Second); err != nil {
		t.Errorf("waiting for INSYNC: %v", err)
	}
	_, err = client.GetChange(t.Context(), &route53.GetChangeInput{Id: aws.String("C0000000000000000000")})
	wantError(t, err, "NoSuchChange", "Could not find resource with ID: C0000000000000000000")
}

func TestRoute53Zone(t *testing.T) {
	t.Parallel()
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, "zone.test")
	if _, err := submit(t, client, zone, change(create, recordSet("a.zone.test", types.RRTypeA, "127.0.0.1"))); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(zone)})
	if err != nil {
		t.Fatal(err)
	}
	if n := aws.ToInt64(got.HostedZone.ResourceRecordSetCount); n != 3 {
		t.Errorf("the zone has %d record sets, want 3", n)
	}
	servers := got.DelegationSet.NameServers
	for i, s := range servers {
		servers[i] = s + "."
	}
	slices.Sort(servers)
	if ns, err := cloud.Lookup(t.Context(), "zone.test", "NS"); err != nil || !slices.Equal(ns, servers) {
		t.Errorf("the NS records are %q, %v, want %q", ns, err, servers)
	}
	soa, err := cloud.Lookup(t.Context(), "zone.test", "SOA")
	if err != nil || len(soa) != 1 || !strings.HasSuffix(soa[0], " awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400") {
		t.Errorf("the SOA record is %q, %v", soa, err)
	}
	_, err = client.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: aws.String(zone)})
	wantError(t, err, "HostedZoneNotEmpty", "non-required resource record sets")
	_, err = submit(t, client, "Z000000000000000000", change(create, recordSet("a.zone.test", types.RRTypeA, "127.0.0.1")))
	wantError(t, err, "NoSuchHostedZone", "No hosted zone found with ID: Z000000000000000000")
}
