package taskdns

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestTasksAsksInBulk(t *testing.T) {
	onRig(t, func(r *rig) {
		claimed := make(map[string]cluster)
		for n := range 250 {
			claimed[idOf(n)] = r.handler.clusters[0]
			if n%2 == 0 {
				r.start(fargateCluster, n)
			}
		}
		seen := r.handler.observer.tasks(r.Context(), claimed)
		// 3 calls for 250 tasks in their cluster, 2 for the 125 missing ones in the other.
		if calls := r.wire.Count(taskdnstest.ServiceECS, ""); calls != 5 || len(seen) != 250 {
			r.Errorf("%d tasks seen by %d calls, want 250 by 5", len(seen), calls)
		}
		for n := range 250 {
			if s := seen[idOf(n)]; s.err != nil || s.found != (n%2 == 0) {
				r.Errorf("task %d: %+v", n, s)
			}
		}
	})
}

func TestTasksFindsATaskInAnyCluster(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(otherCluster, 1)
		seen := r.handler.observer.tasks(r.Context(), map[string]cluster{idOf(1): r.handler.clusters[0]})
		if got := seen[idOf(1)]; !got.found || !got.publishable || got.cluster.name != "Other" {
			r.Errorf("seen as %+v", got)
		}
	})
}

func TestTasksCallsNothingMissingUnasked(t *testing.T) {
	onRig(t, func(r *rig) {
		r.refuseCluster(otherCluster)
		seen := r.handler.observer.tasks(r.Context(), map[string]cluster{idOf(1): r.handler.clusters[0]})
		if seen[idOf(1)].err == nil {
			r.Error("a task counts as missing though one of the clusters could not be asked")
		}
	})
}

// oddECS is an ECS that answers about another task than it was asked about.
type oddECS struct{ ECS }

func (e oddECS) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput, o ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	out, err := e.ECS.DescribeTasks(ctx, in, o...)
	if err != nil {
		return nil, err
	}
	for i := range out.Tasks {
		out.Tasks[i].TaskArn = aws.String(arn(ec2TaskID))
	}
	return out, nil
}

func TestTasksIgnoresStrangeAnswers(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(fargateCluster, 1)
		o := r.handler.observer
		o.ecs = oddECS{r.ecs}
		seen := o.tasks(r.Context(), map[string]cluster{idOf(1): r.handler.clusters[0]})
		if len(seen) != 1 || seen[idOf(1)].err == nil {
			r.Errorf("seen: %+v", seen)
		}
	})
}

func TestInterfaceID(t *testing.T) {
	t.Parallel()
	attachment := func(kind string, details ...string) ecstypes.Attachment {
		a := ecstypes.Attachment{Type: aws.String(kind)}
		for i := 0; i < len(details); i += 2 {
			a.Details = append(a.Details, ecstypes.KeyValuePair{Name: aws.String(details[i]), Value: aws.String(details[i+1])})
		}
		return a
	}
	tests := []struct {
		name        string
		attachments []ecstypes.Attachment
		want        string
	}{
		{"none", nil, ""},
		{"the documented type", []ecstypes.Attachment{attachment("ElasticNetworkInterface", "networkInterfaceId", "eni-1")}, "eni-1"},
		{"the type of events", []ecstypes.Attachment{attachment("eni", "subnetId", "s", "networkInterfaceId", "eni-1")}, "eni-1"},
		{"beside others", []ecstypes.Attachment{attachment("elb", "networkInterfaceId", "eni-9"), attachment("Service Connect"), attachment("eni", "networkInterfaceId", "eni-1")}, "eni-1"},
		{"not there yet", []ecstypes.Attachment{attachment("eni", "subnetId", "s")}, ""},
		{"empty", []ecstypes.Attachment{attachment("eni", "networkInterfaceId", ""), {}}, ""},
		{"without names", []ecstypes.Attachment{{Type: aws.String("eni"), Details: []ecstypes.KeyValuePair{{}}}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := interfaceID(tt.attachments); got != tt.want {
				t.Errorf("interface %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAddressesAsksInBulk(t *testing.T) {
	onRig(t, func(r *rig) {
		r.ec2.Page(150)
		r.ec2.Put("eni-none", "")
		r.ec2.Put("eni-v6", "2001:db8::1")
		r.ec2.Put("eni-odd", "somewhere")
		ids := []string{"eni-none", "eni-v6", "eni-odd", "eni-vanished"}
		for i := range 396 {
			id := "eni-" + strconv.Itoa(i)
			ids = append(ids, id)
			r.ec2.Put(id, address)
		}
		got, err := r.handler.observer.addresses(r.Context(), ids)
		// 400 ids are two questions, each with two pages of answers.
		if calls := r.wire.Count(taskdnstest.ServiceEC2, ""); err != nil || len(got) != 399 || calls != 4 {
			r.Fatalf("%d interfaces by %d calls, error %v; want 399 by 4", len(got), calls, err)
		}
		for id, want := range map[string]string{"eni-none": "", "eni-v6": "", "eni-odd": "", "eni-0": address, "eni-395": address} {
			if public, ok := got[id]; !ok || strings.Join(public.texts(), " ") != want {
				r.Errorf("%s has address %v, want %q", id, public, want)
			}
		}
		if _, ok := got["eni-vanished"]; ok {
			r.Error("an interface exists that does not")
		}
	})
}

func TestAddressesAsksForNothing(t *testing.T) {
	onRig(t, func(r *rig) {
		got, err := r.handler.observer.addresses(r.Context(), nil)
		if calls := r.wire.Count(taskdnstest.ServiceEC2, ""); err != nil || len(got) != 0 || calls != 0 {
			r.Errorf("%v, %v, %d calls", got, err, calls)
		}
	})
}
