package certbot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// reserveMax is what a run keeps of its time for removing challenge
	// records and for telling how it ended.
	reserveMax = 30 * time.Second
	// shareMin is the least that one of several certificates gets. Shorter
	// shares would fail all of them where Route 53 is slow.
	shareMin = 2 * time.Minute
)

// reserve is what a run with this much time left keeps for its end; short runs
// keep a quarter.
func reserve(left time.Duration) time.Duration { return min(reserveMax, left/4) }

// withReserve is the context for a run's work: it ends before ctx does.
func withReserve(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-reserve(time.Until(deadline))))
}

// withShare is the context for the first of n certificates that are still to
// be looked at, so that one that hangs does not starve the others.
func withShare(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, max(time.Until(deadline)/time.Duration(n), shareMin))
}

// afterwards is a context for what must be done however the work ended. It
// outlives ctx, but for its share of the reserve at most.
func afterwards(ctx context.Context, share time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), share)
}

// sleep waits. It answers at once when ctx ends before the time is over.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return fmt.Errorf("waiting %s more, which the run has no time for: %w", d.Round(time.Second), context.DeadlineExceeded)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// jitter spreads a wait over its second half, so that two functions that
// collided do not collide again.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}
