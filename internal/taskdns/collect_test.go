package taskdns

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestALoneMessageCostsNothingMore(t *testing.T) {
	onRig(t, func(r *rig) {
		ids := r.run(1)
		start := time.Now()
		r.deliver(r.newHandler())
		want := []string{"ecs DescribeTasks", "ec2 DescribeNetworkInterfaces", "route53 ChangeResourceRecordSets", "sqs SendMessageBatch"}
		if got := r.calls(0); !slices.Equal(got, want) {
			r.Errorf("calls %q, want %q", got, want)
		}
		if took := time.Since(start); took > 0 {
			r.Errorf("it waited %s", took)
		}
		if got := r.names(); !slices.Equal(got, ids) {
			r.Errorf("names %q, want %q", got, ids)
		}
	})
}

func TestABusyHandlerWritesABurstAtOnce(t *testing.T) {
	onRig(t, func(r *rig) {
		h := r.newHandler()
		ids := r.run(1)
		r.deliver(h)
		before, start := len(r.calls(0)), time.Now()
		ids = append(ids, r.run(5)...) // fewer than a full batch
		var more sync.WaitGroup
		more.Go(func() {
			time.Sleep(interval - pollEvery/2) // and more while it waits
			ids = append(ids, r.run(45)...)
		})
		r.deliver(h)
		more.Wait()
		if took := time.Since(start); took != interval {
			r.Errorf("the second write came %s after the first, want %s", took, interval)
		}
		if got := r.names(); len(ids) != 51 || !slices.Equal(got, ids) {
			r.Errorf("%d names, want those of all %d tasks", len(got), len(ids))
		}
		if got := len(r.zone.Batches()); got != 2 {
			r.Errorf("%d change batches, want one for the first task and one for all others", got)
		}
		if got := r.wire.Count(taskdnstest.ServiceSQS, "DeleteMessageBatch"); got != 5 {
			r.Errorf("%d calls to delete the 45 gathered messages, want 5", got)
		}
		if got := r.left(queueURL); got != 2 {
			r.Errorf("%d messages are left, want the watches of two changes", got)
		}
		if got := len(r.calls(before)); got > 30 {
			r.Errorf("%d calls: %q", got, r.calls(before))
		}
	})
}

func TestAFullBatchLooksForMore(t *testing.T) {
	onRig(t, func(r *rig) {
		ids, start := r.run(73), time.Now()
		r.deliver(r.newHandler())
		if got := r.names(); !slices.Equal(got, ids) {
			r.Errorf("%d names, want %d", len(got), len(ids))
		}
		if took := time.Since(start); took > 0 || len(r.zone.Batches()) != 1 {
			r.Errorf("%d change batches after %s, want one at once", len(r.zone.Batches()), took)
		}
	})
}

func TestGatheringEndsAtAThousand(t *testing.T) {
	onRig(t, func(r *rig) {
		r.run(1500)
		r.deliver(r.newHandler())
		if got := len(r.names()); got != most {
			r.Errorf("%d names, want %d", got, most)
		}
		inFlight := 0
		for _, m := range r.sqs.Messages(queueURL) {
			if m.Receives > 0 {
				inFlight++
			}
		}
		if inFlight > 0 {
			r.Errorf("%d messages were received and left to the visibility timeout", inFlight)
		}
	})
}

func TestGatheringSurvivesAFailingQueue(t *testing.T) {
	onRig(t, func(r *rig) {
		r.wire.Before(func(_ context.Context, c taskdnstest.Call) error {
			if c.Operation == "ReceiveMessage" {
				return taskdnstest.Error("AccessDenied", "no")
			}
			return nil
		})
		r.run(30)
		r.deliver(r.newHandler())
		if got := len(r.names()); got != fullBatch {
			r.Errorf("%d names, want those of the batch", got)
		}
	})
}

func TestWhatIsGatheredAndFailsIsHandedBackByTheHandler(t *testing.T) {
	onRig(t, func(r *rig) {
		ids := r.run(30)
		r.ecs.Silence(ids[3], ids[17], ids[25])
		r.deliver(r.newHandler())
		if got := len(r.names()); got != 27 {
			r.Errorf("%d names, want 27", got)
		}
		back := 0
		for _, m := range r.sqs.Messages(queueURL) {
			if m.Receives == 0 {
				continue // the watch
			}
			back++
			if wait := time.Until(m.Visible); wait < time.Second || wait > 5*time.Second {
				r.Errorf("a message comes again after %s", wait)
			}
		}
		if back != 3 {
			r.Errorf("%d messages come again, want 3", back)
		}
		r.ecs.Silence()
		r.live(30 * time.Second)
		if got := r.names(); !slices.Equal(got, ids) {
			r.Errorf("%d names in the end", len(got))
		}
	})
}

// TestNothingReceivedIsLost lets the handler die, or its calls fail, at each
// call in turn, before and after its effect.
func TestNothingReceivedIsLost(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"dies before", "dies after", "fails before", "fails after"} {
		t.Run(how, func(t *testing.T) {
			onRig(t, func(r *rig) {
				var ids []string
				for at := 1; at < 60; at++ {
					ids = append(ids, r.run(12)...)
					r.spoil(how, at)
					h := r.newHandler()
					r.deliver(h)
					r.wire.Before(nil)
					r.wire.After(nil)
					r.live(5 * time.Minute)
					if r.left(queueURL) > 0 || !slices.Equal(r.names(), ids) {
						r.Fatalf("at call %d: %d messages are left, %d names, want %d\n%s", at, r.left(queueURL), len(r.names()), len(ids), r.log)
					}
					told := r.told()
					for _, id := range ids[len(ids)-12:] {
						if !slices.Contains(told, "Ready "+id) {
							r.Fatalf("at call %d: nobody was told of %s", at, id)
						}
					}
					if at > 12 { // one run makes no more calls
						return
					}
				}
			})
		})
	}
}

// spoil makes the call of a number from now on fail or kill.
func (r *rig) spoil(how string, at int) {
	hook := func() taskdnstest.Hook {
		// Messages are handed back by several calls at the same time.
		var n atomic.Int64
		return func(context.Context, taskdnstest.Call) error {
			if n.Add(1) != int64(at) {
				return nil
			}
			if how[:4] == "dies" {
				panic("the process dies")
			}
			return errors.New("connection reset")
		}
	}
	if how[len(how)-6:] == "before" {
		r.wire.Before(hook())
		return
	}
	r.wire.After(hook())
}
