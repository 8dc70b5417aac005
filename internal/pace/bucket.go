package pace

import (
	"sync"
	"time"
)

// Bucket is a token bucket whose rate adapts: it halves when a call was
// refused, and recovers slowly.
type Bucket struct {
	burst, full float64 // what it holds at most, and gets per second at most

	mu     sync.Mutex
	rate   float64 // per second, at present
	tokens float64 // below zero when they were taken in advance
	at     time.Time
}

// recovery is how long a rate takes to grow by as much as it is at most.
const recovery = time.Minute

// lowest is the part of the full rate that always remains. Less would not tell
// any sooner that others have left some of the service's rate to us again.
const lowest = 1.0 / 16

// NewBucket makes a full bucket that holds at most burst tokens, and gets
// perSecond new ones, which must be more than 0.
func NewBucket(burst, perSecond float64) *Bucket {
	return &Bucket{burst: burst, full: perSecond, rate: perSecond, tokens: burst, at: time.Now()}
}

// reserve takes n tokens, and answers how long to wait until they are there. It
// takes more than the bucket can hold, too: that is then a long wait.
func (b *Bucket) reserve(n float64) time.Duration {
	if b == nil || n == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill()
	b.tokens -= n
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / b.rate * float64(time.Second))
}

// giveBack gives back what was reserved and not used.
func (b *Bucket) giveBack(n float64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill()
	b.tokens = min(b.tokens+n, b.burst)
}

// halve halves the rate, and what is in the bucket: others use the same rate,
// and what they took is not known.
func (b *Bucket) halve() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill()
	b.rate = max(b.rate/2, b.full*lowest)
	if b.tokens > 0 {
		b.tokens /= 2
	}
}

// fill adds what has come since the last time.
func (b *Bucket) fill() {
	now := time.Now()
	passed := now.Sub(b.at)
	if passed <= 0 {
		return
	}
	b.at = now
	b.tokens = min(b.tokens+passed.Seconds()*b.rate, b.burst)
	b.rate = min(b.rate+b.full*passed.Seconds()/recovery.Seconds(), b.full)
}
