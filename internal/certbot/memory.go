package certbot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// MemoryObject is the object key of what the function remembers of a
// certificate between runs. Keys of certificates hold no dot, so it is never
// another certificate's status.
func MemoryObject(name, key string) string {
	return StatusPrefix + name + "/" + key + ".memory.json"
}

const (
	// attemptsPerHour and issuedPerWeek stay one below what Let's Encrypt
	// allows for a name and for a set of names.
	attemptsPerHour = 4
	issuedPerWeek   = 4

	week = 7 * 24 * time.Hour
	// longestRefusal bounds what an authority's Retry-After may forbid; the
	// longest limit known is over a week.
	longestRefusal = week
)

// pauses are the waits after the first failure, the second, and so on, which
// Let's Encrypt asks for. The last one is for all further failures.
var pauses = []time.Duration{time.Minute, 10 * time.Minute, 100 * time.Minute, 24 * time.Hour}

// memory is what the function remembers of a certificate between runs. It
// holds no secret. An absent one is the zero value.
type memory struct {
	// Directory, Domains, KeyType, Profile, PreferredChain and Prefix are what
	// the last run was to obtain and where: failures say nothing of anything
	// else.
	Directory string   `json:"directory"`
	Domains   []string `json:"domains"`
	KeyType   string   `json:"key_type"`
	Profile   string   `json:"profile,omitempty"`
	Prefix    string   `json:"prefix"`

	PreferredChain string `json:"preferred_chain,omitempty"`
	// Delivery is the name of the secret that Stored is in; empty if there is to
	// be none.
	Delivery string `json:"delivery,omitempty"`
	// Stored is the certificate that the last run saw in the bucket.
	Stored *Stored `json:"stored,omitempty"`
	// Account is ours at the authority, bound to the external account
	// ExternalAccount if that is not empty.
	Account         string `json:"account,omitempty"`
	ExternalAccount string `json:"external_account,omitempty"`
	// Renewal is when the authority wants Stored renewed.
	Renewal *renewal `json:"renewal,omitempty"`
	// Failures are how many runs failed since the last good one, and Failure
	// is what the last of them said.
	Failures int    `json:"failures,omitempty"`
	Failure  string `json:"failure,omitempty"`
	// NextAttempt is when we try again, and RetryAfter is when the authority
	// lets us. That one stands until it is over, whatever else is good; the
	// other is zero where there is nothing to try.
	NextAttempt time.Time `json:"next_attempt,omitzero"`
	RetryAfter  time.Time `json:"retry_after,omitzero"`
	// Attempts are the orders of the last hour that gave no certificate, and
	// Issued are the certificates of the last week.
	Attempts []spending `json:"attempts,omitempty"`
	Issued   []spending `json:"issued,omitempty"`
	// Untold is the serial number of a certificate that is in force and was told
	// of as a failure, because not all of its readers had it yet.
	Untold string `json:"untold,omitempty"`
	// Presented are challenge values that may still be in a zone.
	Presented []presented `json:"presented,omitempty"`

	// read is the object that it was read from, nil if there was none.
	read *object
}

// spending is what counts for an authority's limits.
type spending struct {
	At        time.Time `json:"at"`
	Directory string    `json:"directory"`
	Names     []string  `json:"names"`
	// Run is the id that the request gave its run, if it gave one.
	Run string `json:"run,omitempty"`
}

// tooEarly is why nothing was tried: it is not the time yet.
type tooEarly struct {
	why   string
	until time.Time
	// theirs tells that the authority said so, not we.
	theirs bool
}

func (e *tooEarly) Error() string {
	return fmt.Sprintf("%s; the next attempt is possible at %s", e.why, stamp(e.until))
}

