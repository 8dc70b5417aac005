// Package server is the proxy's life: it listens, serves, and drains.
package server

import (
	"context"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/accesslog"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/certificate"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/forward"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/health"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

// Run serves until the context ends, which SIGTERM does, and then lets what was
// begun end, for DrainTimeout at most, or until now ends, which a second SIGTERM
// does. It answers nil when no request was cut; websockets, which know no end,
// do not count. Out gets the log, and is not waited for: it may stand still.
func Run(ctx, now context.Context, s settings.Settings, out io.Writer) error {
	lines := accesslog.NewWriter(out)
	defer closeLog(lines)
	log := slog.New(slog.NewJSONHandler(lines, nil))
	stdlog.SetFlags(0)
	stdlog.SetOutput(stray{slog.New(newSampler(log.Handler()))})
	p := &proxy{settings: s, log: log}
	defer p.close()
	if err := p.listen(ctx); err != nil {
		return err
	}
	// Renewals are followed until the last connection has ended.
	reading, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if err := p.read(ctx, reading); err != nil {
		if ctx.Err() != nil {
			log.Info("stopped before there was a certificate to serve", "error", err)
			return nil
		}
		return err
	}
	failed := p.serve()
	log.Info("serving", "listen", s.Listen, "redirect_listen", s.RedirectListen, "health_listen", s.HealthListen, "hostname", p.hostname, "serial", p.serving().Serial)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return p.drain(now)
	}
}

// closeLog writes what is left of the log, to an output that takes it.
func closeLog(lines *accesslog.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = lines.Close(ctx)
}

// proxy is what Run keeps.
type proxy struct {
	settings settings.Settings
	log      *slog.Logger

	// https and plain are what is listened on; plain may be nil.
	https, plain net.Listener
	health       *http.Server
	hostname     string
	reader       atomic.Pointer[certreader.Reader]
	// open are the connections of clients.
	open   atomic.Int64
	fronts []*front
}

// listen listens on all addresses, so that what is wrong with one is told
// before anything is begun, and finds the task's name. Clients who come before
// there is a certificate wait.
func (p *proxy) listen(ctx context.Context) error {
	s := p.settings
	var err error
	if p.https, err = listen(ctx, "-listen", s.Listen); err != nil {
		return err
	}
	if s.RedirectListen != "" {
		if p.plain, err = listen(ctx, "-redirect-listen", s.RedirectListen); err != nil {
			return err
		}
	}
	if s.Domain != "" {
		if p.hostname, err = certreader.HostnameFrom(ctx, nil, s.HostnameTemplate, s.Domain); err != nil {
			return err
		}
	}
	p.health, err = health.Start(s.HealthListen, health.Source{
		Hostname: p.hostname, Serving: p.serving,
		Draining:    func() bool { return ctx.Err() != nil },
		Connections: func() int { return int(p.open.Load()) },
	}, p.log)
	return err
}

// read waits for the certificate, and follows it until reading ends.
func (p *proxy) read(ctx, reading context.Context) error {
	source, err := certificate.Source(ctx, p.settings)
	if err != nil {
		return err
	}
	reader, err := certreader.New(ctx, source, certificate.Options(p.settings, p.log))
	if err != nil {
		return err
	}
	p.reader.Store(reader)
	go reader.Run(reading)
	return nil
}

// serving is what is served; nothing at first.
func (p *proxy) serving() certreader.Version {
	if reader := p.reader.Load(); reader != nil {
		return reader.Serving()
	}
	return certreader.Version{}
}

// handler is what answers clients. Cutting is whether the proxy closes their
// connections, whatever is on them.
func (p *proxy) handler(cutting func() bool) http.Handler {
	s := p.settings
	handler := forward.New(forward.Options{Port: s.BackendPort, H2C: s.BackendProtocol == settings.H2C, Hostname: p.hostname, AnyHost: s.AnyHost, Logger: p.log})
	if s.AccessLog {
		handler = accesslog.Handler(p.log, cutting, handler)
	}
	return handler
}

// serve begins, and answers where the first failure arrives.
func (p *proxy) serve() <-chan error {
	config := p.reader.Load().TLSConfig()
	config.NextProtos = []string{"h2", "http/1.1"}
	var https *front
	handler := p.handler(func() bool { return https.cutting.Load() })
	https = newFront(p.https, config, handler, p.settings, &p.open, p.log)
	p.fronts = append(p.fronts, https)
	if p.plain != nil {
		_, port, _ := net.SplitHostPort(p.https.Addr().String())
		to := redirect(p.hostname, port, p.settings.AnyHost, func() []string { return p.serving().Names })
		p.fronts = append(p.fronts, newFront(p.plain, nil, to, p.settings, &p.open, p.log))
	}
	failed := make(chan error, len(p.fronts))
	for _, f := range p.fronts {
		go func() { failed <- fmt.Errorf("serving on %s: %w", f.conns.Addr(), f.serve()) }()
	}
	return failed
}

// drain ends serving.
func (p *proxy) drain(now context.Context) error {
	limited, cancel := context.WithTimeout(now, p.settings.DrainTimeout)
	defer cancel()
	begun := time.Now()
	p.log.Info("draining: answering what clients have begun", "connections", p.open.Load(), "drain_timeout", p.settings.DrainTimeout.String())
	var all sync.WaitGroup
	rests := make([]left, len(p.fronts))
	for i, f := range p.fronts {
		all.Go(func() { rests[i] = f.drain(limited, min(longestLinger, p.settings.DrainTimeout/4)) })
	}
	all.Wait()
	var rest left
	for _, r := range rests {
		rest.requests += r.requests
		rest.tunnels += r.tunnels
	}
	why := "the last connection has ended"
	switch {
	case now.Err() != nil:
		why = "told to stop at once"
	case limited.Err() != nil:
		why = "the drain time is over"
	}
	p.log.Info("drained: "+why, "took", time.Since(begun).String(), "requests_cut", rest.requests, "websockets_cut", rest.tunnels)
	if rest.requests > 0 {
		return fmt.Errorf("draining: %s, and %d requests were cut; a longer -drain-timeout needs a longer stopTimeout of the container", why, rest.requests)
	}
	return nil
}

// close takes down what still listens and serves.
func (p *proxy) close() {
	for _, f := range p.fronts {
		f.cut()
	}
	if p.health != nil {
		_ = p.health.Close()
	}
	for _, listener := range []net.Listener{p.https, p.plain} {
		if listener != nil {
			_ = listener.Close()
		}
	}
}
