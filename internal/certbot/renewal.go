package certbot

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-acme/lego/v4/acme"
	"github.com/go-acme/lego/v4/acme/api"
	"github.com/go-acme/lego/v4/certificate"
)

const (
	// shortestCheck and longestCheck bound an authority's Retry-After.
	shortestCheck = time.Minute
	longestCheck  = 24 * time.Hour
	// ownCheck is for an authority that answers none. It is shorter than the
	// schedule, so that each run asks.
	ownCheck = 5 * time.Hour
)

// renewal is what an authority said of when to renew a certificate (RFC 9773).
type renewal struct {
	// Serial names the certificate.
	Serial string `json:"serial"`
	// CheckAfter is when the authority may be asked again.
	CheckAfter time.Time `json:"check_after"`
	// Start and End are the window that the authority suggested, and Moment
	// was drawn in it, once; all are zero where it suggested none of use.
	Start  time.Time `json:"start,omitzero"`
	End    time.Time `json:"end,omitzero"`
	Moment time.Time `json:"moment,omitzero"`
	// ExplanationURL is a page of the authority about the window.
	ExplanationURL string `json:"explanation_url,omitempty"`
}

// interval is how far apart scheduled runs are by default.
func interval(notBefore, notAfter time.Time) time.Duration {
	if notAfter.Sub(notBefore) < shortLifetime {
		return time.Hour
	}
	return 6 * time.Hour
}

// ripe answers why a certificate is to be renewed for its age, or "" if it is
// not. The authority's window decides where there is one.
func ripe(notBefore, notAfter time.Time, plan *renewal, now time.Time) string {
	backstop := renewAt(notBefore, notAfter)
	if plan == nil || plan.Moment.IsZero() {
		if now.Before(backstop) {
			return ""
		}
		return "the stored one expires on " + stamp(notAfter)
	}
	window := fmt.Sprintf("the authority wants it renewed from %s to %s", stamp(plan.Start), stamp(plan.End))
	switch {
	case !now.Before(plan.Moment):
		return window + ", and the moment drawn in between has come: " + stamp(plan.Moment)
	case !now.Before(plan.Start) && plan.Moment.Before(now.Add(interval(notBefore, notAfter))):
		return window + ", and the moment drawn in between comes before the next run: " + stamp(plan.Moment)
	case !now.Before(notAfter.Add(-notAfter.Sub(backstop) / 2)):
		return "the stored one expires on " + stamp(notAfter) + ", which is too soon to wait for the authority's moment: " + stamp(plan.Moment)
	}
	return ""
}

// reason answers why a new certificate is needed, or "" while the held one is
// good. A forced run does not care how old it is.
func (r *run) reason(ctx context.Context, log *slog.Logger, c Certificate, have *held, m *memory) string {
	reason := unfit(c, r.config.ACME.DirectoryURL, have, time.Now())
	if reason != "" || r.request.Force {
		return reason
	}
	r.consult(ctx, log, have, m)
	leaf := have.leaf()
	return ripe(leaf.NotBefore, leaf.NotAfter, m.Renewal, time.Now())
}

// consult asks the authority when it wants the held certificate renewed,
// unless it is too early to ask again. Whatever it answers that makes no sense
// changes nothing: a moment that is kept stays, and else the lifetime decides.
func (r *run) consult(ctx context.Context, log *slog.Logger, have *held, m *memory) {
	leaf, now := have.leaf(), time.Now()
	serial := have.pair.stored().Serial
	if m.Renewal == nil || m.Renewal.Serial != serial {
		m.Renewal = &renewal{Serial: serial}
	}
	plan := m.Renewal
	if now.Before(plan.CheckAfter) {
		return
	}
	info, wait, err := r.renewalInfo(ctx, leaf)
	if err == nil {
		err = sane(info.SuggestedWindow, leaf)
	}
	plan.CheckAfter = now.Add(min(max(wait, shortestCheck), longestCheck)).UTC().Round(time.Second)
	if errors.Is(err, api.ErrNoARI) {
		log.InfoContext(ctx, "the authority does not tell when to renew; the lifetime decides", "renewal", renewAt(leaf.NotBefore, leaf.NotAfter))
		return
	}
	if err != nil {
		log.WarnContext(ctx, "the authority's renewal information is of no use", "error", err.Error(), "kept", plan.Moment, "by_lifetime", renewAt(leaf.NotBefore, leaf.NotAfter), "check_after", plan.CheckAfter)
		return
	}
	plan.adopt(info)
	log.InfoContext(ctx, "the authority told when to renew", "start", plan.Start, "end", plan.End, "moment", plan.Moment, "explanation_url", plan.ExplanationURL, "check_after", plan.CheckAfter)
}

