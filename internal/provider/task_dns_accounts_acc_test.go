package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
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
	client, name := iam.NewFromConfig(a.aws), aws.String("names-of-tasks")
	made, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":%q}}}]}`, other, externalID))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("zone"), PolicyDocument: aws.String(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":["route53:ChangeResourceRecordSets","route53:ListResourceRecordSets"],"Resource":"arn:aws:route53:::hostedzone/%s"},
			{"Effect":"Allow","Action":"route53:GetChange","Resource":"arn:aws:route53:::change/*"}]}`, a.zoneID))}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if _, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("zone")}); err != nil {
			t.Error(err)
		}
		if _, err := client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}); err != nil {
			t.Error(err)
		}
	})
	return aws.ToString(made.Role.Arn)
}
