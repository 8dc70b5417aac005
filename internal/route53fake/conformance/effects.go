package conformance

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// steps are what is allowed, one after the other, with the whole zone after
// each.
var steps = []struct {
	name    string
	changes []types.Change
	want    []string
}{
	{
		"create",
		[]types.Change{change(create, a("Task", "192.0.2.1", "192.0.2.2")), change(create, a("*", "192.0.2.3")), change(create, a("a.task", "192.0.2.4"))},
		[]string{`\052.conformance.test. A 60 192.0.2.3`, "task.conformance.test. A 60 192.0.2.1 192.0.2.2", "a.task.conformance.test. A 60 192.0.2.4"},
	},
	{
		"replace by delete and create",
		[]types.Change{change(remove, a(`\052`, "192.0.2.3")), change(create, ttl(a("*", "192.0.2.5"), 0))},
		[]string{`\052.conformance.test. A 0 192.0.2.5`, "task.conformance.test. A 60 192.0.2.1 192.0.2.2", "a.task.conformance.test. A 60 192.0.2.4"},
	},
	{
		"delete and create of the same",
		[]types.Change{change(remove, a("a.task", "192.0.2.4")), change(create, a("a.task", "192.0.2.4"))},
		[]string{`\052.conformance.test. A 0 192.0.2.5`, "task.conformance.test. A 60 192.0.2.1 192.0.2.2", "a.task.conformance.test. A 60 192.0.2.4"},
	},
	{
		"upsert",
		[]types.Change{change(upsert, a("a.task", "192.0.2.6")), change(upsert, set("a.task", types.RRTypeAaaa, "2001:db8::1"))},
		[]string{`\052.conformance.test. A 0 192.0.2.5`, "task.conformance.test. A 60 192.0.2.1 192.0.2.2", "a.task.conformance.test. A 60 192.0.2.6", "a.task.conformance.test. AAAA 60 2001:db8::1"},
	},
	{
		"delete with the values in another order",
		[]types.Change{change(remove, a("TASK", "192.0.2.2", "192.0.2.1")), change(remove, ttl(a("*", "192.0.2.5"), 0)), change(remove, set("a.task", types.RRTypeAaaa, "2001:db8::1"))},
		[]string{"a.task.conformance.test. A 60 192.0.2.6"},
	},
	{
		"a CNAME record in place of others",
		[]types.Change{change(remove, a("a.task", "192.0.2.6")), change(create, set("a.task", types.RRTypeCname, "x.test"))},
		[]string{"a.task.conformance.test. CNAME 60 x.test"},
	},
	{
		"weighted sets in place of it",
		[]types.Change{change(remove, set("a.task", types.RRTypeCname, "x.test")), change(create, weighted("a.task", "b", "192.0.2.1")), change(create, weighted("a.task", "a", "192.0.2.2"))},
		[]string{"a.task.conformance.test. A (a) 60 192.0.2.2", "a.task.conformance.test. A (b) 60 192.0.2.1"},
	},
	{
		"a plain set in place of them",
		[]types.Change{change(remove, weighted("a.task", "b", "192.0.2.1")), change(remove, weighted("a.task", "a", "192.0.2.2")), change(create, a("a.task", "192.0.2.3"))},
		[]string{"a.task.conformance.test. A 60 192.0.2.3"},
	},
	{
		"as many records as a batch may have", many(0, 1000, create, types.RRTypeA, "192.0.2.1"), nil,
	},
	{
		"all of them deleted", append(many(1, 999, remove, types.RRTypeA, "192.0.2.1"), change(remove, a("a.task", "192.0.2.3"))),
		[]string{"m00000.conformance.test. A 60 192.0.2.1"},
	},
	{"delete the last", []types.Change{change(remove, a("m00000", "192.0.2.1"))}, nil},
}

