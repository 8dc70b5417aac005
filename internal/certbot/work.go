package certbot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// work brings one certificate up to date and its status with it. What is in
// force then is delivered, whether it is new or not.
//
// What is to be done is found out without the lease, because mostly that is
// nothing. Else the run takes the lease, and then finds out anew: another run
// may have done it meanwhile. If that was for the same request, work answers
// how it ended; if it left nothing to do, it answers a status that is not told.
func (r *run) work(ctx context.Context, log *slog.Logger, c Certificate, status *Status, m *memory) (*Status, error) {
	place, act, err := r.survey(ctx, log, c, status, m)
	if err != nil || !act {
		return nil, err
	}
	if r.leased() {
		return nil, r.delivering(ctx, log, c, place, r.act(ctx, log, c, place, status, m))
	}
	if err := r.takeLease(ctx, log); err != nil {
		return nil, err
	}
	if told := r.told(ctx, log, c); told != nil {
		return told, nil
	}
	if err := r.recallAnew(ctx, log, c, m); err != nil {
		return nil, err
	}
	if r.quiet(ctx, log, m, status) {
		return status, nil // the other run failed, and this one pauses like any other
	}
	return r.work(ctx, log, c, status, m)
}

// survey finds out whether there is something to do that needs the lease.
func (r *run) survey(ctx context.Context, log *slog.Logger, c Certificate, status *Status, m *memory) (place *shelf, act bool, err error) {
	if place, err = r.look(ctx, c, status, m); err != nil {
		return nil, false, err
	}
	if act, err = r.mustAct(ctx, log, c, place, m); err != nil || act {
		return place, act, err
	}
	status.State = StateKept
	r.greet(ctx, log, status)
	return place, false, nil
}

// look reads what lies in the bucket. Who waits for this run learns that it has
// begun.
func (r *run) look(ctx context.Context, c Certificate, status *Status, m *memory) (place *shelf, err error) {
	err = r.patiently(ctx, func() error {
		if place, err = readShelf(ctx, r.clients.S3, r.config.Bucket, c.Prefix); err != nil {
			return err
		}
		status.Stored = place.have.stored()
		if have := place.have; have != nil && have.directory == r.config.ACME.DirectoryURL {
			status.AccountURI = cmp.Or(m.Account, have.account)
		}
		if r.leased() || !r.awaited() {
			return nil
		}
		return storeStatus(ctx, r.clients.S3, r.config, *status) // also shows that we may write
	})
	return place, err
}

// awaited tells whether somebody waits for the status: an apply does, and so
// may whoever gave the run its id.
func (r *run) awaited() bool { return r.request.Trigger == TriggerApply || r.request.RunID != "" }

// mustAct tells whether there is something to do that needs the lease. A
// request that comes again, and so forces nothing, waits for its twin, which
// may be at work: else it would tell how that ends before it does.
func (r *run) mustAct(ctx context.Context, log *slog.Logger, c Certificate, place *shelf, m *memory) (bool, error) {
	if r.request.Force || r.request.Rollback != nil || len(m.Presented) > 0 {
		return true, nil
	}
	whole, err := place.whole()
	if err != nil || !whole {
		return true, err
	}
	return r.reason(ctx, log, c, place.have, m) != "" || !r.delivered(ctx, c, place), nil
}

// forces tells whether a new certificate is wanted in any case.
func (r *run) forces(m *memory) bool { return r.request.Force && !m.spentBy(r.request.RunID) }

// act does what is to be done, and has the lease.
func (r *run) act(ctx context.Context, log *slog.Logger, c Certificate, place *shelf, status *Status, m *memory) error {
	if err := storeStatus(ctx, r.clients.S3, r.config, *status); err != nil {
		return err
	}
	r.removeOrphans(ctx, log, c, m)
	if r.request.Rollback != nil {
		m.unsettle(time.Now())
		if err := r.remember(ctx, c, m); err != nil {
			return err
		}
		return r.rollBack(ctx, log, c, place, status)
	}
	if err := r.mend(ctx, log, place, status); err != nil {
		return err
	}
	reason, force := r.reason(ctx, log, c, place.have, m), r.forces(m)
	if reason == "" && !force {
		status.State = StateKept
		r.greet(ctx, log, status)
		return nil
	}
	if !force {
		if adopted, err := r.adopt(ctx, log, c, place, status); adopted || err != nil {
			return err
		}
	}
	if reason == "" {
		reason = forced
	}
	status.Reason = reason
	log.InfoContext(ctx, "a new certificate is needed", "reason", reason)
	return r.renew(ctx, log, c, place, status, m)
}

