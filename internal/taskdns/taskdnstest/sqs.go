package taskdnstest

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// SQS is a fake of Amazon SQS with standard queues.
type SQS struct {
	wire *Wire

	mu     sync.Mutex
	queues map[string]*queue
	serial int
	limit  *Bucket
	sample func(available int) int
}

// QueueSettings are of one queue.
type QueueSettings struct {
	// Visibility is the queue's visibility timeout.
	Visibility time.Duration
	// MaxReceives is after how many receives a message goes to DeadLetterURL;
	// 0 is never.
	MaxReceives   int
	DeadLetterURL string
}

// NewSQS makes a fake without queues. The wire may be nil.
func NewSQS(w *Wire) *SQS { return &SQS{wire: w, queues: make(map[string]*queue)} }

// CreateQueue makes a queue.
func (s *SQS) CreateQueue(url string, settings QueueSettings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[url] = &queue{settings: settings, changed: make(chan struct{})}
}

// Limit sets the rate limit of all operations together; nil is none.
func (s *SQS) Limit(b *Bucket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = b
}

// Sample makes a receive see only so many of the messages that are there, as a
// short poll of SQS may, which asks only some of its servers. Nil ends that.
func (s *SQS) Sample(sample func(available int) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sample = sample
}

// ReceiveMessage answers up to 10 messages, of which nobody else gets one
// before its visibility timeout is over. It waits only if it is told to.
func (s *SQS) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	return through(ctx, s.wire, ServiceSQS, "ReceiveMessage", in, func() (*sqs.ReceiveMessageOutput, error) {
		if n := in.MaxNumberOfMessages; n < 0 || n > 10 {
			return nil, Error("InvalidParameterValue", "Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", n)
		}
		if n := in.WaitTimeSeconds; n < 0 || n > 20 {
			return nil, Error("InvalidParameterValue", "Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", n)
		}
		if n := in.VisibilityTimeout; n < 0 || n > maxVisibility {
			return nil, Error("InvalidParameterValue", "Value %d for parameter VisibilityTimeout is invalid.", n)
		}
		got, err := s.receive(ctx, aws.ToString(in.QueueUrl), int(cmp.Or(in.MaxNumberOfMessages, 1)),
			time.Duration(in.VisibilityTimeout)*time.Second, time.Duration(in.WaitTimeSeconds)*time.Second)
		if err != nil {
			return nil, err
		}
		out := &sqs.ReceiveMessageOutput{}
		for _, m := range got {
			out.Messages = append(out.Messages, told(m, in))
		}
		return out, nil
	})
}

// told is of a message what a receive asks for.
func told(m stored, in *sqs.ReceiveMessageInput) types.Message {
	wanted := make(map[string]bool)
	for _, a := range in.AttributeNames { //nolint:staticcheck // deprecated, but SQS still takes it
		wanted[string(a)] = true
	}
	for _, a := range in.MessageSystemAttributeNames {
		wanted[string(a)] = true
	}
	t := types.Message{MessageId: aws.String(m.id), ReceiptHandle: aws.String(m.receipt), Body: aws.String(m.body)}
	for name, value := range m.system() {
		if wanted["All"] || wanted[name] {
			if t.Attributes == nil {
				t.Attributes = make(map[string]string)
			}
			t.Attributes[name] = value
		}
	}
	for _, name := range in.MessageAttributeNames {
		for has, value := range m.attributes {
			if name == "All" || name == ".*" || name == has {
				if t.MessageAttributes == nil {
					t.MessageAttributes = make(map[string]types.MessageAttributeValue)
				}
				t.MessageAttributes[has] = value
			}
		}
	}
	return t
}

// DeleteMessageBatch deletes up to 10 messages by their receipt handles. A
// handle that is not the message's last one deletes nothing, and SQS does not
// tell so.
func (s *SQS) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	return through(ctx, s.wire, ServiceSQS, "DeleteMessageBatch", in, func() (*sqs.DeleteMessageBatchOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var ids []*string
		for _, e := range in.Entries {
			ids = append(ids, e.Id)
		}
		q, err := s.admit(in.QueueUrl, ids)
		if err != nil {
			return nil, err
		}
		out := &sqs.DeleteMessageBatchOutput{}
		for _, e := range in.Entries {
			if !q.knows(aws.ToString(e.ReceiptHandle)) {
				out.Failed = append(out.Failed, failedEntry(e.Id, "ReceiptHandleIsInvalid", "The input receipt handle is invalid."))
				continue
			}
			q.remove(aws.ToString(e.ReceiptHandle))
			out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
		}
		return out, nil
	})
}

