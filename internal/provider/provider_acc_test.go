package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// The environment alone suffices, as for the AWS command line; an endpoint in
// the configuration wins over it. The test is not parallel, because it changes
// the environment.
func TestAccProvider_environment(t *testing.T) {
	a := newAccount(t)
	var strayed atomic.Int32
	nowhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		strayed.Add(1)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(nowhere.Close)
	environment := func(endpoint, region, key string) func() {
		return func() {
			t.Setenv("AWS_ENDPOINT_URL", endpoint)
			t.Setenv("AWS_REGION", region)
			t.Setenv("AWS_ACCESS_KEY_ID", key)
			t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				PreConfig: environment(cloud.Endpoint, cloud.Region, a.id),
				Config:    a.taskDNS(""),
			},
			{
				// Neither endpoint, nor region, nor credentials of this
				// environment are used.
				PreConfig: environment(nowhere.URL, "eu-west-2", "other"),
				Config:    a.config(a.taskDNS("")),
				PlanOnly:  true,
			},
			{
				PreConfig:   environment(nowhere.URL, cloud.Region, a.id),
				Config:      strings.Replace(a.configWith("max_retries = 1", a.taskDNS("")), `"sqs", `, "", 1),
				PlanOnly:    true,
				ExpectError: regexp.MustCompile(`(?s)Reading fargatedirect_task_dns \(prod\).*SQS queue`),
			},
			{
				PreConfig: environment(cloud.Endpoint, cloud.Region, a.id),
				Config:    a.taskDNS(""),
				Destroy:   true,
			},
		},
	})
	if strayed.Load() == 0 {
		t.Error("an endpoint that is not configured was not taken from the environment")
	}
}

// A wrong configuration of the provider is refused in plain words.
func TestAccProvider_badInput(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	later := "resource \"terraform_data\" \"later\" { input = \"x\" }\n"
	config := func(more string) string { return later + a.configWith(more, a.taskDNS("")) }
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			refusedPlan(config("skip_requesting_account_id = true\n skip_credentials_validation = true"), `AWS account id is not known.*take skip_requesting_account_id out`),
			refusedPlan(config(`allowed_account_ids = ["123456789012"]`), `AWS account ID not allowed`),
			refusedPlan(strings.Replace(config(""), `"events", `, `"events", "dynamodb", `, 1), `provider "fargatedirect".*value must be one of.*got: "dynamodb"`),
			refusedPlan(strings.Replace(config(""), `"`+cloud.Endpoint+`"`, `"localhost"`, 1), `endpoint for cloudwatch is not an http or https URL: "localhost"`),
			refusedPlan(config("profile = terraform_data.later.output"), `Unknown value.*profile\s+=.*profile depends on something that is not known before apply`),
			refusedPlan(config("default_tags = { team = terraform_data.later.output }"), `Unknown value.*default_tags\s+=.*default_tags depends on something`),
			refusedPlan(config(`default_tags = { "fargatedirect:resource" = "x" }`), `Invalid tag key.*begins with a prefix that is reserved`),
			refusedPlan(config(`default_tags = { "aws:x" = "x" }`), `Invalid tag key`),
			refusedPlan(config(`retry_mode = "never"`), `retry_mode.*value must be one of`),
			refusedPlan(config(`assume_role = { role_arn = "admin" }`), `Invalid iam ARN`),
			refusedPlan(config(`assume_role = { role_arn = "arn:aws:iam::123456789012:role/x", duration = "1d" }`), `Invalid duration`),
		},
	})
}

// refusedPlan is a step whose plan fails with a message. Its pattern's spaces
// may be line breaks.
func refusedPlan(config, pattern string) resource.TestStep {
	return resource.TestStep{Config: config, PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)` + strings.ReplaceAll(pattern, " ", `\s+`))}
}

// The function answers the name that the task really gets.
func TestAccTaskHostname(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	const arn = "arn:aws:ecs:us-east-1:123456789012:task/browsers/0123456789abcdef0123456789abcdef"
	output := func(arn, domain string) string {
		return fmt.Sprintf("output \"name\" { value = provider::fargatedirect::task_hostname(%q, %q) }", arn, domain)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		Steps: []resource.TestStep{
			{
				Config: output(arn, a.domain),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownOutputValue("name", knownvalue.StringExact(hostname(arn, a.domain))),
				},
			},
			{Config: output("browsers", a.domain), ExpectError: regexp.MustCompile(`(?s)Invalid value for "task_arn" parameter: "browsers"\s+is\s+not`)},
			{Config: output(arn, "example"), ExpectError: regexp.MustCompile(`(?s)Invalid value for "domain" parameter: "example"\s+has\s+only`)},
		},
	})
}
