package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// Two hundred tasks start and stop. At each checkpoint the zone holds exactly
// the names of those that run, and in the end nothing lies in the queues and
// each task was told of as ready and as deleted.
func TestAccTaskDNS_twoHundredTasks(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	told := newListener(t, a)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: a.config(a.taskDNS("")),
			Check: during(func() {
				first := f.runMany(100)
				a.named(t, f)
				second := f.runMany(100)
				a.named(t, f)
				f.stopMany(first)
				a.named(t, f)
				f.stopMany(second)
				a.named(t, f)
				for _, task := range slices.Concat(first, second) {
					told.expect(t, "Task DNS Name Ready", task)
					told.expect(t, "Task DNS Name Deleted", task)
				}
				physical := a.taskDNSScope("prod").Physical()
				a.drained(t, a.queueURL(t, physical))
				a.drained(t, a.queueURL(t, physical+"-dead-letters"))
			}),
		}},
	})
}

// runMany starts tasks ten at a time and answers their ARNs.
func (f *fleet) runMany(n int) []string {
	f.t.Helper()
	var arns []string
	for len(arns) < n {
		out, err := f.ecs.RunTask(f.t.Context(), &ecs.RunTaskInput{
			Cluster: &f.cluster, TaskDefinition: aws.String("browser"), LaunchType: ecstypes.LaunchTypeFargate,
			Count: aws.Int32(int32(min(10, n-len(arns)))), //nolint:gosec // at most 10
			NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
				Subnets: []string{f.subnet}, AssignPublicIp: ecstypes.AssignPublicIpEnabled,
			}},
		})
		if err != nil {
			f.t.Fatal(err)
		}
		for _, task := range out.Tasks {
			arns = append(arns, aws.ToString(task.TaskArn))
		}
	}
	f.t.Cleanup(func() { f.stopMany(arns) })
	return arns
}

// stopMany stops tasks; those that have stopped already stay so.
func (f *fleet) stopMany(arns []string) {
	f.t.Helper()
	for _, arn := range arns {
		if _, err := f.ecs.StopTask(context.WithoutCancel(f.t.Context()), &ecs.StopTaskInput{Cluster: &f.cluster, Task: &arn}); err != nil {
			f.t.Error(err)
		}
	}
}

// running is the ids of the tasks that are to run.
func (f *fleet) running() ([]string, error) {
	var ids []string
	pages := ecs.NewListTasksPaginator(f.ecs, &ecs.ListTasksInput{Cluster: &f.cluster, DesiredStatus: ecstypes.DesiredStatusRunning})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.t.Context())
		if err != nil {
			return nil, err
		}
		for _, arn := range page.TaskArns {
			ids = append(ids, arn[strings.LastIndex(arn, "/")+1:])
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// named waits until the zone holds the names of the running tasks and of no
// others, each with its address.
func (a *account) named(t *testing.T, f *fleet) {
	t.Helper()
	eventually(t, "waiting for the names of all running tasks", func() error {
		want, err := f.running()
		if err != nil {
			return err
		}
		var got []string
		pages := route53.NewListResourceRecordSetsPaginator(route53.NewFromConfig(a.aws), &route53.ListResourceRecordSetsInput{HostedZoneId: &a.zoneID})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				return err
			}
			for _, set := range page.ResourceRecordSets {
				if label, ok := strings.CutSuffix(aws.ToString(set.Name), "."+a.domain+"."); ok && len(label) == 32 {
					got = append(got, label)
				}
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Errorf("%d names for %d tasks", len(got), len(want))
		}
		return nil
	})
	for _, id := range sample(t, f) {
		arn := strings.Replace(f.cluster, ":cluster/", ":task/", 1) + "/" + id
		address, _ := f.address(arn)
		resolves(t, hostname(arn, a.domain), address)
	}
}

// sample is a few of the running tasks.
func sample(t *testing.T, f *fleet) []string {
	t.Helper()
	ids, err := f.running()
	if err != nil {
		t.Fatal(err)
	}
	return ids[:min(3, len(ids))]
}

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
	l := &listener{sqs: sqs.NewFromConfig(a.aws), heard: map[string]int{}}
	queue, err := l.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("listener")})
	if err != nil {
		t.Fatal(err)
	}
	l.queue = aws.ToString(queue.QueueUrl)
	events := eventbridge.NewFromConfig(a.aws)
	rule, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("listener"), EventPattern: aws.String(`{"source":["fargatedirect.task_dns"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	arn := fmt.Sprintf("arn:aws:sqs:%s:%s:listener", cloud.Region, a.id)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, arn, aws.ToString(rule.RuleArn))
	if _, err := l.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &l.queue, Attributes: map[string]string{"Policy": policy}}); err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: aws.String("listener"), Targets: []eventbridgetypes.Target{{Id: aws.String("queue"), Arn: &arn}},
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
