package certbot

import (
	"errors"

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
