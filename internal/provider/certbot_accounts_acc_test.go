//go:build unix

package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// The zone is in another account, whose role lets in only this function, with
// an external id, and allows only what the guide shows. Who runs Terraform has
// no rights there. One certificate stays in the zone of its own account.
func TestAccCertbot_zoneOfAnotherAccount(t *testing.T) {
	t.Parallel()
	a, b := newAccount(t), newAccount(t)
	parts := a.certbotParts("prod")
	function := fmt.Sprintf("arn:aws:iam::%s:role/%s", a.id, parts)
	role := b.addChallengeRole(t, "challenges", a.id, function, "x1", "_acme-challenge."+b.domain)
	other := b.addChallengeRole(t, "others", a.id, function, "x2", "_acme-challenge.own."+b.domain)
	config := func(externalID, more string) string {
		return a.config(fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name             = "prod"
  hosted_zone_id   = %q
  hosted_zone_role = { arn = %q, external_id = %q }
  architecture     = %q
  force_destroy    = true
  %s
  certificates = {
    far  = { domains = [%q, %q], profile = "default" }
    near = { domains = [%q], profile = "default", hosted_zone_id = %q }
    own  = { domains = [%q], profile = "default", hosted_zone_role = { arn = %q, external_id = "x2" }, hosted_zone_id = %q }
  }
  %s
}`, b.zoneID, role, externalID, cloud.Architecture(), acme(), b.domain, "*."+b.domain, a.domain, a.zoneID, "own."+b.domain, other, b.zoneID, more))
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config("wrong", "issue_on_create = false")},
			{
				PreConfig: func() {
					want := "its trust policy must allow sts:AssumeRole to " + function
					if failed := a.invoke(t, parts, `{"trigger":"schedule"}`); !strings.Contains(failed, "assuming role ("+role+")") {
						t.Errorf("with a wrong external id the run ended with %q", failed)
					}
					if got := a.status(t, parts, "prod", "far").Failure; got == nil || !strings.Contains(got.Message, want) {
						t.Errorf("with a wrong external id the failure is %+v, want %q", got, want)
					}
					a.pair(t, parts, "near/", a.domain)
					a.pair(t, parts, "own/", "own."+b.domain)
				},
				Config: config("x1", ""), ConfigPlanChecks: inPlace,
			},
			importedByName(),
			{
				PreConfig: func() {
					a.pair(t, parts, "far/", b.domain, "*."+b.domain)
					a.noChallenges(t)
					b.noChallenges(t)
				},
				Config: config("x1", ""), ConfigPlanChecks: unchanged,
			},
		},
	})
}

// addChallengeRole makes a role that a function of another account may assume
// with an external id, and that may answer the challenges at these names, as
// the guide shows.
func (a *account) addChallengeRole(t *testing.T, name, other, function, externalID string, names ...string) string {
	t.Helper()
	return a.addRole(t, name, fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole",
			"Condition":{"ArnEquals":{"aws:PrincipalArn":%q},"StringEquals":{"sts:ExternalId":%q}}}]}`, other, function, externalID),
		fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"route53:ListResourceRecordSets","Resource":"arn:aws:route53:::hostedzone/%[1]s"},
			{"Effect":"Allow","Action":"route53:ChangeResourceRecordSets","Resource":"arn:aws:route53:::hostedzone/%[1]s","Condition":{
				"ForAllValues:StringEquals":{
					"route53:ChangeResourceRecordSetsNormalizedRecordNames":["%[2]s"],
					"route53:ChangeResourceRecordSetsRecordTypes":["TXT"],
					"route53:ChangeResourceRecordSetsActions":["CREATE","DELETE"]},
				"Null":{
					"route53:ChangeResourceRecordSetsNormalizedRecordNames":"false",
					"route53:ChangeResourceRecordSetsRecordTypes":"false",
					"route53:ChangeResourceRecordSetsActions":"false"}}},
			{"Effect":"Allow","Action":"route53:GetChange","Resource":"arn:aws:route53:::change/*"}]}`, a.zoneID, strings.Join(names, `","`)))
}

// addRole makes a role, which goes before the account is compared with what it
// was.
func (a *account) addRole(t *testing.T, name, trust, policy string) string {
	t.Helper()
	client := iam.NewFromConfig(a.aws)
	made, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("zone"), PolicyDocument: &policy}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if _, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String("zone")}); err != nil {
			t.Error(err)
		}
		if _, err := client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name}); err != nil {
			t.Error(err)
		}
	})
	return aws.ToString(made.Role.Arn)
}
