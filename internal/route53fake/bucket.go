package route53fake

import "time"

// Rate is a token bucket's size and what flows into it. The zero value is no
// limit.
type Rate struct{ Burst, PerSecond float64 }

// bucket holds tokens. The time is time.Now, so that synctest makes it
// virtual.
type bucket struct {
	started bool
	tokens  float64
	at      time.Time
}

// ready tells whether n tokens are there. More than fit into the bucket are
// there when it is full; the bucket is in debt afterwards.
func (b *bucket) ready(r Rate, n float64, now time.Time) bool {
	if r == (Rate{}) {
		return true
	}
	if !b.started {
		b.started, b.tokens, b.at = true, r.Burst, now
	}
	b.tokens = min(r.Burst, b.tokens+r.PerSecond*now.Sub(b.at).Seconds())
	b.at = now
	return b.tokens >= min(n, r.Burst)
}

// take removes n tokens. They are there: see ready.
func (b *bucket) take(r Rate, n float64) {
	if r != (Rate{}) {
		b.tokens -= n
	}
}
