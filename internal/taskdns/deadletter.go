package taskdns

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
)

// maxReceives is how often a message is received that fails for a reason which
// somebody would have to mend. By then that took some seven minutes; if it is
// mended later, a reconciliation does what the message asked for.
const maxReceives = 10

// attributeReason is the attribute of a message in the dead-letter queue that
// says why it is there. It has at most maxReason bytes.
const (
	attributeReason = "reason"
	maxReason       = 1024
)

// bury sends to the dead-letter queue what can never succeed: bodies that are
// nobody's, and tasks that failed for good. A message for which that fails is
// to come again.
func (h *Handler) bury(ctx context.Context, messages []*message) {
	var poison []*message
	var letters []letter
	for _, m := range messages {
		if m.err != nil && isPermanent(m.err) && m.receives >= maxReceives {
			m.err, m.poison = nil, fmt.Errorf("received %d times: %w", m.receives, m.err)
		}
		if m.poison != nil {
			poison = append(poison, m)
		}
	}
	if len(poison) == 0 {
		return
	}
	poison = h.mourn(ctx, poison)
	for _, m := range poison {
		letters = append(letters, letter{body: m.body, reason: reason(m.poison.Error())})
	}
	for i, err := range h.queue.send(ctx, h.queue.deadLetterURL, letters) {
		m := poison[i]
		if err != nil {
			m.err = fmt.Errorf("moving the message to the dead-letter queue: %w", err)
			continue
		}
		h.metrics.Add(MetricBuried, emf.Count, 1)
		h.log.Error("message moved to the dead-letter queue", "message", m.id, "receives", m.receives, "reason", m.poison.Error())
	}
}

// mourn tells of the tasks that get no name because their messages are buried,
// and answers those messages of which that needed not be told or was told.
func (h *Handler) mourn(ctx context.Context, poison []*message) []*message {
	var told, of []*message
	var notices []notice
	for _, m := range poison {
		if m.claim == nil {
			told = append(told, m)
			continue
		}
		of = append(of, m)
		notices = append(notices, h.failure(m.task, m.poison.Error()))
	}
	for i, err := range h.announce(ctx, notices) {
		if of[i].err = err; err == nil {
			told = append(told, of[i])
		}
	}
	return told
}

// reason makes the text of an error one that an attribute of a message can hold.
func reason(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	return text
}
