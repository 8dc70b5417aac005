package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	tftest "github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/miekg/dns"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
)

const testZone = "fargatedirect_zone.test"

// subdomain is the domain of the test's zone.
func (a *account) subdomain() string { return "tasks." + a.domain }

// zone is a configuration of a zone below the account's own, and whatever more
// says.
func (a *account) zone(more string) string {
	return fmt.Sprintf(`
resource "fargatedirect_zone" "test" {
  name           = %q
  parent_zone_id = %q
  %s
}`, a.subdomain(), a.zoneID, more)
}

func (a *account) route53() *route53.Client { return route53.NewFromConfig(a.aws) }

// zonesOf are the hosted zones of a name.
func (a *account) zonesOf(t *testing.T, name string) []hostedzone.Zone {
	t.Helper()
	zones, err := hostedzone.OfName(background(t), a.route53(), name)
	if err != nil {
		t.Fatal(err)
	}
	return zones
}

// theZone is the id of the only zone of a name.
func (a *account) theZone(t *testing.T, name string) string {
	t.Helper()
	zones := a.zonesOf(t, name)
	if len(zones) != 1 {
		t.Fatalf("zones of %s are %v, want one", name, zones)
	}
	return zones[0].ID
}

// change makes one change in a hosted zone.
func (a *account) change(t *testing.T, zoneID string, action types.ChangeAction, set types.ResourceRecordSet) {
	t.Helper()
	try[*route53.ChangeResourceRecordSetsOutput](t)(a.route53().ChangeResourceRecordSets(background(t), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &zoneID, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{Action: action, ResourceRecordSet: &set}}},
	}))
}

// recordSet is a record set of a zone, nil if there is none.
func (a *account) recordSet(t *testing.T, zoneID, name string, kind types.RRType) *types.ResourceRecordSet {
	t.Helper()
	set, err := hostedzone.RecordSet(background(t), a.route53(), zoneID, name, kind)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// newSet is a record set as somebody makes it.
func newSet(name string, kind types.RRType, ttl int64, values ...string) types.ResourceRecordSet {
	set := types.ResourceRecordSet{Name: aws.String(name), Type: kind, TTL: &ttl}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	return set
}

// newZone makes a hosted zone as somebody else would, who removes it at the
// end.
func (a *account) newZone(t *testing.T, name string, private bool) hostedzone.Zone {
	t.Helper()
	in := &route53.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(fmt.Sprintf("%s-%s-%v", a.id, name, private))}
	if private {
		in.HostedZoneConfig = &types.HostedZoneConfig{PrivateZone: true, Comment: aws.String("")}
		vpcs := try[*ec2.DescribeVpcsOutput](t)(ec2.NewFromConfig(a.aws).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}))
		in.VPC = &types.VPC{VPCId: vpcs.Vpcs[0].VpcId, VPCRegion: types.VPCRegion(cloud.Region)}
	}
	out := try[*route53.CreateHostedZoneOutput](t)(a.route53().CreateHostedZone(t.Context(), in))
	id := strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
	t.Cleanup(func() {
		if _, err := a.route53().DeleteHostedZone(background(t), &route53.DeleteHostedZoneInput{Id: &id}); err != nil {
			t.Error(err)
		}
	})
	z := hostedzone.Zone{ID: id, Name: name, Private: private}
	if out.DelegationSet != nil {
		z.NameServers = hostedzone.Names(out.DelegationSet.NameServers)
	}
	return z
}

// remembered checks that a resolver which asks for a missing name below the
// domain is told to remember that for so many seconds.
func remembered(t *testing.T, domain string, seconds uint32) {
	t.Helper()
	m, err := query(background(t), "missing."+domain)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rcode != dns.RcodeNameError || len(m.Ns) != 1 {
		t.Fatalf("the answer for a missing name is %v", m)
	}
	soa, ok := m.Ns[0].(*dns.SOA)
	if !ok || soa.Hdr.Name != domain+"." || min(soa.Hdr.Ttl, soa.Minttl) != seconds {
		t.Errorf("a missing name below %s is remembered by %v, want %d s", domain, m.Ns[0], seconds)
	}
}

func query(ctx context.Context, name string) (*dns.Msg, error) {
	m, _, err := (&dns.Client{Net: "tcp", Timeout: 30 * time.Second}).ExchangeContext(ctx, new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA), cloud.DNSAddr)
	return m, err
}

// zoneImport imports the zone by an id that is made of the state's.
func zoneImport(id func(zone, parent string) string, ignore ...string) resource.TestStep {
	return resource.TestStep{
		ResourceName: testZone, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "zone_id",
		ImportStateVerifyIgnore: append(ignore, "timeouts"),
		ImportStateIdFunc: func(s *tftest.State) (string, error) {
			attributes := s.RootModule().Resources[testZone].Primary.Attributes
			return id(attributes["zone_id"], attributes["parent_zone_id"]), nil
		},
	}
}
