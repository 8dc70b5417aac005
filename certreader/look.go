package certreader

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	defaultInterval  = 5 * time.Minute
	longestInterval  = 24 * time.Hour
	defaultTimeout   = time.Minute
	defaultClockSkew = 5 * time.Minute
	// firstBackoff is the pause after the first look that fails.
	firstBackoff = 2 * time.Second
)

func (o Options) withDefaults() Options {
	o.Interval = min(positive(o.Interval, defaultInterval), longestInterval)
	o.Timeout = positive(o.Timeout, defaultTimeout)
	o.ClockSkew = positive(o.ClockSkew, defaultClockSkew)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Names = slices.Clone(o.Names)
	return o
}

func positive(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}

// look reads what is in force, and serves it if it is another version that can
// be used. Whatever fails leaves what is served, and is told by Serving.
func (r *Reader) look(ctx context.Context) error {
	r.looking.Lock()
	defer r.looking.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	old := r.state.Load()
	var have mark
	if old != nil {
		have = old.mark
	}
	f, err := r.source.look(ctx, have)
	now := time.Now()
	if err == nil && f.version != have.version {
		var pair *tls.Certificate
		if pair, err = r.accept(f, now); err == nil {
			r.state.Store(newState(pair, f, now, fixed(r.source)))
			return nil
		}
	}
	if old == nil {
		return err
	}
	next := *old
	next.version.LastError = err
	if err == nil {
		next.mark, next.version.LastLook = f.mark, now
		if now.After(old.version.NotAfter) {
			next.version.LastError = fmt.Errorf("reading %s: what is in force expired on %s; the function did not renew it", r.source, stamp(old.version.NotAfter))
		}
	}
	r.state.Store(&next)
	return err
}

// accept makes of what a look found what can be served.
func (r *Reader) accept(f found, now time.Time) (*tls.Certificate, error) {
	pair, err := parsePair(f.key, f.chain)
	if err == nil {
		err = r.options.check(pair, f.serial, now)
	}
	if err != nil {
		return nil, fmt.Errorf("refusing what is in force by %s: %w", r.source, err)
	}
	return pair, nil
}

func newState(pair *tls.Certificate, f found, now time.Time, fixed bool) *state {
	return &state{pair: pair, key: f.key, chain: f.chain, mark: f.mark, version: Version{
		Serial: serialOf(pair.Leaf), Names: pair.Leaf.DNSNames,
		NotBefore: pair.Leaf.NotBefore, NotAfter: pair.Leaf.NotAfter,
		Since: now, Fixed: fixed, LastLook: now,
	}}
}

// expire notes that the pair of a fixed source has expired.
func (r *Reader) expire() {
	r.looking.Lock()
	defer r.looking.Unlock()
	next := *r.state.Load()
	next.version.LastError = fmt.Errorf("serving %s: it expired on %s; renewals reach a task only when another one is started", r.source, stamp(next.version.NotAfter))
	r.state.Store(&next)
}

// pause is the time to the next look when all is well.
func (o Options) pause() time.Duration {
	return o.Interval*4/5 + chance(o.Interval*2/5)
}

// backoff is the time to the next look after so many more failures than one.
func (o Options) backoff(failures int) time.Duration {
	pause := o.Interval
	if failures < 20 {
		pause = min(pause, firstBackoff<<failures)
	}
	return pause/2 + chance(pause/2)
}

// chance is a part of a time, so that not all readers do the same at once.
func chance(most time.Duration) time.Duration { return rand.N(most + 1) }

// sleep waits; false if the context ended first.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
