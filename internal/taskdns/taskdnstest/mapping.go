package taskdnstest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Function is what a Lambda function does with a batch of messages.
type Function func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

// Mapping feeds a function from a queue, as Lambda does: each environment
// works off one batch at a time. Its own calls of SQS are not on the wire.
type Mapping struct {
	SQS      *SQS
	QueueURL string
	// Environments is how many batches are worked off at the same time: the
	// mapping's maximum concurrency.
	Environments int
	// Latency is how long it takes from a receive until the function runs.
	Latency time.Duration
	// ColdStart is how much longer that takes for a new environment.
	ColdStart time.Duration
	// Timeout is the function's, 60 seconds if it is 0.
	Timeout time.Duration
	// New makes an environment. It is called again after a run that panicked
	// or timed out, as such an environment is lost with all in its memory.
	New func() Function
}

// Run works until the context ends, and waits for the runs that are under way.
func (m Mapping) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range max(1, m.Environments) {
		all.Go(func() { m.environment(ctx) })
	}
	all.Wait()
}

// environment is the life of one environment and its successors.
func (m Mapping) environment(ctx context.Context) {
	var function Function
	for ctx.Err() == nil {
		batch, err := m.SQS.receive(ctx, m.QueueURL, 10, 0, 20*time.Second)
		if err != nil || len(batch) == 0 {
			if err != nil {
				_ = sleep(ctx, time.Second)
			}
			continue
		}
		time.Sleep(m.Latency)
		if function == nil {
			time.Sleep(m.ColdStart)
			function = m.New()
		}
		if !m.run(context.WithoutCancel(ctx), function, batch) {
			function = nil
		}
	}
}

// run lets the function work off a batch, and deletes what it does not hand
// back. It tells whether the environment lives on.
func (m Mapping) run(ctx context.Context, function Function, batch []stored) bool {
	timeout := m.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, alive, err := guarded(ctx, function, eventOfBatch(batch))
	if !alive || err != nil || ctx.Err() != nil {
		return alive && ctx.Err() == nil
	}
	back := make(map[string]bool)
	for _, f := range response.BatchItemFailures {
		if !slices.ContainsFunc(batch, func(b stored) bool { return b.id == f.ItemIdentifier }) {
			return true // to Lambda that is a failure of all
		}
		back[f.ItemIdentifier] = true
	}
	m.SQS.mu.Lock()
	defer m.SQS.mu.Unlock()
	for _, b := range batch {
		if !back[b.id] {
			m.SQS.queues[m.QueueURL].remove(b.receipt)
		}
	}
	return true
}

// guarded calls a function; alive is false if it panicked.
func guarded(ctx context.Context, function Function, batch events.SQSEvent) (response events.SQSEventResponse, alive bool, err error) {
	defer func() {
		if recover() != nil {
			alive = false
		}
	}()
	response, err = function(ctx, batch)
	return response, true, err
}

// eventOfBatch is a batch as the function gets it.
func eventOfBatch(batch []stored) events.SQSEvent {
	var e events.SQSEvent
	for _, m := range batch {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: m.id, ReceiptHandle: m.receipt, Body: m.body, Attributes: m.system(), EventSource: "aws:sqs",
		})
	}
	return e
}

// Deliver receives up to 10 messages of a queue and gives them to a function
// once, as one run of a mapping. It answers how many messages there were, and
// false if the function panicked.
func (m Mapping) Deliver(ctx context.Context, function Function) (messages int, alive bool) {
	batch, err := m.SQS.receive(ctx, m.QueueURL, 10, 0, 0)
	if err != nil || len(batch) == 0 {
		return 0, true
	}
	return len(batch), m.run(ctx, function, batch)
}
