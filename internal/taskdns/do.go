package taskdns

import (
	"context"
	"fmt"
)

// Do carries out a command, and answers what it found and did. Every command
// may be repeated. A report with Done false is no error: the command is to be
// sent again.
func (h *Handler) Do(ctx context.Context, command Command) (Report, error) {
	work, cancel := withReserve(ctx)
	defer cancel()
	switch command.Do {
	case DoClaim:
		held, err := h.claim(work)
		return held.report(), err
	case DoStatus:
		held, err := h.status(work)
		return held.report(), err
	case DoReconcile:
		return h.reconcile(work, command.Unguarded)
	case DoRetire:
		return h.leave(work, false)
	case DoDrain:
		return h.leave(work, true)
	}
	return Report{}, fmt.Errorf("the function does not know the command %s", clip(command.Do))
}
