package certbot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-acme/lego/v4/acme"
	"github.com/go-acme/lego/v4/challenge"
)

// mayBeDone tells whether what an error answers may have been done all the
// same: no answer came, or the authority refused the repetition of a request
// whose answer was lost.
func mayBeDone(err error) bool {
	details, ok := errors.AsType[*acme.ProblemDetails](err)
	return !ok || details.Type == problemPrefix+"malformed" || details.Type == problemPrefix+"orderNotReady"
}

// isFinalized tells whether the authority has, or is making, the certificate of
// an order.
func (o order) isFinalized(location string) bool {
	current, err := o.session.core.Orders.Get(location)
	return err == nil && (current.Status == acme.StatusProcessing || current.Status == acme.StatusValid)
}

// validate asks the authority to look at a proof.
func (o order) validate(p proof) error {
	_, err := o.session.core.Challenges.New(p.challenge)
	if err == nil {
		return nil
	}
	failed := o.session.failed("asking the authority to validate "+p.name, err)
	if !mayBeDone(err) {
		return failed
	}
	authorization, err := o.session.core.Authorizations.Get(p.authorization)
	if err != nil {
		return failed
	}
	offer, err := challenge.FindChallenge(challenge.DNS01, authorization)
	if err == nil && authorization.Status == acme.StatusPending && offer.Status == acme.StatusPending {
		return failed // it has not begun
	}
	return nil
}

// fetchTime is how long a certificate is asked for that the authority has
// issued but does not hand out.
const fetchTime = 2 * time.Minute

// fetch answers the text of an issued certificate. Its key is nowhere else yet,
// and another certificate would cost the authority's limits once more; so what
// may be the authority's own trouble is waited for.
func (o order) fetch(ctx context.Context, url string) ([]byte, error) {
	patience, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	for wait := time.Second; ; wait = min(2*wait, 16*time.Second) {
		text, _, err := o.session.core.Certificates.Get(url, true)
		if err == nil {
			return text, nil
		}
		later := o.session.transport.retryAfter()
		if !mayCome(err) || sleep(patience, max(wait, later)) != nil {
			return nil, fmt.Errorf("downloading certificate: %w", asProblem(err, later))
		}
	}
}

// mayCome tells whether what an authority could not give may come yet: a copy
// of its store that lags behind has not found it, or something in it is broken.
func mayCome(err error) bool {
	details, ok := errors.AsType[*acme.ProblemDetails](err)
	return !ok || details.HTTPStatus == http.StatusNotFound || details.HTTPStatus == http.StatusTooManyRequests || details.HTTPStatus >= http.StatusInternalServerError
}
