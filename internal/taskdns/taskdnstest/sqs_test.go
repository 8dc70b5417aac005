package taskdnstest

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	queueURL = "https://sqs/queue"
	deadURL  = "https://sqs/dead"
)

func newQueues() *SQS {
	s := NewSQS(nil)
	s.CreateQueue(deadURL, QueueSettings{Visibility: time.Minute})
	s.CreateQueue(queueURL, QueueSettings{Visibility: time.Minute, MaxReceives: 3, DeadLetterURL: deadURL})
	return s
}

func receive(t *testing.T, s *SQS) []types.Message {
	t.Helper()
	out, err := s.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(queueURL), MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"ApproximateReceiveCount"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newQueues()
		s.Send(queueURL, "x")
		first := receive(t, s)
		if len(first) != 1 || len(first[0].Attributes) != 1 || first[0].Attributes["ApproximateReceiveCount"] != "1" {
			t.Fatalf("first receive: %+v", first)
		}
		if again := receive(t, s); len(again) != 0 {
			t.Fatal("received although it is in flight")
		}
		if _, err := s.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: aws.String(queueURL), Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
			{Id: aws.String("a"), ReceiptHandle: first[0].ReceiptHandle, VisibilityTimeout: 2},
		}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		second := receive(t, s)
		if len(second) != 1 || *second[0].ReceiptHandle == *first[0].ReceiptHandle {
			t.Fatalf("second receive: %+v", second)
		}
		remove := func(receipt *string) *sqs.DeleteMessageBatchOutput {
			out, err := s.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(queueURL), Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("a"), ReceiptHandle: receipt}}})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if out := remove(first[0].ReceiptHandle); len(out.Failed) != 0 || len(s.Messages(queueURL)) != 1 {
			t.Errorf("an old receipt: %+v, %d messages left", out, len(s.Messages(queueURL)))
		}
		if out := remove(aws.String("nonsense")); len(out.Failed) != 1 {
			t.Errorf("a nonsensical receipt: %+v", out)
		}
		time.Sleep(time.Minute)
		receive(t, s)
		time.Sleep(time.Minute)
		if got := receive(t, s); len(got) != 0 || len(s.Messages(queueURL)) != 0 || len(s.Messages(deadURL)) != 1 {
			t.Errorf("after three receives it is in the dead-letter queue; got %+v", got)
		}
	})
}

func TestBatchEntries(t *testing.T) {
	t.Parallel()
	s := newQueues()
	send := func(entries ...types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
		return s.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: aws.String(queueURL), Entries: entries})
	}
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: aws.String(id), MessageBody: aws.String(body)}
	}
	var eleven []types.SendMessageBatchRequestEntry
	for range 11 {
		eleven = append(eleven, entry("a", "x"))
	}
	for code, entries := range map[string][]types.SendMessageBatchRequestEntry{
		"EmptyBatchRequest":            nil,
		"TooManyEntriesInBatchRequest": eleven,
		"BatchEntryIdsNotDistinct":     eleven[:2],
		"InvalidBatchEntryId":          {entry("a b", "x")},
		"BatchRequestTooLong":          {entry("a", strings.Repeat("x", 200<<10)), entry("b", strings.Repeat("x", 57<<10))},
	} {
		if _, err := send(entries...); !strings.HasSuffix(Code(err), code) {
			t.Errorf("%v, want %s", err, code)
		}
	}
	late := entry("c", "x")
	late.DelaySeconds = 901
	odd := entry("d", "x")
	odd.MessageAttributes = map[string]types.MessageAttributeValue{"reason": {DataType: aws.String("String"), StringValue: aws.String("")}}
	out, err := send(entry("a", "x"), entry("b", "\x00"), late, odd)
	if err != nil || len(out.Successful) != 1 || len(out.Failed) != 3 {
		t.Errorf("%+v, %v: only the first is valid", out, err)
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newQueues()
		environments, ran := 0, 0
		m := Mapping{SQS: s, QueueURL: queueURL, Environments: 2, Latency: 10 * time.Millisecond, ColdStart: 200 * time.Millisecond}
		m.New = func() Function {
			environments++
			return func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
				ran += len(e.Records)
				if e.Records[0].Body == "die" && e.Records[0].Attributes["ApproximateReceiveCount"] == "1" {
					panic("died")
				}
				var r events.SQSEventResponse
				if e.Records[0].Body == "back" {
					r.BatchItemFailures = append(r.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: e.Records[0].MessageId})
				}
				return r, nil
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go m.Run(ctx)
		s.Send(queueURL, "done")
		time.Sleep(time.Second)
		if left := len(s.Messages(queueURL)); left != 0 {
			t.Errorf("%d messages left of one", left)
		}
		s.Send(queueURL, "die")
		time.Sleep(62 * time.Second)
		if left := len(s.Messages(queueURL)); left != 0 || environments < 2 {
			t.Errorf("%d messages left, %d environments: a new one works off what the dead one had", left, environments)
		}
		s.Send(queueURL, "back")
		time.Sleep(4 * time.Minute)
		if dead := s.Messages(deadURL); len(dead) != 1 || dead[0].Receives != 3 {
			t.Errorf("what is always handed back ends as a dead letter: %+v", dead)
		}
		cancel()
		synctest.Wait()
		if ran != 1+2+3 {
			t.Errorf("the function was given %d messages", ran)
		}
	})
}

func TestPutEvents(t *testing.T) {
	t.Parallel()
	e := NewEventBridge(nil, "own")
	entry := func(bus *string, source, detail string) ebtypes.PutEventsRequestEntry {
		return ebtypes.PutEventsRequestEntry{EventBusName: bus, Source: aws.String(source), DetailType: aws.String("T"), Detail: aws.String(detail)}
	}
	out, err := e.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
		entry(nil, "mine", "{}"), entry(aws.String("own"), "mine", "{}"), entry(aws.String("other"), "mine", "{}"),
		entry(nil, "aws.ecs", "{}"), entry(nil, "mine", "[]"), entry(nil, "", "{}"),
	}})
	if err != nil || out.FailedEntryCount != 4 || len(out.Entries) != 6 || len(e.Events()) != 2 || e.Events()[1].Bus != "own" {
		t.Errorf("%+v, %v, %+v: the first two are valid", out, err, e.Events())
	}
	for _, n := range []int{0, 11} {
		if _, err := e.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: make([]ebtypes.PutEventsRequestEntry, n)}); Code(err) != "ValidationException" {
			t.Errorf("%d entries: %v", n, err)
		}
	}
	large := entry(nil, "mine", `{"a":"`+strings.Repeat("x", 256<<10)+`"}`)
	if _, err := e.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{large}}); Code(err) != "ValidationException" {
		t.Errorf("more than 256 KB: %v", err)
	}
}
