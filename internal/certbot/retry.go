package certbot

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// retryPauses are the waits after a request whose connection broke, or that a
// gateway before the authority turned away. They are short, because nothing but
// the connection is waited for.
var retryPauses = []time.Duration{time.Second, 3 * time.Second, 9 * time.Second}

var errTooLong = fmt.Errorf("reading the authority's answer: it is longer than %d bytes", maxAnswer)

// RoundTrip implements http.RoundTripper. A request whose connection broke, or
// that a gateway turned away, is repeated as it is. If the authority had got it,
// it refuses the repetition, because the nonce is used up, and lego signs
// another one. So a request may be done twice; whoever makes it must take an
// answer that says so.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	t.mu.Lock()
	ctx := t.ctx
	t.mu.Unlock()
	if ctx == nil {
		ctx = request.Context()
	}
	for _, pause := range retryPauses {
		response, err := t.exchange(ctx, request)
		if err == nil && !turnedAway(response) || err != nil && !mayPass(err) || request.Body != nil && request.GetBody == nil {
			return response, err
		}
		if sleep(ctx, pause) != nil {
			return response, err
		}
	}
	return t.exchange(ctx, request)
}

// mayPass tells whether a connection may be better the next time. The time of
// the run is not, nor is a certificate that is not trusted, nor an answer.
func mayPass(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return !untrusted && !isTimeout(err) && !errors.Is(err, errTooLong)
}

// turnedAway tells whether an answer is a gateway's, not the authority's own: of
// a server that is started anew or has too much to do. One that says when to
// come again is obeyed instead, which takes another run.
func turnedAway(response *http.Response) bool {
	switch response.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return response.Header.Get("Retry-After") == ""
	}
	return false
}

// exchange makes a request once and reads the whole answer.
func (t *transport) exchange(ctx context.Context, request *http.Request) (*http.Response, error) {
	once, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request = request.Clone(once)
	if request.GetBody != nil {
		var err error
		if request.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	}
	response, err := t.next.RoundTrip(request)
	if err == nil {
		err = t.take(response)
	}
	if err != nil && once.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("the authority did not answer for %s", requestTimeout)
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}

// take reads the whole answer, within bounds.
func (t *transport) take(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return fmt.Errorf("reading the authority's answer: %w", err)
	}
	if len(body) > maxAnswer {
		return errTooLong
	}
	if response.StatusCode >= http.StatusBadRequest && string(bytes.TrimSpace(body)) == "null" {
		body = nil // lego takes it for a problem, and panics at using that
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	t.note(response)
	return nil
}
