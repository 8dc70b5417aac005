package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	tfstate "github.com/hashicorp/terraform-plugin-testing/terraform"
)

// The zone is in another account, which lets the function in by a role and an
// external id. Who runs Terraform has no rights there.
func TestAccTaskDNS_zoneOfAnotherAccount(t *testing.T) {
	t.Parallel()
	a, b := newAccount(t), newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	task := f.run()
	address, _ := f.address(task)
	role := b.addZoneRole(t, a.id, "tasks-of-"+a.id)
	before, own := b.records(t), a.records(t)
	elsewhere := strings.NewReplacer(fmt.Sprintf("%q", a.domain), fmt.Sprintf("%q", b.domain), a.zoneID, b.zoneID).Replace(
		a.taskDNS(fmt.Sprintf("hosted_zone_role = { arn = %q, external_id = %q }", role, "tasks-of-"+a.id)))
	update := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate)}}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		CheckDestroy: func(*tfstate.State) error {
			b.wantRecords(t, before)
			a.wantRecords(t, own)
			return nil
		},
		Steps: []resource.TestStep{
			{
				Config: a.config(elsewhere),
				Check: during(func() {
					b.wantRecords(t, before, namedRecord(hostname(task, b.domain), 60, address))
					second := f.run()
					secondAddress, _ := f.address(second)
					resolves(t, hostname(second, b.domain), secondAddress)
					f.stop(second)
					vanishes(t, hostname(second, b.domain))
				}),
			},
			{
				ResourceName: testTaskDNS, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"timeouts"},
			},
			{
				// Home again: the names move from account to account.
				Config: a.config(a.taskDNS("")), ConfigPlanChecks: update,
				Check: during(func() {
					a.wantRecords(t, own, namedRecord(hostname(task, a.domain), 60, address))
					b.wantRecords(t, before)
				}),
			},
			{
				Config: a.config(elsewhere), ConfigPlanChecks: update,
				Check: during(func() {
					a.wantRecords(t, own)
					b.wantRecords(t, before, namedRecord(hostname(task, b.domain), 60, address))
				}),
			},
		},
	})
}

// addZoneRole makes a role that another account may assume with an external
// id, and that may do in the account's zone what the documentation says. It
// goes before the account is compared with what it was.
func (a *account) addZoneRole(t *testing.T, other, externalID string) string {
	t.Helper()
	return a.addRole(t, "names-of-tasks", fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":%q}}}]}`, other, externalID),
		fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":["route53:ChangeResourceRecordSets","route53:ListResourceRecordSets"],"Resource":"arn:aws:route53:::hostedzone/%s"},
			{"Effect":"Allow","Action":"route53:GetChange","Resource":"arn:aws:route53:::change/*"}]}`, a.zoneID))
}
