package taskdnstest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const cluster = "arn:aws:ecs:eu-west-2:111122223333:cluster/web"

func taskID(n int) string { return fmt.Sprintf("%032x", n) }

func TestDescribeTasks(t *testing.T) {
	t.Parallel()
	e := NewECS(nil, cluster)
	NewFleet(e, NewEC2(nil)).Run(Task{ClusterARN: cluster, ID: taskID(1), PublicIP: "192.0.2.1", Tags: map[string]string{"a": "b"}})
	many := make([]string, 101)
	for i := range many {
		many[i] = taskID(i)
	}
	for name, c := range map[string]struct {
		in   ecs.DescribeTasksInput
		code string
	}{
		"none":           {ecs.DescribeTasksInput{Cluster: aws.String(cluster)}, "InvalidParameterException"},
		"101":            {ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: many}, "InvalidParameterException"},
		"no id":          {ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: []string{"x"}}, "InvalidParameterException"},
		"other cluster":  {ecs.DescribeTasksInput{Cluster: aws.String(cluster + "2"), Tasks: many[:1]}, "ClusterNotFoundException"},
		"default":        {ecs.DescribeTasksInput{Tasks: many[:1]}, "ClusterNotFoundException"},
		"unknown fields": {ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: many[:1], Include: []types.TaskField{"ALL"}}, "InvalidParameterException"},
	} {
		if _, err := e.DescribeTasks(t.Context(), &c.in); Code(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	out, err := e.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: many[:2]})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Tasks) != 1 || out.Tasks[0].Version != 4 || out.Tasks[0].Tags != nil || len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING" {
		t.Errorf("one task without its tags and one missing, not %+v", out)
	}
	out, err = e.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: many[1:2], Include: []types.TaskField{types.TaskFieldTags}})
	if err != nil || len(out.Tasks[0].Tags) != 1 {
		t.Errorf("no tags when asked: %+v, %v", out, err)
	}
}

func TestListTasks(t *testing.T) {
	t.Parallel()
	e := NewECS(nil, cluster)
	fleet := NewFleet(e, NewEC2(nil))
	for i := range 203 {
		fleet.Run(Task{ClusterARN: cluster, ID: taskID(i), PublicIP: "192.0.2.1"})
	}
	fleet.Move(Task{ClusterARN: cluster, ID: taskID(7)}.ARN(), "DEACTIVATING")
	seen := make(map[string]bool)
	in := &ecs.ListTasksInput{Cluster: aws.String(cluster)}
	for pages := 1; ; pages++ {
		out, err := e.ListTasks(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, arn := range out.TaskArns {
			seen[arn] = true
		}
		if out.NextToken == nil {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
		in.NextToken = out.NextToken
	}
	if len(seen) != 202 {
		t.Errorf("%d tasks, want all but the one that stops", len(seen))
	}
	in.NextToken = aws.String("bm9uc2Vuc2U=")
	if _, err := e.ListTasks(t.Context(), in); Code(err) != "InvalidParameterException" {
		t.Errorf("a token of another question was taken: %v", err)
	}
	out, err := e.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String(cluster), DesiredStatus: types.DesiredStatusStopped})
	if err != nil || len(out.TaskArns) != 1 {
		t.Errorf("stopped tasks: %+v, %v", out, err)
	}
}

func TestLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := NewECS(nil, cluster)
		e.SetLag(5 * time.Second)
		fleet := NewFleet(e, NewEC2(nil))
		fleet.Run(Task{ClusterARN: cluster, ID: taskID(1), PublicIP: "192.0.2.1"})
		known := func() int {
			out, err := e.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: []string{taskID(1)}})
			if err != nil {
				t.Fatal(err)
			}
			return len(out.Tasks)
		}
		time.Sleep(4 * time.Second)
		if known() != 0 {
			t.Error("known before the lag is over")
		}
		time.Sleep(time.Second)
		if known() != 1 {
			t.Error("unknown after the lag")
		}
		fleet.Move(Task{ClusterARN: cluster, ID: taskID(1)}.ARN(), "STOPPED")
		time.Sleep(time.Hour + 6*time.Second)
		if known() != 0 {
			t.Error("known an hour after it stopped")
		}
	})
}

