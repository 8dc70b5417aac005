package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

// intruder harms the parts of a task_dns behind Terraform's back. Each of its
// ways answers the drift that a plan is to tell of it.
type intruder struct {
	t    *testing.T
	a    *account
	name string
	told []string
}

// do ends the test if a call failed.
func (i *intruder) do(_ any, err error) {
	i.t.Helper()
	if err != nil {
		i.t.Fatal(err)
	}
}

// expect notes what a plan is to say of a part.
func (i *intruder) expect(part string, problems ...string) {
	for _, p := range problems {
		i.told = append(i.told, part+": "+p)
	}
}

// flush answers what was noted, and forgets it.
func (i *intruder) flush() []string {
	told := i.told
	i.told = nil
	return told
}

// change alters every part.
func (i *intruder) change() []string {
	i.changeQueues()
	i.changeRole()
	i.changeFunction()
	i.changeFeeds()
	i.changeLogGroup()
	i.changeAlarms()
	return i.flush()
}

func (i *intruder) changeQueues() {
	ctx, client := i.t.Context(), sqs.NewFromConfig(i.a.aws)
	queue, letters := i.a.queueURL(i.t, i.name), i.a.queueURL(i.t, i.name+"-dead-letters")
	i.do(client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &queue, Attributes: map[string]string{
		"VisibilityTimeout": "1", "MessageRetentionPeriod": "60", "RedrivePolicy": "", "Policy": "",
	}}))
	i.do(client.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &queue, Tags: map[string]string{"team": "others", "stray": "x"}}))
	i.expect("SQS queue ("+i.name+")", "visibility timeout is 1 s, want 90 s", "retention is 60 s, want 345600 s",
		fmt.Sprintf(`dead-letter queue is "", want %q`, i.a.queueARN("prod")+"-dead-letters"), "the policy differs",
		`tag team is "others", want "browsers"`, `tag stray is "x", want none`)
	anybody := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":%q}]}`, i.a.queueARN("prod")+"-dead-letters")
	i.do(client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &letters, Attributes: map[string]string{"MessageRetentionPeriod": "60", "Policy": anybody}}))
	i.expect("SQS queue ("+i.name+"-dead-letters)", "retention is 60 s, want 1209600 s", "the policy differs")
}

func (i *intruder) changeRole() {
	ctx, client := i.t.Context(), iam.NewFromConfig(i.a.aws)
	everything := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	i.do(client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &i.name, PolicyName: aws.String("function"), PolicyDocument: everything}))
	i.do(client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &i.name, PolicyName: aws.String("stray"), PolicyDocument: everything}))
	i.do(client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &i.name, PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)}))
	i.do(client.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &i.name, TagKeys: []string{"team"}}))
	i.expect("role ("+i.name+")", "the policy differs", "has the additional policy stray", "the trust policy differs", `tag team is missing, want "browsers"`)
}

func (i *intruder) changeFunction() {
	ctx, client := i.t.Context(), lambda.NewFromConfig(i.a.aws)
	other, err := lambdas.Load(lambdas.Certbot, cloud.Architecture())
	i.do(other, err)
	mine, err := lambdas.Load(lambdas.TaskDNS, cloud.Architecture())
	i.do(mine, err)
	i.do(client.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &i.name, MemorySize: aws.Int32(512), Timeout: aws.Int32(3), Environment: &lambdatypes.Environment{Variables: map[string]string{"STRAY": "x"}},
	}))
	i.settled(client)
	i.do(client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: &i.name, ZipFile: other.Zip}))
	i.settled(client)
	i.do(client.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{FunctionName: &i.name, MaximumRetryAttempts: aws.Int32(2), MaximumEventAgeInSeconds: aws.Int32(60)}))
	i.do(client.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(i.functionARN()), Tags: map[string]string{"stray": "x"}}))
	i.expect("Lambda function ("+i.name+")", "memory is 512 MB, want 256 MB", "timeout is 3 s, want 60 s", "environment variable CONFIG is missing",
		"environment variable STRAY is set, want none", fmt.Sprintf("the code differs (sha256 %s, want %s)", other.SHA256, mine.SHA256),
		"asynchronous retries are 2, want 0", "the maximum age of asynchronous events is 60 s, want 3600 s", `tag stray is "x", want none`)
	// The other function knows no claims.
	i.expect("claim ("+i.name+")", "cannot be read, because the function fails: …")
}

// settled waits until the last change of the function is done.
func (i *intruder) settled(client *lambda.Client) {
	i.t.Helper()
	eventually(i.t, "waiting for the function", func() error {
		out, err := client.GetFunctionConfiguration(i.t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &i.name})
		if err == nil && out.LastUpdateStatus == lambdatypes.LastUpdateStatusInProgress {
			err = fmt.Errorf("the function's update is %s", out.LastUpdateStatus)
		}
		return err
	})
}

