package taskdns

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func TestHandle(t *testing.T) {
	t.Parallel()
	named := map[string]string{taskName: "60 " + address}
	arn := func(cluster, id string) string { return strings.Replace(cluster, ":cluster/", ":task/", 1) + "/" + id }
	running := func(w *world) { w.run(fargateCluster, taskID, "eni-abcd1234", address) }
	published := func(w *world) {
		running(w)
		w.record(taskName, 60, address)
	}
	tests := []struct {
		name    string
		world   func(*world)
		bodies  []string
		want    map[string]string // the zone's contents
		again   []int
		changes int // accepted change batches
		lists   int
		log     string // a text in the log
	}{
		{
			name: "a running task gets its name", world: running,
			bodies: []string{event(t, "running", nil)}, want: named, changes: 1, log: "record created",
		},
		{
			name: "the same event several times makes one change", world: running,
			bodies: []string{event(t, "running", nil), event(t, "running", nil), event(t, "running", nil)}, want: named, changes: 1,
		},
		{
			name: "an event that comes again finds all done", world: published,
			bodies: []string{event(t, "running", nil)}, want: named, lists: 1,
		},
		{
			name: "a stopping task loses its name without a look at the zone",
			world: func(w *world) {
				published(w)
				w.stopping(fargateCluster, taskID)
			},
			bodies: []string{event(t, "running", map[string]any{"desiredStatus": "STOPPED", "version": 5})},
			want:   map[string]string{}, changes: 1, log: "record deleted",
		},
		{
			name: "a stopped task loses its name after its interface has gone",
			world: func(w *world) {
				published(w)
				w.stopped(fargateCluster, taskID, "eni-abcd1234")
			},
			bodies: []string{event(t, "stopped", nil)}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "a stopped task without a name", world: func(w *world) {
				running(w)
				w.stopped(fargateCluster, taskID, "eni-abcd1234")
			},
			bodies: []string{event(t, "stopped", nil)}, want: map[string]string{}, lists: 1,
		},
		{
			name: "a stop that ECS knows nothing of yet", world: func(w *world) { w.record(taskName, 60, address) },
			bodies: []string{event(t, "stopped", nil)}, want: map[string]string{taskName: "60 " + address}, again: []int{0},
		},
		{
			name: "a task that ECS has forgotten", world: func(w *world) { w.record(taskName, 60, address) },
			bodies: []string{event(t, "stopped", map[string]any{"time": minutesAgo})}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "a late RUNNING after the stop",
			world: func(w *world) {
				published(w)
				w.stopped(fargateCluster, taskID, "eni-abcd1234")
			},
			bodies: []string{event(t, "stopped", nil), event(t, "running", nil)}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "a forged STOPPED for a running task", world: published,
			bodies: []string{event(t, "stopped", map[string]any{"version": 4}), event(t, "stopped", map[string]any{"version": 1})},
			want:   named, lists: 1,
		},
		{
			name: "a forged STOPPED under the wrong one of our clusters", world: published,
			bodies: []string{event(t, "stopped", map[string]any{"taskArn": arn(otherCluster, taskID), "version": 1})},
			want:   named, lists: 1,
		},
		{
			name: "a forged id in upper case", world: published,
			bodies: []string{event(t, "stopped", map[string]any{"taskArn": arn(fargateCluster, strings.ToUpper(taskID))})},
			want:   named, log: "message ignored",
		},
		{
			name: "a forged RUNNING with somebody else's interface",
			world: func(w *world) {
				running(w)
				w.ec2.interfaces["eni-stranger"] = otherAddress
			},
			bodies: []string{event(t, "running", map[string]any{"attachments": []any{map[string]any{
				"type": "eni", "status": "ATTACHED", "details": []any{map[string]any{"name": "networkInterfaceId", "value": "eni-stranger"}},
			}}})},
			want: named, changes: 1,
		},
		{
			name: "a task on an EC2 instance has no attachment",
			world: func(w *world) {
				w.run(fargateCluster, ec2TaskID, "eni-abcd1234", address)
				task := w.ecs.clusters[fargateCluster][ec2TaskID]
				task.Attachments = nil
				w.ecs.clusters[fargateCluster][ec2TaskID] = task
			},
			bodies: []string{event(t, "ec2", nil)}, want: map[string]string{},
		},
		{
			name: "a task without a public address", world: func(w *world) { w.run(fargateCluster, taskID, "eni-abcd1234", "") },
			bodies: []string{event(t, "running", nil)}, want: map[string]string{},
		},
		{
			name: "an old ARN names no cluster", world: func(w *world) { w.run(otherCluster, oldTaskID, "eni-old", otherAddress) },
			bodies: []string{event(t, "running", map[string]any{
				"taskArn": "arn:aws:ecs:us-west-2:111122223333:task/" + oldTaskID, "clusterArn": otherCluster,
			})},
			want: map[string]string{oldTaskID + "." + domain: "60 " + otherAddress}, changes: 1,
		},
		{
			name: "messages that name no task of ours", world: published,
			bodies: []string{
				"", "{", "null", "[]", `"text"`, `{"detail":{"taskArn":5}}`,
				event(t, "stopped", map[string]any{"source": "evil"}),
				event(t, "stopped", map[string]any{"detail-type": "ECS Container Instance State Change"}),
				event(t, "stopped", map[string]any{"taskArn": arn(strings.Replace(fargateCluster, "FargateCluster", "Stranger", 1), taskID)}),
				event(t, "stopped", map[string]any{"taskArn": arn(strings.Replace(fargateCluster, "us-west-2", "eu-west-1", 1), taskID)}),
				event(t, "stopped", map[string]any{"taskArn": arn(fargateCluster, "www")}),
				event(t, "stopped", map[string]any{"taskArn": ""}),
			},
			want: named, log: "message ignored",
		},
		{
			name: "a stranger's record with several values stays", world: func(w *world) {
				running(w)
				w.record(taskName, 60, otherAddress, "192.0.2.1")
			},
			bodies: []string{event(t, "running", nil)},
			want:   map[string]string{taskName: "60 192.0.2.1 " + otherAddress}, lists: 1, log: "not ours",
		},
		{
			name: "a stranger's record with another TTL stays after the stop", world: func(w *world) { w.record(taskName, 300, otherAddress) },
			bodies: []string{event(t, "stopped", map[string]any{"time": minutesAgo})}, want: map[string]string{taskName: "300 " + otherAddress}, lists: 1, log: "not ours",
		},
		{
			name: "our record from before the TTL was changed is removed", world: func(w *world) {
				running(w)
				w.record(taskName, 300, address)
				w.stopping(fargateCluster, taskID)
			},
			bodies: []string{event(t, "stopped", map[string]any{"version": 5})}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "another address stays, even with our TTL", world: func(w *world) {
				running(w)
				w.record(taskName, 60, otherAddress)
			},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{taskName: "60 " + otherAddress}, lists: 1,
		},
		{
			name: "a stranger's CNAME stays", world: func(w *world) {
				running(w)
				w.zone.put(types.ResourceRecordSet{
					Name: aws.String(taskName + "."), Type: types.RRTypeCname, TTL: aws.Int64(60),
					ResourceRecords: []types.ResourceRecord{{Value: aws.String("www.example.com")}},
				})
			},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{taskName + " CNAME": "60 www.example.com"}, log: "not ours",
		},
		{
			name: "ECS does not know the task yet", world: func(*world) {},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{}, again: []int{0},
		},
		{
			name: "ECS lags behind the message", world: published,
			bodies: []string{event(t, "stopped", nil)}, want: named, again: []int{0},
		},
		{
			name: "EC2 does not know the interface yet", world: func(w *world) {
				published(w)
				delete(w.ec2.interfaces, "eni-abcd1234")
			},
			bodies: []string{event(t, "running", nil)}, want: named, again: []int{0},
		},
		{
			name: "an invented version holds up nobody but itself", world: running,
			bodies: []string{event(t, "running", map[string]any{"version": int64(1) << 40}), event(t, "running", nil)},
			want:   named, changes: 1, again: []int{0},
		},
		{
			name: "ECS fails for one cluster", world: func(w *world) {
				running(w)
				w.ecs.fail[otherCluster] = apiError("AccessDeniedException", "later")
			},
			bodies: []string{event(t, "running", nil), event(t, "running", map[string]any{"taskArn": arn(otherCluster, ec2TaskID)})},
			want:   named, changes: 1, again: []int{1},
		},
		{
			name: "ECS says nothing about a task", world: func(w *world) {
				published(w)
				w.ecs.silent[taskID] = struct{}{}
			},
			bodies: []string{event(t, "stopped", nil)}, want: named, again: []int{0},
		},
		{
			name: "EC2 fails", world: func(w *world) {
				running(w)
				w.ec2.fail = apiError("UnauthorizedOperation", "later")
			},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{}, again: []int{0},
		},
		{
			name: "EC2 fails for a task that is to lose its name anyway", world: func(w *world) {
				published(w)
				w.stopping(fargateCluster, taskID)
				w.ec2.fail = apiError("UnauthorizedOperation", "later")
			},
			bodies: []string{event(t, "stopped", map[string]any{"version": 5})}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "Route 53 fails", world: func(w *world) {
				running(w)
				w.zone.fail = []error{apiError("InvalidInput", "no")}
			},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{}, again: []int{0},
		},
		{
			name: "the cluster is gone", world: func(w *world) {
				w.record(taskName, 60, address)
				delete(w.ecs.clusters, fargateCluster)
			},
			bodies: []string{event(t, "stopped", map[string]any{"time": minutesAgo})}, want: map[string]string{}, changes: 1, lists: 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.record("www.example.com", 60, otherAddress)
			tt.world(w)
			if again := w.handle(t, tt.bodies...); !slices.Equal(again, tt.again) {
				t.Errorf("to come again: %v, want %v", again, tt.again)
			}
			tt.want = maps.Clone(tt.want)
			tt.want["www.example.com"] = "60 " + otherAddress
			if got := w.contents(); !maps.Equal(got, tt.want) {
				t.Errorf("zone holds %v, want %v", got, tt.want)
			}
			if len(w.zone.changes) != tt.changes || w.zone.lists != tt.lists {
				t.Errorf("%d changes and %d lists, want %d and %d", len(w.zone.changes), w.zone.lists, tt.changes, tt.lists)
			}
			if !strings.Contains(w.log.String(), tt.log) {
				t.Errorf("the log lacks %q:\n%s", tt.log, w.log)
			}
		})
	}
}

func TestHandleGivesUpBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(fargateCluster, taskID, "eni-abcd1234", address)
	ctx, cancel := context.WithTimeout(t.Context(), reserve)
	defer cancel()
	response, err := w.handler.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m0", ReceiptHandle: "r0", Body: event(t, "running", nil)}}})
	if err != nil || len(response.BatchItemFailures) != 1 || w.sqs.calls != 1 {
		t.Errorf("response %v, error %v, %d calls of SQS; want the message back through one call", response, err, w.sqs.calls)
	}
}

func TestHandleNamesTheTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(fargateCluster, taskID, "eni-abcd1234", address)
	w.run(otherCluster, ec2TaskID, "eni-other", otherAddress)
	again := w.handle(t, event(t, "running", nil), event(t, "running", map[string]any{
		"taskArn": strings.Replace(otherCluster, ":cluster/", ":task/", 1) + "/" + ec2TaskID,
	}))
	if len(again) > 0 || !slices.Equal(w.zone.comment, []string{"fargatedirect task_dns/test #" + digest([]string{reference("FargateCluster", taskID), reference("Other", ec2TaskID)}, nil)}) {
		t.Errorf("comments %q; again %v", w.zone.comment, again)
	}
}

func TestHandleLogsNoBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const secret = "hunter2"
	overrides := map[string]any{"containerOverrides": []any{map[string]any{"environment": []any{map[string]any{"name": "PASSWORD", "value": secret}}}}}
	w.handle(t, event(t, "running", map[string]any{"overrides": overrides}),
		event(t, "running", map[string]any{"overrides": overrides, "source": "other"}),
		event(t, "running", map[string]any{"overrides": overrides})+"}")
	if w.log.Len() == 0 || strings.Contains(w.log.String(), secret) {
		t.Errorf("the log must have lines, and none with the task's environment:\n%s", w.log)
	}
}

func TestHandleSurvivesAFailingQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sqs.fail = errors.New("no connection")
	if again := w.handle(t, event(t, "running", nil)); !slices.Equal(again, []int{0}) {
		t.Errorf("to come again: %v", again)
	}
}
