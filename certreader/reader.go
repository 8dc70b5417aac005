package certreader

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options are how a Reader looks and what it accepts. The zero value will do.
type Options struct {
	// Names are those that the certificate must be good for: host names, or
	// wildcards that must be in it as they are. None: any names will do.
	Names []string
	// Interval is the time between two looks, 5 minutes by default and a day at
	// most. It is spread by a fifth either way, so that tasks that started
	// together do not look together.
	Interval time.Duration
	// Timeout is for how long New waits for a pair that can be used, a minute
	// by default.
	Timeout time.Duration
	// ClockSkew is by how much the clock here may differ from the authority's,
	// 5 minutes by default.
	ClockSkew time.Duration
	// Logger gets a line for each change, and for each look that failed;
	// slog.Default by default.
	Logger *slog.Logger
	// OnChange is called after each change from one version to another, by the
	// goroutine that calls Run, which looks again only when it is over.
	OnChange func(Version)
}

// Version is what a Reader serves.
type Version struct {
	// Serial is the certificate's serial number in lower-case hex, as
	// fargatedirect_certificate tells it.
	Serial string
	// Names are those that the certificate is for.
	Names               []string
	NotBefore, NotAfter time.Time
	// Since is when the reader began to serve it.
	Since time.Time
	// Fixed says that no renewals are looked for, because the source cannot have
	// any (FromValue).
	Fixed bool
	// LastLook is when a look last succeeded: what was served then was what was
	// in force.
	LastLook time.Time
	// LastError is why the last look did not succeed, or that what is in force
	// has expired; nil if all is well.
	LastError error
}

// Reader serves the version of a certificate that is in force. Its methods may
// be called at any time by any goroutine.
type Reader struct {
	source  Source
	options Options
	// looking is held by who looks, and alone changes state.
	looking sync.Mutex
	state   atomic.Pointer[state]
}

// state is what is served at a moment. It is never changed, only replaced.
type state struct {
	pair *tls.Certificate
	// key and chain are the texts that the pair was read from.
	key, chain []byte
	mark       mark
	version    Version
}

const (
	// lookTimeout ends a look that gets no answer.
	lookTimeout = 30 * time.Second
	// longestWait is the longest pause while there is nothing to serve.
	longestWait = 10 * time.Second
)

// New answers a reader that has a pair to serve. It waits for one until
// Options.Timeout is over or the context ends, and then says why the last look
// found none. Where the source is FromValue, it looks once. It starts nothing:
// call Run to have renewals followed.
func New(ctx context.Context, source Source, options Options) (*Reader, error) {
	if source == nil {
		return nil, errors.New("making a certificate reader: it has no source")
	}
	r := &Reader{source: source, options: options.withDefaults()}
	limited, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	var why error
	for failures := 0; ; failures++ {
		err := r.look(limited)
		if err == nil {
			v := r.Serving()
			r.options.Logger.InfoContext(ctx, "serving the certificate", "source", source.String(), "serial", v.Serial, "names", v.Names, "not_after", v.NotAfter)
			return r, nil
		}
		if fixed(source) {
			return nil, fmt.Errorf("%w; it does not change while the task runs: start another task when it is mended", err)
		}
		// That the time is over says less than what went wrong before.
		if why == nil || limited.Err() == nil {
			why = err
		}
		r.options.Logger.WarnContext(ctx, "no certificate to serve yet", "source", source.String(), "error", err)
		if !sleep(limited, min(r.options.backoff(failures), longestWait)) {
			return nil, fmt.Errorf("waiting for a certificate: %w: %w", limited.Err(), why)
		}
	}
}

// Run looks for changes until the context ends. A look that fails is repeated
// after seconds at first, and then after ever longer pauses, up to
// Options.Interval; what is served stays. Call it once.
func (r *Reader) Run(ctx context.Context) {
	if fixed(r.source) {
		r.outlast(ctx)
		return
	}
	failures := 0
	for {
		pause := r.options.pause()
		if failures > 0 {
			pause = r.options.backoff(failures - 1)
		}
		if !sleep(ctx, pause) {
			return
		}
		before := r.Serving()
		failures++
		if r.look(ctx) == nil {
			failures = 0
		}
		if ctx.Err() != nil {
			return
		}
		r.tell(ctx, before, r.Serving())
	}
}

// outlast waits for the end of the context, and of the pair that never changes.
func (r *Reader) outlast(ctx context.Context) {
	// A timer stands still while the machine does: the clock decides.
	for !time.Now().After(r.Serving().NotAfter) {
		if !sleep(ctx, min(time.Until(r.Serving().NotAfter)+time.Second, r.options.Interval)) {
			return
		}
	}
	r.expire()
	r.tell(ctx, r.Serving(), r.Serving())
	<-ctx.Done()
}

// tell logs what came of a look.
func (r *Reader) tell(ctx context.Context, before, now Version) {
	log := r.options.Logger.With("source", r.source.String(), "serial", now.Serial, "not_after", now.NotAfter)
	changed := !before.Since.Equal(now.Since)
	switch {
	case changed:
		log.InfoContext(ctx, "serving another version of the certificate", "names", now.Names, "before", before.Serial)
	case now.LastError == nil:
	case time.Now().After(now.NotAfter):
		log.ErrorContext(ctx, "serving a certificate that has expired, as there is no other", "error", now.LastError, "last_look", now.LastLook)
	default:
		log.WarnContext(ctx, "no news of the certificate, serving the same", "error", now.LastError, "last_look", now.LastLook)
	}
	if changed && r.options.OnChange != nil {
		r.options.OnChange(now)
	}
}

// GetCertificate answers the pair that is served now, whatever the client asks
// for. It is for tls.Config, waits for nothing and never fails.
func (r *Reader) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return r.state.Load().pair, nil
}

// TLSConfig is for a server that serves this certificate: TLS 1.2 with forward
// secrecy and authenticated encryption only, and TLS 1.3. It is the caller's to
// change.
func (r *Reader) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: r.GetCertificate,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// PEM answers the texts of the pair that is served, as they were published: the
// private key in PKCS #8, and the certificate with its chain, leaf first; and
// which version they are. They belong together, and are the caller's. The key
// is the secret itself: keep it from logs.
func (r *Reader) PEM() (key, chain []byte, version Version) {
	s := r.state.Load()
	return slices.Clone(s.key), slices.Clone(s.chain), s.version.clone()
}

// Serving tells what is served, until when it is valid, and what came of the
// last look.
func (r *Reader) Serving() Version {
	return r.state.Load().version.clone()
}

func (v Version) clone() Version {
	v.Names = slices.Clone(v.Names)
	return v
}
