package localcloud_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// question asks the DNS server and returns its answer with all sections.
func question(t *testing.T, name string, kind uint16) *dns.Msg {
	t.Helper()
	m, _, err := new(dns.Client).ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(dns.Fqdn(name), kind), cloud.DNSAddr)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wantNegative expects an answer that there is nothing, which may be
// remembered for so many seconds, by the authority of a zone.
func wantNegative(t *testing.T, m *dns.Msg, rcode int, zone string, ttl uint32) {
	t.Helper()
	if m.Rcode != rcode || len(m.Answer) > 0 || len(m.Ns) != 1 {
		t.Fatalf("the answer is %v, want %s with one SOA record", m, dns.RcodeToString[rcode])
	}
	if soa := m.Ns[0].Header(); soa.Rrtype != dns.TypeSOA || soa.Name != dns.Fqdn(zone) || soa.Ttl != ttl {
		t.Errorf("the authority is %v, want the SOA record of %s with TTL %d", m.Ns[0], zone, ttl)
	}
}

// TestDNSFollowsDelegation makes a zone and one below it in another account,
// which is not to be found until the first delegates to it.
func TestDNSFollowsDelegation(t *testing.T) {
	t.Parallel()
	const parentName, childName = "delegation.test", "tasks.delegation.test"
	above, below := route53.NewFromConfig(cloud.Account("210987654351")), route53.NewFromConfig(cloud.Account("210987654352"))
	parent, child := newZone(t, above, parentName), newZone(t, below, childName)
	task := "task." + childName
	if _, err := submit(t, below, child, change(create, recordSet(task, types.RRTypeA, "127.0.0.1"))); err != nil {
		t.Fatal(err)
	}
	wantNegative(t, question(t, task, dns.TypeA), dns.RcodeNameError, parentName, 900)

	got, err := below.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(child)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := submit(t, above, parent, change(create, recordSet(childName, types.RRTypeNs, got.DelegationSet.NameServers...))); err != nil {
		t.Fatal(err)
	}
	if found, err := cloud.Lookup(t.Context(), task, "A"); err != nil || !slices.Equal(found, []string{"127.0.0.1"}) {
		t.Errorf("the delegated name is %q, %v", found, err)
	}
	wantNegative(t, question(t, task, dns.TypeAAAA), dns.RcodeSuccess, childName, 900)
	wantNegative(t, question(t, "none."+childName, dns.TypeA), dns.RcodeNameError, childName, 900)

	server := dns.Fqdn(got.DelegationSet.NameServers[0])
	start := func(ttl int64, minimum string) *types.ResourceRecordSet {
		set := recordSet(childName, types.RRTypeSoa, server+" awsdns-hostmaster.amazon.com. 1 7200 900 1209600 "+minimum)
		set.TTL = aws.Int64(ttl)
		return set
	}
	for _, tt := range []struct {
		ttl     int64
		minimum string
		want    uint32
	}{{900, "5", 5}, {7, "60", 7}} {
		if _, err := submit(t, below, child, change(upsert, start(tt.ttl, tt.minimum))); err != nil {
			t.Fatal(err)
		}
		wantNegative(t, question(t, "none."+childName, dns.TypeAAAA), dns.RcodeNameError, childName, tt.want)
	}
	if _, err := submit(t, below, child, change(create, recordSet(task, types.RRTypeAaaa, "2001:db8::1"))); err != nil {
		t.Fatal(err)
	}
	if found, err := cloud.Lookup(t.Context(), task, "AAAA"); err != nil || !slices.Equal(found, []string{"2001:db8::1"}) {
		t.Errorf("the IPv6 address is %q, %v", found, err)
	}
	if _, err := submit(t, above, parent, change(remove, recordSet(childName, types.RRTypeNs, got.DelegationSet.NameServers...))); err != nil {
		t.Fatal(err)
	}
	if _, err := cloud.Lookup(t.Context(), task, "A"); !errors.Is(err, localcloud.ErrNoSuchName) {
		t.Errorf("after the delegation ended: %v, want %v", err, localcloud.ErrNoSuchName)
	}
}

