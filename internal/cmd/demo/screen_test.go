package main

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// newTestScreen is a screen whose clock goes on by the duration at each look.
func newTestScreen(out *bytes.Buffer, each time.Duration) *screen {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	return &screen{out: out, now: func() time.Time {
		at = at.Add(each)
		return at
	}}
}

func TestScreen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		show func(*screen)
		want string
	}{
		{
			"facts stand below the step",
			func(s *screen) {
				s.begin("A step")
				s.fact("%d fact", 1)
				s.fact("two\nlines")
				s.end(nil)
				s.begin("Another")
				s.end(nil)
			},
			" 1  A step                                                                4.1s\n" +
				"    1 fact\n    two\n    lines\n" +
				" 2  Another                                                               4.1s\n",
		},
		{
			"notes come before the time",
			func(s *screen) {
				s.begin("A long step")
				s.note("installing")
				s.end(nil)
			},
			" 1  A long step\n    installing\n" +
				" 1  A long step                                                           4.1s\n",
		},
		{
			"a failure is told",
			func(s *screen) {
				s.begin("A step")
				s.fact("so far")
				s.end(errors.New("no"))
			},
			" 1  A step                                                   FAILED after 4.1s\n    so far\n",
		},
		{
			"the local cloud's progress, without what the facts tell",
			func(s *screen) {
				s.begin("A step")
				p := progress{s}
				_, _ = p.Write([]byte("localcloud: starting LocalStack 1\n"))
				_, _ = p.Write([]byte("localcloud: installing LocalStack 1\n"))
				_, _ = p.Write([]byte("localcloud: LocalStack answers at http://127.0.0.1:1 after 2.0 s\n"))
				s.end(nil)
			},
			" 1  A step\n    ... installing LocalStack 1\n" +
				" 1  A step                                                                4.1s\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			tt.show(newTestScreen(&out, 4100*time.Millisecond))
			if out.String() != tt.want {
				t.Errorf("shown:\n%s\nwant:\n%s", &out, tt.want)
			}
		})
	}
}