// adopt draws a moment in a new window; in the window that is known already
// the moment stays.
func (p *renewal) adopt(info acme.RenewalInfoResponse) {
	p.ExplanationURL = info.ExplanationURL
	start, end := info.SuggestedWindow.Start.UTC(), info.SuggestedWindow.End.UTC()
	if p.Start.Equal(start) && p.End.Equal(end) {
		return
	}
	p.Start, p.End = start, end
	p.Moment = start.Add(rand.N(end.Sub(start))) //nolint:gosec // nobody gains by guessing it
}

// sane refuses a window that cannot be meant: an authority's mistake must not
// have every certificate renewed at once, or never.
func sane(window acme.Window, leaf *x509.Certificate) error {
	start, end := window.Start, window.End
	lifetime := leaf.NotAfter.Sub(leaf.NotBefore)
	switch {
	case start.IsZero() || end.IsZero():
		return errors.New("checking the suggested window: it has no start or no end")
	case !start.Before(end):
		return fmt.Errorf("checking the suggested window: it ends at %s, before it starts at %s", stamp(end), stamp(start))
	case start.Before(leaf.NotBefore.Add(-lifetime)):
		return fmt.Errorf("checking the suggested window: %s to %s is long before the certificate", stamp(start), stamp(end))
	case end.After(leaf.NotAfter):
		return fmt.Errorf("checking the suggested window: it ends at %s, after the certificate expires", stamp(end))
	}
	return nil
}

// informant is where the authority tells when to renew.
type informant struct {
	transport *transport
	// directory is the authority's. err is why there is no place in it to ask,
	// and wait how long the directory is not to be asked again.
	directory acme.Directory
	err       error
	wait      time.Duration
}

// renewalInfo asks for a certificate's renewal information, and answers how
// long not to ask again. Only an answer with the status 200 counts: lego's own
// function takes the body of an error for one.
func (r *run) renewalInfo(ctx context.Context, leaf *x509.Certificate) (acme.RenewalInfoResponse, time.Duration, error) {
	var info acme.RenewalInfoResponse
	id, err := certificateID(leaf)
	if err != nil {
		return info, ownCheck, err
	}
	if r.informant == nil {
		r.informant = r.newInformant(ctx)
	}
	if r.informant.err != nil {
		return info, r.informant.wait, r.informant.err
	}
	wait, err := r.informant.get(ctx, strings.TrimSuffix(r.informant.directory.RenewalInfo, "/")+"/"+id, &info)
	if err != nil {
		return info, wait, fmt.Errorf("reading renewal information (%s): %w", id, err)
	}
	return info, wait, nil
}

// newInformant reads the directory. No account is needed.
func (r *run) newInformant(ctx context.Context) *informant {
	i := &informant{wait: ownCheck}
	if i.transport, i.err = r.connect(r.config.ACME.CACertificatePEM); i.err != nil {
		return i
	}
	if i.wait, i.err = i.get(ctx, r.config.ACME.DirectoryURL, &i.directory); i.err != nil {
		i.err = fmt.Errorf("reading directory (%s): %w", r.config.ACME.DirectoryURL, i.err)
		return i
	}
	if i.directory.RenewalInfo == "" {
		i.err, i.wait = api.ErrNoARI, ownCheck
	}
	return i
}

// get reads a JSON object, and answers how long not to ask again.
func (i *informant) get(ctx context.Context, address string, into any) (time.Duration, error) {
	if parsed, err := url.Parse(address); err != nil || parsed.Scheme != "https" {
		return ownCheck, fmt.Errorf("the authority's address %q is not an https URL", address)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return ownCheck, err
	}
	request.Header.Set("User-Agent", userAgent)
	response, err := (&http.Client{Transport: i.transport}).Do(request)
	if err != nil {
		return ownCheck, err
	}
	body, err := io.ReadAll(response.Body) // the transport bounds it
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return ownCheck, err
	}
	wait, err := api.ParseRetryAfter(response.Header.Get("Retry-After"))
	if err != nil || wait <= 0 {
		wait = ownCheck
	}
	if response.StatusCode != http.StatusOK {
		return wait, fmt.Errorf("the authority answered with HTTP status %d", response.StatusCode)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return wait, fmt.Errorf("decoding the authority's answer: %w", err)
	}
	return wait, nil
}

// certificateID names a certificate to its authority (RFC 9773, 4.1).
func certificateID(leaf *x509.Certificate) (string, error) {
	if len(leaf.AuthorityKeyId) == 0 {
		return "", errors.New("naming the certificate: it does not tell the authority's key")
	}
	id, err := certificate.MakeARICertID(leaf)
	if err != nil {
		return "", fmt.Errorf("naming the certificate: %w", err)
	}
	return id, nil
}
