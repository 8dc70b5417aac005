package server

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// leastProgress is what a client has to send or take while it is waited for
	// up to StallTimeout in all: so it can not hold a connection, and a place at
	// the back end, by a byte now and then.
	leastProgress = 4 << 10
	// lateBody is for how long a client is waited for that has its answer, and
	// whose request's body has not come to its end.
	lateBody = time.Second
	// piece is how much is written with one wait: what fills a record of TLS
	// with a frame of HTTP/2, whose header has 9 bytes (RFC 9113, section 4.1).
	// A frame with more would be two records, the second of which carries 9
	// bytes and takes a system call of its own.
	piece = 16<<10 - 9
)

// watch ends waiting for a client that stands still. It counts the time that
// is spent waiting for the client, and not what the back end takes.
type watch struct {
	stall time.Duration
	// cut ends what waits.
	cut func()

	mu      sync.Mutex
	timer   *time.Timer
	begun   time.Time
	waited  time.Duration
	moved   int
	waiting bool
	over    bool
}

// wait does something that waits for the client and answers how many bytes it
// moved.
func (w *watch) wait(do func() (int, error)) (int, error) {
	w.mu.Lock()
	if w.over || w.stall <= 0 {
		w.mu.Unlock()
		return do()
	}
	w.begun, w.waiting = time.Now(), true
	if rest := w.stall - w.waited; w.timer == nil {
		w.timer = time.AfterFunc(rest, w.fire)
	} else {
		w.timer.Reset(rest)
	}
	w.mu.Unlock()

	n, err := do()

	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.waiting = false
	w.waited += time.Since(w.begun)
	if w.moved += n; w.moved >= leastProgress {
		w.waited, w.moved = 0, 0
	}
	return n, err
}

// hurry leaves the client no more than so long from now on.
func (w *watch) hurry(stall time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stall = min(w.stall, stall)
	w.begun, w.waited, w.moved = time.Now(), 0, 0
	if w.waiting {
		w.timer.Reset(w.stall)
	}
}

func (w *watch) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	// It may have come to its end just before, and something else begun.
	if w.waiting && w.waited+time.Since(w.begun) >= w.stall {
		w.cut()
	}
}

// end has nothing cut from now on.
func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over, w.waiting = true, false
	if w.timer != nil {
		w.timer.Stop()
	}
}

// body is a request's, watched. It is read by one at a time.
type body struct {
	io.ReadCloser
	watch *watch
	// reading is held by who waits for the client.
	reading sync.Mutex
	// stays has Close leave it open. Closing waits for the client, as net/http
	// reads what is left of a short body; the answer is not to wait for that.
	stays bool
	// ended is set when it was read to its end.
	ended atomic.Bool
}

func (b *body) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	n, err := b.watch.wait(func() (int, error) { return b.ReadCloser.Read(p) })
	if errors.Is(err, io.EOF) {
		b.ended.Store(true)
	}
	return n, err
}

func (b *body) Close() error {
	if b.stays {
		return nil
	}
	return b.ReadCloser.Close()
}

// discard reads what is left, within the watch's limit, and closes it. Closing
// alone would read 256 KiB at most, and nothing of a longer rest.
func (b *body) discard() {
	b.reading.Lock()
	defer b.reading.Unlock()
	_, _ = b.watch.wait(func() (int, error) {
		_, _ = io.Copy(io.Discard, b.ReadCloser)
		return 0, b.ReadCloser.Close()
	})
}

// drop closes what was cut.
func (b *body) drop() {
	b.reading.Lock()
	defer b.reading.Unlock()
	_, _ = b.watch.wait(func() (int, error) { return 0, b.ReadCloser.Close() })
}