// recall reads what is remembered of a certificate, and forgets what a changed
// configuration makes void.
func (r *run) recall(ctx context.Context, log *slog.Logger, c Certificate) (*memory, error) {
	m := &memory{}
	err := r.patiently(ctx, func() error {
		found, err := getObject(ctx, r.clients.S3, r.config.Bucket, MemoryObject(r.config.Name, c.Key))
		if found == nil || err != nil {
			return err
		}
		if err := json.Unmarshal(found.body, m); err != nil {
			// It only spares work. Without it the run looks at everything.
			log.WarnContext(ctx, "what was remembered cannot be read", "error", err.Error())
			m = &memory{}
		}
		m.read = found
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.wantAccount(r.config.ACME)
	m.want(c, r.config.ACME.DirectoryURL)
	return m, nil
}

// wantAccount forgets an account that is not the wanted one.
func (m *memory) wantAccount(config ACME) {
	external := ""
	if config.EAB != nil {
		external = config.EAB.KeyID
	}
	if m.Directory != config.DirectoryURL || m.ExternalAccount != external {
		m.Account, m.ExternalAccount = "", external
	}
}

// want makes the memory one of this certificate. Failures at obtaining
// another one say nothing of it, and the authority's Retry-After was for these
// names. What was spent stays spent.
func (m *memory) want(c Certificate, directory string) {
	names := normalNames(c.Domains)
	if m.Directory != directory || !slices.Equal(m.Domains, names) {
		m.RetryAfter = time.Time{}
	} else if m.KeyType == c.KeyType && m.Profile == c.Profile && m.PreferredChain == c.PreferredChain && m.Prefix == c.Prefix && m.Delivery == c.Secret {
		return
	}
	m.Directory, m.Domains, m.KeyType, m.Profile, m.Prefix = directory, names, c.KeyType, c.Profile, c.Prefix
	m.PreferredChain, m.Delivery = c.PreferredChain, c.Secret
	m.Failures, m.Failure, m.NextAttempt, m.Stored = 0, "", time.Time{}, nil
}

// recallAnew reads the memory again, because another run may have written it
// since. What the authority said meanwhile stays.
func (r *run) recallAnew(ctx context.Context, log *slog.Logger, c Certificate, m *memory) error {
	now, err := r.recall(ctx, log, c)
	if err != nil {
		return err
	}
	if ours := m.Renewal; ours != nil && (now.Renewal == nil || now.Renewal.Serial == ours.Serial && now.Renewal.CheckAfter.Before(ours.CheckAfter)) {
		now.Renewal = ours
	}
	*m = *now
	return nil
}

// remember writes the memory if it changed. A run without the lease does not
// write over what another one remembers since: that one knows more.
func (r *run) remember(ctx context.Context, c Certificate, m *memory) error {
	if m == nil {
		return nil // it could not be read, so it must not be replaced
	}
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("marshalling what is remembered: %w", err)
	}
	if m.read != nil && bytes.Equal(m.read.body, body) {
		return nil
	}
	key := MemoryObject(r.config.Name, c.Key)
	if r.leased() {
		if _, err := putObject(ctx, r.clients.S3, r.config.Bucket, key, "application/json", body, nil); err != nil {
			return err
		}
		m.read = &object{body: body}
		return nil
	}
	written, err := replaceObject(ctx, r.clients.S3, r.config.Bucket, key, body, m.read)
	if errors.Is(err, errChanged) {
		r.log.InfoContext(ctx, "what another run remembers meanwhile stays", "certificate", c.Key)
		return nil
	}
	if err != nil {
		return err
	}
	m.read = written
	return nil
}

// idle tells whether the run may leave without a word if there is nothing to
// do. Not where a person wants something, or somebody waits for its status.
func (r *run) idle() bool {
	return !r.request.Force && r.request.Rollback == nil && r.request.RunID == "" && r.request.Trigger != TriggerApply
}

// quiet tells whether the memory alone shows that this run has nothing to do,
// and fills in the status with what it shows. Such a run writes nothing.
func (r *run) quiet(ctx context.Context, log *slog.Logger, m *memory, status *Status) bool {
	if !r.idle() {
		return false
	}
	now := time.Now()
	status.Stored, status.AccountURI, status.FinishedAt = m.Stored, m.Account, now.UTC()
	if now.Before(m.NextAttempt) {
		status.State = StateWaiting
		log.InfoContext(ctx, "the last attempt failed, and it is too early for another", "next_attempt", m.NextAttempt, "failures", m.Failures, "failure", m.Failure)
		return true
	}
	if r.request.Trigger != TriggerSchedule || !m.NextAttempt.IsZero() || m.Stored == nil || m.Renewal == nil || m.Renewal.Serial != m.Stored.Serial {
		return false
	}
	if !now.Before(m.Renewal.CheckAfter) || ripe(m.Stored.NotBefore, m.Stored.NotAfter, m.Renewal, now) != "" {
		return false
	}
	status.State = StateKept
	log.InfoContext(ctx, "the certificate is good", "not_after", m.Stored.NotAfter, "serial", m.Stored.Serial, "check_after", m.Renewal.CheckAfter, "renewal", m.Renewal.Moment)
	return true
}

// mayTry refuses an attempt that the authority forbids, or that would bring us
// near its limits: those it enforces for a week. Nothing overrides this.
func (m *memory) mayTry(c Certificate, lifetime time.Duration, now time.Time) error {
	if now.Before(m.RetryAfter) {
		return &tooEarly{why: "the authority asked to wait when it refused the last attempt: " + m.Failure, until: m.RetryAfter, theirs: true}
	}
	m.prune(now)
	failed := slices.DeleteFunc(slices.Clone(m.Attempts), func(s spending) bool { return s.Directory != m.Directory })
	if n := len(failed); n >= attemptsPerHour {
		return &tooEarly{why: fmt.Sprintf("%d attempts failed within an hour, and authorities allow few more", n), until: failed[n-attemptsPerHour].At.Add(time.Hour)}
	}
	names := normalNames(c.Domains)
	same := slices.DeleteFunc(slices.Clone(m.Issued), func(s spending) bool { return s.Directory != m.Directory || !slices.Equal(s.Names, names) })
	allowed := issuedPerWeek
	if lifetime > 0 {
		allowed = max(allowed, int(2*week/lifetime)) // who issues for a day lets one renew each day
	}
	if n := len(same); n >= allowed {
		return &tooEarly{why: fmt.Sprintf("%d certificates for %s were issued within seven days, and authorities allow few more", n, strings.Join(names, ", ")), until: same[n-allowed].At.Add(week)}
	}
	return nil
}

// prune forgets what counts for no limit any more.
func (m *memory) prune(now time.Time) {
	m.Attempts = slices.DeleteFunc(m.Attempts, func(s spending) bool { return !now.Before(s.At.Add(time.Hour)) })
	m.Issued = slices.DeleteFunc(m.Issued, func(s spending) bool { return !now.Before(s.At.Add(week)) })
}

// attempt notes an order before it is placed, so that one which ends with the
// function counts as well. Should the run die, the next one looks at everything:
// what it left behind may be half done.
func (m *memory) attempt(now time.Time, run string) {
	m.Stored = nil
	m.Attempts = append(m.Attempts, spending{At: now.UTC(), Directory: m.Directory, Names: m.Domains, Run: run})
}

// issued notes that the last attempt gave a certificate, wherever it may end:
// the authority counts it.
func (m *memory) issued(now time.Time) {
	last := len(m.Attempts) - 1
	spent := m.Attempts[last]
	spent.At = now.UTC()
	m.Attempts, m.Issued = m.Attempts[:last], append(m.Issued, spent)
}

// unsettle has the next scheduled run look at everything, should this one not
// come to a good end.
func (m *memory) unsettle(now time.Time) { m.NextAttempt = later(m.NextAttempt, now.UTC()) }

// good notes that the stored certificate is good. Only a new one, or time, ends
// what the authority asked for.
func (m *memory) good(status *Status, now time.Time) {
	m.Stored, m.Account = status.Stored, status.AccountURI
	m.Failures, m.NextAttempt, m.Untold = 0, time.Time{}, ""
	if status.State == StateIssued || !now.Before(m.RetryAfter) {
		m.Failure, m.RetryAfter = "", time.Time{}
	}
}

// failed notes why a run failed, and tells when the next one tries again. An
// attempt that was not made is no failure.
func (m *memory) failed(err error, status *Status, now time.Time) {
	if m == nil {
		return // it could not be read
	}
	f := status.Failure
	if status.Stored != nil || errors.Is(err, errTorn) {
		m.Stored = status.Stored
	}
	early, isEarly := errors.AsType[*tooEarly](err)
	other, isOccupied := errors.AsType[*occupied](err)
	switch {
	case isOccupied:
		f.NextAttempt = other.by.Until
	case isEarly:
		m.NextAttempt = later(m.NextAttempt, early.until)
		if early.theirs {
			f.RetryAfter = early.until
		}
	default:
		m.Failures++
		m.Failure = err.Error()
		m.RetryAfter = later(m.RetryAfter, f.RetryAfter)
		if limit := now.Add(longestRefusal).UTC(); m.RetryAfter.After(limit) {
			m.RetryAfter = limit
		}
		m.NextAttempt = later(now.Add(pauses[min(m.Failures, len(pauses))-1]).UTC(), m.RetryAfter)
	}
	f.NextAttempt = later(f.NextAttempt, m.NextAttempt)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