func TestDescribeNetworkInterfaces(t *testing.T) {
	t.Parallel()
	e := NewEC2(nil)
	var ids []string
	for i := range 201 {
		ids = append(ids, fmt.Sprintf("eni-%03d", i))
		e.Put(ids[i], fmt.Sprintf("192.0.2.%d", i), fmt.Sprintf("2001:db8::%d", i))
	}
	byFilter := func(name string, values ...string) *ec2.DescribeNetworkInterfacesInput {
		return &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{{Name: aws.String(name), Values: values}}}
	}
	tiny := byFilter("network-interface-id", ids[0])
	tiny.MaxResults = aws.Int32(4)
	for name, c := range map[string]struct {
		in   *ec2.DescribeNetworkInterfacesInput
		code string
	}{
		"everything":     {&ec2.DescribeNetworkInterfacesInput{}, "FilterLimitExceeded"},
		"too many":       {byFilter("network-interface-id", ids...), "FilterLimitExceeded"},
		"no values":      {byFilter("network-interface-id"), "InvalidParameterValue"},
		"unknown filter": {byFilter("interface", "x"), "InvalidParameterValue"},
		"tiny page":      {tiny, "InvalidParameterValue"},
		"vanished id":    {&ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{ids[0], "eni-gone"}}, "InvalidNetworkInterfaceID.NotFound"},
	} {
		if _, err := e.DescribeNetworkInterfaces(t.Context(), c.in); Code(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	in := byFilter("network-interface-id", append(ids[:12:12], "eni-gone")...)
	in.MaxResults = aws.Int32(5)
	got := 0
	for pages := 1; ; pages++ {
		out, err := e.DescribeNetworkInterfaces(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		got += len(out.NetworkInterfaces)
		if in.NextToken = out.NextToken; out.NextToken == nil {
			if pages != 3 || got != 12 {
				t.Errorf("%d interfaces on %d pages", got, pages)
			}
			break
		}
	}
	for _, in := range []*ec2.DescribeNetworkInterfacesInput{
		byFilter("association.public-ip", "192.0.2.9", "203.0.113.1"), byFilter("ipv6-addresses.ipv6-address", "2001:db8::9"),
	} {
		out, err := e.DescribeNetworkInterfaces(t.Context(), in)
		if err != nil || len(out.NetworkInterfaces) != 1 || *out.NetworkInterfaces[0].NetworkInterfaceId != ids[9] {
			t.Errorf("%v: %+v, %v", *in.Filters[0].Name, out, err)
		}
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &Wire{}
		s := NewEC2(w)
		s.Put("eni-1", "192.0.2.1")
		ask := func(ctx context.Context) error {
			_, err := s.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-1"}})
			return err
		}
		w.SetLatency(ServiceEC2, "", time.Second)
		start := time.Now()
		if err := ask(t.Context()); err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := ask(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after the deadline", err)
		}
		lost := errors.New("lost")
		w.After(func(_ context.Context, c Call) error {
			if c.Number == 3 {
				return lost
			}
			panic("died")
		})
		if err := ask(t.Context()); !errors.Is(err, lost) {
			t.Errorf("%v, want the hook's error", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a hook's panic did not get through")
				}
			}()
			_ = ask(t.Context())
		}()
		w.After(nil)
		s.Limit(NewBucket(1, 1))
		if first, second := ask(t.Context()), ask(t.Context()); first != nil || second != nil {
			t.Errorf("%v, %v: a second apart there is a token for each", first, second)
		}
		w.SetLatency(ServiceEC2, "", 0)
		time.Sleep(time.Second)
		if first, second := ask(t.Context()), ask(t.Context()); first != nil || Code(second) != "RequestLimitExceeded" {
			t.Errorf("%v, %v: the bucket is empty", first, second)
		}
		if n := w.Count(ServiceEC2, "DescribeNetworkInterfaces"); n != 7 {
			t.Errorf("%d calls in the journal, want all 7 that were answered", n)
		}
	})
}
