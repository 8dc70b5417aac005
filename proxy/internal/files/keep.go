package files

import (
	"context"
	"log/slog"
	"time"
)

const (
	// firstPause and longestPause are those between attempts to apply a change.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	// stay is how long a version is kept after the next one, for those who were
	// about to read it.
	stay = time.Minute
)

// keeper does what is to be done after each change, until it is done.
type keeper struct {
	// apply is done at the start and after each change, and again where it fails.
	apply func(context.Context) error
	// tidy is done when a change is a while ago.
	tidy func() error
	log  *slog.Logger
}

// keep goes on until the context ends. A change is tried at once, whatever came
// of the one before it.
func (k keeper) keep(ctx context.Context, changed <-chan struct{}) {
	failures, applied := 0, false
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			failures = 0
		case <-timer.C:
			if applied {
				k.tidied()
				continue // until there is a change
			}
		}
		err := k.apply(ctx)
		if applied = err == nil; applied {
			timer.Reset(stay)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		pause := backoff(failures)
		failures++
		k.log.Error("the certificate is not in use yet", "error", err, "again_in", pause.String())
		timer.Reset(pause)
	}
}

func (k keeper) tidied() {
	if err := k.tidy(); err != nil {
		k.log.Warn("old versions of the certificate are still there", "error", err)
	}
}

// backoff is the pause after so many more failures than one.
func backoff(failures int) time.Duration {
	if failures > 10 {
		return longestPause
	}
	return min(firstPause<<failures, longestPause)
}
