package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// inPlace is a plan that updates the certbot and replaces nothing.
var inPlace = resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
	plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionUpdate),
}}

// unchanged is an empty plan.
var unchanged = resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}

// replaced is a plan that replaces the certbot; it is for steps that only plan.
var replaced = resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
	plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionDestroyBeforeCreate),
}}

// importedByName imports the certbot and compares it with the state. What AWS
// does not hold cannot be found there.
func importedByName(also ...string) resource.TestStep {
	return resource.TestStep{
		ResourceName: certbotAddress, ImportState: true, ImportStateId: "prod", ImportStateVerify: true,
		ImportStateVerifyIdentifierAttribute: "name",
		ImportStateVerifyIgnore:              append([]string{"force_destroy", "retain_on_destroy", "issue_on_create", "timeouts"}, also...),
	}
}

// TestAccCertbot_settings proves that whatever is no certificate's changes in
// place, reaches AWS, is found by an import, and can be taken back.
func TestAccCertbot_settings(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	boundary := a.policy(t, "boundary")
	reader := fmt.Sprintf("arn:aws:iam::%s:role/reader", a.id)
	success, failure := a.topic(t, "success"), a.topic(t, "failure")
	plain := a.config(a.certbot("issue_on_create = false"))
	other := map[string]string{"x86_64": "arm64", "arm64": "x86_64"}[cloud.Architecture()]

	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: plain},
			importedByName("drift"), // an import misses the certificates, which nobody asked for here
			{
				Config: a.configWith(`default_tags = { stage = "test", team = "default" }`, a.certbot(fmt.Sprintf(`
  issue_on_create      = false
  schedule_expression  = "cron(7 3 * * ? *)"
  log_retention_days   = 7
  permissions_boundary = %q
  reader_role_arns     = [%q]
  notification_emails  = ["ops@example.com", "dev@example.com"]
  tags                 = { team = "a", "with space" = "b/c" }
  force_destroy        = true
  timeouts             = { create = "5m", update = "5m", delete = "5m" }`, boundary, reader))),
				ConfigPlanChecks: inPlace,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("schedule_expression"), knownvalue.StringExact("cron(7 3 * * ? *)")),
				},
			},
			importedByName("drift"),
			{
				PreConfig: func() {
					is(t, "the schedule", a.schedule(t, parts), "cron(7 3 * * ? *)")
					is(t, "the retention", a.retention(t, parts), "7")
					is(t, "the boundary", a.boundary(t, parts), boundary)
					is(t, "the tags", a.functionTags(t, parts), "map[fargatedirect:resource:certbot/prod stage:test team:a with space:b/c]")
					is(t, "the subscribed addresses", strings.Join(a.addresses(t, parts), " "), "dev@example.com ops@example.com")
					if policy := a.bucketPolicy(t, parts); !strings.Contains(policy, reader) {
						t.Errorf("the bucket's policy does not name the reader: %s", policy)
					}
				},
				Config:           plain, // takes it all back
				ConfigPlanChecks: inPlace,
			},
			{
				PreConfig: func() {
					is(t, "the retention", a.retention(t, parts), "30")
					is(t, "the boundary", a.boundary(t, parts), "")
					is(t, "the tags", a.functionTags(t, parts), "map[fargatedirect:resource:certbot/prod]")
					if policy := a.bucketPolicy(t, parts); strings.Contains(policy, reader) {
						t.Errorf("the bucket's policy still names the reader: %s", policy)
					}
				},
				Config:           a.config(a.certbot(fmt.Sprintf("issue_on_create = false\nsuccess_topic_arn = %q\nfailure_topic_arn = %q\nlog_retention_days = 0", success, failure))),
				ConfigPlanChecks: inPlace,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("topic_arn"), knownvalue.Null()),
				},
			},
			importedByName("drift"),
			{
				PreConfig: func() {
					is(t, "the retention", a.retention(t, parts), "0")
					if _, err := sns.NewFromConfig(a.aws).GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: a.topicARN(parts)}); err == nil {
						t.Error("the resource's own topic is still there")
					}
				},
				Config:           plain,
				ConfigPlanChecks: inPlace,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("topic_arn"), knownvalue.StringExact(*a.topicARN(parts))),
				},
			},
			{ // Functions of another architecture do not run here.
				Config: strings.Replace(plain, cloud.Architecture(), other, 1), PlanOnly: true, ExpectNonEmptyPlan: true,
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionUpdate),
				}},
			},
			{Config: strings.Replace(plain, `"prod"`, `"other"`, 1), PlanOnly: true, ExpectNonEmptyPlan: true, ConfigPlanChecks: replaced},
			{Config: a.config(a.certbot("issue_on_create = false\niam_path = \"/team/\"")), PlanOnly: true, ExpectNonEmptyPlan: true, ConfigPlanChecks: replaced},
			{Config: a.config(a.certbot("issue_on_create = false\nregion = \"eu-west-2\"")), PlanOnly: true, ExpectNonEmptyPlan: true, ConfigPlanChecks: replaced},
		},
	})
}

