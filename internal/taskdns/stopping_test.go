package taskdns

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// StopTask changes the desired status at once, while the last status is
// RUNNING until the task is deregistered. The name must not wait for that: the
// address may soon be somebody else's.
func TestHandleTakesTheNameBeforeTheTaskHasStopped(t *testing.T) {
	onRig(t, func(r *rig) {
		running := r.start(fargateCluster, 1)
		r.address(nameOf(1), 60, addressOf(1))
		task, _ := r.ecs.Task(fargateCluster, running.ID)
		task.DesiredStatus, task.Version = aws.String("STOPPED"), 5
		r.ecs.Put(fargateCluster, task)

		if again := r.handle(r.fleet.Event(running.ARN())); len(again) > 0 {
			r.Errorf("to come again: %v", again)
		}
		r.holds(nil)
	})
}
