package taskdns

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestHandle(t *testing.T) {
	t.Parallel()
	named := map[string]string{taskName: "60 " + address}
	runs := func(r *rig, cluster, id, interfaceID, public string) {
		r.fleet.Run(taskdnstest.Task{ClusterARN: cluster, ID: id, InterfaceID: interfaceID, PublicIP: public})
	}
	running := func(r *rig) { runs(r, fargateCluster, taskID, "eni-abcd1234", address) }
	published := func(r *rig) {
		running(r)
		r.address(taskName, 60, address)
	}
	moved := func(r *rig, statuses ...string) {
		for _, status := range statuses {
			r.fleet.Move(arn(taskID), status)
		}
	}
	stopped := func(r *rig) { moved(r, "DEACTIVATING", "DEPROVISIONING", "STOPPED") } // version 7, as in the sample
	tests := []struct {
		name    string
		before  func(*rig)
		bodies  []string
		after   time.Duration     // since SQS took them in, if not half a second
		want    map[string]string // the zone's contents
		again   []int
		changes int // accepted change batches
		lists   int
		log     string // a text in the log
	}{
		{
			name: "a running task gets its name", before: running,
			bodies: []string{event(t, "running", nil)}, want: named, changes: 1, log: "record created",
		},
		{
			name: "the same event several times makes one change", before: running,
			bodies: []string{event(t, "running", nil), event(t, "running", nil), event(t, "running", nil)}, want: named, changes: 1,
		},
		{
			name: "an event that comes again finds all done", before: published,
			bodies: []string{event(t, "running", nil)}, want: named, lists: 1,
		},
		{
			name: "a stopping task loses its name without a look at the zone",
			before: func(r *rig) {
				published(r)
				moved(r, "DEACTIVATING")
			},
			bodies: []string{event(t, "running", map[string]any{"desiredStatus": "STOPPED", "version": 5})},
			want:   map[string]string{}, changes: 1, log: "record deleted",
		},
		{
			name: "a stopped task loses its name after its interface has gone",
			before: func(r *rig) {
				published(r)
				stopped(r)
			},
			bodies: []string{event(t, "stopped", nil)}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "a stopped task without a name", before: func(r *rig) {
				running(r)
				stopped(r)
			},
			bodies: []string{event(t, "stopped", nil)}, want: map[string]string{}, lists: 1,
		},
		{
			name: "a stop that ECS knows nothing of yet", before: func(r *rig) { r.address(taskName, 60, address) },
			bodies: []string{event(t, "stopped", nil)}, want: map[string]string{taskName: "60 " + address}, again: []int{0},
		},
		{
			name: "an invented time does not make a task forgotten", before: func(r *rig) { r.address(taskName, 60, address) },
			bodies: []string{event(t, "stopped", map[string]any{"time": minutesAgo})}, want: named, again: []int{0},
		},
		{
			name: "a task that ECS has forgotten", before: func(r *rig) { r.address(taskName, 60, address) },
			bodies: []string{event(t, "stopped", nil)}, after: patience, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "a late RUNNING after the stop",
			before: func(r *rig) {
				published(r)
				stopped(r)
			},
			bodies: []string{event(t, "stopped", nil), event(t, "running", nil)}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "a forged STOPPED for a running task", before: published,
			bodies: []string{event(t, "stopped", map[string]any{"version": 4}), event(t, "stopped", map[string]any{"version": 1})},
			want:   named, lists: 1,
		},
		{
			name: "a forged STOPPED under the wrong one of our clusters", before: published,
			bodies: []string{event(t, "stopped", map[string]any{"taskArn": arnIn(otherCluster, taskID), "version": 1})},
			want:   named, lists: 1,
		},
		{
			name: "a forged id in upper case", before: published,
			bodies: []string{event(t, "stopped", map[string]any{"taskArn": arn(strings.ToUpper(taskID))})},
			want:   named, log: "message ignored",
		},
		{
			name: "a forged RUNNING with somebody else's interface",
			before: func(r *rig) {
				running(r)
				r.ec2.Put("eni-stranger", otherAddress)
			},
			bodies: []string{event(t, "running", map[string]any{"attachments": []any{map[string]any{
				"type": "eni", "status": "ATTACHED", "details": []any{map[string]any{"name": "networkInterfaceId", "value": "eni-stranger"}},
			}}})},
			want: named, changes: 1,
		},
		{
			name: "a task on an EC2 instance has no attachment",
			before: func(r *rig) {
				runs(r, fargateCluster, ec2TaskID, "eni-abcd1234", address)
				task, _ := r.ecs.Task(fargateCluster, ec2TaskID)
				task.Attachments = nil
				r.ecs.Put(fargateCluster, task)
			},
			bodies: []string{event(t, "ec2", nil)}, want: map[string]string{},
		},
		{
			name: "a task without a public address", before: func(r *rig) { runs(r, fargateCluster, taskID, "eni-abcd1234", "") },
			bodies: []string{event(t, "running", nil)}, want: map[string]string{},
		},
		{
			name: "an old ARN names no cluster", before: func(r *rig) { runs(r, otherCluster, oldTaskID, "eni-old", otherAddress) },
			bodies: []string{event(t, "running", map[string]any{
				"taskArn": "arn:aws:ecs:us-west-2:111122223333:task/" + oldTaskID, "clusterArn": otherCluster,
			})},
			want: map[string]string{oldTaskID + "." + domain: "60 " + otherAddress}, changes: 1,
		},
		{
			name: "messages that name no task of ours", before: published,
			bodies: []string{
				"{", "null", "[]", `"text"`, `{"detail":{"taskArn":5}}`,
				event(t, "stopped", map[string]any{"source": "evil"}),
				event(t, "stopped", map[string]any{"detail-type": "ECS Container Instance State Change"}),
				event(t, "stopped", map[string]any{"taskArn": arnIn(strings.Replace(fargateCluster, "FargateCluster", "Stranger", 1), taskID)}),
				event(t, "stopped", map[string]any{"taskArn": arnIn(strings.Replace(fargateCluster, "us-west-2", "eu-west-1", 1), taskID)}),
				event(t, "stopped", map[string]any{"taskArn": arn("www")}),
				event(t, "stopped", map[string]any{"taskArn": ""}),
			},
			want: named, log: "message ignored",
		},
		{
			name: "a stranger's record with several values stays", before: func(r *rig) {
				running(r)
				r.address(taskName, 60, otherAddress, "192.0.2.1")
			},
			bodies: []string{event(t, "running", nil)},
			want:   map[string]string{taskName: "60 192.0.2.1 " + otherAddress}, lists: 1, log: "not ours",
		},
		{
			name: "a stranger's record with another TTL stays after the stop", before: func(r *rig) { r.address(taskName, 300, otherAddress) },
			bodies: []string{event(t, "stopped", nil)}, after: patience, want: map[string]string{taskName: "300 " + otherAddress}, lists: 1, log: "not ours",
		},
		{
			name: "our record from before the TTL was changed is removed", before: func(r *rig) {
				running(r)
				r.address(taskName, 300, address)
				moved(r, "DEACTIVATING")
			},
			bodies: []string{event(t, "stopped", map[string]any{"version": 5})}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "another address stays, even with our TTL", before: func(r *rig) {
				running(r)
				r.address(taskName, 60, otherAddress)
			},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{taskName: "60 " + otherAddress}, lists: 1,
		},
		{
			name: "a stranger's CNAME stays", before: func(r *rig) {
				running(r)
				r.put(types.RRTypeCname, taskName, 60, "www.example.com")
			},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{taskName + " CNAME": "60 www.example.com"}, log: "not ours",
		},
		{
			name: "ECS does not know the task yet", before: func(*rig) {},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{}, again: []int{0},
		},
		{
			name: "ECS lags behind the message", before: published,
			bodies: []string{event(t, "stopped", nil)}, want: named, again: []int{0},
		},
		{
			name: "EC2 does not know the interface yet", before: func(r *rig) {
				published(r)
				r.ec2.Delete("eni-abcd1234")
			},
			bodies: []string{event(t, "running", nil)}, want: named, again: []int{0},
		},
		{
			name: "an invented version holds up nobody but itself", before: running,
			bodies: []string{event(t, "running", map[string]any{"version": int64(1) << 40}), event(t, "running", nil)},
			want:   named, changes: 1, again: []int{0},
		},
		{
			name: "ECS fails for one cluster", before: func(r *rig) {
				running(r)
				r.refuseCluster(otherCluster)
			},
			bodies: []string{event(t, "running", nil), event(t, "running", map[string]any{"taskArn": arnIn(otherCluster, ec2TaskID)})},
			want:   named, changes: 1, again: []int{1},
		},
		{
			name: "ECS says nothing about a task", before: func(r *rig) {
				published(r)
				r.ecs.Silence(taskID)
			},
			bodies: []string{event(t, "stopped", nil)}, want: named, again: []int{0},
		},
		{
			name: "EC2 fails", before: func(r *rig) {
				running(r)
				r.refuse("DescribeNetworkInterfaces", taskdnstest.Error("UnauthorizedOperation", "later"))
			},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{}, again: []int{0},
		},
		{
			name: "EC2 fails for a task that is to lose its name anyway", before: func(r *rig) {
				published(r)
				moved(r, "DEACTIVATING")
				r.refuse("DescribeNetworkInterfaces", taskdnstest.Error("UnauthorizedOperation", "later"))
			},
			bodies: []string{event(t, "stopped", map[string]any{"version": 5})}, want: map[string]string{}, changes: 1, lists: 1,
		},
		{
			name: "Route 53 fails", before: func(r *rig) {
				running(r)
				r.refuse("ChangeResourceRecordSets", &types.InvalidInput{})
			},
			bodies: []string{event(t, "running", nil)}, want: map[string]string{}, again: []int{0},
		},
		{
			name: "the cluster is gone", before: func(r *rig) {
				r.address(taskName, 60, address)
				r.ecs.DeleteCluster(fargateCluster)
			},
			bodies: []string{event(t, "stopped", nil)}, after: patience, want: map[string]string{}, changes: 1, lists: 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				time.Sleep(time.Until(sampled))
				r.address("www.example.com", 60, otherAddress)
				tt.before(r)
				if again := r.handleAfter(cmp.Or(tt.after, 500*time.Millisecond), tt.bodies...); !slices.Equal(again, tt.again) {
					r.Errorf("to come again: %v, want %v", again, tt.again)
				}
				want := maps.Clone(tt.want)
				want["www.example.com"] = "60 " + otherAddress
				r.holds(want)
				if changes, lists := len(r.zone.Batches()), r.zone.Count(route53fake.List).Calls; changes != tt.changes || lists != tt.lists {
					r.Errorf("%d changes and %d lists, want %d and %d", changes, lists, tt.changes, tt.lists)
				}
				if !strings.Contains(r.log.String(), tt.log) {
					r.Errorf("the log lacks %q:\n%s", tt.log, r.log)
				}
			})
		})
	}
}