// is compares two texts.
func is(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// policy makes a managed policy of the test's own.
func (a *account) policy(t *testing.T, name string) string {
	t.Helper()
	client := iam.NewFromConfig(a.aws)
	out, err := client.CreatePolicy(t.Context(), &iam.CreatePolicyInput{
		PolicyName: &name, PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeletePolicy(background(t), &iam.DeletePolicyInput{PolicyArn: out.Policy.Arn}); err != nil {
			t.Error(err)
		}
	})
	return aws.ToString(out.Policy.Arn)
}

func (a *account) topicARN(parts string) *string {
	return aws.String(fmt.Sprintf("arn:aws:sns:%s:%s:%s", cloud.Region, a.id, parts))
}

func (a *account) schedule(t *testing.T, parts string) string {
	t.Helper()
	out := try[*eventbridge.DescribeRuleOutput](t)(eventbridge.NewFromConfig(a.aws).DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: &parts}))
	return aws.ToString(out.ScheduleExpression)
}

func (a *account) retention(t *testing.T, parts string) string {
	t.Helper()
	out := try[*cloudwatchlogs.DescribeLogGroupsOutput](t)(cloudwatchlogs.NewFromConfig(a.aws).DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/aws/lambda/" + parts)}))
	if len(out.LogGroups) != 1 {
		t.Fatalf("there are %d log groups", len(out.LogGroups))
	}
	return fmt.Sprint(aws.ToInt32(out.LogGroups[0].RetentionInDays))
}

func (a *account) boundary(t *testing.T, parts string) string {
	t.Helper()
	out := try[*iam.GetRoleOutput](t)(iam.NewFromConfig(a.aws).GetRole(t.Context(), &iam.GetRoleInput{RoleName: &parts}))
	if out.Role.PermissionsBoundary == nil {
		return ""
	}
	return aws.ToString(out.Role.PermissionsBoundary.PermissionsBoundaryArn)
}

func (a *account) functionTags(t *testing.T, parts string) string {
	t.Helper()
	out := try[*lambda.GetFunctionOutput](t)(lambda.NewFromConfig(a.aws).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &parts}))
	return fmt.Sprint(out.Tags)
}

func (a *account) addresses(t *testing.T, parts string) []string {
	t.Helper()
	out := try[*sns.ListSubscriptionsByTopicOutput](t)(sns.NewFromConfig(a.aws).ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: a.topicARN(parts)}))
	var found []string
	for _, s := range out.Subscriptions {
		found = append(found, aws.ToString(s.Endpoint))
	}
	slices.Sort(found)
	return found
}

func (a *account) bucketPolicy(t *testing.T, bucket string) string {
	t.Helper()
	out := try[*s3.GetBucketPolicyOutput](t)(a.s3().GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: &bucket}))
	return aws.ToString(out.Policy)
}
