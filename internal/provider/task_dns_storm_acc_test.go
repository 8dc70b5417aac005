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
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
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

// Events come twice and shuffled, the function is killed in the middle of its
// work, and for a minute AWS throttles and fails every other call. Then the
// zone is right all the same.
func TestAccTaskDNS_storm(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: a.config(a.taskDNS("")),
			Check: during(func() {
				a.checkRetry(t, f)
				a.shuffleEvents(t)
				first := f.runMany(60)
				a.kill(t, f)

				a.fail(t,
					localcloud.Failure{Service: "route53", Code: "Throttling", Message: "Rate exceeded", Share: 0.4, For: time.Minute},
					localcloud.Failure{Service: "route53", Lost: true, Share: 0.2, For: time.Minute},
					localcloud.Failure{Service: "ecs", Operation: "DescribeTasks", Code: "ThrottlingException", Message: "Rate exceeded", Share: 0.4, For: time.Minute},
					localcloud.Failure{Service: "ec2", Operation: "DescribeNetworkInterfaces", Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Share: 0.4, For: time.Minute},
					localcloud.Failure{Service: "sqs", Operation: "DeleteMessageBatch", Code: "InternalError", Status: 500, Share: 0.3, For: time.Minute},
				)
				storm := time.Now().Add(time.Minute)
				f.stopMany(first[:30])
				second := f.runMany(60)
				time.Sleep(time.Until(storm.Add(-15 * time.Second)))
				f.stopMany(second[:20])
				time.Sleep(time.Until(storm))
				a.fail(t)
				a.named(t, f)
				f.stopMany(slices.Concat(first[30:], second[20:]))
				a.named(t, f)
				physical := a.taskDNSScope("prod").Physical()
				a.drained(t, a.queueURL(t, physical))
				a.drained(t, a.queueURL(t, physical+"-dead-letters"))
			}),
		}},
	})
}

// shuffleEvents lets ECS send each event twice and out of order.
func (a *account) shuffleEvents(t *testing.T) {
	t.Helper()
	if err := cloud.SetECSFaults(t.Context(), localcloud.ECSFaults{Repeat: 1, Shuffle: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cloud.SetECSFaults(context.WithoutCancel(t.Context()), localcloud.ECSFaults{}); err != nil {
			t.Error(err)
		}
	})
}

// fail replaces what fails in the account.
func (a *account) fail(t *testing.T, failures ...localcloud.Failure) {
	t.Helper()
	if err := cloud.SetFailures(t.Context(), a.id, failures...); err != nil {
		t.Fatal(err)
	}
}

// kill kills the function while it changes records.
func (a *account) kill(t *testing.T, f *fleet) {
	t.Helper()
	a.fail(t, localcloud.Failure{Service: "route53", Operation: "ChangeResourceRecordSets", Delay: 2 * time.Second})
	f.runMany(20)
	eventually(t, "waiting for the function to be at work", func() error {
		killed, err := cloud.KillFunction(t.Context(), a.id, a.taskDNSScope("prod").Physical())
		if err == nil && killed == 0 {
			err = errors.New("it had nothing to do")
		}
		return err
	})
	a.fail(t)
}

// checkRetry fails unless a lone change that is throttled four times is made
// in the end, and each time tried again within five seconds.
func (a *account) checkRetry(t *testing.T, f *fleet) {
	t.Helper()
	const times = 4
	failure := localcloud.Throttling("route53", "ChangeResourceRecordSets")
	failure.Calls = times
	a.fail(t, failure)
	begun := time.Now()
	task := f.run()
	address, _ := f.address(task)
	resolves(t, hostname(task, a.domain), address)
	calls, err := cloud.Calls(t.Context(), a.id)
	if err != nil {
		t.Fatal(err)
	}
	var tries []localcloud.Call
	for _, c := range calls {
		if c.Operation == "ChangeResourceRecordSets" && c.At.After(begun) {
			tries = append(tries, c)
		}
	}
	if len(tries) != times+1 {
		t.Fatalf("%d tries, want %d that are throttled and one that is not: %+v", len(tries), times, tries)
	}
	for i := 1; i < len(tries); i++ {
		if gap := tries[i].At.Sub(tries[i-1].At); gap > 5*time.Second {
			t.Errorf("tried again after %s, want at most 5 s", gap)
		}
	}
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
	// What a killed function had in hand comes again after 90 seconds.
	within(t, 4*time.Minute, "waiting for the names of all running tasks", func() error {
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
