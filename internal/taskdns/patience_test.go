package taskdns

import (
	"slices"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestHandleLosesPatience(t *testing.T) {
	t.Parallel()
	future := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
	tests := []struct {
		name   string
		fields map[string]any
		later  time.Duration // since SQS took the message in
		again  []int
	}{
		{"ahead of ECS", map[string]any{"version": 99}, 0, []int{0}},
		{"ahead of ECS for a minute", map[string]any{"version": 99}, patience, nil},
		{"invented version and time", map[string]any{"version": 99, "time": future}, 59 * time.Second, []int{0}},
		{"invented version and time for a minute", map[string]any{"version": 99, "time": future}, time.Hour, nil},
		{"no time at all", map[string]any{"version": 99, "time": "soon"}, time.Hour, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				time.Sleep(time.Until(time.Date(2020, 1, 23, 18, 9, 35, 0, time.UTC))) // the time in the sample
				r.fleet.Run(taskdnstest.Task{ClusterARN: fargateCluster, ID: taskID, PublicIP: address})
				r.address(taskName, 60, address)
				if again := r.handleAfter(tt.later, event(r.T, "stopped", tt.fields)); !slices.Equal(again, tt.again) {
					r.Errorf("to come again: %v, want %v", again, tt.again)
				}
				r.holds(map[string]string{taskName: "60 " + address})
			})
		})
	}
}
