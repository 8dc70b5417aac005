// Package taskdnstest has fakes of the AWS services that the DNS function
// talks to: as strict as AWS, in memory, and with faults on request. All time
// is that of package time, so testing/synctest makes it virtual. All of it is
// safe for concurrent use.
package taskdnstest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/smithy-go"
)

// The services as a Call names them.
const (
	ServiceECS         = "ecs"
	ServiceEC2         = "ec2"
	ServiceSQS         = "sqs"
	ServiceEventBridge = "events"
	ServiceRoute53     = "route53"
)

// Call is one call of a service.
type Call struct {
	// Number counts the calls on the wire from 1, of all services together.
	Number int
	// Service is one of the Service constants, and Operation the name of the
	// API's operation.
	Service, Operation string
	// Input is the operation's input as it came. It must not be changed, and
	// the journal does not keep it.
	Input any
	// Start is when the call was made, and End when it was answered.
	Start, End time.Time
	// Code is the error code of the answer, "" if it succeeded.
	Code string
}

// Hook is asked at a call. An error that it answers is the call's answer. It
// may also panic, as if the process died there, and take its time.
type Hook func(context.Context, Call) error

// Wire is what all calls of a test go through: it delays them, lets hooks
// spoil them, and keeps a journal. The zero value does nothing but the last.
type Wire struct {
	mu            sync.Mutex
	before, after Hook
	latency       map[string]time.Duration
	journal       []Call
	count         int
}

// Before sets the hook that is asked before a call takes effect. An error
// means that it never does.
func (w *Wire) Before(hook Hook) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = hook
}

// After sets the hook that is asked when a call has succeeded, before the
// caller learns of it. An error means that the answer was lost, while the
// effect remains.
func (w *Wire) After(hook Hook) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after = hook
}

// SetLatency makes each call of an operation, or of a whole service if
// operation is "", take so long. Half of it passes before the effect.
func (w *Wire) SetLatency(service, operation string, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latency == nil {
		w.latency = make(map[string]time.Duration)
	}
	w.latency[service+" "+operation] = d
}

// Journal is all calls so far that were answered, in the order of the answers.
func (w *Wire) Journal() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Call(nil), w.journal...)
}

// Count counts the answered calls of an operation, or of a whole service if
// operation is "", also those that were refused.
func (w *Wire) Count(service, operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.journal {
		if c.Service == service && (operation == "" || c.Operation == operation) {
			n++
		}
	}
	return n
}

// begin numbers a call, and answers what is to happen to it.
func (w *Wire) begin(service, operation string, in any) (c Call, before, after Hook, latency time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	latency, ok := w.latency[service+" "+operation]
	if !ok {
		latency = w.latency[service+" "]
	}
	return Call{Number: w.count, Service: service, Operation: operation, Input: in, Start: time.Now()}, w.before, w.after, latency
}

// end notes a call in the journal.
func (w *Wire) end(c Call, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.Input, c.End, c.Code = nil, time.Now(), Code(err)
	w.journal = append(w.journal, c)
}

// through sends one call over the wire; work is its effect. A nil wire only
// does the work.
func through[I, O any](ctx context.Context, w *Wire, service, operation string, in *I, work func() (*O, error)) (*O, error) {
	if w == nil {
		w = &Wire{}
	}
	c, before, after, latency := w.begin(service, operation, in)
	out, err := func() (*O, error) {
		if before != nil {
			if err := before(ctx, c); err != nil {
				return nil, err
			}
		}
		if err := sleep(ctx, latency/2); err != nil {
			return nil, err
		}
		out, err := work()
		if err != nil {
			return nil, err
		}
		if err := sleep(ctx, latency-latency/2); err != nil {
			return nil, err
		}
		if after != nil {
			if err := after(ctx, c); err != nil {
				return nil, err
			}
		}
		return out, nil
	}()
	w.end(c, err)
	if err != nil {
		return nil, &smithy.OperationError{ServiceID: service, OperationName: operation, Err: err}
	}
	return out, nil
}

// sleep waits, but no longer than the context lasts.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return canceled(err)
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return canceled(ctx.Err())
	}
}

// canceled is how the SDK tells that the context ended.
func canceled(err error) error { return &smithy.CanceledError{Err: err} }

// Error makes an error of AWS with a code.
func Error(code, format string, args ...any) error {
	return &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Bucket is a token bucket: the rate limit of a service. It starts full. A nil
// bucket never runs out.
type Bucket struct {
	mu          sync.Mutex
	burst, rate float64
	tokens      float64
	last        time.Time
}

// NewBucket makes a bucket of so many tokens, to which so many are added each
// second.
func NewBucket(burst, perSecond float64) *Bucket {
	return &Bucket{burst: burst, rate: perSecond, tokens: burst, last: time.Now()}
}

// Take takes a token, and tells whether there was one.
func (b *Bucket) Take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.tokens = min(b.burst, b.tokens+now.Sub(b.last).Seconds()*b.rate)
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
