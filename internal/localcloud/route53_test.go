package localcloud_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake/conformance"
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

// TestRoute53Changes reads the batches that were applied, as tests do.
func TestRoute53Changes(t *testing.T) {
	t.Parallel()
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, "changes.test")
	wild := recordSet("*.changes.test", types.RRTypeA, "127.0.0.3")
	for _, action := range []types.ChangeAction{types.ChangeActionDelete, types.ChangeActionCreate, types.ChangeActionDelete} {
		_, err := submit(t, client, zone, change(action, wild))
		if action == types.ChangeActionCreate && err != nil {
			t.Fatal(err)
		}
	}
	seen, err := cloud.Route53Changes(t.Context(), zone)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[1].Comment != "a test's" || seen[1].Changes[0].Name != `\052.changes.test.` || seen[1].Changes[0].Action != "DELETE" {
		t.Errorf("the changes seen are %+v", seen)
	}
}

// TestRoute53Zone asks the DNS server for what each zone has.
func TestRoute53Zone(t *testing.T) {
	t.Parallel()
	client := route53.NewFromConfig(cloud.Config())
	got, err := client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(newZone(t, client, "zone.test"))})
	if err != nil {
		t.Fatal(err)
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
}

// TestRoute53Conformance runs what the fake of Route 53 runs too, so that the
// two agree.
func TestRoute53Conformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, route53.NewFromConfig(cloud.Config()))
}
