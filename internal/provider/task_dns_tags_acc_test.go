package provider_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// Every part bears the provider's and the resource's tags, and keeps those of
// others that are to be left alone.
func TestAccTaskDNS_tags(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	owner := map[string]string{"fargatedirect:resource": "task_dns/prod"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(owner)
		maps.Copy(all, more)
		return all
	}
	const defaults = `default_tags = { team = "browsers", stage = "test" }`
	const ignoring = defaults + "\n" + `ignore_tags = { keys = ["cost"], key_prefixes = ["audit:"] }`
	intruder := &intruder{t: t, a: a, name: a.taskDNSScope("prod").Physical()}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: a.configWith(defaults, a.taskDNS(`tags = { stage = "prod", own = "" }`)),
				Check: during(func() {
					a.wantTags(t, with(map[string]string{"team": "browsers", "stage": "prod", "own": ""}))
				}),
			},
			{
				ResourceName: testTaskDNS, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"timeouts"},
			},
			{
				Config: a.configWith(`default_tags = { team = "others" }`, a.taskDNS("")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
				}},
				Check: during(func() { a.wantTags(t, with(map[string]string{"team": "others"})) }),
			},
			{
				// Others' tags, on two parts.
				PreConfig: func() { intruder.tag(map[string]string{"cost": "1", "audit:by": "x"}) },
				Config:    a.configWith(ignoring, a.taskDNS("")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
					&wantDrift{lines: driftOfDefaults(intruder, "browsers", "test")},
				}},
				Check: during(func() {
					a.wantTagsOf(t, "function", with(map[string]string{"team": "browsers", "stage": "test", "cost": "1", "audit:by": "x"}))
				}),
			},
			{
				Config: a.configWith(defaults, a.taskDNS("")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					&wantDrift{lines: []string{
						"Lambda function (" + intruder.name + `): tag audit:by is "x", want none`,
						"Lambda function (" + intruder.name + `): tag cost is "1", want none`,
						"SQS queue (" + intruder.name + `): tag audit:by is "x", want none`,
						"SQS queue (" + intruder.name + `): tag cost is "1", want none`,
					}},
				}},
				Check: during(func() { a.wantTags(t, with(map[string]string{"team": "browsers", "stage": "test"})) }),
			},
		},
	})
}

// driftOfDefaults is what a plan tells of all parts when the provider's tags
// change: that is how it knows that it has to change them.
func driftOfDefaults(i *intruder, team, stage string) []string {
	for _, part := range []string{
		"SQS queue (" + i.name + ")", "SQS queue (" + i.name + "-dead-letters)", "role (" + i.name + ")", "Lambda function (" + i.name + ")",
		"log group (/aws/lambda/" + i.name + ")", "EventBridge rule (" + i.name + ")", i.mappingName(),
		"EventBridge rule (" + i.name + "-sync)", i.alarm("dead-letters"), i.alarm("queue-age"), i.alarm("errors"), i.alarm("not-reconciled"), i.alarm("held"),
	} {
		i.expect(part, fmt.Sprintf(`tag team is "others", want %q`, team), fmt.Sprintf("tag stage is missing, want %q", stage))
	}
	return i.flush()
}

// tag puts tags on the queue and the function.
func (i *intruder) tag(tags map[string]string) {
	queue := i.a.queueURL(i.t, i.name)
	i.do(sqs.NewFromConfig(i.a.aws).TagQueue(i.t.Context(), &sqs.TagQueueInput{QueueUrl: &queue, Tags: tags}))
	i.do(lambda.NewFromConfig(i.a.aws).TagResource(i.t.Context(), &lambda.TagResourceInput{Resource: aws.String(i.functionARN()), Tags: tags}))
}

// wantTags fails unless all parts bear exactly these tags.
func (a *account) wantTags(t *testing.T, want map[string]string) {
	t.Helper()
	for _, part := range []string{"queue", "dead-letter queue", "role", "function", "mapping", "log group", "rule", "schedule", "alarm"} {
		a.wantTagsOf(t, part, want)
	}
}

func (a *account) wantTagsOf(t *testing.T, part string, want map[string]string) {
	t.Helper()
	got, err := a.tagsOf(t, part)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("the %s bears %q, want %q", part, got, want)
	}
}

func (a *account) tagsOf(t *testing.T, part string) (map[string]string, error) {
	t.Helper()
	ctx, scope := t.Context(), a.taskDNSScope("prod")
	i := &intruder{t: t, a: a, name: scope.Physical()}
	tags := map[string]string{}
	switch part {
	case "queue", "dead-letter queue":
		url := a.queueURL(t, i.name+map[string]string{"dead-letter queue": "-dead-letters"}[part])
		out, err := sqs.NewFromConfig(a.aws).ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
		if err != nil {
			return nil, err
		}
		return out.Tags, nil
	case "role":
		out, err := iam.NewFromConfig(a.aws).ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: &i.name})
		if err != nil {
			return nil, err
		}
		for _, tag := range out.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	case "alarm":
		out, err := cloudwatch.NewFromConfig(a.aws).ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: aws.String(scope.ARN("cloudwatch", "alarm:"+i.name+"-held"))})
		if err != nil {
			return nil, err
		}
		for _, tag := range out.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	case "rule", "schedule":
		rule := scope.ARN("events", "rule/"+i.name+map[string]string{"schedule": "-sync"}[part])
		out, err := eventbridge.NewFromConfig(a.aws).ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: &rule})
		if err != nil {
			return nil, err
		}
		for _, tag := range out.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	case "log group":
		out, err := cloudwatchlogs.NewFromConfig(a.aws).ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(scope.ARN("logs", "log-group:/aws/lambda/"+i.name))})
		if err != nil {
			return nil, err
		}
		return out.Tags, nil
	default:
		client := lambda.NewFromConfig(a.aws)
		arn := i.functionARN()
		if part == "mapping" {
			arn = scope.ARN("lambda", "event-source-mapping:"+*i.mapping(client))
		}
		out, err := client.ListTags(ctx, &lambda.ListTagsInput{Resource: &arn})
		if err != nil {
			return nil, err
		}
		return out.Tags, nil
	}
	return tags, nil
}