func applies(t *testing.T, api API) {
	zone := newZone(t, api, domain)
	for _, s := range steps {
		must(t, api, zone, s.changes...)
		got := all(t, api, zone)
		if len(s.changes) == 1000 && len(got) > 1 {
			if len(got) != 1001 {
				t.Errorf("%s: the zone has %d sets", s.name, len(got))
			}
			continue
		}
		if !slices.Equal(got, s.want) {
			t.Errorf("%s: the zone is\n%q, want\n%q", s.name, got, s.want)
		}
	}
	if _, err := api.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: aws.String(zone)}); err != nil {
		t.Errorf("deleting the empty zone: %v", err)
	}
}

// orders has names whose order tells how they are compared: by their labels
// from the right, with the dots, which come after hyphens and before letters.
func orders(t *testing.T, api API) {
	zone := newZone(t, api, domain)
	sets := []*types.ResourceRecordSet{
		set("", types.RRTypeTxt, `"apex"`),
		a("*", "192.0.2.1"),
		a("_x", "192.0.2.1"),
		a("a", "192.0.2.1"),
		set("a", types.RRTypeAaaa, "2001:db8::1"),
		set("a", types.RRTypeTxt, `"x"`),
		a("a-b", "192.0.2.1"),
		a("z.a", "192.0.2.1"),
		a("a0", "192.0.2.1"),
		a("aa", "192.0.2.1"),
		a("b", "192.0.2.1"),
	}
	// By bytes, "_" is after the digits and before the letters; "a-b" is
	// before "a", as a hyphen is before the dot at the end of "a".
	want := []string{
		`conformance.test. TXT 60 "apex"`,
		`\052.conformance.test. A 60 192.0.2.1`,
		"_x.conformance.test. A 60 192.0.2.1",
		"a-b.conformance.test. A 60 192.0.2.1",
		"a.conformance.test. A 60 192.0.2.1",
		"a.conformance.test. AAAA 60 2001:db8::1",
		`a.conformance.test. TXT 60 "x"`,
		"z.a.conformance.test. A 60 192.0.2.1",
		"a0.conformance.test. A 60 192.0.2.1",
		"aa.conformance.test. A 60 192.0.2.1",
		"b.conformance.test. A 60 192.0.2.1",
	}
	var made []types.Change
	for _, s := range slices.Backward(sets) {
		made = append(made, change(create, s))
	}
	must(t, api, zone, made...)
	if got := all(t, api, zone); !slices.Equal(got, want) {
		t.Errorf("the order is\n%q, want\n%q", got, want)
	}
	for _, from := range []struct {
		name  string
		kind  types.RRType
		first string
	}{
		{domain, "", `conformance.test. TXT 60 "apex"`},
		{"a." + domain, "", "a.conformance.test. A 60 192.0.2.1"},
		{"A." + domain + ".", types.RRTypeAaaa, "a.conformance.test. AAAA 60 2001:db8::1"},
		{"a." + domain, types.RRTypeCname, `a.conformance.test. TXT 60 "x"`},
		{"a." + domain, types.RRTypeTxt, `a.conformance.test. TXT 60 "x"`},
		{"y.a." + domain, types.RRTypeTxt, "z.a.conformance.test. A 60 192.0.2.1"},
		{"*." + domain, "", `\052.conformance.test. A 60 192.0.2.1`},
		{`\052.` + domain, types.RRTypeA, `\052.conformance.test. A 60 192.0.2.1`},
	} {
		got := list(t, api, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone), StartRecordName: aws.String(from.name), StartRecordType: from.kind})
		if i := slices.Index(want, from.first); !slices.Equal(got, want[i:]) {
			t.Errorf("from %s %s on it is\n%q, want\n%q", from.name, from.kind, got, want[i:])
		}
	}
	_, err := api.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone), StartRecordType: types.RRTypeA})
	wantError(t, err, input, "The input is not valid: a record type was given without a record name.")
	_, err = api.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String("Z000000000000000000")})
	wantError(t, err, "NoSuchHostedZone", "No hosted zone found with ID: Z000000000000000000")
}

