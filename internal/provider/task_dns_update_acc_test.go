package provider_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// otherTaskDNS is the configuration taskDNS with all other values for whatever
// changes in place; but for kms_key_arn, which
// LocalStack leaves out of functions and log groups.
func (a *account) otherTaskDNS(domain, zoneID, boundary string) string {
	return fmt.Sprintf(`
resource "fargatedirect_task_dns" "test" {
  name                 = "prod"
  domain               = %q
  hosted_zone_id       = %q
  cluster_arns         = [%q, %q]
  architecture         = %q
  ttl                  = 30
  log_retention_days   = 7
  permissions_boundary = %q
  tags                 = { team = "browsers" }
  timeouts             = { update = "5m" }
}`, domain, zoneID, a.clusterARN, a.clusterARN+"-more", cloud.Architecture(), boundary)
}

// Everything that may change in place does, and back again.
func TestAccTaskDNS_update(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	domain := "other.d" + a.id + ".example.net"
	zoneID := a.addZone(t, "d"+a.id+".example.net")
	boundary := a.addPolicy(t)
	inPlace := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
	}}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: a.config(a.taskDNS(""))},
			{
				Config:           a.config(a.otherTaskDNS(domain, zoneID, boundary)),
				ConfigPlanChecks: inPlace,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New("wildcard_domain"), knownvalue.StringExact("*."+domain)),
					statecheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New("hosted_zone_id"), knownvalue.StringExact(zoneID)),
					statecheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New("ttl"), knownvalue.Int64Exact(30)),
				},
				Check: during(func() {
					task := f.run()
					address, _ := f.address(task)
					name := hostname(task, domain)
					resolves(t, name, address)
					if got := answeredTTL(t, name); got != 30 {
						t.Errorf("the TTL is %d, want 30", got)
					}
					if _, err := cloud.Lookup(t.Context(), hostname(task, a.domain), "A"); !errors.Is(err, localcloud.ErrNoSuchName) {
						t.Errorf("the name in the former zone is %v", err)
					}
					f.stop(task)
					vanishes(t, name)
				}),
			},
			{
				ResourceName: testTaskDNS, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"timeouts"},
			},
			{
				Config:            a.config(a.taskDNS("")),
				ConfigPlanChecks:  inPlace,
				ConfigStateChecks: a.wantTaskDNS(map[string]knownvalue.Check{"permissions_boundary": knownvalue.Null(), "tags": knownvalue.Null()}),
			},
		},
	})
}

// More clusters than fit into one rule's pattern need a second rule, which goes
// when they do.
func TestAccTaskDNS_rules(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	many := a.clusterARN
	for n := range 40 {
		many += fmt.Sprintf(`", "%s-%d`, a.clusterARN, n)
	}
	name := a.taskDNSScope("prod").Physical()
	replaced := func(config string) resource.TestStep {
		return resource.TestStep{
			Config: config, PlanOnly: true, ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionDestroyBeforeCreate),
			}},
		}
	}
	one := a.taskDNS("")
	other := map[string]string{"x86_64": "arm64", "arm64": "x86_64"}[cloud.Architecture()]
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: a.config(strings.ReplaceAll(one, a.clusterARN, many)),
				Check:  during(func() { a.wantRules(t, name, name+"-2", name+"-sync") }),
			},
			{
				Config: a.config(one),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
				}},
				Check: during(func() { a.wantRules(t, name, name+"-sync") }),
			},
			{
				// Functions run only on the machine's own architecture here, so
				// this is planned and not done.
				Config: a.config(strings.Replace(one, cloud.Architecture(), other, 1)), PlanOnly: true, ExpectNonEmptyPlan: true,
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
				}},
			},
			replaced(a.config(strings.Replace(one, `"prod"`, `"next"`, 1))),
			replaced(a.config(a.taskDNS(`iam_path = "/team/"`))),
			replaced(a.config(strings.Replace(a.taskDNS(`region = "us-west-2"`), ":"+cloud.Region+":", ":us-west-2:", 1))),
			// The provider's own region moves a resource that names none.
			replaced(strings.ReplaceAll(a.config(one), cloud.Region, "us-west-2")),
		},
	})
}

// wantRules fails unless the account has exactly these rules.
func (a *account) wantRules(t *testing.T, names ...string) {
	t.Helper()
	out, err := eventbridge.NewFromConfig(a.aws).ListRules(t.Context(), &eventbridge.ListRulesInput{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out.Rules {
		if n := len(aws.ToString(r.EventPattern)); n > 2048 {
			t.Errorf("the pattern of %s has %d characters", aws.ToString(r.Name), n)
		}
		got = append(got, aws.ToString(r.Name))
	}
	slices.Sort(got)
	if !slices.Equal(got, names) {
		t.Errorf("there are the rules %q, want %q", got, names)
	}
}

// addZone makes one more hosted zone, as if it had been there from the start.
func (a *account) addZone(t *testing.T, name string) string {
	t.Helper()
	out, err := route53.NewFromConfig(a.aws).CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: &name, CallerReference: &name})
	if err != nil {
		t.Fatal(err)
	}
	a.before = a.snapshot(t)
	return strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
}

// addPolicy makes a policy that bounds nothing, as if it had been there from
// the start.
func (a *account) addPolicy(t *testing.T) string {
	t.Helper()
	out, err := iam.NewFromConfig(a.aws).CreatePolicy(t.Context(), &iam.CreatePolicyInput{
		PolicyName: aws.String("boundary"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	a.before = a.snapshot(t)
	return aws.ToString(out.Policy.Arn)
}
