package certbot

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-acme/lego/v4/acme"
	"github.com/go-acme/lego/v4/challenge"
)

// order obtains one certificate. Its challenges are answered together: one
// batch of records, one wait until Route 53's servers have it, and then all
// validations at once.
type order struct {
	session *session
	// records are of the zone that takes the challenges.
	records txtSets
	want    Certificate
	// reserve is the time that cleaning up and telling may take.
	reserve time.Duration
	// replaces names the certificate that the order renews (RFC 9773, 5); it
	// is empty where it renews none.
	replaces string
	// present notes challenge values before they are added, without which none
	// are, and withdrawn notes that they are removed again.
	present   func(context.Context, txtValues) error
	withdrawn func()
	// issued notes that the authority has issued the certificate, and counts it.
	issued func()
	// warn tells what went wrong beside the outcome.
	warn func(ctx context.Context, what string, err error)
	// tell tells what is not as wanted of a certificate that was obtained.
	tell func(ctx context.Context, text string)
}

// firstLook is how long an authority may take at least for what it does after
// its answer.
const firstLook = 500 * time.Millisecond

// proof is a challenge of the authority, and the TXT value that meets it.
type proof struct {
	// name is what the authorization is for, such as "*.example.com".
	name                string
	authorization       string // URL
	challenge           string // URL
	recordName, content string
}

// obtain answers a new key with its certificate. However it ends, it leaves no
// challenge record behind, unless Route 53 refuses to remove it.
func (o order) obtain(ctx context.Context) (pair, error) {
	defer o.session.transport.bind(ctx)()
	names := normalNames(o.want.Domains)
	if err := checkProfile(o.session.core.GetDirectory().Meta.Profiles, o.want.Profile); err != nil {
		return pair{}, err
	}
	placed, err := o.place(ctx, names)
	if err != nil {
		return pair{}, o.session.failed("creating order", err)
	}
	proofs, err := o.proofs(placed.Authorizations)
	if err == nil && len(proofs) > 0 { // else the authority still trusts earlier proofs
		err = o.prove(ctx, proofs)
	}
	if err != nil {
		o.abandon(ctx, placed.Authorizations)
		return pair{}, err
	}
	ready, err := o.await(ctx, placed.Location, acme.StatusReady, 0)
	if err != nil {
		return pair{}, err
	}
	return o.finalize(ctx, placed.Location, ready.Finalize, names)
}

// checkProfile refuses a profile that the authority does not list, because an
// authority's own answer need not tell which ones there are.
func checkProfile(offered map[string]string, profile string) error {
	if _, ok := offered[profile]; ok || profile == "" {
		return nil
	}
	if len(offered) == 0 {
		return fmt.Errorf("choosing certificate profile (%s): the authority offers none; leave the profile out", profile)
	}
	return fmt.Errorf("choosing certificate profile (%s): the authority offers %s", profile, strings.Join(slices.Sorted(maps.Keys(offered)), ", "))
}

// proofs are what the authority still wants to see for these authorizations.
func (o order) proofs(authorizations []string) ([]proof, error) {
	var proofs []proof
	for _, url := range authorizations {
		authorization, err := o.session.core.Authorizations.Get(url)
		if err != nil {
			return nil, o.session.failed("reading authorization", err)
		}
		if authorization.Status == acme.StatusValid {
			continue
		}
		name := challenge.GetTargetedDomain(authorization)
		offer, err := challenge.FindChallenge(challenge.DNS01, authorization)
		if err != nil {
			return nil, fmt.Errorf("proving control of %s: the authority offers no dns-01 challenge", name)
		}
		content, err := o.session.core.GetKeyAuthorization(offer.Token)
		if err != nil {
			return nil, fmt.Errorf("proving control of %s: %w", name, err)
		}
		sum := sha256.Sum256([]byte(content)) // RFC 8555, 8.4
		proofs = append(proofs, proof{
			name:          name,
			authorization: url,
			challenge:     offer.URL,
			recordName:    o.want.recordName(authorization.Identifier.Value),
			content:       base64.RawURLEncoding.EncodeToString(sum[:]),
		})
	}
	return proofs, nil
}