// pages has more sets than a page.
func pages(t *testing.T, api API) {
	zone := newZone(t, api, domain)
	must(t, api, zone, many(0, 302, create, types.RRTypeA, "192.0.2.1")...)
	for _, c := range []struct{ asked, want int32 }{{0, 300}, {300, 300}, {1000, 300}, {2, 2}} {
		in := &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone), StartRecordName: aws.String("m00000." + domain)}
		if c.asked > 0 {
			in.MaxItems = &c.asked
		}
		page, err := api.ListResourceRecordSets(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		next := "m" + strconv.Itoa(100000 + int(c.want))[1:] + "." + domain + "."
		if len(page.ResourceRecordSets) != int(c.want) || !page.IsTruncated || aws.ToInt32(page.MaxItems) != c.want ||
			aws.ToString(page.NextRecordName) != next || page.NextRecordType != types.RRTypeA || page.NextRecordIdentifier != nil {
			t.Errorf("asked for %d: got %d, truncated %v, at most %d, next %s %s", c.asked, len(page.ResourceRecordSets), page.IsTruncated,
				aws.ToInt32(page.MaxItems), aws.ToString(page.NextRecordName), page.NextRecordType)
		}
	}
	if got := all(t, api, zone); len(got) != 302 {
		t.Errorf("all pages have %d sets", len(got))
	}
	last, err := api.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone), StartRecordName: aws.String("m00300." + domain), MaxItems: aws.Int32(2)})
	if err != nil || len(last.ResourceRecordSets) != 2 || last.IsTruncated || last.NextRecordName != nil {
		t.Errorf("the last page is %+v, %v", last, err)
	}
}

// sizes fills a zone.
func sizes(t *testing.T, api API) {
	zone := newZone(t, api, domain)
	for first := 0; first < 9000; first += 1000 {
		must(t, api, zone, many(first, 1000, create, types.RRTypeA, "192.0.2.1")...)
	}
	must(t, api, zone, many(9000, 998, create, types.RRTypeA, "192.0.2.1")...)
	_, err := submit(t, api, zone, "one more", change(create, a("new", "192.0.2.1")))
	wantError(t, err, batch, "[Exceeded limit MAX_RRSETS_BY_ZONE for zone: "+zone+"]")
	must(t, api, zone, change(remove, a("m00000", "192.0.2.1")), change(create, a("new", "192.0.2.1")))
}

// changes follows one.
func changes(t *testing.T, api API) {
	zone := newZone(t, api, domain)
	first := must(t, api, zone, change(create, a("a", "192.0.2.1")))
	comment := "of " + strings.Repeat("x", 253)
	second, err := submit(t, api, zone, comment, change(create, a("b", "192.0.2.1")))
	if err != nil {
		t.Fatal(err)
	}
	if id := aws.ToString(second.Id); !strings.HasPrefix(id, "/change/C") || id == aws.ToString(first.Id) {
		t.Errorf("the changes are %s and %s", aws.ToString(first.Id), id)
	}
	if second.Status != types.ChangeStatusPending || aws.ToString(second.Comment) != comment || second.SubmittedAt == nil {
		t.Errorf("the change is %+v at first", second)
	}
	for {
		got, err := api.GetChange(t.Context(), &route53.GetChangeInput{Id: aws.String(strings.TrimPrefix(aws.ToString(second.Id), "/change/"))})
		if err != nil {
			t.Fatal(err)
		}
		if aws.ToString(got.ChangeInfo.Id) != aws.ToString(second.Id) || aws.ToString(got.ChangeInfo.Comment) != comment {
			t.Fatalf("the change is %+v", got.ChangeInfo)
		}
		if got.ChangeInfo.Status == types.ChangeStatusInsync {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	_, err = api.GetChange(t.Context(), &route53.GetChangeInput{Id: aws.String("C0000000000000000000")})
	wantError(t, err, "NoSuchChange", "Could not find resource with ID: C0000000000000000000")
}
