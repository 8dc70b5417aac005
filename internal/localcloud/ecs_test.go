package localcloud_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// fleet is a cluster of one test with a queue that gets its events.
type fleet struct {
	t       *testing.T
	ecs     *ecs.Client
	ec2     *ec2.Client
	sqs     *sqs.Client
	cluster string
	subnet  string
	queue   string
}

func newFleet(t *testing.T, name string) *fleet {
	t.Helper()
	return newFleetIn(t, cloud.AccountID, cloud.Config(), name)
}

// newFleetIn makes a fleet in an account.
func newFleetIn(t *testing.T, account string, config aws.Config, name string) *fleet {
	t.Helper()
	f := &fleet{t: t, ecs: ecs.NewFromConfig(config), ec2: ec2.NewFromConfig(config), sqs: sqs.NewFromConfig(config)}
	cluster, err := f.ecs.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	f.cluster = aws.ToString(cluster.Cluster.ClusterArn)
	subnets, err := f.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	f.subnet = aws.ToString(subnets.Subnets[0].SubnetId)
	if _, err := f.ecs.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(name), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions:    []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), Memory: aws.Int32(512)}},
	}); err != nil {
		t.Fatal(err)
	}
	f.listen(account, config, name)
	return f
}

// listen makes the queue and the rule that fills it.
func (f *fleet) listen(account string, config aws.Config, name string) {
	f.t.Helper()
	ctx := f.t.Context()
	// What was received and is not deleted must not come again in a test that takes
	// its time.
	queue, err := f.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{"VisibilityTimeout": "43200"}})
	if err != nil {
		f.t.Fatal(err)
	}
	f.queue = aws.ToString(queue.QueueUrl)
	arn := "arn:aws:sqs:us-east-1:" + account + ":" + name
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},
		"Action":"sqs:SendMessage","Resource":%q,
		"Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:events:us-east-1:%[2]s:rule/%[3]s"},"StringEquals":{"aws:SourceAccount":%[2]q}}}]}`,
		arn, account, name)
	if _, err := f.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
		QueueUrl: queue.QueueUrl, Attributes: map[string]string{"Policy": policy},
	}); err != nil {
		f.t.Fatal(err)
	}
	events := eventbridge.NewFromConfig(config)
	pattern := fmt.Sprintf(`{"source":["aws.ecs"],"detail-type":["ECS Task State Change"],"detail":{"clusterArn":[%q]}}`, f.cluster)
	if _, err := events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String(name), EventPattern: aws.String(pattern)}); err != nil {
		f.t.Fatal(err)
	}
	if _, err := events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String(name), Targets: []eventtypes.Target{
		{Id: aws.String("queue"), Arn: aws.String(arn)},
	}}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) run(public types.AssignPublicIp) *types.Task {
	f.t.Helper()
	out, err := f.ecs.RunTask(f.t.Context(), f.runInput(public))
	if err != nil {
		f.t.Fatal(err)
	}
	return &out.Tasks[0]
}

func (f *fleet) runInput(public types.AssignPublicIp) *ecs.RunTaskInput {
	return &ecs.RunTaskInput{
		Cluster: aws.String(f.cluster), TaskDefinition: aws.String(f.cluster[strings.LastIndex(f.cluster, "/")+1:]),
		LaunchType: types.LaunchTypeFargate, StartedBy: aws.String("a-test"),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: []string{f.subnet}, AssignPublicIp: public,
		}},
	}
}

func (f *fleet) describe(arn string) (*types.Task, string) {
	f.t.Helper()
	out, err := f.ecs.DescribeTasks(f.t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String(f.cluster), Tasks: []string{arn}})
	if err != nil {
		f.t.Fatal(err)
	}
	if len(out.Failures) > 0 {
		return nil, aws.ToString(out.Failures[0].Reason)
	}
	return &out.Tasks[0], ""
}

func (f *fleet) await(arn, status string) *types.Task {
	f.t.Helper()
	for {
		task, missing := f.describe(arn)
		if task != nil && aws.ToString(task.LastStatus) == status {
			return task
		}
		if err := f.t.Context().Err(); err != nil {
			f.t.Fatalf("waiting for %s: %v (%s)", status, err, missing)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

type taskEvent struct {
	Detail struct {
		TaskArn, LastStatus, DesiredStatus string
		Version                            int64
		Attachments                        []struct {
			Type, Status string
			Details      []struct{ Name, Value string }
		}
	}
}

// events receives messages until there are n events.
func (f *fleet) events(n int) []taskEvent {
	f.t.Helper()
	var out []taskEvent
	for len(out) < n {
		got, err := f.sqs.ReceiveMessage(f.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(f.queue), MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
		if err != nil {
			f.t.Fatal(err)
		}
		for _, m := range got.Messages {
			var e taskEvent
			if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &e); err != nil {
				f.t.Fatal(err)
			}
			out = append(out, e)
		}
		if len(got.Messages) == 0 {
			f.t.Fatalf("%d events came, want %d: %+v", len(out), n, out)
		}
	}
	return out
}

func interfaceID(t *testing.T, task *types.Task) string {
	t.Helper()
	if len(task.Attachments) != 1 || aws.ToString(task.Attachments[0].Type) != "ElasticNetworkInterface" {
		t.Fatalf("the task's attachments are %+v", task.Attachments)
	}
	for _, d := range task.Attachments[0].Details {
		if aws.ToString(d.Name) == "networkInterfaceId" {
			return aws.ToString(d.Value)
		}
	}
	t.Fatal("the task's attachment names no interface")
	return ""
}

func (f *fleet) interfaces(filter, value string) []ec2types.NetworkInterface {
	f.t.Helper()
	out, err := f.ec2.DescribeNetworkInterfaces(f.t.Context(), &ec2.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{{Name: aws.String(filter), Values: []string{value}}},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return out.NetworkInterfaces
}

func TestECSTaskLife(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "life")
	first := f.run(types.AssignPublicIpEnabled)
	arn := aws.ToString(first.TaskArn)
	if aws.ToString(first.LastStatus) != "PROVISIONING" || first.Version != 1 {
		t.Errorf("RunTask tells %s, version %d", aws.ToString(first.LastStatus), first.Version)
	}
	running := f.await(arn, "RUNNING")
	eni := interfaceID(t, running)
	found := f.interfaces("network-interface-id", eni)
	if len(found) != 1 || found[0].Association == nil {
		t.Fatalf("the interface is %+v", found)
	}
	public := aws.ToString(found[0].Association.PublicIp)
	if !netip.MustParsePrefix("127.0.0.0/8").Contains(netip.MustParseAddr(public)) {
		t.Errorf("the public address %s is no loopback address", public)
	}
	if a := found[0].PrivateIpAddresses[0].Association; a == nil || aws.ToString(a.PublicIp) != public {
		t.Errorf("the private address's association is %+v, want %s", a, public)
	}
	if got := f.interfaces("association.public-ip", public); len(got) != 1 || aws.ToString(got[0].NetworkInterfaceId) != eni {
		t.Errorf("the filter association.public-ip finds %+v", got)
	}
	if _, err := f.ecs.DeleteCluster(t.Context(), &ecs.DeleteClusterInput{Cluster: aws.String(f.cluster)}); err == nil {
		t.Error("a cluster with a running task was deleted")
	}
	stopping, err := f.ecs.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String(f.cluster), Task: aws.String(arn)})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(stopping.Task.DesiredStatus) != "STOPPED" || aws.ToString(stopping.Task.LastStatus) != "RUNNING" {
		t.Errorf("StopTask tells %s, wants %s", aws.ToString(stopping.Task.LastStatus), aws.ToString(stopping.Task.DesiredStatus))
	}
	stopped := f.await(arn, "STOPPED")
	if got := f.interfaces("network-interface-id", eni); len(got) != 0 {
		t.Errorf("the stopped task's interface is still there: %+v", got)
	}
	if _, err := f.ec2.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{eni}}); err == nil {
		t.Error("DescribeNetworkInterfaces of a deleted interface is no error")
	}
	checkEvents(t, f.events(9), arn, stopped.Version)
}

// checkEvents holds the events of a whole life against what ECS documents.
func checkEvents(t *testing.T, events []taskEvent, arn string, last int64) {
	t.Helper()
	slices.SortFunc(events, func(a, b taskEvent) int { return int(a.Detail.Version - b.Detail.Version) })
	want := []string{
		"PROVISIONING RUNNING", "PENDING RUNNING", "ACTIVATING RUNNING", "RUNNING RUNNING",
		"RUNNING STOPPED", "DEACTIVATING STOPPED", "STOPPING STOPPED", "DEPROVISIONING STOPPED", "STOPPED STOPPED",
	}
	var got []string
	for i, e := range events {
		got = append(got, e.Detail.LastStatus+" "+e.Detail.DesiredStatus)
		if e.Detail.TaskArn != arn || e.Detail.Version != int64(i+1) || len(e.Detail.Attachments) != 1 || e.Detail.Attachments[0].Type != "eni" {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	if !slices.Equal(got, want) || last != int64(len(want)) {
		t.Errorf("events tell %q, want %q; the last version is %d", got, want, last)
	}
	if a := events[0].Detail.Attachments[0]; a.Status != "PRECREATED" || len(a.Details) != 1 {
		t.Errorf("the first event's attachment is %+v, want one without an interface", a)
	}
	if a := events[8].Detail.Attachments[0]; a.Status != "DELETED" {
		t.Errorf("the last event's attachment is %+v", a)
	}
}

func TestECSListsAndMisses(t *testing.T) {
	t.Parallel()
	f, other := newFleet(t, "lists"), newFleet(t, "lists-other")
	private := aws.ToString(f.run(types.AssignPublicIpDisabled).TaskArn)
	foreign := aws.ToString(other.run(types.AssignPublicIpEnabled).TaskArn)
	task := f.await(private, "RUNNING")
	if got := f.interfaces("network-interface-id", interfaceID(t, task)); len(got) != 1 || got[0].Association != nil {
		t.Errorf("the private task's interface is %+v", got)
	}
	for label, arn := range map[string]string{
		"unknown":            strings.Replace(private, private[len(private)-32:], strings.Repeat("0", 32), 1),
		"of another cluster": foreign,
	} {
		if _, reason := f.describe(arn); reason != "MISSING" {
			t.Errorf("a task %s is %q, want MISSING", label, reason)
		}
	}
	list := func(status types.DesiredStatus) []string {
		out, err := f.ecs.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String(f.cluster), DesiredStatus: status})
		if err != nil {
			t.Fatal(err)
		}
		return out.TaskArns
	}
	if got := list(types.DesiredStatusRunning); !slices.Equal(got, []string{private}) {
		t.Errorf("running tasks are %q, want %q", got, private)
	}
	if _, err := f.ecs.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String(f.cluster), Task: aws.String(private)}); err != nil {
		t.Fatal(err)
	}
	if got := append(list(types.DesiredStatusRunning), list(types.DesiredStatusStopped)...); !slices.Equal(got, []string{private}) {
		t.Errorf("after the stop, running and stopped tasks are %q", got)
	}
	_, err := f.ecs.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("lists-none")})
	wantError(t, err, "ClusterNotFoundException", "Cluster not found.")
	_, err = f.ecs.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String(f.cluster), Task: aws.String(strings.Repeat("0", 32))})
	wantError(t, err, "InvalidParameterException", "The referenced task was not found.")
}

// TestECSFaults is not parallel: the faults hold for the whole cloud.
func TestECSFaults(t *testing.T) {
	f := newFleet(t, "faults")
	t.Cleanup(func() {
		if err := cloud.SetECSFaults(context.WithoutCancel(t.Context()), localcloud.ECSFaults{}); err != nil {
			t.Error(err)
		}
	})
	if err := cloud.SetECSFaults(t.Context(), localcloud.ECSFaults{Lag: time.Hour, Repeat: 1, Shuffle: true}); err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(f.run(types.AssignPublicIpEnabled).TaskArn)
	if _, reason := f.describe(arn); reason != "MISSING" {
		t.Errorf("a task is known at once though ECS lags: %q", reason)
	}
	events := f.events(8)
	counts := map[int64]int{}
	for _, e := range events {
		counts[e.Detail.Version]++
	}
	for version := range int64(4) {
		if counts[version+1] != 2 {
			t.Errorf("version %d was told %d times, want 2", version+1, counts[version+1])
		}
	}
}
