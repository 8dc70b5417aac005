package forward

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// What is told of the server.
const (
	unreachable = "the server in this task does not answer"
	brokenOff   = "the server in this task broke an answer off"
)

// failed answers a request that the server did not.
func (h *handler) failed(w http.ResponseWriter, r *http.Request, err error) {
	var network net.Error
	failure := clientFailure(r)
	switch {
	case r.Context().Err() != nil, errors.Is(failure, io.ErrUnexpectedEOF):
		// The client has gone. An answer, should anybody still read it, must
		// not look like the server's.
		panic(http.ErrAbortHandler)
	case errors.Is(failure, os.ErrDeadlineExceeded):
		refuse(w, http.StatusRequestTimeout, "Request Timeout: the request's body did not arrive.")
	case failure != nil:
		refuse(w, http.StatusBadRequest, "Bad Request: the request's body can not be read.")
	case errors.As(err, &network) && network.Timeout():
		h.teller.tell(unreachable, err)
		refuse(w, http.StatusGatewayTimeout, "Gateway Timeout: "+unreachable+". Request "+r.Header.Get(requestID))
	default:
		h.teller.tell(unreachable, err)
		refuse(w, http.StatusBadGateway, "Bad Gateway: "+unreachable+". Request "+r.Header.Get(requestID))
	}
}

// tellInterval is the time between two lines of a kind.
const tellInterval = time.Second

// teller tells of the server's failures without flooding the log: of each kind
// once, and then each tellInterval how many there were.
type teller struct {
	log *slog.Logger

	mu    sync.Mutex
	kinds map[string]*kept
}

// kept are failures of a kind that are not told yet.
type kept struct {
	count int
	last  error
}

func newTeller(log *slog.Logger) *teller {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &teller{log: log, kinds: map[string]*kept{}}
}

// tell tells of a failure, now or soon.
func (t *teller) tell(kind string, err error) {
	t.mu.Lock()
	k := t.kinds[kind]
	if k != nil {
		k.count++
		k.last = err
		t.mu.Unlock()
		return
	}
	t.kinds[kind] = &kept{}
	t.mu.Unlock()
	// The request does not wait for a log that stands still.
	go t.write(kind, kept{count: 1, last: err})
}

func (t *teller) write(kind string, k kept) {
	t.log.Warn(kind, "error", k.last, "count", k.count)
	time.AfterFunc(tellInterval, func() { t.summarize(kind) })
}

func (t *teller) summarize(kind string) {
	t.mu.Lock()
	k := *t.kinds[kind]
	if k.count == 0 {
		delete(t.kinds, kind)
		t.mu.Unlock()
		return
	}
	*t.kinds[kind] = kept{}
	t.mu.Unlock()
	t.write(kind, k)
}

// Write takes what the reverse proxy says, which is that an answer's body
// ended too early.
func (t *teller) Write(line []byte) (int, error) {
	t.tell(brokenOff, errors.New(strings.TrimSpace(strings.TrimPrefix(string(line), "httputil: "))))
	return len(line), nil
}
