package taskdns

import (
	"fmt"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// run makes running tasks, and answers their ids. Their events are in the
// queue.
func (r *rig) run(n int) []string {
	var ids []string
	for range n {
		r.serial++
		id := fmt.Sprintf("%032x", r.serial)
		ids = append(ids, id)
		r.sqs.Send(queueURL, r.fleet.Run(taskdnstest.Task{
			ClusterARN: fargateCluster, ID: id, InterfaceID: "eni-" + id, Group: "service:web", StartedBy: "me",
			PublicIP: fmt.Sprintf("203.0.%d.%d", r.serial/250, 1+r.serial%250),
		}))
	}
	return ids
}

// arn is the ARN of a task of the first cluster.
func arn(id string) string { return arnIn(fargateCluster, id) }

// arnIn is the ARN of a task of a cluster.
func arnIn(cluster, id string) string {
	return strings.Replace(cluster, ":cluster/", ":task/", 1) + "/" + id
}

// move gives a task another status; its event is in the queue.
func (r *rig) move(id, status string) { r.sqs.Send(queueURL, r.fleet.Move(arn(id), status)) }

// start makes the n-th task run, without an event; its address is
// addressOf(n).
func (r *rig) start(cluster string, n int) taskdnstest.Task {
	task := taskdnstest.Task{ClusterARN: cluster, ID: idOf(n), InterfaceID: fmt.Sprintf("eni-%d", n), PublicIP: addressOf(n), Group: "service:web"}
	r.fleet.Run(task)
	return task
}

// stop makes a task stop, for good, without an event.
func (r *rig) stop(task taskdnstest.Task) {
	for _, status := range []string{"DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"} {
		r.fleet.Move(task.ARN(), status)
	}
}

func idOf(n int) string      { return fmt.Sprintf("%012x%020x", n, n) }
func nameOf(n int) string    { return idOf(n) + "." + domain }
func addressOf(n int) string { return fmt.Sprintf("203.0.%d.%d", n/250, n%250+1) }
