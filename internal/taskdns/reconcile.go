package taskdns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/pace"
)

// errForeignDomain is a domain that somebody else has claimed. Nothing is
// written there.
var errForeignDomain = errors.New("the domain is claimed by somebody else, so nothing was changed")

// look is one comparison of the zone with all running tasks.
type look struct {
	// due are names that were orphans a while ago, at which this is the second
	// look.
	due map[string]bool
	// unguarded takes away orphans however many.
	unguarded bool
	// ask has the names that wait for their second look looked at again by a
	// message of the function to itself.
	ask bool
}

// reconcile compares the zone with all running tasks, and makes it right.
// Orphans wait for a second look, which comes by a message, or, if unguarded,
// is taken at once.
func (h *Handler) reconcile(ctx context.Context, unguarded bool) (Report, error) {
	report, waiting, err := h.look(ctx, look{ask: !unguarded})
	if err != nil {
		return report, err
	}
	if report.Failed == 0 {
		h.metrics.Add(MetricReconciled, emf.Count, 1)
	}
	if !unguarded || len(waiting) == 0 {
		return report, nil
	}
	if sleep(ctx, shortGrace) != nil {
		report.Done, report.Reason = false, "time ran out"
		return report, nil //nolint:nilerr // it is to be sent again, as the report says
	}
	second, _, err := h.look(ctx, look{due: setOf(waiting), unguarded: true})
	second.Created += report.Created
	second.Deleted += report.Deleted
	return second, err
}

// recheck is the second look at names that a reconciliation found to be
// orphans. sent is when SQS took in the message that asks for it: nobody can
// invent that, so whoever sends such a message gains nothing by it but work for
// the function, since everything is read anew.
func (h *Handler) recheck(ctx context.Context, names []string, sent time.Time) error {
	if sent.IsZero() || h.now().Sub(sent) < graceLeast {
		h.log.Warn("message ignored", "reason", "it asks too early for a second look", "names", len(names))
		return nil
	}
	report, _, err := h.look(ctx, look{due: setOf(names)})
	h.metrics.Add(MetricHeld, emf.Count, float64(report.Held))
	switch {
	case errors.Is(err, errForeignDomain):
		h.log.Warn("message ignored", "reason", err.Error())
		return nil
	case err == nil && report.Failed > 0:
		return errors.New(report.Reason)
	}
	return err
}

// look takes a look, and answers the names that wait for another one. It
// claims the domain if nobody has, and stops if somebody else has.
//
// What is missing is made even if ECS or EC2 cannot be asked about something
// else; but then nothing is deleted, and the look fails.
func (h *Handler) look(ctx context.Context, l look) (Report, []string, error) {
	sets, err := h.zone.records(ctx)
	if err != nil {
		return Report{}, nil, err
	}
	held := h.holdingOf(h.cfg.Domain, sets)
	if !held.ours || held.claim.TTLs[0] != h.cfg.TTL {
		if held, err = h.claim(ctx); err != nil {
			return Report{}, nil, err
		}
	}
	report := held.report()
	if !held.ours {
		return report, nil, fmt.Errorf("reconciling the names below %s: %w: %s", h.cfg.Domain, errForeignDomain, report.Claimant)
	}
	v := h.survey(ctx, sets, held.claim.TTLs)
	h.metrics.Add(MetricRecords, emf.Count, float64(len(v.names)))
	wants, stay, doubles := h.wanted(v)
	var s sentence
	if v.unasked == nil {
		orphans := h.orphans(v, stay)
		h.metrics.Add(MetricOrphans, emf.Count, float64(len(orphans)))
		s, v.unasked = h.judge(ctx, v, orphans, l)
	}
	out := h.zone.apply(ctx, slices.Concat(wants, s.gone), v.ttls)
	report.count(out, h.follow(ctx, out, v.known()))
	report.Conflicts += doubles
	report.Waiting, report.Held = len(s.waiting), s.held
	if l.ask {
		v.unasked = errors.Join(v.unasked, h.again(ctx, s.waiting))
	}
	h.log.Info("reconciled", "names", len(v.names), "running", len(v.listed), "created", report.Created, "deleted", report.Deleted,
		"conflicts", report.Conflicts, "waiting", report.Waiting, "held", report.Held, "failed", report.Failed, "reason", report.Reason)
	if v.unasked != nil {
		return report, s.waiting, fmt.Errorf("reconciling the names below %s: %w", h.cfg.Domain, v.unasked)
	}
	return report, s.waiting, nil
}

// setOf makes a set of names.
func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[canonical(name)] = true
	}
	return set
}

// known are the tasks that ECS knows.
func (v survey) known() map[string]task {
	known := make(map[string]task, len(v.tasks))
	for id, t := range v.tasks {
		if t.found {
			known[id] = t
		}
	}
	return known
}

// count adds to a report what became of wants. untold are tasks, by their ids,
// of which nobody would learn.
func (r *Report) count(out outcome, untold map[string]error) {
	created, deleted := make(map[string]bool), make(map[string]bool)
	for _, change := range out.changes {
		for _, w := range change.created {
			created[w.name] = true
		}
		for _, w := range change.deleted {
			deleted[w.name] = true
		}
	}
	r.Created, r.Deleted, r.Conflicts = len(created), len(deleted), len(out.conflicts)
	failed := maps.Clone(untold)
	if failed == nil {
		failed = make(map[string]error)
	}
	maps.Copy(failed, out.failed)
	r.Failed = len(failed)
	for _, id := range slices.Sorted(maps.Keys(failed)) {
		r.Reason = cmp.Or(r.Reason, failed[id].Error())
		if errors.Is(failed[id], pace.ErrNoTime) || errors.Is(failed[id], context.DeadlineExceeded) {
			r.Done = false
		}
	}
}
