package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// What is measured, as it is called in the table.
const (
	load1          = "200 bytes, HTTP/1.1, 1 connection"
	load50         = "200 bytes, HTTP/1.1, 50 connections"
	load200        = "200 bytes, HTTP/1.1, 200 connections"
	loadStreams    = "200 bytes, HTTP/2, 2 × 100 streams"
	loadHandshakes = "a new connection for each request, 8 at once"
	loadDownload1  = "download, HTTP/1.1"
	loadDownload2  = "download, HTTP/2"
	loadUpload1    = "upload, HTTP/1.1"
	loadUpload2    = "upload, HTTP/2"
	loadUploadFar  = "upload, HTTP/2, 40 ms away"
	loadMessages   = "100 websockets, 20 messages/s each"
)

// figure is a row of the table.
type figure struct {
	name string
	of   func(samples []sample) string
}

var (
	answersPerSecond = figure{"requests/s", func(s []sample) string { return number(median(s, sample.rate)) }}
	latencies        = figure{"p50 / p90 / p99 / p99.9, ms", func(s []sample) string {
		var texts []string
		for _, share := range []float64{0.5, 0.9, 0.99, 0.999} {
			texts = append(texts, number(median(s, func(s sample) float64 { return float64(s.quantile(share)) / 1e6 })))
		}
		return strings.Join(texts, " / ")
	}}
	perRequests = figure{"CPU s per 10,000", func(s []sample) string {
		return number(median(s, func(s sample) float64 { return s.cpu.Seconds() / float64(s.requests) * 1e4 }))
	}}
	megabytes = figure{"MB/s", func(s []sample) string { return number(median(s, sample.throughput)) }}
	perGB     = figure{"CPU s per GB", func(s []sample) string {
		return number(median(s, func(s sample) float64 { return s.cpu.Seconds() / float64(s.bytes) * 1e9 }))
	}}

	ofRequests  = []figure{answersPerSecond, latencies, perRequests}
	ofTransfers = []figure{megabytes, perGB}
)

var loads = []struct {
	name    string
	load    load
	figures []figure
}{
	{load1, small(1), ofRequests},
	{load50, small(50), ofRequests},
	{load200, small(200), ofRequests},
	{loadStreams, streams(2, 100), ofRequests},
	{loadHandshakes, handshakes(8), ofRequests},
	{loadMessages, messages(100, 20), []figure{latencies, perRequests}},
	{loadDownload1, download1, ofTransfers},
	{loadDownload2, download2, ofTransfers},
	{loadUpload1, upload1, ofTransfers},
	{loadUpload2, upload2(0), ofTransfers},
	{loadUploadFar, upload2(40 * time.Millisecond), []figure{megabytes}},
}

// results are what was found.
type results struct {
	options    options
	processors int
	servers    []*server
	notes      []string
	// spoken is what each proxy agreed on with the client.
	spoken  []string
	samples map[string]map[*server][]sample
	held    map[*server][]held
}

// measureLoads measures each load with each server in turns.
func (r *results) measureLoads(ctx context.Context, progress io.Writer) error {
	r.samples = map[string]map[*server][]sample{}
	for round := range r.options.rounds {
		for _, l := range loads {
			if !r.options.run.MatchString(l.name) {
				continue
			}
			fmt.Fprintf(progress, "round %d of %d: %s\n", round+1, r.options.rounds, l.name)
			if r.samples[l.name] == nil {
				r.samples[l.name] = map[*server][]sample{}
			}
			for i := range r.servers {
				// Another one begins in each round.
				s := r.servers[(i+round)%len(r.servers)]
				if !s.wanted(l.name) {
					continue
				}
				found, err := measure(ctx, l.load, s.target, s.process, r.options.warm, r.options.span)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", s.name, l.name, err)
				}
				r.samples[l.name][s] = append(r.samples[l.name][s], found)
			}
		}
	}
	return nil
}

// print prints all as Markdown.
func (r *results) print(out io.Writer) {
	fmt.Fprintf(out, "%d processors (%s), %s, %s/%s; GOMAXPROCS and nginx's worker_processes are %d.\n", r.processors, model(), runtime.Version(), runtime.GOOS, runtime.GOARCH, r.processors)
	fmt.Fprintf(out, "Load, back end and server share them. %d rounds of %v each, medians; keep-alive to the back end; access logs off but where said.\n", r.options.rounds, r.options.span)
	slices.Sort(r.spoken)
	fmt.Fprintf(out, "Agreed on: %s.\n", strings.Join(slices.Compact(r.spoken), "; "))
	for _, s := range r.servers {
		if s.held {
			fmt.Fprintf(out, "%s: %s\n", s.name, s.version)
		}
	}
	for _, note := range r.notes {
		fmt.Fprintln(out, note)
	}
	rows := [][]string{{"", ""}}
	for _, s := range r.servers {
		rows[0] = append(rows[0], s.name)
	}
	for _, l := range loads {
		if r.samples[l.name] == nil {
			continue
		}
		for _, f := range l.figures {
			row := []string{l.name, f.name}
			for _, s := range r.servers {
				text := ""
				if samples := r.samples[l.name][s]; len(samples) > 0 {
					text = f.of(samples)
				}
				row = append(row, text)
			}
			rows = append(rows, row)
		}
	}
	fmt.Fprintln(out)
	table(out, append(rows, r.heldRows()...))
	fmt.Fprintln(out, "\nCPU is the server's own; that of the back end's columns is what answering takes without a proxy.")
}

// table prints rows as a Markdown table; what stands in the first column is
// not repeated.
func table(out io.Writer, rows [][]string) {
	last := ""
	for i, row := range rows {
		cells := slices.Clone(row)
		if cells[0] == last {
			cells[0] = ""
		}
		last = row[0]
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintf(out, "|---|---|%s\n", strings.Repeat("--:|", len(row)-2))
		}
	}
}

// median is the middle one of what is found in the samples, or the mean of the
// two in the middle.
func median[T any](samples []T, of func(T) float64) float64 {
	values := make([]float64, 0, len(samples))
	for _, s := range samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// number is a figure with three digits that count.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}

// model is what the processors are.
func model() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
