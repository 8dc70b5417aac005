package certbot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-acme/lego/v4/acme"
	"github.com/go-acme/lego/v4/acme/api"
)

const (
	userAgent = "fargatedirect-certbot"
	// requestTimeout bounds one request to the authority.
	requestTimeout = 30 * time.Second
	// maxAnswer is more than any answer of an authority holds.
	maxAnswer = 1 << 20
)

// session is our account at the authority. It is for one certificate at a
// time, because its requests run under one context at a time.
type session struct {
	core      *api.Core
	transport *transport
	// account is the account's URL.
	account string
}

// newSession reads the directory and logs in, with the account that the key
// has already or else a new one. It needs clients for a binding's key alone.
func newSession(ctx context.Context, t *transport, config ACME, accountKey any, clients Clients) (*session, error) {
	defer t.bind(ctx)()
	core, err := api.New(&http.Client{Transport: t}, userAgent, config.DirectoryURL, "", accountKey)
	if err != nil {
		return nil, fmt.Errorf("reading directory (%s): %w", config.DirectoryURL, asProblem(err, t.retryAfter()))
	}
	request := acme.Account{TermsOfServiceAgreed: true}
	if config.ContactEmail != "" {
		request.Contact = []string{"mailto:" + config.ContactEmail}
	}
	account, err := register(ctx, core, t, request, config.EAB, clients)
	if err != nil {
		return nil, fmt.Errorf("registering the account at the authority: %w", asProblem(err, t.retryAfter()))
	}
	if account.Location == "" {
		return nil, errors.New("registering the account at the authority: it answered no account URL")
	}
	s := &session{core: core, transport: t, account: account.Location}
	if request.Contact != nil && !slices.Equal(account.Contact, request.Contact) {
		// An account that exists keeps its contact when it is registered again.
		if _, err := core.Accounts.Update(s.account, acme.Account{Contact: request.Contact}); err != nil {
			return nil, s.failed("telling the authority the account's contact", err)
		}
	}
	return s, nil
}

// failed says what we asked for when the authority answered with an error.
func (s *session) failed(doing string, err error) error {
	return fmt.Errorf("%s: %w", doing, asProblem(err, s.transport.retryAfter()))
}

// poll asks until ask says that it is done: for the first time after a wait,
// and then slower and slower, but never sooner than the authority wants.
func (s *session) poll(ctx context.Context, first time.Duration, ask func() (done bool, err error)) error {
	pause := max(first, s.transport.retryAfter())
	for wait := 500 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		done, err := ask()
		if done || err != nil {
			return err
		}
		pause = max(wait, s.transport.retryAfter())
	}
}

// transport gives lego's requests what lego does not: a context, a bounded
// answer that is read to its end, and the answer's Retry-After.
type transport struct {
	next http.RoundTripper

	mu    sync.Mutex
	ctx   context.Context // of the step that is being made; lego takes none
	later time.Duration
}

// newTransport connects to an authority. Its TLS certificate must be from one
// of the given roots, or the system's if none are given.
func newTransport(rootsPEM string) (*transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if rootsPEM != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(rootsPEM)) {
			return nil, errors.New("reading the authority's CA certificates: there is no certificate in PEM form")
		}
	}
	return &transport{next: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		TLSClientConfig:       config,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: requestTimeout,
	}}, nil
}

// bind makes requests under ctx until the answered function is called, which
// brings back the context before.
func (t *transport) bind(ctx context.Context) (unbind func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.ctx
	t.ctx = ctx
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.ctx = before
	}
}

// retryAfter is the longest wait that the authority asked for since the last
// call, or that of the last error.
func (t *transport) retryAfter() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	later := t.later
	t.later = 0
	return later
}

// note remembers an answer's Retry-After. One that cannot be read is as none.
func (t *transport) note(response *http.Response) {
	later, err := api.ParseRetryAfter(response.Header.Get("Retry-After"))
	if err != nil {
		later = 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if response.StatusCode >= http.StatusBadRequest {
		t.later = later
		return
	}
	t.later = max(t.later, later)
}

// close gives up connections, which would be dead when Lambda thaws the
// function for its next run.
func (t *transport) close() {
	if idle, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
}

// isTimeout tells whether the run's own time was over.
func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
