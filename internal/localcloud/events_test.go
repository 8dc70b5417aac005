package localcloud_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// TestEventsReachQueues puts events to the default and to a custom bus; rules
// of both send what they match to one queue.
func TestEventsReachQueues(t *testing.T) {
	t.Parallel()
	const name, account = "reach", "210987654381"
	config := cloud.Account(account)
	events, queues := eventbridge.NewFromConfig(config), sqs.NewFromConfig(config)
	arn := fmt.Sprintf("arn:aws:sqs:us-east-1:%s:%s", account, name)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q,
		"Condition":{"ArnEquals":{"aws:SourceArn":["arn:aws:events:us-east-1:%[2]s:rule/reach","arn:aws:events:us-east-1:%[2]s:rule/off","arn:aws:events:us-east-1:%[2]s:rule/reach-bus/reach"]}}}]}`, arn, account)
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{"Policy": policy, "VisibilityTimeout": "43200"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("reach-bus")}); err != nil {
		t.Fatal(err)
	}
	for _, rule := range []struct {
		bus, name, pattern string
		state              types.RuleState
	}{
		{"default", name, `{"source":["fargatedirect.task_dns"],"detail-type":["Ready"]}`, types.RuleStateEnabled},
		{"default", "off", `{"source":["fargatedirect.task_dns"]}`, types.RuleStateDisabled},
		{"reach-bus", name, `{"detail-type":[{"prefix":"Re"}]}`, types.RuleStateEnabled},
	} {
		if _, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &rule.name, EventBusName: &rule.bus, EventPattern: &rule.pattern, State: rule.state}); err != nil {
			t.Fatal(err)
		}
		if _, err := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &rule.name, EventBusName: &rule.bus, Targets: []types.Target{{Id: aws.String("queue"), Arn: &arn}}}); err != nil {
			t.Fatal(err)
		}
	}
	var entries []types.PutEventsRequestEntry
	for _, e := range [][4]string{
		{"default", "fargatedirect.task_dns", "Ready", "1"},
		{"default", "fargatedirect.task_dns", "Deleted", "2"},
		{"default", "another", "Ready", "3"},
		{"reach-bus", "fargatedirect.task_dns", "Deleted", "4"},
		{"reach-bus", "another", "Ready", "5"},
	} {
		entries = append(entries, types.PutEventsRequestEntry{
			EventBusName: aws.String(e[0]), Source: aws.String(e[1]), DetailType: aws.String(e[2]), Detail: aws.String(`{"number":"` + e[3] + `"}`),
		})
	}
	put, err := events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
	if err != nil || put.FailedEntryCount != 0 || len(put.Entries) != len(entries) {
		t.Fatalf("putting events answers %+v, %v", put, err)
	}
	var got []string
	for len(got) < 2 {
		for _, body := range receive(t, queues, queue.QueueUrl, 10) {
			var e struct{ Detail struct{ Number string } }
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Detail.Number)
		}
	}
	got = append(got, receive(t, queues, queue.QueueUrl, 1)...)
	slices.Sort(got)
	if !slices.Equal(got, []string{"1", "5"}) {
		t.Errorf("the queue got %q, want the first and the last event", got)
	}
}

// receive is the bodies of what a queue gives within some seconds.
func receive(t *testing.T, queues *sqs.Client, url *string, seconds int32) []string {
	t.Helper()
	got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: seconds, MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range got.Messages {
		out = append(out, aws.ToString(m.Body))
	}
	return out
}

// TestScheduleInvokesFunction shows that a schedule hands a function its input,
// but only if the function lets that rule invoke it.
func TestScheduleInvokesFunction(t *testing.T) {
	t.Parallel()
	f := newFunction(t, "scheduled", 2)
	events := eventbridge.NewFromConfig(cloud.Config())
	arn := fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s", cloud.AccountID, f.name)
	fire := func(rule string) {
		t.Helper()
		put, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &rule, ScheduleExpression: aws.String("rate(1 hour)")})
		if err != nil {
			t.Fatal(err)
		}
		if rule == "schedule" {
			if _, err := f.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{
				FunctionName: &f.name, StatementId: aws.String("rule"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("events.amazonaws.com"), SourceArn: put.RuleArn,
			}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &rule, Targets: []types.Target{
			{Id: aws.String("function"), Arn: &arn, Input: aws.String(fmt.Sprintf(`{"Do":%q}`, rule))},
		}}); err != nil {
			t.Fatal(err)
		}
		if err := cloud.FireRule(t.Context(), cloud.AccountID, rule); err != nil {
			t.Errorf("firing %s: %v", rule, err)
		}
	}
	fire("schedule-not-allowed")
	fire("schedule")
	f.wantLogged("doing schedule\n")
	if f.logged("doing schedule-not-allowed") {
		t.Error("a rule that may not invoke the function did")
	}
}

// TestQueueBatches goes through what a consumer does with batches of messages.
func TestQueueBatches(t *testing.T) {
	t.Parallel()
	const account = "210987654382"
	client := sqs.NewFromConfig(cloud.Account(account))
	queue, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("batches"), Attributes: map[string]string{"VisibilityTimeout": "600"}})
	if err != nil {
		t.Fatal(err)
	}
	entry := func(id string, delay int32) sqstypes.SendMessageBatchRequestEntry {
		return sqstypes.SendMessageBatchRequestEntry{Id: aws.String(id), MessageBody: aws.String(id), DelaySeconds: delay}
	}
	sent, err := client.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: queue.QueueUrl, Entries: []sqstypes.SendMessageBatchRequestEntry{
		entry("now", 0), entry("soon", 2), entry("late", 900), entry("too-late", 901),
	}})
	if err == nil && (len(sent.Successful) != 3 || len(sent.Failed) != 1 || aws.ToString(sent.Failed[0].Id) != "too-late") {
		t.Fatalf("sending answers %+v", sent)
	}
	if err != nil {
		t.Fatal(err)
	}
	// On a slow machine "soon" may come before it is wanted.
	came := map[string]sqstypes.Message{}
	take := func(want, count string) sqstypes.Message {
		t.Helper()
		for {
			if m, ok := came[want]; ok {
				if m.Attributes["ApproximateReceiveCount"] != count {
					t.Fatalf("received %+v, want it for the time %s", m, count)
				}
				delete(came, want)
				return m
			}
			got, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
				QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0,
				MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameApproximateReceiveCount, sqstypes.MessageSystemAttributeNameSentTimestamp, sqstypes.MessageSystemAttributeNameApproximateFirstReceiveTimestamp},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range got.Messages {
				body := aws.ToString(m.Body)
				if body != "now" && body != "soon" || m.Attributes["SentTimestamp"] == "" {
					t.Fatalf("received %+v", m)
				}
				came[body] = m
			}
		}
	}
	now := take("now", "1")
	visible, err := client.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: queue.QueueUrl, Entries: []sqstypes.ChangeMessageVisibilityBatchRequestEntry{
		{Id: aws.String("good"), ReceiptHandle: now.ReceiptHandle, VisibilityTimeout: 0},
		{Id: aws.String("bad"), ReceiptHandle: aws.String("none"), VisibilityTimeout: 0},
	}})
	if err != nil || len(visible.Successful) != 1 || len(visible.Failed) != 1 || aws.ToString(visible.Failed[0].Id) != "bad" {
		t.Fatalf("changing visibility answers %+v, %v", visible, err)
	}
	now = take("now", "2")
	gone, err := client.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: queue.QueueUrl, Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: aws.String("1"), ReceiptHandle: now.ReceiptHandle}}})
	if err != nil || len(gone.Successful) != 1 {
		t.Fatalf("deleting answers %+v, %v", gone, err)
	}
	soon := take("soon", "1").Attributes
	sentAt, errSent := strconv.Atoi(soon["SentTimestamp"])
	cameAt, errCame := strconv.Atoi(soon["ApproximateFirstReceiveTimestamp"])
	if errSent != nil || errCame != nil || cameAt-sentAt < 1900 {
		t.Errorf("a message with a delay of 2 s came after %d ms (%v, %v)", cameAt-sentAt, errSent, errCame)
	}
}
