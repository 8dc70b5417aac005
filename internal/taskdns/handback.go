package taskdns

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// permanentError is a failure that does not pass by itself.
type permanentError struct{ error }

// Unwrap gives the failure itself.
func (e permanentError) Unwrap() error { return e.error }

// returner hands messages back to the queue.
type returner struct {
	sqs      SQS
	queueURL string
	random   func(n int) int
	log      *slog.Logger
}

// maxEntries is the most messages that one call of SQS may name.
const maxEntries = 10

// handBack answers which messages are to come again. Left alone they would come
// after the queue's visibility timeout, which is a multiple of the function's
// longest run, so each is first given a time of its own. Where that fails they
// still come, only later.
func (r returner) handBack(ctx context.Context, back []*message) events.SQSEventResponse {
	var response events.SQSEventResponse
	for chunk := range slices.Chunk(back, maxEntries) {
		var entries []types.ChangeMessageVisibilityBatchRequestEntry
		for i, m := range chunk {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.id})
			entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{
				Id:                aws.String(strconv.Itoa(i)),
				ReceiptHandle:     aws.String(m.receipt),
				VisibilityTimeout: r.delay(m),
			})
		}
		out, err := r.sqs.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: aws.String(r.queueURL), Entries: entries})
		if err != nil {
			r.log.Warn("messages come back late: changing their visibility failed", "messages", len(entries), "reason", err.Error())
			continue
		}
		for _, f := range out.Failed {
			r.log.Warn("message comes back late: changing its visibility failed", "reason", aws.ToString(f.Message))
		}
	}
	return response
}

// delay is after how many seconds a message comes again. Chance spreads out
// what failed together.
func (r returner) delay(m *message) int32 {
	var permanent permanentError
	switch {
	case errors.Is(m.err, errLagging):
		return int32(2 + r.random(4))
	case errors.As(m.err, &permanent), awserr.IsAccessDenied(m.err), awserr.Is(m.err, "NoSuchHostedZone", "InvalidInput"):
		return int32(30 + r.random(31))
	}
	widest := 4 << min(m.receives-1, 4) // 4, 8, 16, 32, 64
	return int32(1 + r.random(min(widest, 60)))
}
