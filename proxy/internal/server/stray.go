package server

import (
	"log/slog"
	"strings"
)

// stray is for what net/http's client says by Go's standard logger only: that
// the server sent something that no request had asked for, such as the body of
// an answer to HEAD. It would go to standard error, which may stand still, and
// has what the server sent in it, which may be secret.
type stray struct{ log *slog.Logger }

// Write tells what comes before the first quote.
func (s stray) Write(line []byte) (int, error) {
	text, _, _ := strings.Cut(strings.TrimSpace(string(line)), `"`)
	s.log.Warn("said by net/http", "text", strings.TrimSpace(text))
	return len(line), nil
}
