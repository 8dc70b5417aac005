package provider_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	tfstate "github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// fleet runs tasks in a cluster of an account. It stops those that are left
// before the account is compared with what it was.
type fleet struct {
	t       *testing.T
	ecs     *ecs.Client
	ec2     *ec2.Client
	cluster string
	subnet  string
}

func newFleet(t *testing.T, a *account, clusterARN string) *fleet {
	t.Helper()
	f := &fleet{t: t, ecs: ecs.NewFromConfig(a.aws), ec2: ec2.NewFromConfig(a.aws), cluster: clusterARN}
	subnets, err := f.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{
		Filters: []ec2types.Filter{{Name: aws.String("default-for-az"), Values: []string{"true"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.subnet = aws.ToString(subnets.Subnets[0].SubnetId)
	if _, err := f.ecs.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("browser"), NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
		ContainerDefinitions:    []ecstypes.ContainerDefinition{{Name: aws.String("browser"), Image: aws.String("browser:1"), Memory: aws.Int32(512)}},
	}); err != nil {
		t.Fatal(err)
	}
	return f
}

// run starts a task with a public address and answers its ARN.
func (f *fleet) run() string {
	f.t.Helper()
	out, err := f.ecs.RunTask(f.t.Context(), &ecs.RunTaskInput{
		Cluster: &f.cluster, TaskDefinition: aws.String("browser"), LaunchType: ecstypes.LaunchTypeFargate,
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: []string{f.subnet}, AssignPublicIp: ecstypes.AssignPublicIpEnabled,
		}},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	arn := aws.ToString(out.Tasks[0].TaskArn)
	f.t.Cleanup(func() {
		_, err := f.ecs.StopTask(context.WithoutCancel(f.t.Context()), &ecs.StopTaskInput{Cluster: &f.cluster, Task: &arn})
		if err != nil {
			f.t.Error(err)
		}
	})
	return arn
}

func (f *fleet) stop(arn string) {
	f.t.Helper()
	if _, err := f.ecs.StopTask(f.t.Context(), &ecs.StopTaskInput{Cluster: &f.cluster, Task: &arn}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) await(arn, status string) ecstypes.Task {
	f.t.Helper()
	var task ecstypes.Task
	eventually(f.t, "waiting for the task", func() error {
		out, err := f.ecs.DescribeTasks(f.t.Context(), &ecs.DescribeTasksInput{Cluster: &f.cluster, Tasks: []string{arn}})
		if err != nil {
			return err
		}
		if len(out.Tasks) != 1 || aws.ToString(out.Tasks[0].LastStatus) != status {
			return fmt.Errorf("task %s is not %s", arn, status)
		}
		task = out.Tasks[0]
		return nil
	})
	return task
}

// address is the public address of a running task's network interface, as EC2
// tells it, and the interface's id.
func (f *fleet) address(arn string) (string, string) {
	f.t.Helper()
	task := f.await(arn, "RUNNING")
	for _, d := range task.Attachments[0].Details {
		if aws.ToString(d.Name) != "networkInterfaceId" {
			continue
		}
		out, err := f.ec2.DescribeNetworkInterfaces(f.t.Context(), &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{*d.Value}})
		if err != nil {
			f.t.Fatal(err)
		}
		return aws.ToString(out.NetworkInterfaces[0].Association.PublicIp), *d.Value
	}
	f.t.Fatalf("the task %s has no interface: %+v", arn, task.Attachments)
	return "", ""
}

// hostname is the name that a task is to have under a domain.
func hostname(taskARN, domain string) string {
	return taskARN[strings.LastIndex(taskARN, "/")+1:] + "." + domain
}

// resolves waits until DNS answers one address for a name.
func resolves(t *testing.T, name, address string) {
	t.Helper()
	eventually(t, "waiting for the name", func() error {
		got, err := cloud.Lookup(t.Context(), name, "A")
		if err == nil && !slices.Equal(got, []string{address}) {
			err = fmt.Errorf("%s is %q, want %s", name, got, address)
		}
		return err
	})
}

// vanishes waits until DNS denies that a name exists.
func vanishes(t *testing.T, name string) {
	t.Helper()
	eventually(t, "waiting for the name to go", func() error {
		got, err := cloud.Lookup(t.Context(), name, "A")
		if errors.Is(err, localcloud.ErrNoSuchName) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("%s is still %q", name, got)
		}
		return err
	})
}

// records are the record sets of the account's zone as "name type ttl values",
// without the claims of domains.
func (a *account) records(t *testing.T) []string {
	t.Helper()
	out, err := route53.NewFromConfig(a.aws).ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &a.zoneID})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range out.ResourceRecordSets {
		if strings.HasPrefix(aws.ToString(s.Name), "_fargatedirect.") {
			continue
		}
		line := fmt.Sprintf("%s %s %d", aws.ToString(s.Name), s.Type, aws.ToInt64(s.TTL))
		for _, r := range s.ResourceRecords {
			line += " " + aws.ToString(r.Value)
		}
		lines = append(lines, line)
	}
	return lines
}

// addRecords puts A records of somebody else into the account's zone until the
// test ends.
func (a *account) addRecords(t *testing.T, ttl int64, address string, names ...string) {
	t.Helper()
	client := route53.NewFromConfig(a.aws)
	change := func(ctx context.Context, action route53types.ChangeAction) error {
		batch := &route53types.ChangeBatch{}
		for _, name := range names {
			batch.Changes = append(batch.Changes, route53types.Change{Action: action, ResourceRecordSet: &route53types.ResourceRecordSet{
				Name: aws.String(name), Type: route53types.RRTypeA, TTL: &ttl, ResourceRecords: []route53types.ResourceRecord{{Value: &address}},
			}})
		}
		_, err := client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &a.zoneID, ChangeBatch: batch})
		return err
	}
	if err := change(t.Context(), route53types.ChangeActionCreate); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := change(context.WithoutCancel(t.Context()), route53types.ChangeActionDelete); err != nil {
			t.Error(err) // whoever touched them is at fault
		}
	})
}

// taskDNSScope is what the names of a task_dns's parts derive from.
func (a *account) taskDNSScope(name string) names.Scope {
	return names.Scope{Kind: names.KindTaskDNS, Partition: "aws", DNSSuffix: "amazonaws.com", Account: a.id, Region: cloud.Region, Name: name}
}

// queueURL is the address of a queue of the account.
func (a *account) queueURL(t *testing.T, name string) string {
	t.Helper()
	out, err := sqs.NewFromConfig(a.aws).GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.QueueUrl)
}

// drained waits until a queue holds no message, not even one under work.
func (a *account) drained(t *testing.T, queueURL string) {
	t.Helper()
	client := sqs.NewFromConfig(a.aws)
	// The function has a minute's patience with messages that say more than ECS.
	within(t, 3*time.Minute, "waiting for the queue to drain", func() error {
		out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &queueURL, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll}})
		if err != nil {
			return err
		}
		for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
			if out.Attributes[name] != "0" {
				return fmt.Errorf("%s of %s is %s", name, queueURL, out.Attributes[name])
			}
		}
		return nil
	})
}

// during runs what uses the resource while it exists.
func during(f func()) resource.TestCheckFunc {
	return func(*tfstate.State) error {
		f()
		return nil
	}
}
