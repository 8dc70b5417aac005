package taskdns

import (
	"slices"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestTheRestOfATasksEndCostsNothing(t *testing.T) {
	onRig(t, func(r *rig) {
		h := r.newHandler()
		id := r.run(1)[0]
		r.deliver(h)
		r.move(id, "DEACTIVATING")
		time.Sleep(time.Second)
		r.deliver(h)
		if got := r.names(); len(got) > 0 {
			r.Fatalf("the zone holds %q", got)
		}
		before := len(r.calls(0))
		time.Sleep(2 * time.Second)
		for _, status := range []string{"STOPPING", "DEPROVISIONING", "STOPPED"} {
			r.move(id, status)
			r.deliver(h)
		}
		if got := r.calls(before); len(got) > 0 {
			r.Errorf("calls %q", got)
		}
		if n := r.left(queueURL); n != 2 {
			r.Errorf("%d messages are left, want two watches", n)
		}
	})
}

// TestAStopBeforeTheNameIsNotForgotten lets the stop be seen while the name is
// not there yet: another environment may be about to make it.
func TestAStopBeforeTheNameIsNotForgotten(t *testing.T) {
	onRig(t, func(r *rig) {
		one, other := r.newHandler(), r.newHandler()
		id := r.run(1)[0]
		r.fleet.Move(arn(id), "DEACTIVATING")
		r.deliver(one) // the stop is seen, there is no name
		if _, gone := one.gone[id]; gone {
			r.Error("the task counts as gone before its name was seen to be")
		}
		out := other.zone.apply(r.Context(), []want{{taskID: id, name: id + "." + domain, cluster: "FargateCluster", addresses: v4("203.0.0.2")}}, nil)
		if len(out.changes) != 1 || len(r.names()) != 1 {
			r.Fatalf("the other environment made %+v", out)
		}
		time.Sleep(2 * time.Second)
		r.move(id, "DEPROVISIONING")
		r.deliver(one)
		if got := r.names(); len(got) > 0 {
			r.Errorf("the zone holds %q", got)
		}
	})
}

func TestAddressesOfAnInterfaceOnItsWayOutAreNotBelieved(t *testing.T) {
	onRig(t, func(r *rig) {
		h := r.newHandler()
		id := r.run(1)[0]
		r.deliver(h)
		r.fleet.Move(arn(id), "DEPROVISIONING")
		r.ec2.Put("eni-"+id, "", "2600:1f14::1") // it is still there, without the public address
		r.sqs.Send(queueURL, r.fleet.Event(arn(id)))
		time.Sleep(2 * time.Second)
		r.deliver(h)
		if got := r.names(); len(got) > 0 {
			r.Errorf("the zone holds %q", got)
		}
	})
}

func TestATaskWithoutAddressesIsNotLookedFor(t *testing.T) {
	onRig(t, func(r *rig) {
		h := r.newHandler()
		task := taskdnstest.Task{ClusterARN: fargateCluster, ID: taskID}
		r.sqs.Send(queueURL, r.fleet.Run(task))
		r.deliver(h)
		r.move(taskID, "DEACTIVATING")
		r.deliver(h)
		if n := r.wire.Count(taskdnstest.ServiceRoute53, ""); n > 0 || r.left(queueURL) > 0 {
			r.Errorf("%d calls of Route 53, %d messages left", n, r.left(queueURL))
		}
	})
}

func TestATaskThatIsNotToHaveANameYet(t *testing.T) {
	onRig(t, func(r *rig) {
		h := r.newHandler()
		task := taskdnstest.Task{ClusterARN: fargateCluster, ID: taskID, PublicIP: "203.0.113.10"}
		r.sqs.Send(queueURL, r.fleet.Start(task))
		r.move(taskID, "PENDING")
		r.deliver(h)
		if n := r.wire.Count(taskdnstest.ServiceRoute53, ""); n > 0 || r.left(queueURL) > 0 {
			r.Errorf("%d calls of Route 53, %d messages left", n, r.left(queueURL))
		}
	})
}

// TestAForgottenTaskWhoseNameIsNotOfItsID has ECS forget a task whose name only
// a reconciliation can find.
func TestAForgottenTaskWhoseNameIsNotOfItsID(t *testing.T) {
	onRig(t, func(r *rig) {
		r.config.HostnameTemplate = "{service}-{short_id}"
		id := r.run(1)[0]
		r.live(time.Minute)
		if got, want := r.names(), []string{"web-" + id[:12]}; !slices.Equal(got, want) {
			r.Fatalf("names %q, want %q", got, want)
		}
		r.move(id, "STOPPED")
		r.ecs.Forget(fargateCluster, id)
		before := r.wire.Count(taskdnstest.ServiceRoute53, "")
		r.live(time.Minute)
		if n := r.wire.Count(taskdnstest.ServiceRoute53, "") - before; n > 0 || r.left(queueURL)+r.left(lettersURL) > 0 {
			r.Errorf("%d calls of Route 53, %d messages left", n, r.left(queueURL))
		}
	})
}
