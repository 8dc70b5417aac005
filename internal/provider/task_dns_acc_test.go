package provider_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

const testTaskDNS = "fargatedirect_task_dns.test"

func TestAccTaskDNS_basic(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	imported := func(id string) resource.TestStep {
		return resource.TestStep{
			ResourceName: testTaskDNS, ImportState: true, ImportStateId: id,
			ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"timeouts"},
		}
	}
	refused := func(id, problem string) resource.TestStep {
		return resource.TestStep{ResourceName: testTaskDNS, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(problem)}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: a.config(a.taskDNS("")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionCreate),
					// Names and ARNs are known before anything exists.
					plancheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New("queue_arn"), knownvalue.StringExact(a.queueARN("prod"))),
				}},
				ConfigStateChecks: a.wantTaskDNS(map[string]knownvalue.Check{
					"kms_key_arn": knownvalue.Null(), "permissions_boundary": knownvalue.Null(), "tags": knownvalue.Null(),
					"log_retention_days": knownvalue.Int64Exact(30), "ttl": knownvalue.Int64Exact(60), "iam_path": knownvalue.StringExact("/"),
					"hosted_zone_role": knownvalue.Null(), "publish_on": knownvalue.StringExact("running"), "hostname_template": knownvalue.StringExact("{task_id}"),
					"reconcile_interval": knownvalue.StringExact("5m"), "on_conflict": knownvalue.StringExact("skip"), "route53_limits": knownvalue.Null(),
					"event_bus_arn": knownvalue.Null(), "alarm_topic_arn": knownvalue.Null(), "dashboard": knownvalue.Bool(false),
				}),
			},
			imported("prod"),
			imported("prod@" + cloud.Region),
			refused("missing", "Cannot import non-existent remote object"),
			refused("prod@us-west-2", "Cannot import non-existent remote object"),
			refused("prod@nowhere", `"nowhere" is not an AWS region`),
			refused("prod@", "Invalid import id"),
			refused("Prod", "Invalid import id"),
			{
				Config: a.config(a.taskDNS(`
  iam_path           = "/teams/browsers/"
  log_retention_days = 0
  tags               = { team = "browsers" }
  timeouts           = { create = "5m", update = "5m", delete = "5m" }`)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionDestroyBeforeCreate),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New("role_arn"),
						knownvalue.StringExact(fmt.Sprintf("arn:aws:iam::%s:role/teams/browsers/%s", a.id, a.taskDNSScope("prod").Physical()))),
				},
			},
			imported("prod"),
		},
	})
}

// A configuration of which little is known before apply is planned all the
// same.
func TestAccTaskDNS_unknown(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	later := func(name, value string) string {
		return fmt.Sprintf("resource \"terraform_data\" %q { input = %q }\n", name, value)
	}
	// The path is "/" in the end, so that the role is called as usual.
	known := a.taskDNS(fmt.Sprintf("ttl = 30\n tags = { team = %q }", "browsers"))
	unknown := later("domain", a.domain) + later("zone", a.zoneID) + later("cluster", a.clusterARN) + later("team", "browsers") + later("ttl", "30") +
		later("path", "/") + later("architecture", cloud.Architecture()) +
		`
resource "fargatedirect_task_dns" "test" {
  name           = "prod"
  domain         = terraform_data.domain.output
  hosted_zone_id = terraform_data.zone.output
  cluster_arns   = [terraform_data.cluster.output]
  ttl            = tonumber(terraform_data.ttl.output)
  tags           = { team = terraform_data.team.output }
  iam_path       = terraform_data.path.output
  architecture   = terraform_data.architecture.output
}`
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: a.config(unknown),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectUnknownValue(testTaskDNS, tfjsonpath.New("wildcard_domain")),
					plancheck.ExpectUnknownValue(testTaskDNS, tfjsonpath.New("role_arn")),
					plancheck.ExpectUnknownValue(testTaskDNS, tfjsonpath.New("code_sha256")),
					plancheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New("queue_arn"), knownvalue.StringExact(a.queueARN("prod"))),
				}},
				ConfigStateChecks: a.wantTaskDNS(map[string]knownvalue.Check{
					"ttl":  knownvalue.Int64Exact(30),
					"tags": knownvalue.MapExact(map[string]knownvalue.Check{"team": knownvalue.StringExact("browsers")}),
				}),
			},
			{
				Config: a.config(known),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionNoop),
				}},
			},
		},
	})
}

func (a *account) queueARN(name string) string {
	return a.taskDNSScope(name).ARN("sqs", a.taskDNSScope(name).Physical())
}

// wantTaskDNS is all that the state of the configuration taskDNS holds, and
// whatever else is given.
func (a *account) wantTaskDNS(more map[string]knownvalue.Check) []statecheck.StateCheck {
	scope := a.taskDNSScope("prod")
	name := scope.Physical()
	artifact, err := lambdas.Load(lambdas.TaskDNS, cloud.Architecture())
	if err != nil {
		panic(err) // the tests are run with the functions built
	}
	if sum, err := base64.StdEncoding.DecodeString(artifact.SHA256); err != nil || len(sum) != 32 {
		panic("the hash of the code is no SHA-256 in base64")
	}
	want := map[string]knownvalue.Check{
		"name":                  knownvalue.StringExact("prod"),
		"region":                knownvalue.StringExact(cloud.Region),
		"domain":                knownvalue.StringExact(a.domain),
		"hosted_zone_id":        knownvalue.StringExact(a.zoneID),
		"cluster_arns":          knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact(a.clusterARN)}),
		"architecture":          knownvalue.StringExact(cloud.Architecture()),
		"wildcard_domain":       knownvalue.StringExact("*." + a.domain),
		"queue_arn":             knownvalue.StringExact(a.queueARN("prod")),
		"dead_letter_queue_arn": knownvalue.StringExact(a.queueARN("prod") + "-dead-letters"),
		"function_arn":          knownvalue.StringExact(scope.ARN("lambda", "function:"+name)),
		"function_name":         knownvalue.StringExact(name),
		"role_arn":              knownvalue.StringExact(scope.GlobalARN("iam", "role/"+name)),
		"code_sha256":           knownvalue.StringExact(artifact.SHA256),
		"drift":                 knownvalue.ListExact(nil),
	}
	maps.Copy(want, more)
	var checks []statecheck.StateCheck
	for attribute, check := range want {
		checks = append(checks, statecheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New(attribute), check))
	}
	return checks
}
