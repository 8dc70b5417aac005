package taskdnstest

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// EventBridge is a fake of Amazon EventBridge that keeps what it is told. It
// knows the bus "default" and those that it was made with.
type EventBridge struct {
	wire *Wire

	mu     sync.Mutex
	buses  map[string]bool
	events []Event
	fail   func(types.PutEventsRequestEntry) string
	limit  *Bucket
}

// Event is an event that was put.
type Event struct {
	At                      time.Time // when it was put
	Bus, Source, DetailType string
	Resources               []string
	Detail                  string
}

// NewEventBridge makes a fake that knows further buses by name or ARN. The
// wire may be nil.
func NewEventBridge(w *Wire, buses ...string) *EventBridge {
	e := &EventBridge{wire: w, buses: map[string]bool{"default": true}}
	for _, b := range buses {
		e.buses[b] = true
	}
	return e
}

// Events is all that was put, in order.
func (e *EventBridge) Events() []Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Event(nil), e.events...)
}

// Limit sets the rate limit; nil is none.
func (e *EventBridge) Limit(b *Bucket) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limit = b
}

// FailEntries is asked about each entry; a code that it answers fails that
// entry alone. Nil ends that.
func (e *EventBridge) FailEntries(fail func(types.PutEventsRequestEntry) string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = fail
}

// PutEvents takes 1 to 10 events. Some can fail while others are taken.
func (e *EventBridge) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	return through(ctx, e.wire, ServiceEventBridge, "PutEvents", in, func() (*eventbridge.PutEventsOutput, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if !e.limit.Take() {
			return nil, Error("ThrottlingException", "Rate exceeded")
		}
		if n := len(in.Entries); n < 1 || n > 10 {
			return nil, Error("ValidationException", "Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10")
		}
		total := 0
		for _, entry := range in.Entries {
			total += eventBytes(entry)
		}
		if total > 256<<10 {
			return nil, Error("ValidationException", "Total size of the entries in the request is over the limit.")
		}
		out := &eventbridge.PutEventsOutput{}
		for _, entry := range in.Entries {
			if code, message := e.refuse(entry); code != "" {
				out.FailedEntryCount++
				out.Entries = append(out.Entries, types.PutEventsResultEntry{ErrorCode: aws.String(code), ErrorMessage: aws.String(message)})
				continue
			}
			bus := aws.ToString(entry.EventBusName)
			if bus == "" {
				bus = "default"
			}
			e.events = append(e.events, Event{
				At: time.Now(), Bus: bus, Source: aws.ToString(entry.Source), DetailType: aws.ToString(entry.DetailType),
				Resources: entry.Resources, Detail: aws.ToString(entry.Detail),
			})
			out.Entries = append(out.Entries, types.PutEventsResultEntry{EventId: aws.String("event-" + strconv.Itoa(len(e.events)))})
		}
		return out, nil
	})
}

// refuse answers why an event is not taken, or "".
func (e *EventBridge) refuse(entry types.PutEventsRequestEntry) (code, message string) {
	var detail map[string]any
	switch {
	case aws.ToString(entry.Source) == "":
		return "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."
	case aws.ToString(entry.DetailType) == "" || len(*entry.DetailType) > 128:
		return "InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is a required argument of at most 128 characters."
	case json.Unmarshal([]byte(aws.ToString(entry.Detail)), &detail) != nil:
		return "MalformedDetail", "Detail is malformed."
	case strings.HasPrefix(*entry.Source, "aws."):
		return "NotAuthorizedForSource", "Not authorized for the source."
	case entry.EventBusName != nil && !e.buses[*entry.EventBusName]:
		return "ResourceNotFoundException", "Event bus " + *entry.EventBusName + " does not exist."
	}
	if e.fail != nil {
		if code := e.fail(entry); code != "" {
			return code, "as the test wants"
		}
	}
	return "", ""
}

// eventBytes is how much of the size limit an event takes.
func eventBytes(entry types.PutEventsRequestEntry) int {
	n := len(aws.ToString(entry.Source)) + len(aws.ToString(entry.DetailType)) + len(aws.ToString(entry.Detail))
	if entry.Time != nil {
		n += 14
	}
	for _, r := range entry.Resources {
		n += len(r)
	}
	return n
}
