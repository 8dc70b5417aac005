package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// width is where the time of a step ends.
const width = 78

// screen shows the steps as a person reads them: a line with number, title
// and time for each, and below it what came out.
type screen struct {
	out io.Writer
	now func() time.Time

	mu     sync.Mutex
	number int
	title  string
	begun  time.Time
	// noted tells that notes have ended the line with the title.
	noted bool
	facts []string
}

func newScreen(out io.Writer) *screen { return &screen{out: out, now: time.Now} }

// begin shows the title of the next step, so that whoever waits knows for
// what.
func (s *screen) begin(title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	s.title, s.begun, s.noted, s.facts = title, s.now(), false, nil
	s.print("%s", s.heading())
}

// fact adds a line that is shown below the step when it ends.
func (s *screen) fact(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts = append(s.facts, fmt.Sprintf(format, args...))
}

// note shows a line at once, for a step that takes long.
func (s *screen) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.noted {
		s.print("\n")
	}
	s.noted = true
	s.print("    %s\n", strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n    "))
}

// end shows the time that the step took and its facts.
func (s *screen) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.heading()
	if s.noted {
		s.print("%s", line)
	}
	took := fmt.Sprintf("%.1fs", s.now().Sub(s.begun).Seconds())
	if err != nil {
		took = "FAILED after " + took
	}
	s.print("%*s\n", max(width-len(line), len(took)+2), took)
	for _, f := range s.facts {
		s.print("    %s\n", strings.ReplaceAll(f, "\n", "\n    "))
	}
}

func (s *screen) heading() string { return fmt.Sprintf("%2d  %s", s.number, s.title) }

// print ignores errors: who closed the screen does not want to see more.
func (s *screen) print(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

// progress makes notes of the lines that the local cloud tells of its start,
// but for those that the facts tell anyway.
type progress struct{ screen *screen }

func (p progress) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "localcloud: ")
		if !strings.HasPrefix(line, "starting ") && !strings.Contains(line, " answers at ") {
			p.screen.note("... %s", line)
		}
	}
	return len(b), nil
}
