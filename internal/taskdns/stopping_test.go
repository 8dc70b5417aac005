package taskdns

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// StopTask changes the desired status at once, while the last status is
// RUNNING until the task is deregistered. The name must not wait for that: the
// address may soon be somebody else's.
func TestHandleTakesTheNameBeforeTheTaskHasStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(fargateCluster, taskID, "eni-abcd1234", address)
	w.record(taskName, 60, address)
	task := w.ecs.clusters[fargateCluster][taskID]
	task.DesiredStatus, task.Version = aws.String("STOPPED"), 5
	w.ecs.clusters[fargateCluster][taskID] = task

	again := w.handle(t, event(t, "running", map[string]any{"desiredStatus": "STOPPED", "version": 5}))
	if len(again) > 0 {
		t.Errorf("to come again: %v", again)
	}
	if got := w.contents(); len(got) > 0 {
		t.Errorf("the zone still holds %v", got)
	}
}
