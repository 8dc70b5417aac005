package certbot

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go-acme/lego/v4/acme"
	"github.com/go-acme/lego/v4/acme/api"
)

// lifetime is how long the held certificate is valid in all; 0 if there is
// none.
func (h *held) lifetime() time.Duration {
	if h == nil || h.broken != nil {
		return 0
	}
	return h.leaf().NotAfter.Sub(h.leaf().NotBefore)
}

// replaces names the held certificate to its authority if the new one is for
// the same names and from the same account: authorities spare such an order
// their limits, and refuse others that claim to replace.
func replaces(have *held, want Certificate, s *session) string {
	if have == nil || have.broken != nil || have.account != s.account {
		return ""
	}
	if !slices.Equal(normalNames(have.leaf().DNSNames), normalNames(want.Domains)) {
		return ""
	}
	id, err := certificateID(have.leaf())
	if err != nil {
		return "" // it is a courtesy
	}
	return id
}

// place places the order. An authority that does not take it as a replacement
// is asked once more for a plain one.
func (o order) place(ctx context.Context, names []string) (acme.ExtendedOrder, error) {
	options := &api.OrderOptions{Profile: o.want.Profile, ReplacesCertID: o.replaces}
	placed, err := o.session.core.Orders.NewWithOptions(names, options)
	if err == nil || o.replaces == "" || !refusesReplacement(err) {
		return placed, err
	}
	o.warn(ctx, "the authority does not take the order as a replacement; it is placed without", err)
	options.ReplacesCertID = ""
	return o.session.core.Orders.NewWithOptions(names, options)
}

// refusesReplacement tells whether an error may be due to what the order
// claims to replace: the certificate is another account's, not known, or
// replaced already, or the authority stumbles over its name. (Pebble 2.10.1
// answers with the status 500 if the serial number begins with a zero byte.)
// A rate limit is none of these.
func refusesReplacement(err error) bool {
	details, ok := errors.AsType[*acme.ProblemDetails](err)
	if !ok || details.Type == acme.RateLimitedErr {
		return false
	}
	refusals := []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict}
	named := []string{acme.AlreadyReplacedErr, problemPrefix + "serverInternal"}
	return slices.Contains(named, details.Type) || slices.Contains(refusals, details.HTTPStatus)
}
