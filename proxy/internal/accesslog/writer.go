package accesslog

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// maxPending is how many bytes wait for an output that takes none, those that
// are just handed to it included: some thousand lines.
const maxPending = 1 << 20

// maxSpare is how many bytes are kept for the next lines.
const maxSpare = 64 << 10

// Writer writes lines without ever keeping anybody waiting. What reads a
// container's output may be slow or stand still (ECS's awslogs driver in its
// blocking mode does, when CloudWatch does not answer), and a server must not,
// for its log. So lines wait in memory, and those for which there is no room
// are dropped, and their number is told in a line of its own.
type Writer struct {
	out  io.Writer
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	pending []byte
	// handed is how many bytes the output was given and has not taken yet.
	handed  int
	dropped int
	closed  bool
}

// NewWriter answers a Writer to out, which has to be closed.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: out, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// Write takes a line. It neither waits nor fails.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	if w.closed || w.handed+len(w.pending)+len(line) > maxPending {
		w.dropped++
	} else {
		w.pending = append(w.pending, line...)
	}
	w.mu.Unlock()
	w.notify()
	return len(line), nil
}

// Close writes what waits, for as long as the context lives. What is written
// from now on is dropped.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.notify()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("writing the rest of the log: %w", ctx.Err())
	}
}

func (w *Writer) notify() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run writes what has come together, until the Writer is closed.
func (w *Writer) run() {
	defer close(w.done)
	var spare []byte
	for range w.wake {
		w.mu.Lock()
		batch, closed := w.pending, w.closed
		w.handed = len(batch)
		if w.dropped > 0 {
			batch = fmt.Appendf(batch, `{"time":%q,"level":"WARN","msg":"lines of the log were dropped, as the output did not take them","count":%d}`+"\n",
				time.Now().Format(time.RFC3339Nano), w.dropped)
			w.dropped = 0
		}
		w.pending = spare[:0]
		w.mu.Unlock()
		if len(batch) > 0 {
			// There is nobody to tell of an error.
			_, _ = w.out.Write(batch)
			w.mu.Lock()
			w.handed = 0
			w.mu.Unlock()
		}
		if spare = batch; cap(spare) > maxSpare {
			spare = nil
		}
		if closed {
			return
		}
	}
}
