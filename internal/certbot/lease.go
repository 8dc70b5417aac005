package certbot

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// LeaseObject is the object key of the lease of a resource: of its runs only
// the one that holds it changes anything. It belongs to the name, so that
// resources that share a bucket do not wait for each other. Keys of
// certificates hold no dot, so it is never a certificate's status.
func LeaseObject(name string) string { return StatusPrefix + name + "/run.lease.json" }

const (
	// LongestRun is how long a run may take at most: Lambda ends it then.
	LongestRun = 15 * time.Minute
	// leaseMargin is how far the clocks of two runs may be apart.
	leaseMargin = 30 * time.Second
	// leasePoll bounds how long a waiting run does not look.
	leasePoll = 8 * time.Second
)

// lease is the content of LeaseObject.
type lease struct {
	// RunID is the run that holds it, or that held it last.
	RunID string `json:"run_id"`
	// Token tells two invocations apart that bear the same run id.
	Token string `json:"token"`
	// Until is when it ends by itself, if the run that holds it died; zero once
	// it is released.
	Until time.Time `json:"until,omitzero"`
}

// occupied is why a run did nothing: another one held the lease for so long
// that no time was left.
type occupied struct{ by lease }

func (e *occupied) Error() string {
	return fmt.Sprintf("another run (%s) is at work on this resource, until %s at the latest, and this one has no time left to wait for it", e.by.RunID, stamp(e.by.Until))
}

// leased tells whether this run holds the lease.
func (r *run) leased() bool { return r.lease != nil }

// takeLease waits until the lease is ours. It leaves time for what the lease is
// for; if it is not ours by then, the error is *occupied.
func (r *run) takeLease(ctx context.Context, log *slog.Logger) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = r.deadline
	}
	left := time.Until(deadline)
	patience, cancel := context.WithTimeout(ctx, max(left*3/4, left-shareMin))
	defer cancel()
	for wait := time.Second; ; wait = min(2*wait, leasePoll) {
		var other *lease
		err := r.patiently(ctx, func() error {
			var err error
			other, err = r.tryLease(ctx)
			return err
		})
		if err != nil || other == nil {
			return err
		}
		log.InfoContext(ctx, "another run is at work; waiting for it", "other_run_id", other.RunID, "until", other.Until)
		if err := sleep(patience, jitter(wait)); errors.Is(err, context.DeadlineExceeded) {
			other.Until = later(other.Until, time.Now().UTC()) // it may just have been released
			return &occupied{by: *other}
		} else if err != nil {
			return err
		}
	}
}

// tryLease takes the lease if it is free, released or over. Else it answers
// the one that holds.
func (r *run) tryLease(ctx context.Context) (*lease, error) {
	key := LeaseObject(r.config.Name)
	found, err := getObject(ctx, r.clients.S3, r.config.Bucket, key)
	if err != nil {
		return nil, err
	}
	if other := found.lease(); time.Now().Before(other.Until) {
		return &other, nil
	}
	ours, err := r.writeLease(ctx, lease{RunID: r.id, Token: rand.Text(), Until: r.deadline.Add(leaseMargin).UTC()}, found)
	if errors.Is(err, errChanged) {
		found, err = getObject(ctx, r.clients.S3, r.config.Bucket, key)
		other := found.lease()
		return &other, err
	}
	if err != nil {
		return nil, err
	}
	r.lease = ours
	return nil, nil
}

// release gives the lease up. If that fails, it ends by itself.
func (r *run) release(ctx context.Context) {
	if r.lease == nil {
		return
	}
	after, cancel := afterwards(ctx, r.reserve/6)
	defer cancel()
	released := r.lease.lease()
	until := released.Until
	released.Until = time.Time{}
	if _, err := r.writeLease(after, released, r.lease); err != nil {
		r.log.WarnContext(ctx, "the lease was not released; it ends by itself", "until", until, "error", err.Error())
	}
	r.lease = nil
}

// lease is what an object says of the lease. One that is missing or says
// nothing of sense holds nobody up.
func (o *object) lease() lease {
	var l lease
	if o == nil || json.Unmarshal(o.body, &l) != nil {
		return lease{}
	}
	return l
}

// writeLease writes the lease if it is still the one that was read.
func (r *run) writeLease(ctx context.Context, l lease, old *object) (*object, error) {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("marshalling the lease: %w", err)
	}
	return replaceObject(ctx, r.clients.S3, r.config.Bucket, LeaseObject(r.config.Name), append(text, '\n'), old)
}
