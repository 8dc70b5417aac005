package certbot

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-acme/lego/v4/acme"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// problemPrefix starts the types of RFC 8555's own problems.
const problemPrefix = "urn:ietf:params:acme:error:"

// problem is an error that the authority answered.
type problem struct {
	acme.ProblemDetails
	// retryAfter is when the authority allows the next attempt; zero if it
	// did not say.
	retryAfter time.Time
}

func (p *problem) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "the authority answered: %s (%s", p.Detail, p.Type)
	if p.HTTPStatus != 0 {
		fmt.Fprintf(&text, ", HTTP %d", p.HTTPStatus)
	}
	text.WriteString(")")
	for _, sub := range p.SubProblems {
		fmt.Fprintf(&text, "; for %s: %s (%s)", sub.Identifier.Value, sub.Detail, sub.Type)
	}
	return text.String()
}

// asProblem turns lego's errors into a problem, and leaves others alone.
func asProblem(err error, retryAfter time.Duration) error {
	details, ok := errors.AsType[*acme.ProblemDetails](err)
	if !ok {
		return err
	}
	p := &problem{ProblemDetails: *details}
	if retryAfter > 0 {
		p.retryAfter = time.Now().Add(retryAfter).UTC().Round(time.Second)
	}
	return p
}

// notStored begins what is told of most failures.
const notStored = "No new certificate was stored: "

// failure tells a person what an error means.
func failure(err error) *Failure {
	f := &Failure{Message: notStored + err.Error() + "."}
	if errors.Is(err, errTorn) {
		f.InForce = true
		f.Message = "The certificate is in force, but not for all its readers: " + err.Error() + "."
	}
	if errors.Is(err, errUndelivered) {
		f.Message = "The certificate is in force, but not for readers of its secret: " + err.Error() + "."
	}
	if p, ok := errors.AsType[*problem](err); ok {
		f.ProblemType, f.RetryAfter = p.Type, p.retryAfter
	}
	if advice := advice(err, f); advice != "" {
		f.Message += " " + advice
	}
	if !f.RetryAfter.IsZero() {
		f.Message += " The authority allows the next attempt at " + stamp(f.RetryAfter) + "."
	}
	return f
}

// sayNext ends the message with when it is tried again.
func (f *Failure) sayNext() {
	after := ""
	if !f.NextAttempt.IsZero() {
		after = " after " + stamp(f.NextAttempt)
	}
	f.Message += " The next scheduled run" + after + " tries again."
}

// advice is what can be done about an error; empty where the error says it all.
func advice(err error, f *Failure) string {
	kind := strings.TrimPrefix(f.ProblemType, problemPrefix)
	if advice := cmp.Or(bindingAdvice(err, f), zoneAdvice(err, kind)); advice != "" {
		return advice
	}
	switch kind {
	case "rateLimited":
		return "The authority limits how often it may be asked; asking again before the limit is over cannot succeed."
	case "dns":
		return "The authority could not look the challenge record up: check that the domain's name servers are those of the hosted zone, and that DNSSEC, if used, is in order."
	case "unauthorized", "incorrectResponse":
		return "Either the authority saw another TXT value than ours, so check that the domain's name servers are those of the hosted zone, or it has closed the account."
	case "caa":
		return "A CAA record of the domain forbids this authority: allow it there."
	case "rejectedIdentifier", "unsupportedIdentifier":
		return "The authority does not issue for one of these names: remove it or use another authority."
	case "externalAccountRequired":
		return "This authority takes only accounts that are bound to one at its site: set acme.eab."
	case "invalidContact", "unsupportedContact":
		return "Correct the contact address or leave it out."
	case "invalidProfile":
		return "Choose a profile that the authority offers, or none."
	case "userActionRequired":
		return "The authority wants its terms of service confirmed: see its message."
	case "serverInternal":
		return "That is the authority's own fault."
	}
	switch {
	case awserr.IsAccessDenied(err):
		return "The function's role, or a policy on what it asked for, forbids it: apply the resource again, and look for policies that others put on the bucket, the keys or the account."
	case isTimeout(err):
		return "The run came to the end of its time."
	}
	return ""
}
