package certbot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
)

// told answers the status of this very run, if the request came before and the
// run is over; else nil. One that cannot be read is as none: what the run
// spent is remembered elsewhere as well.
func (r *run) told(ctx context.Context, log *slog.Logger, c Certificate) *Status {
	if r.request.RunID == "" {
		return nil
	}
	status, err := r.readStatus(ctx, c.Key)
	if err != nil || status == nil || status.RunID != r.request.RunID || status.State == StateRunning {
		return nil
	}
	log.InfoContext(ctx, "the request came before, and its run is over", "state", status.State)
	return status
}

// err is how the run ended that left the status.
func (s *Status) err() error {
	if s.State != StateFailed || s.Failure == nil {
		return nil
	}
	return errors.New(s.Failure.Message)
}

// spentBy tells whether a run of that id has placed an order. A request that
// comes again after another run has told of its own forces nothing more.
func (m *memory) spentBy(run string) bool {
	of := func(s spending) bool { return s.Run == run }
	return run != "" && (slices.ContainsFunc(m.Attempts, of) || slices.ContainsFunc(m.Issued, of))
}
