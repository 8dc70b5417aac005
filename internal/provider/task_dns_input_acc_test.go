package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// What AWS would refuse later, or what could never work, is refused by the
// plan, at the argument that is wrong.
func TestAccTaskDNS_badInput(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	good := a.taskDNS("")
	replace := func(part, other string) string {
		if !strings.Contains(good, part) {
			t.Fatalf("the configuration holds no %q", part)
		}
		return strings.Replace(good, part, other, 1)
	}
	cluster := func(arn string) string { return replace(fmt.Sprintf("[%q]", a.clusterARN), fmt.Sprintf("[%q]", arn)) }
	many := a.clusterARN
	for n := range 80 {
		many += fmt.Sprintf(`", "%s-%d`, a.clusterARN, n)
	}
	var steps []resource.TestStep
	for _, test := range []struct{ config, attribute, problem string }{
		{replace(fmt.Sprintf("%q", a.domain), `"tasks.example.org"`), "domain", `"tasks.example.org" is outside of hosted zone ` + a.zoneID},
		{replace(fmt.Sprintf("%q", a.domain), fmt.Sprintf("%q", "x"+a.domain)), "domain", "is outside of hosted zone"},
		{replace(a.zoneID, "Z0000000000000"), "hosted_zone_id", "there is no hosted zone Z0000000000000 in this AWS account"},
		{cluster(strings.Replace(a.clusterARN, cloud.Region, "eu-west-2", 1)), "cluster_arns", "is in region eu-west-2 of account " + a.id},
		{cluster(strings.Replace(a.clusterARN, a.id, "123456789012", 1)), "cluster_arns", "of account 123456789012, the resource in region"},
		{replace(a.clusterARN, many), "cluster_arns", "divide the clusters over several fargatedirect_task_dns"},
		{a.taskDNS(`region = "nowhere"`), "region", `"nowhere" is not an AWS region`},
		{a.taskDNS(`region = "cn-north-1"`), "region", `region "cn-north-1" is in the partition aws-cn`},
	} {
		steps = append(steps, resource.TestStep{Config: a.config(test.config), PlanOnly: true, ExpectError: regexp.MustCompile(
			// The CLI shows the line of the argument, or of the resource's block
			// where the argument is set by the provider itself.
			`(?s)with fargatedirect_task_dns\.test,.*` + test.attribute + `\s+=.*` + words(test.problem))})
	}
	// All that is wrong in the configuration alone is told at once.
	steps = append(steps, resource.TestStep{
		Config: a.config(`
resource "fargatedirect_task_dns" "test" {
  name           = "Prod"
  domain         = "*.example.com"
  hosted_zone_id = "/hostedzone/Z1"
  cluster_arns   = []
  ttl            = 0
  tags           = { "aws:team" = "x" }
}`),
		PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)` + strings.Repeat(`Error: .*`, 6)),
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}
