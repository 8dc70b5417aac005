package taskdns

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
)

// message is one message of the queue, on its way through an invocation.
type message struct {
	id       string
	receipt  string
	body     string
	receives int
	sent     time.Time // when SQS took it in; zero if it does not say
	gathered bool      // the handler received it itself, and so has to finish it
	content
	young  bool  // SQS has it for less than patience, so it may know more than ECS
	task   task  // what ECS says of the claim's task
	err    error // why it is to come again
	poison error // why it can never succeed
}

// How messages are gathered.
const (
	// interval is the least time from one write to the next. What comes
	// meanwhile is written together.
	interval = time.Second
	// fullBatch is how many messages Lambda gives at most. When it gives as
	// many, more are likely to be waiting.
	fullBatch = 10
	// most is how many messages are worked off together. Their names fit into
	// one change batch if each changes one record.
	most = 1000
	// pollEvery is the time between two looks into a queue that had nothing
	// more to give.
	pollEvery = 200 * time.Millisecond
	// receiveFor bounds a call that hangs. Calls are not cut short otherwise:
	// what SQS gave to a call whose answer nobody reads is invisible for the
	// whole visibility timeout.
	receiveFor = 5 * time.Second
)

// collect reads the messages of a batch. If the handler is busy it gathers
// others from the queue, so that a burst is written in a few large batches
// rather than in many small ones. A lone message on a quiet handler costs
// neither a call nor a moment more.
func (h *Handler) collect(ctx context.Context, batch events.SQSEvent) []*message {
	var messages []*message
	for _, r := range batch.Records {
		messages = append(messages, h.read(r.MessageId, r.ReceiptHandle, r.Body, r.Attributes))
	}
	quiet := h.lastWrite.Add(interval).Sub(h.now())
	if len(messages) >= fullBatch || quiet > 0 {
		messages = append(messages, h.gather(ctx, most-len(messages), min(quiet, interval))...)
	}
	h.recordAge(messages)
	return messages
}

// recordAge records for how long the oldest message of ECS has waited.
func (h *Handler) recordAge(messages []*message) {
	now, oldest := h.now(), time.Duration(-1)
	for _, m := range messages {
		if m.claim != nil && !m.sent.IsZero() {
			oldest = max(oldest, now.Sub(m.sent), 0)
		}
	}
	if oldest >= 0 {
		h.metrics.Add(MetricQueueAge, emf.Seconds, oldest.Seconds())
	}
}

// gather receives messages for some time, at most as many as there is room
// for. After that time it goes on only while the queue gives all it is asked
// for.
func (h *Handler) gather(ctx context.Context, room int, howLong time.Duration) []*message {
	var all []*message
	end := time.NewTimer(max(howLong, 0))
	defer end.Stop()
	calls, ended := 1, howLong <= 0
	for room > 0 && ctx.Err() == nil {
		calls = min(calls, (room+maxEntries-1)/maxEntries)
		got, full := h.receive(ctx, calls, room)
		all, room = append(all, got...), room-len(got)
		if full {
			calls = min(2*calls, parallel)
			continue
		}
		if ended {
			break
		}
		calls = 1
		select {
		case <-end.C:
			ended = true // after one last look
		case <-time.After(pollEvery):
		case <-ctx.Done():
		}
	}
	return all
}

// receive receives messages with so many calls at once, and tells whether all
// of them brought as many as they may. A call that fails brings none.
func (h *Handler) receive(ctx context.Context, calls, room int) ([]*message, bool) {
	ctx, cancel := context.WithTimeout(ctx, receiveFor)
	defer cancel()
	answers := make([][]types.Message, calls)
	together(calls, func(i int) {
		out, err := h.queue.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl:            aws.String(h.queue.url),
			MaxNumberOfMessages: int32(min(maxEntries, room-i*maxEntries)),
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{
				types.MessageSystemAttributeNameApproximateReceiveCount, types.MessageSystemAttributeNameSentTimestamp,
			},
		})
		if err != nil {
			h.log.Warn("no further messages gathered", "reason", err.Error())
			return
		}
		answers[i] = out.Messages
	})
	var messages []*message
	for _, answer := range answers {
		for _, r := range answer {
			m := h.read(aws.ToString(r.MessageId), aws.ToString(r.ReceiptHandle), aws.ToString(r.Body), r.Attributes)
			m.gathered = true
			messages = append(messages, m)
		}
	}
	return messages, len(messages) == min(room, calls*maxEntries)
}

// read reads a message. One that leads to nothing has no content: it is poison
// if it is nobody's, and done with if it is about a task that is none of ours.
func (h *Handler) read(id, receipt, body string, attributes map[string]string) *message {
	m := &message{id: id, receipt: receipt, body: body, receives: 1}
	if n, err := strconv.Atoi(attributes["ApproximateReceiveCount"]); err == nil && n > 0 {
		m.receives = n
	}
	if ms, err := strconv.ParseInt(attributes["SentTimestamp"], 10, 64); err == nil && ms > 0 {
		m.sent = time.UnixMilli(ms)
	}
	var err error
	var strange strangeError
	switch m.content, err = parse(body, h.clusters); {
	case errors.As(err, &strange):
		m.poison = err
	case err != nil:
		h.log.Warn("message ignored", "message", id, "reason", err.Error())
	case m.claim != nil:
		m.young = h.now().Sub(m.sent) < patience
	}
	return m
}

// earlier is the earlier of two times, of those that are known, or else the
// zero time.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