// TestRoute53RequiredSets changes what each zone must have.
func TestRoute53RequiredSets(t *testing.T) {
	t.Parallel()
	const domain = "required.test"
	client := route53.NewFromConfig(cloud.Account("210987654353"))
	zone := newZone(t, client, domain)
	page, err := client.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone)})
	if err != nil || len(page.ResourceRecordSets) != 2 {
		t.Fatalf("a new zone has %+v, %v", page.ResourceRecordSets, err)
	}
	ns, soa := &page.ResourceRecordSets[0], &page.ResourceRecordSets[1]
	if aws.ToInt64(ns.TTL) != 172800 || len(ns.ResourceRecords) != 4 || aws.ToInt64(soa.TTL) != 900 ||
		!strings.HasSuffix(aws.ToString(soa.ResourceRecords[0].Value), ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400") {
		t.Errorf("a new zone has %+v and %+v", ns, soa)
	}
	_, err = submit(t, client, zone, change(remove, ns))
	wantError(t, err, "InvalidChangeBatch", "A HostedZone must contain at least one NS record for the zone itself.")
	_, err = submit(t, client, zone, change(remove, soa))
	wantError(t, err, "InvalidChangeBatch", "A HostedZone must contain exactly one SOA record.")
	_, err = submit(t, client, zone, change(upsert, recordSet(domain, types.RRTypeSoa, "ns-1.awsdns-01.org. a.b.")))
	wantError(t, err, "InvalidChangeBatch", "Invalid Resource Record")
	if _, err := submit(t, client, zone, change(upsert, recordSet(domain, types.RRTypeNs, "ns-1.awsdns-01.org."))); err != nil {
		t.Errorf("changing the NS records: %v", err)
	}
	long := &route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String(zone), ChangeBatch: &types.ChangeBatch{
		Comment: aws.String(strings.Repeat("x", 257)), Changes: []types.Change{change(create, recordSet("a."+domain, types.RRTypeA, "127.0.0.1"))},
	}}
	_, err = client.ChangeResourceRecordSets(t.Context(), long)
	wantError(t, err, "InvalidInput", "maxLength '256'")
	long.ChangeBatch.Comment = aws.String(strings.Repeat("x", 256))
	if _, err := client.ChangeResourceRecordSets(t.Context(), long); err != nil {
		t.Errorf("a comment of 256 characters: %v", err)
	}
}

// TestRoute53References makes zones of one name, and none with a reference
// that was used before, even for a zone that is gone.
func TestRoute53References(t *testing.T) {
	t.Parallel()
	client := route53.NewFromConfig(cloud.Account("210987654354"))
	add := func(name, reference string) (string, error) {
		out, err := client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String(name), CallerReference: aws.String(reference)})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.HostedZone.Id), nil
	}
	var ids []string
	for _, z := range [][2]string{{"b.references.test", "1"}, {"references.test", "2"}, {"b.references.test", "3"}, {"c.references.test", "4"}} {
		id, err := add(z[0], z[1])
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if _, err := client.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: aws.String(ids[3])}); err != nil {
		t.Fatal(err)
	}
	for _, used := range []string{"1", "4"} {
		_, err := add("d.references.test", used)
		wantError(t, err, "HostedZoneAlreadyExists", "with the specified caller reference")
	}
	_, err := client.ListTagsForResource(t.Context(), &route53.ListTagsForResourceInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceId: aws.String(strings.TrimPrefix(ids[3], "/hostedzone/")),
	})
	wantError(t, err, "NoSuchHostedZone", "No hosted zone found")
	out, err := client.ListHostedZonesByName(t.Context(), &route53.ListHostedZonesByNameInput{DNSName: aws.String("b.references.test"), MaxItems: aws.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	if !out.IsTruncated || len(out.HostedZones) != 1 || aws.ToString(out.NextDNSName) != "b.references.test." || aws.ToString(out.HostedZones[0].Name) != "b.references.test." {
		t.Errorf("the first page is %+v", out)
	}
	rest, err := client.ListHostedZonesByName(t.Context(), &route53.ListHostedZonesByNameInput{DNSName: aws.String("a.references.test")})
	if err != nil || len(rest.HostedZones) != 2 {
		t.Errorf("the zones from a name on that has none are %+v, %v", rest, err)
	}
}
