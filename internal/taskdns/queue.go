package taskdns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// queue is the function's queue, with the one beside it for what can never
// succeed.
type queue struct {
	sqs           SQS
	url           string
	deadLetterURL string
	log           *slog.Logger
}

// What one call of SQS takes. The bytes are fewer than SQS allows, which was
// 262,144 before it became four times as much.
const (
	maxEntries = 10
	maxBytes   = 250_000
)

// parallel is how many calls of SQS are made at the same time.
const parallel = 8

// errUnsent is a message about which SQS said neither that it took it nor why
// it did not.
var errUnsent = errors.New("sending a message: SQS did not answer for it")

// letter is a message to be sent.
type letter struct {
	body   string
	delay  int32  // seconds until it can be received
	reason string // why it is in the dead-letter queue
}

// size is what counts for SQS of a letter.
func (l letter) size() int { return len(l.body) + len(l.reason) + len(attributeReason+"String") }

// send sends messages, and answers an error for each; nil for one that was
// sent.
func (q queue) send(ctx context.Context, url string, letters []letter) []error {
	failed := make([]error, len(letters))
	for from := 0; from < len(letters); {
		to, bytes := from, 0
		for to < len(letters) && to-from < maxEntries && (to == from || bytes+letters[to].size() <= maxBytes) {
			bytes += letters[to].size()
			to++
		}
		copy(failed[from:to], q.sendBatch(ctx, url, letters[from:to]))
		from = to
	}
	return failed
}

// sendBatch is send for what one call takes.
func (q queue) sendBatch(ctx context.Context, url string, letters []letter) []error {
	entries := make([]types.SendMessageBatchRequestEntry, 0, len(letters))
	for i, l := range letters {
		entry := types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(l.body), DelaySeconds: l.delay}
		if l.reason != "" {
			entry.MessageAttributes = map[string]types.MessageAttributeValue{
				attributeReason: {DataType: aws.String("String"), StringValue: aws.String(l.reason)},
			}
		}
		entries = append(entries, entry)
	}
	out, err := q.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(url), Entries: entries})
	if err != nil {
		return slices.Repeat([]error{fmt.Errorf("sending messages: %w", err)}, len(letters))
	}
	failed := slices.Repeat([]error{errUnsent}, len(letters))
	for _, f := range out.Failed {
		if i, ok := place(f.Id, letters); ok {
			failed[i] = fmt.Errorf("sending a message: %s: %s", aws.ToString(f.Code), aws.ToString(f.Message))
		}
	}
	for _, s := range out.Successful {
		if i, ok := place(s.Id, letters); ok {
			failed[i] = nil
		}
	}
	return failed
}

// place reads from the id of a batch's entry where it stands among all.
func place[T any](id *string, all []T) (int, bool) {
	i, err := strconv.Atoi(aws.ToString(id))
	return i, err == nil && i >= 0 && i < len(all)
}

// remove deletes messages. Those of which that fails come again, and are then
// found to be done with.
func (q queue) remove(ctx context.Context, messages []*message) {
	atOnce(messages, maxEntries, func(chunk []*message) {
		var entries []types.DeleteMessageBatchRequestEntry
		for i, m := range chunk {
			entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(m.receipt)})
		}
		out, err := q.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(q.url), Entries: entries})
		if err != nil {
			q.log.Warn("messages come again though they are done with: deleting them failed", "messages", len(entries), "reason", err.Error())
			return
		}
		for _, f := range out.Failed {
			q.log.Warn("message comes again though it is done with: deleting it failed", "reason", aws.ToString(f.Message))
		}
	})
}

// postpone makes messages come again after so many seconds, each its own. Left
// alone they would come after the queue's visibility timeout, which is longer
// than the function's longest run. Where it fails they still come, only later.
func (q queue) postpone(ctx context.Context, messages []*message, seconds []int32) {
	var entries []types.ChangeMessageVisibilityBatchRequestEntry
	for i, m := range messages {
		entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(m.receipt), VisibilityTimeout: seconds[i],
		})
	}
	atOnce(entries, maxEntries, func(chunk []types.ChangeMessageVisibilityBatchRequestEntry) {
		out, err := q.sqs.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: aws.String(q.url), Entries: chunk})
		if err != nil {
			q.log.Warn("messages come back late: changing their visibility failed", "messages", len(chunk), "reason", err.Error())
			return
		}
		for _, f := range out.Failed {
			q.log.Warn("message comes back late: changing its visibility failed", "reason", aws.ToString(f.Message))
		}
	})
}

// atOnce calls do for chunks of all, several at the same time.
func atOnce[T any](all []T, size int, do func([]T)) {
	var chunks [][]T
	for chunk := range slices.Chunk(all, size) {
		chunks = append(chunks, chunk)
	}
	for some := range slices.Chunk(chunks, parallel) {
		together(len(some), func(i int) { do(some[i]) })
	}
}

// together calls do with each number from 0 up to, but not including, n, all at
// the same time. A panic becomes the caller's, so that the Lambda runtime can
// report it.
func together(n int, do func(i int)) {
	if n == 1 {
		do(0)
		return
	}
	panics := make([]any, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			defer func() { panics[i] = recover() }()
			do(i)
		})
	}
	all.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
}
