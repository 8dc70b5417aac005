package provider_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/zonestack"
)

// TestAccPermissions_zone proves that the documented policy is enough for the
// whole life of a zone, and when the zone exists the one that names it; and
// that what a create lacks is told before anything is created.
func TestAccPermissions_zone(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	u := a.user(t)
	scope := a.scope(names.KindZone)
	scope.Name = a.subdomain()
	spec := zonestack.Spec{Scope: scope, ParentZoneID: a.zoneID}
	whole := spec.CallerPolicy()
	first, second := a.zone(`tags = { team = "a" }`), a.zone("negative_ttl = 30\n record_ttl = 60")
	updated := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(testZone, plancheck.ResourceActionUpdate),
	}}
	imported := func(id func(zone, parent string) string) resource.TestStep {
		step := zoneImport(id)
		step.Config = u.config(second)
		return step
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			u.refused(t, first, whole, []lack{
				{"route53:CreateHostedZone", "*"},
				{"route53:UpdateHostedZoneComment", "arn:aws:route53:::hostedzone/*"},
				{"route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/*"},
				{"route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/" + a.zoneID},
			}),
			{
				PreConfig: func() {
					u.unchanged(t)
					u.allow(t, whole, u.simulation())
				},
				Config: u.config(first),
			},
			{
				// Only what a create needs takes more than the zone's own ARN.
				PreConfig: func() {
					spec.ZoneID = a.theZone(t, a.subdomain())
					u.allow(t, withoutCreate(spec.CallerPolicy()))
					a.change(t, a.zoneID, types.ChangeActionDelete, *a.recordSet(t, a.zoneID, a.subdomain(), types.RRTypeNs))
				},
				Config: u.config(first), ConfigPlanChecks: updated,
			},
			{Config: u.config(second), ConfigPlanChecks: updated},
			imported(func(zone, parent string) string { return parent + "/" + zone }),
			{PreConfig: func() { u.allow(t, spec.CallerPolicy()) }, Config: u.config(second)},
			imported(func(zone, _ string) string { return zone }),
		},
	})
}

// withoutCreate leaves out what only a create needs.
func withoutCreate(whole iampolicy.Document) iampolicy.Document {
	less := iampolicy.New()
	for _, s := range whole.Statement {
		if !strings.HasPrefix(s.Sid, "New") {
			less.Statement = append(less.Statement, s)
		}
	}
	return less
}