func (i *intruder) changeFeeds() {
	ctx, functions, events := i.t.Context(), lambda.NewFromConfig(i.a.aws), eventbridge.NewFromConfig(i.a.aws)
	i.do(functions.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{
		UUID: i.mapping(functions), Enabled: aws.Bool(false), BatchSize: aws.Int32(1), FunctionResponseTypes: []lambdatypes.FunctionResponseType{},
	}))
	i.expect(i.mappingName(), "the mapping is disabled", "batch size is 1, want 10", "failures of single messages are not reported")
	pattern := `{"source":["aws.ecs"]}`
	i.do(events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &i.name, EventPattern: &pattern, State: eventstypes.RuleStateDisabled, Description: aws.String("mine")}))
	i.do(events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &i.name, Ids: []string{"queue"}}))
	i.do(events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &i.name, Targets: []eventstypes.Target{{Id: aws.String("stray"), Arn: aws.String(i.a.queueARN("prod"))}}}))
	i.expect("EventBridge rule ("+i.name+")", "the rule is disabled", `description is "mine", want "Tasks that start or stop, for fargatedirect_task_dns prod"`,
		"the event pattern differs", "target queue is missing", "target stray is not wanted")
}

func (i *intruder) changeLogGroup() {
	ctx, client, group := i.t.Context(), cloudwatchlogs.NewFromConfig(i.a.aws), "/aws/lambda/"+i.name
	i.do(client.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(1)}))
	i.do(client.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String(i.a.taskDNSScope("prod").ARN("logs", "log-group:"+group)), Tags: map[string]string{"stray": "x"}}))
	i.expect("log group ("+group+")", "retention is 1 days, want 30 days", `tag stray is "x", want none`)
}

// remove deletes what the function needs: dead-letter queue, log group, role
// and the function itself.
func (i *intruder) remove() []string {
	i.removeFunction()
	i.removeRole()
	i.removeLogGroup()
	i.removeQueue("-dead-letters")
	return i.flush()
}

// removeTrigger deletes what feeds the function: mapping, rule and queue.
func (i *intruder) removeTrigger() []string {
	functions := lambda.NewFromConfig(i.a.aws)
	i.do(functions.DeleteEventSourceMapping(i.t.Context(), &lambda.DeleteEventSourceMappingInput{UUID: i.mapping(functions)}))
	eventually(i.t, "waiting for the end of the mapping", func() error {
		out, err := functions.ListEventSourceMappings(i.t.Context(), &lambda.ListEventSourceMappingsInput{FunctionName: &i.name})
		if err == nil && len(out.EventSourceMappings) > 0 {
			err = fmt.Errorf("the mapping is %s", aws.ToString(out.EventSourceMappings[0].State))
		}
		return err
	})
	i.expect(i.mappingName(), "missing")
	i.removeRule(i.name, "queue")
	i.removeRule(i.name+"-sync", "function")
	i.removeQueue("")
	i.removeAlarms()
	return i.flush()
}

// removeAll deletes every part.
func (i *intruder) removeAll() {
	i.removeTrigger()
	i.remove()
}

func (i *intruder) removeFunction() {
	i.do(lambda.NewFromConfig(i.a.aws).DeleteFunction(i.t.Context(), &lambda.DeleteFunctionInput{FunctionName: &i.name}))
	i.expect("Lambda function ("+i.name+")", "missing")
	// Its policy goes with it, and nobody else can tell of the claim.
	i.expect(i.permission(), "missing")
	i.expect("claim ("+i.name+")", "missing")
}

func (i *intruder) removeRole() {
	ctx, client := i.t.Context(), iam.NewFromConfig(i.a.aws)
	i.do(client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &i.name, PolicyName: aws.String("function")}))
	i.do(client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &i.name}))
	i.expect("role ("+i.name+")", "missing")
}

func (i *intruder) removeLogGroup() {
	group := "/aws/lambda/" + i.name
	i.do(cloudwatchlogs.NewFromConfig(i.a.aws).DeleteLogGroup(i.t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &group}))
	i.expect("log group ("+group+")", "missing")
}

func (i *intruder) removeQueue(suffix string) {
	i.do(sqs.NewFromConfig(i.a.aws).DeleteQueue(i.t.Context(), &sqs.DeleteQueueInput{QueueUrl: aws.String(i.a.queueURL(i.t, i.name+suffix))}))
	i.expect("SQS queue ("+i.name+suffix+")", "missing")
}

func (i *intruder) removeRule(name, target string) {
	ctx, client := i.t.Context(), eventbridge.NewFromConfig(i.a.aws)
	i.do(client.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &name, Ids: []string{target}}))
	i.do(client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &name}))
	i.expect("EventBridge rule ("+name+")", "missing")
}

func (i *intruder) mapping(client *lambda.Client) *string {
	i.t.Helper()
	out, err := client.ListEventSourceMappings(i.t.Context(), &lambda.ListEventSourceMappingsInput{FunctionName: &i.name})
	i.do(out, err)
	if len(out.EventSourceMappings) != 1 {
		i.t.Fatalf("there are the mappings %+v", out.EventSourceMappings)
	}
	return out.EventSourceMappings[0].UUID
}

func (i *intruder) mappingName() string {
	return fmt.Sprintf("event source mapping (%s to %s)", i.a.queueARN("prod"), i.name)
}

func (i *intruder) functionARN() string {
	return i.a.taskDNSScope("prod").ARN("lambda", "function:"+i.name)
}

// withoutIDs leaves the ids out that AWS invents anew for each mapping.
func withoutIDs(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if strings.Contains(line, "lambda event source mapping ") {
			line = "+ lambda event source mapping"
		}
		kept = append(kept, line)
	}
	return kept
}
