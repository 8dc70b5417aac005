package taskdns

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestTasksAsksInBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	claimed := make(map[string]cluster)
	for i, id := range labels(250) {
		claimed[id] = w.handler.clusters[0]
		if i%2 == 0 {
			w.run(fargateCluster, id, "eni-"+strconv.Itoa(i), address)
		}
	}
	seen := w.handler.observer.tasks(t.Context(), claimed)
	// 3 calls for 250 tasks in their cluster, 2 for the 125 missing ones in the other.
	if w.ecs.calls != 5 || len(seen) != 250 {
		t.Errorf("%d tasks seen by %d calls, want 250 by 5", len(seen), w.ecs.calls)
	}
	for i, id := range labels(250) {
		if s := seen[id]; s.err != nil || s.found != (i%2 == 0) {
			t.Errorf("task %d: %+v", i, s)
		}
	}
}

func TestTasksFindsATaskInAnyCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(otherCluster, taskID, "eni-abcd1234", address)
	seen := w.handler.observer.tasks(t.Context(), map[string]cluster{taskID: w.handler.clusters[0]})
	if got := seen[taskID]; !got.found || !got.publishable || got.cluster.name != "Other" {
		t.Errorf("seen as %+v", got)
	}
}

func TestTasksCallsNothingMissingUnasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ecs.fail[otherCluster] = apiError("AccessDeniedException", "not authorized")
	seen := w.handler.observer.tasks(t.Context(), map[string]cluster{taskID: w.handler.clusters[0]})
	if seen[taskID].err == nil {
		t.Error("a task counts as missing though one of the clusters could not be asked")
	}
}

func TestTasksIgnoresStrangeAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ecs.clusters[fargateCluster][taskID] = ecstypes.Task{TaskArn: aws.String("arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/" + ec2TaskID)}
	seen := w.handler.observer.tasks(t.Context(), map[string]cluster{taskID: w.handler.clusters[0]})
	if len(seen) != 1 || seen[taskID].err == nil {
		t.Errorf("seen: %+v", seen)
	}
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
	t.Parallel()
	w := newWorld(t)
	w.ec2.page = 150
	w.ec2.interfaces = map[string]string{"eni-none": "", "eni-v6": "2001:db8::1", "eni-odd": "somewhere"}
	ids := []string{"eni-none", "eni-v6", "eni-odd", "eni-vanished"}
	for i := range 396 {
		id := "eni-" + strconv.Itoa(i)
		ids = append(ids, id)
		w.ec2.interfaces[id] = address
	}
	got, err := w.handler.observer.addresses(t.Context(), ids)
	// 400 ids are two questions, each with two pages of answers.
	if err != nil || len(got) != 399 || w.ec2.calls != 4 {
		t.Fatalf("%d interfaces by %d calls, error %v; want 399 by 4", len(got), w.ec2.calls, err)
	}
	for id, want := range map[string]string{"eni-none": "", "eni-v6": "", "eni-odd": "", "eni-0": address, "eni-395": address} {
		if public, ok := got[id]; !ok || strings.Join(public.texts(), " ") != want {
			t.Errorf("%s has address %v, want %q", id, public, want)
		}
	}
	if _, ok := got["eni-vanished"]; ok {
		t.Error("an interface exists that does not")
	}
}

func TestAddressesAsksForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got, err := w.handler.observer.addresses(t.Context(), nil); err != nil || len(got) != 0 || w.ec2.calls != 0 {
		t.Errorf("%v, %v, %d calls", got, err, w.ec2.calls)
	}
}
