package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestAccCertbot_badInput proves that what could never work is refused by the
// plan, at the argument that is wrong, also where that takes a look at AWS.
func TestAccCertbot_badInput(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	good := a.certbot("")
	replace := func(part, other string) string {
		if !strings.Contains(good, part) {
			t.Fatalf("the configuration holds no %q", part)
		}
		return strings.Replace(good, part, other, 1)
	}
	readers := make([]string, 500)
	for i := range readers {
		readers[i] = fmt.Sprintf(`"arn:aws:iam::%s:role/reader-%04d"`, a.id, i)
	}
	var steps []resource.TestStep
	for _, test := range []struct{ config, attribute, problem string }{
		{replace("*."+a.domain, "tasks.example.org"), "domains", `"tasks.example.org" is outside of hosted zone ` + a.zoneID},
		{replace("*."+a.domain, "x"+a.domain), "domains", "is outside of hosted zone"},
		{replace(a.zoneID, "Z0000000000000"), "hosted_zone_id", "there is no hosted zone Z0000000000000 in this AWS account"},
		{replace(`profile = "default"`, `profile = "default", hosted_zone_id = "Z0000000000000"`), "hosted_zone_id", "there is no hosted zone Z0000000000000 in this AWS account"},
		{replace("*."+a.domain, "a.*."+a.domain), "domains", "may only be the whole first label"},
		{a.certbot("reader_role_arns = [" + strings.Join(readers, ", ") + "]"), "reader_role_arns", "name fewer roles"},
		{a.certbot(`region = "nowhere"`), "region", `"nowhere" is not an AWS region`},
	} {
		steps = append(steps, resource.TestStep{Config: a.config(test.config), PlanOnly: true, ExpectError: regexp.MustCompile(
			// The CLI shows no lines of nested arguments.
			`(?s)Error: Invalid ` + test.attribute + `\s+with fargatedirect_certbot\.test,.*` + words(test.problem))})
	}
	// What the configuration alone tells is refused at once, all of it.
	steps = append(steps, resource.TestStep{
		Config: a.config(`
resource "fargatedirect_certbot" "test" {
  name                = "Prod"
  schedule_expression = "daily"
  acme                = { directory_url = "http://example.com/dir" }
  notification_emails = ["ops"]
  force_destroy       = true
  retain_on_destroy   = true
  certificates        = { browser = { domains = ["browser.example.com"] } }
}`),
		PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)` + strings.Repeat(`Error: .*`, 4)),
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}
