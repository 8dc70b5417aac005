package server

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// samplePause is the time between two lines.
const samplePause = time.Minute

// sampler lets a line through now and then: scanners, and clients that break off
// handshakes or take all connections, are not to fill the log.
type sampler struct {
	slog.Handler
	mu      sync.Mutex
	next    time.Time
	omitted int
}

func newSampler(h slog.Handler) *sampler { return &sampler{Handler: h} }

// Handle passes a line on, with the number of those before that it did not.
func (s *sampler) Handle(ctx context.Context, r slog.Record) error {
	s.mu.Lock()
	if r.Time.Before(s.next) {
		s.omitted++
		s.mu.Unlock()
		return nil
	}
	if s.omitted > 0 {
		r.AddAttrs(slog.Int("lines_omitted", s.omitted))
	}
	s.next, s.omitted = r.Time.Add(samplePause), 0
	s.mu.Unlock()
	return s.Handler.Handle(ctx, r)
}
