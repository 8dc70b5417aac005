package taskdns

import (
	"context"
	"errors"

	"github.com/aws/aws-lambda-go/events"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/pace"
)

// permanentError is a failure that does not pass by itself.
type permanentError struct{ error }

// Unwrap gives the failure itself.
func (e permanentError) Unwrap() error { return e.error }

// isPermanent tells whether a failure waits for somebody to mend something.
func isPermanent(err error) bool {
	var permanent permanentError
	return errors.As(err, &permanent) || awserr.IsAccessDenied(err) || awserr.Is(err, "NoSuchHostedZone", "InvalidInput")
}

// finish parts with the messages of an invocation: what can never succeed is
// buried, what is to come again gets a time for that, and what is done with is
// deleted. Those of the batch that Lambda gave are deleted by Lambda, unless
// the response names them; those that the handler gathered are its own to
// delete.
func (h *Handler) finish(ctx context.Context, messages []*message) events.SQSEventResponse {
	h.bury(ctx, messages)
	var response events.SQSEventResponse
	var back, done []*message
	var seconds []int32
	for _, m := range messages {
		switch {
		case m.err != nil:
			h.tellBack(m)
			back, seconds = append(back, m), append(seconds, delay(m, h.random))
			if !m.gathered {
				response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.id})
			}
		case m.gathered:
			done = append(done, m)
		}
	}
	h.queue.postpone(ctx, back, seconds)
	h.queue.remove(ctx, done)
	return response
}

// tellBack logs that a message comes again. That of a change which is under
// way is what usually happens.
func (h *Handler) tellBack(m *message) {
	said := []any{"message", m.id, "receives", m.receives, "reason", m.err.Error()}
	if m.claim != nil {
		said = append(said, "task", m.claim.taskID, "cluster", m.claim.cluster.name)
	}
	if errors.Is(m.err, errPending) {
		h.log.Debug("message handed back", said...)
		return
	}
	h.log.Warn("message handed back", said...)
}

// delay is after how many seconds a message comes again. Chance spreads out
// what failed together.
func delay(m *message, random func(n int) int) int32 {
	switch {
	case errors.Is(m.err, errPending):
		return pollAfter(m.receives)
	case errors.Is(m.err, errLagging):
		return int32(2 + random(4))
	case isPermanent(m.err):
		return int32(30 + random(31))
	case errors.Is(m.err, pace.ErrNoTime), errors.Is(m.err, context.DeadlineExceeded), pace.IsThrottle(m.err):
		return int32(1 + random(4))
	}
	widest := 4 << min(m.receives-1, 4) // 4, 8, 16, 32, 64
	return int32(1 + random(min(widest, 60)))
}
