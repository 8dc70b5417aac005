package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// held is what a server needs to start, and to hold websockets that say
// nothing.
type held struct {
	start time.Duration
	// memory is in bytes: without websockets, with them, with twice as many.
	memory [3]int64
}

// measureWebsockets starts each proxy anew and has it hold websockets.
func (r *results) measureWebsockets(ctx context.Context, directory string, progress io.Writer) error {
	r.held = map[*server][]held{}
	for round := range r.options.rounds {
		fmt.Fprintf(progress, "round %d of %d: %d and %d idle websockets\n", round+1, r.options.rounds, r.options.websockets, 2*r.options.websockets)
		for _, s := range r.servers {
			if !s.held {
				continue
			}
			found, err := r.hold(ctx, s, directory)
			if err != nil {
				return fmt.Errorf("%s: holding websockets: %w", s.name, err)
			}
			r.held[s] = append(r.held[s], found)
		}
	}
	return nil
}

func (r *results) hold(ctx context.Context, s *server, directory string) (held, error) {
	s.stop()
	var found held
	var err error
	if found.start, err = s.start(ctx, directory); err != nil {
		return held{}, err
	}
	defer s.stop()
	// The websockets end before the server is stopped.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// What a server needs once, whoever comes, does not count as websockets'.
	if _, err := measure(ctx, small(10), s.target, s.process, 0, r.options.warm); err != nil {
		return held{}, err
	}
	for i := range found.memory {
		if i > 0 {
			if err := idle(ctx, s.target, r.options.websockets); err != nil {
				return held{}, err
			}
		}
		if err := sleep(ctx, r.options.settle); err != nil {
			return held{}, err
		}
		if found.memory[i], err = s.process.memory(); err != nil {
			return held{}, err
		}
	}
	return found, nil
}

// heldRows are the rows of the table on starting and holding.
func (r *results) heldRows() [][]string {
	n := r.options.websockets
	mib := func(of func(held) int64) func([]held) string {
		return func(h []held) string {
			return number(median(h, func(h held) float64 { return float64(of(h)) / (1 << 20) }))
		}
	}
	rows := []struct {
		load, name string
		of         func([]held) string
	}{
		{"start", "ms until the first answer", func(h []held) string {
			return number(median(h, func(h held) float64 { return float64(h.start) / 1e6 }))
		}},
		{"memory, MiB (PSS)", "no websocket", mib(func(h held) int64 { return h.memory[0] })},
		{"memory, MiB (PSS)", fmt.Sprintf("%d idle websockets", n), mib(func(h held) int64 { return h.memory[1] })},
		{"memory, MiB (PSS)", fmt.Sprintf("%d idle websockets", 2*n), mib(func(h held) int64 { return h.memory[2] })},
		{"memory, MiB (PSS)", "for each 1,000 more", mib(func(h held) int64 { return (h.memory[2] - h.memory[0]) / int64(2*n) * 1000 })},
	}
	var all [][]string
	if n == 0 {
		rows = nil
	}
	for _, row := range rows {
		cells := []string{row.load, row.name}
		for _, s := range r.servers {
			text := ""
			if found := r.held[s]; len(found) > 0 {
				text = row.of(found)
			}
			cells = append(cells, text)
		}
		all = append(all, cells)
	}
	size := []string{"binary", "MiB"}
	for _, s := range r.servers {
		text := ""
		if s.held {
			text = number(float64(s.size) / (1 << 20))
		}
		size = append(size, text)
	}
	return append(all, size)
}