// ChangeMessageVisibilityBatch changes after how many seconds up to 10
// messages come again. They must be in flight.
func (s *SQS) ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	return through(ctx, s.wire, ServiceSQS, "ChangeMessageVisibilityBatch", in, func() (*sqs.ChangeMessageVisibilityBatchOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var ids []*string
		for _, e := range in.Entries {
			ids = append(ids, e.Id)
		}
		q, err := s.admit(in.QueueUrl, ids)
		if err != nil {
			return nil, err
		}
		out := &sqs.ChangeMessageVisibilityBatchOutput{}
		for _, e := range in.Entries {
			m := q.inFlight(aws.ToString(e.ReceiptHandle))
			switch {
			case e.VisibilityTimeout < 0 || e.VisibilityTimeout > maxVisibility:
				out.Failed = append(out.Failed, failedEntry(e.Id, "InvalidParameterValue", "VisibilityTimeout must be between 0 and 43200."))
			case !q.knows(aws.ToString(e.ReceiptHandle)):
				out.Failed = append(out.Failed, failedEntry(e.Id, "ReceiptHandleIsInvalid", "The input receipt handle is invalid."))
			case m == nil:
				out.Failed = append(out.Failed, failedEntry(e.Id, "InvalidParameterValue", "Message does not exist or is not available for visibility timeout change."))
			default:
				m.visible = time.Now().Add(time.Duration(e.VisibilityTimeout) * time.Second)
				q.wake()
				out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
			}
		}
		return out, nil
	})
}

// admit lets a call with a batch of entries in, and answers its queue.
func (s *SQS) admit(url *string, ids []*string) (*queue, error) {
	if !s.limit.Take() {
		return nil, &types.RequestThrottled{Message: aws.String("Rate exceeded")}
	}
	q, ok := s.queues[aws.ToString(url)]
	switch {
	case !ok:
		return nil, &types.QueueDoesNotExist{Message: aws.String("The specified queue does not exist.")}
	case len(ids) == 0:
		return nil, &types.EmptyBatchRequest{Message: aws.String("There should be at least one entry in the request.")}
	case len(ids) > 10:
		return nil, &types.TooManyEntriesInBatchRequest{Message: aws.String("Maximum number of entries per request are 10.")}
	}
	seen := make(map[string]bool)
	for _, id := range ids {
		if !entryID.MatchString(aws.ToString(id)) {
			return nil, &types.InvalidBatchEntryId{Message: aws.String("A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")}
		}
		if seen[*id] {
			return nil, &types.BatchEntryIdsNotDistinct{Message: aws.String("Id " + *id + " repeated.")}
		}
		seen[*id] = true
	}
	return q, nil
}

// entryID is what an entry of a batch may be called.
var entryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// failedEntry tells that one entry of a batch failed by the caller's fault.
func failedEntry(id *string, code, message string) types.BatchResultErrorEntry {
	return types.BatchResultErrorEntry{Id: id, Code: aws.String(code), Message: aws.String(message), SenderFault: true}
}

// receive takes messages, waiting for the first as long as it may.
func (s *SQS) receive(ctx context.Context, url string, most int, visibility, patience time.Duration) ([]stored, error) {
	deadline := time.Now().Add(patience)
	for {
		s.mu.Lock()
		if !s.limit.Take() {
			s.mu.Unlock()
			return nil, &types.RequestThrottled{Message: aws.String("Rate exceeded")}
		}
		q, ok := s.queues[url]
		if !ok {
			s.mu.Unlock()
			return nil, &types.QueueDoesNotExist{Message: aws.String("The specified queue does not exist.")}
		}
		got, next := s.take(q, most, visibility)
		changed := q.changed
		s.mu.Unlock()
		now := time.Now()
		if len(got) > 0 || !now.Before(deadline) {
			return got, nil
		}
		if next.IsZero() || next.After(deadline) {
			next = deadline
		}
		timer := time.NewTimer(next.Sub(now))
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			timer.Stop()
			return nil, canceled(errors.Join(ctx.Err()))
		}
		timer.Stop()
	}
}

// newID makes an id that no other message or receipt has.
func (s *SQS) newID(kind string) string {
	s.serial++
	return kind + "-" + strconv.Itoa(s.serial)
}
