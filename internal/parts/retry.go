package parts

import (
	"context"
	"fmt"
	"time"
)

// The pauses between two tries double from the first to the last. IAM needs
// seconds to spread a new role, so trying more often gains nothing.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// sleepFunc waits for a while, or answers the context's error when that ends
// first. nil stands for the real one, so that parts can be written without it.
type sleepFunc func(context.Context, time.Duration) error

func (s sleepFunc) wait(ctx context.Context, d time.Duration) error {
	if s != nil {
		return s(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryWhile calls f until it succeeds, or fails for another reason than again
// recognises, or the context ends. Then the error still holds what AWS said
// last, because that is what the user can do something about.
func retryWhile(ctx context.Context, sleep sleepFunc, again func(error) bool, f func() error) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := f()
		if err == nil || !again(err) {
			return err
		}
		if end := sleep.wait(ctx, pause); end != nil {
			return fmt.Errorf("%w (gave up: %w)", err, end)
		}
	}
}

// pollUntil calls f until it answers "" for done, or fails. While it waits f
// tells for what, for the error when the context ends.
func pollUntil(ctx context.Context, sleep sleepFunc, f func() (string, error)) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		waiting, err := f()
		if err != nil || waiting == "" {
			return err
		}
		if end := sleep.wait(ctx, pause); end != nil {
			return fmt.Errorf("%s: %w", waiting, end)
		}
	}
}

// settleWithin calls f like pollUntil, but for at most limit of pauses: what
// AWS has accepted it will do, and how soon is no reason to fail.
func settleWithin(ctx context.Context, sleep sleepFunc, limit time.Duration, f func() (bool, error)) error {
	var waited time.Duration
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		done, err := f()
		if err != nil || done || waited >= limit {
			return err
		}
		if err := sleep.wait(ctx, pause); err != nil {
			return err
		}
		waited += pause
	}
}
