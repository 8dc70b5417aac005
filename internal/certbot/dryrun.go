package certbot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-acme/lego/v4/acme/api"
)

// forced is the reason for a certificate that nothing but the request asks for.
const forced = "the request forces it"

// foretell answers what a run would do for a certificate. Whatever would make
// the run fail is in the status and no error: a dry run that has found it has
// done its work.
func (r *run) foretell(ctx context.Context, c Certificate) (Status, error) {
	log := r.log.With("certificate", c.Key)
	status := Status{Key: c.Key, RunID: r.id, Trigger: r.request.Trigger, ConfigSHA: r.source.SHA256, StartedAt: time.Now().UTC()}
	if err := r.foresee(ctx, log, c, &status); err != nil {
		status.State = StateFailed
		status.Failure = failure(err)
		status.Failure.Message = "A run would fail: " + strings.TrimPrefix(status.Failure.Message, notStored)
	}
	status.FinishedAt = time.Now().UTC()
	log.InfoContext(ctx, "a dry run changed nothing", "state", status.State, "reason", status.Reason)
	return status, nil
}

// foresee goes the way of work and renew as far as that costs nothing.
func (r *run) foresee(ctx context.Context, log *slog.Logger, c Certificate, status *Status) error {
	m, err := r.recall(ctx, log, c)
	if err != nil {
		return err
	}
	place, err := readShelf(ctx, r.clients.S3, r.config.Bucket, c.Prefix)
	if err != nil {
		return err
	}
	if r.idle() && time.Now().Before(m.NextAttempt) {
		status.Stored, status.State = place.have.stored(), StateWaiting
		status.Reason = fmt.Sprintf("the last attempt failed, and the next one is made at %s: %s", stamp(m.NextAttempt), m.Failure)
		return nil
	}
	status.Stored = place.have.stored()
	reason := r.reason(ctx, log, c, place.have, m)
	if reason == "" && !r.request.Force {
		status.State, status.Reason = StateKept, m.dueText(*status.Stored)
		if whole, err := place.whole(); err != nil || !whole {
			status.Reason += "; objects of it are missing or of another version, and a run would write them"
			return err
		}
		if !r.delivered(ctx, c, place) {
			status.Reason += "; its secret does not hold it, and a run would write it there"
		}
		return nil
	}
	if !r.request.Force {
		if found, where := r.best(ctx, log, c, place); found != nil {
			status.State, status.Reason = StateWouldAdopt, fmt.Sprintf("%s, but one that fits lies at %s", reason, where)
			return nil
		}
	}
	if reason == "" {
		reason = forced
	}
	status.State, status.Reason = StateWouldIssue, reason
	return r.ready(ctx, c, place, status, m)
}

// dueText tells when a certificate will be renewed.
func (m *memory) dueText(stored Stored) string {
	if m.Renewal != nil && !m.Renewal.Moment.IsZero() {
		return fmt.Sprintf("it is valid until %s, and the authority wants it renewed from %s to %s", stamp(stored.NotAfter), stamp(m.Renewal.Start), stamp(m.Renewal.End))
	}
	return fmt.Sprintf("it is valid until %s, and will be renewed from %s on", stamp(stored.NotAfter), stamp(renewAt(stored.NotBefore, stored.NotAfter)))
}

// ready answers why an order would fail, as far as that can be known without
// one.
func (r *run) ready(ctx context.Context, c Certificate, place *shelf, status *Status, m *memory) error {
	if err := m.mayTry(c, place.have.lifetime(), time.Now()); err != nil {
		return err
	}
	if err := r.readZone(ctx, c); err != nil {
		return err
	}
	key, err := readAccountKey(ctx, r.clients.SSM, r.config.ACME.KeyParameter)
	if err != nil {
		return err
	}
	if key == nil {
		status.Reason += "; there is no account at the authority yet, so it would be asked for one first"
		if eab := r.config.ACME.EAB; eab != nil {
			if _, err := eab.hmacKey(ctx, r.clients); err != nil {
				return err
			}
		}
	}
	if r.informant == nil {
		r.informant = r.newInformant(ctx)
	}
	if err := r.informant.err; err != nil && !errors.Is(err, api.ErrNoARI) {
		return err
	}
	offered := r.informant.directory.Meta
	if key == nil && r.config.ACME.EAB == nil && offered.ExternalAccountRequired {
		return errors.New("registering the account at the authority: it takes only accounts that are bound to one at its site; set acme.eab")
	}
	return checkProfile(offered.Profiles, c.Profile)
}
