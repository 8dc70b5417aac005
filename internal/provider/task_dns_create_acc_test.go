package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// A create that fails at any part leaves a state from which the next apply
// recovers; a delete that fails is finished by the next one.
func TestAccTaskDNS_failedCreate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	faulty := newFaultyAWS(t)
	config := strings.ReplaceAll(a.config(a.taskDNS("")), cloud.Endpoint, faulty.url)
	var steps []resource.TestStep
	for _, f := range []struct{ action, problem string }{
		{"lambda Invoke", `claiming domain`}, // first, as later ones read the claim before they create
		{"iam PutRolePolicy", `setting the policy of role`},
		{"sqs CreateQueue", `creating SQS queue`},
		{"lambda CreateFunction", `creating Lambda function`},
		{"lambda AddPermission", `adding permission`},
		{"lambda CreateEventSourceMapping", `creating event source mapping`},
		{"events PutTargets", `writing the target of EventBridge rule`},
		{"sqs UntagQueue", `untagging SQS queue`}, // all is there but not finished
	} {
		steps = append(steps, resource.TestStep{
			PreConfig: func() { faulty.deny(f.action) },
			Config:    config,
			ExpectError: regexp.MustCompile(fmt.Sprintf(
				`(?s)Error: Creating fargatedirect_task_dns \(prod\).*%s.*AccessDenied.*The credentials of the provider lack this permission`, words(f.problem))),
		})
	}
	steps = append(steps,
		resource.TestStep{
			PreConfig: func() { faulty.deny("") },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionDestroyBeforeCreate),
			}},
			ConfigStateChecks: a.wantTaskDNS(map[string]knownvalue.Check{}),
		},
		resource.TestStep{
			PreConfig:   func() { faulty.deny("lambda DeleteFunction") },
			Config:      config,
			Destroy:     true,
			ExpectError: regexp.MustCompile(`(?s)Deleting fargatedirect_task_dns \(prod\).*deleting\s+Lambda\s+function`),
		},
		resource.TestStep{PreConfig: func() { faulty.deny("") }, Config: config, Destroy: true},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}

// words makes a pattern of a text that the CLI may break between any words.
func words(text string) string {
	return strings.Join(strings.Fields(regexp.QuoteMeta(text)), `\s+`)
}

// A name that is taken is refused before anything is created, whoever has it.
func TestAccTaskDNS_nameTaken(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	first := a.config(a.taskDNS(""))
	second := strings.Replace(a.taskDNS(""), `"test"`, `"second"`, 1)
	stranger := a.taskDNSScope("strange").Physical()
	role := a.taskDNSScope("role").Physical()
	a.addStrangers(t, stranger+"-dead-letters", role)
	named := func(name string) string {
		return strings.NewReplacer(`"prod"`, fmt.Sprintf("%q", name), `"test"`, fmt.Sprintf("%q", name)).Replace(a.taskDNS(""))
	}
	before := a.before
	same := func() {
		for _, line := range before.Diff(a.snapshot(t)) {
			t.Errorf("the refused create left %s", line)
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: first, Check: during(func() { before = a.snapshot(t) })},
			{
				Config: first + second,
				ExpectError: regexp.MustCompile(`(?s)` + words("belongs to the finished resource task_dns/prod") + `.*Nothing was changed.*` +
					regexp.QuoteMeta("terraform import fargatedirect_task_dns.<label> prod")),
			},
			{
				PreConfig:   same,
				Config:      first + named("strange"),
				ExpectError: regexp.MustCompile(`(?s)SQS queue\s+\(` + words(stranger+"-dead-letters)") + `\s+` + words("already exists and does not bear the tag fargatedirect:resource") + `.*Nothing was changed`),
			},
			{
				PreConfig:   same,
				Config:      first + named("role"),
				ExpectError: regexp.MustCompile(`(?s)role\s+\(` + words(role+") already exists and does not bear the tag") + `.*Choose another name`),
			},
			{
				PreConfig:        same,
				Config:           first,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
}

// addStrangers makes a queue and a role that are nobody's, as if they had been
// there from the start.
func (a *account) addStrangers(t *testing.T, queue, role string) {
	t.Helper()
	if _, err := sqs.NewFromConfig(a.aws).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &queue}); err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(a.aws).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: &role, AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`),
	}); err != nil {
		t.Fatal(err)
	}
	a.before = a.snapshot(t)
}
