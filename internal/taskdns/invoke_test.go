package taskdns

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

func TestInvoke(t *testing.T) {
	onRig(t, func(r *rig) {
		h := r.newHandler()
		for payload, want := range map[string]string{
			``:                 "payload",
			`5`:                "payload",
			`{}`:               "neither",
			`{"Records":5}`:    "batch",
			`{"do":5}`:         "command",
			`{"do":"destroy"}`: "destroy",
			`{"source":"aws.events","detail":{"do":"drain"}}`: "neither",
		} {
			if answer, err := h.Invoke(r.Context(), json.RawMessage(payload)); err == nil || !strings.Contains(err.Error(), want) {
				r.Errorf("payload %s: answer %+v, error %v; want one about the %s", payload, answer, err, want)
			}
		}
		answer, err := h.Invoke(r.Context(), json.RawMessage(`{"do":"status"}`))
		if report, ok := answer.(Report); err != nil || !ok || report.Ours {
			r.Errorf("status: %+v, %v", answer, err)
		}
	})
}

// TestInvokeWorksOffABatchOfLambda gives the handler what Lambda gives it, with
// what EventBridge put into the queue.
func TestInvokeWorksOffABatchOfLambda(t *testing.T) {
	onRig(t, func(r *rig) {
		id := r.run(1)[0]
		body := r.sqs.Messages(queueURL)[0].Body
		payload, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
			"messageId": "2e1424d4-f796-459a-8184-9c92662be6da", "receiptHandle": "AQEBzWwaftRI0KuVm4tP+/7q1rGgNqicHq", "body": body,
			"attributes": map[string]string{
				"ApproximateReceiveCount": "1", "SentTimestamp": "946684800000", "SenderId": "AIDAIENQZJOLO23YVJ4VO", "ApproximateFirstReceiveTimestamp": "946684800000",
			},
			"messageAttributes": map[string]any{}, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
			"eventSourceARN": "arn:aws:sqs:us-west-2:111122223333:queue", "awsRegion": "us-west-2",
		}}})
		if err != nil {
			r.Fatal(err)
		}
		answer, err := r.newHandler().Invoke(r.Context(), payload)
		if response, ok := answer.(events.SQSEventResponse); err != nil || !ok || len(response.BatchItemFailures) > 0 {
			r.Errorf("answer %+v, error %v", answer, err)
		}
		if got := r.names(); !slices.Equal(got, []string{id}) {
			r.Errorf("names %q", got)
		}
	})
}

func TestMetricsAreLinesOfTheLog(t *testing.T) {
	onRig(t, func(r *rig) {
		id := r.run(1)[0]
		time.Sleep(3 * time.Second)
		h := r.newHandler()
		r.deliver(h)
		for metric, want := range map[string]float64{MetricLag: 3, MetricQueueAge: 3, MetricBatch: 1} {
			if sum, n := r.recorded(metric); n != 1 || sum != want {
				r.Errorf("%s has %d values, in all %v; want %v", metric, n, sum, want)
			}
		}
		r.move(id, "DEACTIVATING")
		time.Sleep(2 * time.Second)
		r.deliver(h)
		if sum, n := r.recorded(MetricDangling); n != 1 || sum != 2 {
			r.Errorf("%s has %d values, in all %v; want 2", MetricDangling, n, sum)
		}
		r.address(r.run(1)[0]+"."+domain, 300, "192.0.2.1")
		time.Sleep(2 * time.Second)
		r.deliver(h)
		if sum, _ := r.recorded(MetricConflicts); sum != 1 {
			r.Errorf("%s is %v, want 1", MetricConflicts, sum)
		}
	})
}

func TestMetricsAreWrittenOfAFailureToo(t *testing.T) {
	onRig(t, func(r *rig) {
		r.ecs.Silence(r.run(1)...)
		time.Sleep(time.Second)
		r.deliver(r.newHandler())
		if sum, n := r.recorded(MetricQueueAge); n != 1 || sum != 1 {
			r.Errorf("%s has %d values, in all %v", MetricQueueAge, n, sum)
		}
	})
}
