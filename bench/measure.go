package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// target is a server as its clients see it.
type target struct {
	address string
	// plain has no TLS spoken.
	plain bool
}

// dial connects; the connection ends with the context. Each handshake is a
// whole one. The key exchange is X25519 for all, because not every server
// knows the newer ones and Go would choose them. The certificate was checked
// once, when the server started: checking is the client's work.
func (t target) dial(ctx context.Context, wrap func(net.Conn) net.Conn, protocol string) (net.Conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return nil, err
	}
	// Closed by a reset, or thousands of ports would wait to be free.
	if connection, ok := raw.(*net.TCPConn); ok {
		err = connection.SetLinger(0)
	}
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	context.AfterFunc(ctx, func() { _ = raw.Close() })
	if wrap != nil {
		raw = wrap(raw)
	}
	if t.plain {
		return raw, nil
	}
	secure := tls.Client(raw, &tls.Config{
		ServerName: hostname, InsecureSkipVerify: true, NextProtos: []string{protocol},
		MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519},
	})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	if got := secure.ConnectionState().NegotiatedProtocol; got != protocol && protocol == "h2" {
		_ = raw.Close()
		return nil, fmt.Errorf("asked for %s, the server speaks %q", protocol, got)
	}
	return secure, nil
}

// sample is what one measurement found.
type sample struct {
	requests int
	bytes    int64
	span     time.Duration
	// latencies are sorted.
	latencies []time.Duration
	// cpu is what the server used meanwhile.
	cpu time.Duration
}

// rate is requests a second.
func (s sample) rate() float64 { return float64(s.requests) / s.span.Seconds() }

// throughput is 10^6 bytes a second.
func (s sample) throughput() float64 { return float64(s.bytes) / 1e6 / s.span.Seconds() }

// quantile is the latency that this share of requests did not exceed: the
// nearest rank.
func (s sample) quantile(share float64) time.Duration {
	if len(s.latencies) == 0 {
		return 0
	}
	rank := int(share*float64(len(s.latencies)) + 0.999999)
	return s.latencies[min(max(rank, 1), len(s.latencies))-1]
}

// recorder counts what one worker does between begin and end; what it does
// before begin warms up.
type recorder struct {
	ctx        context.Context
	begin, end time.Time
	requests   int
	bytes      int64
	latencies  []time.Duration
}

// add counts a request that began then and is over now, and answers whether
// to go on.
func (r *recorder) add(begun time.Time) bool {
	now := time.Now()
	if begun.Before(r.begin) {
		return r.ctx.Err() == nil
	}
	if now.After(r.end) {
		return false
	}
	r.requests++
	r.latencies = append(r.latencies, now.Sub(begun))
	return true
}

// addBytes counts what was carried, and answers whether to go on.
func (r *recorder) addBytes(n int) bool {
	now := time.Now()
	if now.Before(r.begin) {
		return r.ctx.Err() == nil
	}
	if now.After(r.end) {
		return false
	}
	r.bytes += int64(n)
	return true
}

// worker does requests until the recorder says that it is enough. It is
// connected already.
type worker func(r *recorder) error

// load is one kind of work: the workers that do it at the same time.
type load func(ctx context.Context, t target) ([]worker, error)

// measure has a load done for a while, after some warming up, and looks how
// much time of processors the server takes for it.
func measure(ctx context.Context, l load, t target, p *process, warm, span time.Duration) (sample, error) {
	// A server that hangs fails the measurement.
	ctx, cancel := context.WithTimeout(ctx, warm+span+time.Minute)
	defer cancel()
	workers, err := l(ctx, t)
	if err != nil {
		return sample{}, fmt.Errorf("connecting: %w", err)
	}
	begin := time.Now().Add(warm)
	recorders := make([]*recorder, len(workers))
	failures := make([]error, len(workers))
	var wg sync.WaitGroup
	for i, work := range workers {
		recorders[i] = &recorder{ctx: ctx, begin: begin, end: begin.Add(span), latencies: make([]time.Duration, 0, 1<<12)}
		wg.Go(func() { failures[i] = work(recorders[i]) })
	}
	used, err := timeBetween(ctx, p, begin, begin.Add(span))
	wg.Wait()
	if err := cmp.Or(err, cmp.Or(failures...)); err != nil {
		return sample{}, err
	}
	s := sample{span: span, cpu: used}
	for _, r := range recorders {
		s.requests += r.requests
		s.bytes += r.bytes
		s.latencies = append(s.latencies, r.latencies...)
	}
	slices.Sort(s.latencies)
	return s, nil
}

func timeBetween(ctx context.Context, p *process, begin, end time.Time) (time.Duration, error) {
	if err := sleep(ctx, time.Until(begin)); err != nil {
		return 0, err
	}
	before, err := p.processorTime()
	if err != nil {
		return 0, err
	}
	if err := sleep(ctx, time.Until(end)); err != nil {
		return 0, err
	}
	after, err := p.processorTime()
	return after - before, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// parallel connects n times, some at a time, and answers the workers.
func parallel(n int, connect func(i int) (worker, error)) ([]worker, error) {
	workers, failures := make([]worker, n), make([]error, n)
	slots := make(chan struct{}, 50)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			workers[i], failures[i] = connect(i)
		})
	}
	wg.Wait()
	// One says it: they fail all alike.
	return workers, cmp.Or(failures...)
}
