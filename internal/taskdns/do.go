package taskdns

import (
	"context"
	"fmt"
	"time"
)

// Do carries out a command, and answers what it found and did. Every command
// may be repeated. A report with Done false is no error: the command is to be
// sent again.
func (h *Handler) Do(ctx context.Context, command Command) (Report, error) {
	return Report{}, fmt.Errorf("the function does not know the command %s", clip(command.Do))
}

// recheck looks again at names that a reconciliation found to be orphans, and
// takes away those that still are. sent is when it asked for that.
func (h *Handler) recheck(context.Context, []string, time.Time) error {
	return nil
}
