package provider_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// listener hears what the function tells by EventBridge.
type listener struct {
	sqs   *sqs.Client
	queue string
	heard map[string]int // by detail-type and task
}

// newListener lets a rule of the default bus send the function's events to a
// queue. Both are as if they had been there from the start.
func newListener(t *testing.T, a *account) *listener {
	t.Helper()
	return newListenerOn(t, a, "default")
}

// newListenerOn listens on one bus.
func newListenerOn(t *testing.T, a *account, bus string) *listener {
	t.Helper()
	l := &listener{sqs: sqs.NewFromConfig(a.aws), heard: map[string]int{}}
	queue, err := l.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("listener")})
	if err != nil {
		t.Fatal(err)
	}
	l.queue = aws.ToString(queue.QueueUrl)
	events := eventbridge.NewFromConfig(a.aws)
	rule, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("listener"), EventBusName: &bus, EventPattern: aws.String(`{"source":["fargatedirect.task_dns"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	arn := fmt.Sprintf("arn:aws:sqs:%s:%s:listener", cloud.Region, a.id)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, arn, aws.ToString(rule.RuleArn))
	if _, err := l.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &l.queue, Attributes: map[string]string{"Policy": policy}}); err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: aws.String("listener"), EventBusName: &bus, Targets: []eventbridgetypes.Target{{Id: aws.String("queue"), Arn: &arn}},
	}); err != nil {
		t.Fatal(err)
	}
	a.before = a.snapshot(t)
	return l
}

// notification is an event of the function's.
type notification struct {
	Source     string   `json:"source"`
	DetailType string   `json:"detail-type"`
	Resources  []string `json:"resources"`
	Detail     struct {
		Hostname   string   `json:"hostname"`
		Addresses  []string `json:"addresses"`
		TaskARN    string   `json:"taskArn"`
		ClusterARN string   `json:"clusterArn"`
		Group      string   `json:"group"`
		StartedBy  string   `json:"startedBy"`
		Reason     string   `json:"reason"`
	} `json:"detail"`
}

// expect waits for an event about a task.
func (l *listener) expect(t *testing.T, detailType, taskARN string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); l.heard[detailType+" "+taskARN] == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("no event %q about task %s among %d others", detailType, taskARN, len(l.heard))
		}
		l.listen(t)
	}
}

// listen takes in what has come.
func (l *listener) listen(t *testing.T) {
	t.Helper()
	out, err := l.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &l.queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range out.Messages {
		var n notification
		if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &n); err != nil {
			t.Fatalf("reading %s: %v", strconv.Quote(aws.ToString(m.Body)), err)
		}
		checkNotification(t, n)
		l.heard[n.DetailType+" "+n.Detail.TaskARN]++
		if _, err := l.sqs.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &l.queue, ReceiptHandle: m.ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
}

// checkNotification fails unless an event is of the documented form.
func checkNotification(t *testing.T, n notification) {
	t.Helper()
	d := n.Detail
	id := d.TaskARN[strings.LastIndex(d.TaskARN, "/")+1:]
	if n.Source != "fargatedirect.task_dns" || !slices.Equal(n.Resources, []string{d.TaskARN}) || !strings.HasPrefix(d.Hostname, id+".") ||
		!strings.HasPrefix(d.TaskARN, strings.Replace(d.ClusterARN, ":cluster/", ":task/", 1)+"/") {
		t.Errorf("the event is %+v", n)
	}
	if ready := n.DetailType == "Task DNS Name Ready"; ready != (len(d.Addresses) > 0) || ready && d.Group != "family:browser" {
		t.Errorf("the event is %+v", n)
	}
	if failed := n.DetailType == "Task DNS Name Failed"; failed != (d.Reason != "") {
		t.Errorf("the event is %+v", n)
	}
}