// renew obtains and stores a certificate. Whatever does not cost an order is
// tried before there is one.
func (r *run) renew(ctx context.Context, log *slog.Logger, c Certificate, place *shelf, status *Status, m *memory) error {
	if err := m.mayTry(c, place.have.lifetime(), time.Now()); err != nil {
		return err
	}
	if err := r.readZone(ctx, c); err != nil {
		return err
	}
	session, err := r.logIn(ctx)
	if err != nil {
		return err
	}
	status.AccountURI = session.account
	m.attempt(time.Now(), r.request.RunID)
	if err := r.remember(ctx, c, m); err != nil {
		return err
	}
	issued, err := order{
		session:  session,
		records:  r.zone(c),
		want:     c,
		reserve:  r.reserve,
		replaces: replaces(place.have, c, session),
		present: func(ctx context.Context, values txtValues) error {
			return r.present(ctx, c, m, values)
		},
		withdrawn: m.withdrawn,
		issued:    func() { m.issued(time.Now()) },
		warn: func(ctx context.Context, what string, err error) {
			log.WarnContext(ctx, what, "error", err.Error())
		},
		tell: func(ctx context.Context, text string) { status.warn(ctx, log, text) },
	}.obtain(ctx)
	if err != nil {
		return r.explained(c, err)
	}
	// What was obtained is stored even if the time for obtaining is just over.
	after, cancel := afterwards(ctx, r.reserve/2)
	defer cancel()
	from := origin{directory: r.config.ACME.DirectoryURL, profile: c.Profile, preferred: c.PreferredChain, account: session.account}
	stored, err := place.publish(after, issued, from)
	if stored != nil {
		status.Stored, status.State = stored, StateIssued
	}
	if err != nil {
		return err
	}
	place.prune(after, log)
	return nil
}

// storeEnd writes the status that a run ends with. Of a certificate that was
// kept it need not be told again, unless somebody waits for it.
func (r *run) storeEnd(ctx context.Context, status Status) error {
	if status.State == StateKept && !r.awaited() {
		if told, err := r.readStatus(ctx, status.Key); err == nil && told != nil && told.covers(status) {
			return nil
		}
	}
	return storeStatus(ctx, r.clients.S3, r.config, status)
}

// readStatus reads the stored status of a certificate; nil if there is none.
func (r *run) readStatus(ctx context.Context, key string) (*Status, error) {
	found, err := getObject(ctx, r.clients.S3, r.config.Bucket, StatusObject(r.config.Name, key))
	if found == nil || err != nil {
		return nil, err
	}
	told := &Status{}
	if err := json.Unmarshal(found.body, told); err != nil {
		return nil, fmt.Errorf("decoding status object (%s): %w", key, err)
	}
	return told, nil
}

// covers tells whether a stored status already says what the status of a kept
// certificate would, but for the run and its time. A run that is still at work
// will tell how it ends itself, and one that began later knows more.
func (s *Status) covers(kept Status) bool {
	if s.StartedAt.After(kept.StartedAt) {
		return true
	}
	if s.State == StateRunning {
		return s.RunID != kept.RunID && kept.FinishedAt.Before(s.StartedAt.Add(LongestRun))
	}
	if s.State == StateFailed || s.ConfigSHA != kept.ConfigSHA || s.AccountURI != kept.AccountURI || s.Stored == nil || kept.Stored == nil {
		return false
	}
	a, b := s.Stored, kept.Stored
	return a.Serial == b.Serial && a.KeyVersion == b.KeyVersion && a.CertificateVersion == b.CertificateVersion
}
