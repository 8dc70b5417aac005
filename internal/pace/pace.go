// Package pace keeps a program's calls of an AWS service below the service's
// rates, and tries again what the service refuses for a while.
package pace

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// ErrNoTime is that a call cannot be made, or made again, before the
// context's deadline.
var ErrNoTime = errors.New("no time is left for it")

// Pacer paces the calls of one service. The zero value holds nothing back. A
// Pacer may be used by several goroutines.
type Pacer struct {
	// Requests holds a token for each call, Changes one for each thing that a
	// call changes. A nil bucket never makes anybody wait.
	Requests, Changes *Bucket
	// Random answers a number from 0 up to, but not including, n. Nil is the
	// usual source.
	Random func(n int) int
	// OnThrottle, if not nil, is told of each call that was refused because of
	// its rate.
	OnThrottle func()
}

// Do makes a call that changes so many things, as soon as the buckets have the
// tokens for it. What is refused because of its rate, and what failed on the
// way or on the other side, is called again, for as long as the context's
// deadline allows; without a deadline, until it is answered. Any other error is
// returned as it is, at once.
//
// If the deadline would pass first, Do does not wait for it: it fails at once
// with an error that wraps ErrNoTime, and the last call's error if there was a
// call. A call that fails may have been carried out all the same, so the call
// must be one that can be repeated.
func (p *Pacer) Do(ctx context.Context, changes int, call func(context.Context) error) error {
	// What is refused has changed nothing, so that its tokens remain taken.
	if err := p.take(ctx, changes); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := call(ctx)
		if err == nil {
			return nil
		}
		kind := classify(err)
		if kind == throttled {
			p.slowDown()
		}
		if ctx.Err() != nil {
			return tooLate(attempt, err)
		}
		if kind == final {
			return err
		}
		if waited := sleep(ctx, p.pause(kind, attempt)); waited != nil {
			return tooLate(attempt, err)
		}
		if taken := p.take(ctx, 0); taken != nil {
			return tooLate(attempt, err)
		}
	}
}

// tooLate is that a call will not be tried again.
func tooLate(attempts int, last error) error {
	return fmt.Errorf("%w after attempt %d: %w", ErrNoTime, attempts, last)
}

// take waits for the tokens of a call. Those that it does not wait for it gives
// back.
func (p *Pacer) take(ctx context.Context, changes int) error {
	wait := max(p.Requests.reserve(1), p.Changes.reserve(float64(changes)))
	err := sleep(ctx, wait)
	if err != nil {
		p.Requests.giveBack(1)
		p.Changes.giveBack(float64(changes))
	}
	return err
}

// slowDown is for a call that was refused because of its rate. The service
// does not tell which rate it was.
func (p *Pacer) slowDown() {
	p.Requests.halve()
	p.Changes.halve()
	if p.OnThrottle != nil {
		p.OnThrottle()
	}
}

// How long to wait before a call is made again.
const (
	firstPause = 200 * time.Millisecond // at most, of the first
	longest    = 4 * time.Second        // at most, of any
	// Another change of the same thing is under way. Most take a tenth of a
	// second, so that to wait for long at first would only be late.
	priorLeast   = 150 * time.Millisecond
	priorFirst   = 450 * time.Millisecond // at most, of the first
	priorLongest = 2 * time.Second        // at most, of any
)

// pause is how long to wait after so many attempts. Chance spreads out those
// that were refused together.
func (p *Pacer) pause(k kind, attempt int) time.Duration {
	if k == prior {
		priorMost := min(priorFirst<<min(attempt-1, 10), priorLongest)
		return priorLeast + p.upTo(priorMost-priorLeast)
	}
	return p.upTo(min(firstPause<<min(attempt-1, 10), longest))
}

// upTo is a random time, of whole milliseconds, of at most d.
func (p *Pacer) upTo(d time.Duration) time.Duration {
	random := p.Random
	if random == nil {
		random = rand.IntN
	}
	return time.Duration(random(int(d/time.Millisecond)+1)) * time.Millisecond
}

// sleep waits, unless the context ends before that: then it fails, at once if
// the end is known beforehand.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoTime, err)
	}
	if d <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Add(d).Before(deadline) {
		return fmt.Errorf("%w: it would have to wait for %s", ErrNoTime, d.Round(time.Millisecond))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNoTime, ctx.Err())
	}
}