// prove lets the authority see the proofs. The records are removed however it
// ends, also where adding them seemed to fail: the answer alone may be lost.
func (o order) prove(ctx context.Context, proofs []proof) error {
	values := txtValues{}
	for _, p := range proofs {
		values[p.recordName] = append(values[p.recordName], p.content)
	}
	if err := o.present(ctx, values); err != nil {
		return err
	}
	defer func() {
		after, cancel := afterwards(ctx, o.reserve/2)
		defer cancel()
		if err := o.records.remove(after, values); err != nil {
			o.warn(after, "challenge records stay behind", err)
			return
		}
		o.withdrawn()
	}()
	change, err := o.records.add(ctx, values)
	if err != nil {
		return err
	}
	if err := awaitInSync(ctx, o.records.api, change); err != nil {
		return err
	}
	for _, p := range proofs {
		if err := o.validate(p); err != nil {
			return err
		}
	}
	return o.judgement(ctx, proofs)
}

// judgement waits until the authority has judged all proofs, so that a failure
// names all the names that failed.
func (o order) judgement(ctx context.Context, proofs []proof) error {
	var failures []error
	err := o.session.poll(ctx, firstLook, func() (bool, error) {
		var pending []proof
		for _, p := range proofs {
			authorization, err := o.session.core.Authorizations.Get(p.authorization)
			if err != nil {
				return false, o.session.failed("reading authorization for "+p.name, err)
			}
			switch authorization.Status {
			case acme.StatusValid:
			case acme.StatusPending, acme.StatusProcessing:
				pending = append(pending, p)
			default:
				failures = append(failures, p.delegated(refusal(p.name, authorization)))
			}
		}
		proofs = pending
		return len(pending) == 0, nil
	})
	if err != nil {
		failures = append(failures, fmt.Errorf("waiting for the authority to validate %s: %w", proofNames(proofs), err))
	}
	return errors.Join(failures...)
}

// refusal is why an authorization is not valid.
func refusal(name string, authorization acme.Authorization) error {
	for _, c := range authorization.Challenges {
		if c.Error != nil {
			return fmt.Errorf("proving control of %s: %w", name, asProblem(c.Error, 0))
		}
	}
	return fmt.Errorf("proving control of %s: the authorization is %s", name, authorization.Status)
}

// abandon closes the authorizations that are still pending, because
// authorities limit how many an account may have. It is a courtesy: the
// failure that led here matters more than its own.
func (o order) abandon(ctx context.Context, authorizations []string) {
	after, cancel := afterwards(ctx, o.reserve/6)
	defer cancel()
	defer o.session.transport.bind(after)()
	for _, url := range authorizations {
		authorization, err := o.session.core.Authorizations.Get(url)
		if err == nil && authorization.Status == acme.StatusPending {
			err = o.session.core.Authorizations.Deactivate(url)
		}
		if err != nil {
			o.warn(after, "an authorization stays open", err)
			return // the others would fare no better
		}
	}
}

// finalize has the certificate made for a new key.
func (o order) finalize(ctx context.Context, location, finalize string, names []string) (pair, error) {
	key, err := newKey(o.want.KeyType)
	if err != nil {
		return pair{}, err
	}
	csr, err := newCSR(key, names)
	if err != nil {
		return pair{}, err
	}
	if _, err := o.session.core.Orders.UpdateForCSR(finalize, csr); err != nil {
		failed := o.session.failed("finalizing order", err)
		if !mayBeDone(err) || !o.isFinalized(location) {
			return pair{}, failed
		}
	}
	done, err := o.await(ctx, location, acme.StatusValid, firstLook)
	if err != nil {
		return pair{}, err
	}
	o.issued()
	chain, err := o.download(ctx, done.Certificate)
	if err != nil {
		return pair{}, err
	}
	issued := pair{key: key, chain: chain}
	if err := issued.check(names, time.Now()); err != nil {
		return pair{}, err
	}
	return issued, nil
}

// await waits until an order has a status.
func (o order) await(ctx context.Context, location, status string, first time.Duration) (acme.ExtendedOrder, error) {
	var current acme.ExtendedOrder
	err := o.session.poll(ctx, first, func() (bool, error) {
		var err error
		if current, err = o.session.core.Orders.Get(location); err != nil {
			return false, o.session.failed("reading order", err)
		}
		switch current.Status {
		case status:
			return true, nil
		case acme.StatusPending, acme.StatusReady, acme.StatusProcessing:
			return false, nil
		}
		if current.Error != nil {
			return false, fmt.Errorf("completing order: %w", asProblem(current.Error, 0))
		}
		return false, fmt.Errorf("completing order: it is %s", current.Status)
	})
	if err != nil {
		return acme.ExtendedOrder{}, fmt.Errorf("waiting for order to be %s: %w", status, err)
	}
	return current, nil
}

func proofNames(proofs []proof) string {
	names := make([]string, len(proofs))
	for i, p := range proofs {
		names[i] = p.name
	}
	return strings.Join(names, ", ")
}
