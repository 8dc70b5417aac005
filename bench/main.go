// Command bench measures what the proxy costs: beside the same back end
// without it, and beside nginx and Caddy in the same place, all in one run.
//
// Each server has a process of its own, and so has the back end. They are
// measured in turns, some rounds of them, and the medians are printed, so that
// a machine that is busy for a while does not decide who is better.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what to measure, and for how long.
type options struct {
	proxy, nginx, caddy string
	run                 *regexp.Regexp
	rounds              int
	warm, span, settle  time.Duration
	websockets          int
}

func run(ctx context.Context, arguments []string, out, progress io.Writer) error {
	if len(arguments) == 5 && arguments[0] == "backend" {
		return serveBackend(ctx, arguments[1], arguments[2], arguments[3], arguments[4])
	}
	o := options{run: regexp.MustCompile("")}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.proxy, "proxy", "", "`path` of fargatedirect-proxy")
	flags.StringVar(&o.nginx, "nginx", "nginx", "`path` of nginx; left out if there is none")
	flags.StringVar(&o.caddy, "caddy", "caddy", "`path` of Caddy; left out if there is none")
	flags.Func("run", "`pattern` of the loads to measure", func(text string) (err error) {
		o.run, err = regexp.Compile(text)
		return err
	})
	flags.IntVar(&o.rounds, "rounds", 3, "`times` that everything is measured")
	flags.DurationVar(&o.span, "time", time.Second, "`time` of each measurement")
	flags.DurationVar(&o.warm, "warm", 200*time.Millisecond, "`time` before each measurement that does not count")
	flags.DurationVar(&o.settle, "settle", 2*time.Second, "`time` between opening websockets and looking at the memory")
	flags.IntVar(&o.websockets, "websockets", 1000, "idle `websockets` to open, twice; 0 for none")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if o.proxy == "" || o.rounds < 1 || o.websockets < 0 {
		return errors.New("reading the arguments: -proxy must be given, -rounds must be 1 or more, and -websockets not less than 0")
	}
	results, err := bench(ctx, o, progress)
	if err != nil {
		return err
	}
	results.print(out)
	return nil
}

// bench starts everything, measures, and ends everything.
func bench(ctx context.Context, o options, progress io.Writer) (*results, error) {
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	defer w.close()
	p := &place{world: w, processors: runtime.NumCPU()}
	plain, secure, err := p.startBackend(ctx)
	if plain != nil {
		defer plain.stop()
	}
	if err != nil {
		return nil, err
	}
	plain.only = []string{load1, load50, load200, loadHandshakes, loadDownload1, loadUpload1, loadMessages}
	proxies, notes, err := p.proxies(o)
	if err != nil {
		return nil, err
	}
	for _, s := range proxies {
		// Whatever runs when we leave, for whatever reason.
		defer s.stop()
	}
	r := &results{options: o, processors: p.processors, servers: append([]*server{plain, secure}, proxies...), notes: notes}
	for _, s := range proxies {
		if _, err := s.start(ctx, p.directory); err != nil {
			return nil, err
		}
		if err := p.check(ctx, s); err != nil {
			return nil, err
		}
		spoken, err := s.spoken(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		r.spoken = append(r.spoken, spoken)
	}
	if err := r.measureLoads(ctx, progress); err != nil {
		return nil, err
	}
	if o.websockets == 0 {
		return r, nil
	}
	return r, r.measureWebsockets(ctx, p.directory, progress)
}

// proxies are those that there are, and notes on those that there are not.
func (p *place) proxies(o options) (proxies []*server, notes []string, err error) {
	quiet, err := p.ours(o.proxy, "fargatedirect-proxy", false)
	if err != nil {
		return nil, nil, err
	}
	logging, err := p.ours(o.proxy, "with access log", true)
	if err != nil {
		return nil, nil, err
	}
	logging.only = []string{load1, load50, load200, loadStreams}
	proxies = []*server{quiet, logging}
	for _, other := range []struct {
		name, path string
		make       func(string) (*server, error)
	}{{"nginx", o.nginx, p.nginx}, {"Caddy", o.caddy, p.caddy}} {
		path, err := exec.LookPath(other.path)
		if err != nil {
			notes = append(notes, fmt.Sprintf("%s: not found, left out: %v", other.name, err))
			continue
		}
		s, err := other.make(path)
		if err != nil {
			return nil, nil, err
		}
		proxies = append(proxies, s)
	}
	for _, s := range proxies {
		s.held = s != logging
	}
	return proxies, notes, nil
}