func TestHandleGivesUpBeforeTheDeadline(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(fargateCluster, 1)
		r.mapping.Timeout = reserve
		again := r.handle(r.fleet.Event(arn(idOf(1))))
		if calls := r.wire.Count(taskdnstest.ServiceSQS, ""); !slices.Equal(again, []int{0}) || calls != 1 {
			r.Errorf("to come again: %v, %d calls of SQS; want the message back through one call", again, calls)
		}
	})
}

func TestHandleNamesTheTasks(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(fargateCluster, 1)
		r.start(otherCluster, 2)
		again := r.handle(r.fleet.Event(arn(idOf(1))), r.fleet.Event(arnIn(otherCluster, idOf(2))))
		want := "fargatedirect task_dns/test #" + digest([]string{reference("FargateCluster", idOf(1)), reference("Other", idOf(2))}, nil)
		if batches := r.zone.Batches(); len(again) > 0 || len(batches) != 1 || batches[0].Comment != want {
			r.Errorf("batches %+v, want one with the comment %q; again %v", batches, want, again)
		}
	})
}

func TestHandleLogsNoBody(t *testing.T) {
	onRig(t, func(r *rig) {
		const secret = "hunter2"
		overrides := map[string]any{"containerOverrides": []any{map[string]any{"environment": []any{map[string]any{"name": "PASSWORD", "value": secret}}}}}
		r.handle(event(r.T, "running", map[string]any{"overrides": overrides}),
			event(r.T, "running", map[string]any{"overrides": overrides, "source": "other"}),
			event(r.T, "running", map[string]any{"overrides": overrides})+"}")
		if r.log.String() == "" || strings.Contains(r.log.String(), secret) {
			r.Errorf("the log must have lines, and none with the task's environment:\n%s", r.log)
		}
	})
}

func TestHandleSurvivesAFailingQueue(t *testing.T) {
	onRig(t, func(r *rig) {
		time.Sleep(time.Until(sampled))
		r.wire.Before(func(_ context.Context, c taskdnstest.Call) error {
			if c.Service == taskdnstest.ServiceSQS {
				return errors.New("no connection")
			}
			return nil
		})
		r.sqs.Send(queueURL, event(r.T, "running", nil))
		alive := r.deliver(r.handler)
		left := r.sqs.Messages(queueURL)
		if !alive || len(left) != 1 || time.Until(left[0].Visible) != visibility {
			r.Errorf("the handler is alive: %v; left: %+v, want the message after the queue's own timeout", alive, left)
		}
	})
}
