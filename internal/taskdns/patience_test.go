package taskdns

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
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
			t.Parallel()
			w := newWorld(t)
			w.run(fargateCluster, taskID, "eni-abcd1234", address)
			w.record(taskName, 60, address)
			sent := time.Date(2020, 1, 23, 18, 9, 35, 0, time.UTC) // the time in the sample
			batch := events.SQSEvent{Records: []events.SQSMessage{{
				MessageId: "m0", ReceiptHandle: "r0", Body: event(t, "stopped", tt.fields),
				Attributes: map[string]string{"SentTimestamp": strconv.FormatInt(sent.UnixMilli(), 10)},
			}}}
			w.now = sent.Add(tt.later)
			if again := w.handleBatch(t, batch); !slices.Equal(again, tt.again) {
				t.Errorf("to come again: %v, want %v", again, tt.again)
			}
			if got := w.contents(); !maps.Equal(got, map[string]string{taskName: "60 " + address}) {
				t.Errorf("the zone was changed to %v", got)
			}
		})
	}
}
