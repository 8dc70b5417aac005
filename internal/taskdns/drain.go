package taskdns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/pace"
)

const (
	// drainReserve is the time before the function's deadline after which a
	// drain begins nothing any more.
	drainReserve = 5 * time.Second
	// settleTime is how long a place must have been without names of ours
	// before its claim goes. An invocation that was under way may still write,
	// and without the claim nobody could tell whose its names are.
	settleTime = 2 * time.Second
	// drainBatch is how many record sets are deleted at once: as many as Route
	// 53 takes if each has the longest address there is.
	drainBatch = maxBatchCharacters / len("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
)

// errUndrained is a place in which somebody else kept changing what was to go.
var errUndrained = errors.New("the records were changed by others each time they had been read")

// drain removes the names of this resource from a place, as far as they were
// made by the place's template and keep does not hold them back, and then, if
// whole, the claim. Where the claim is not ours it touches nothing. A zone that
// does not exist holds nothing.
func (h *Handler) drain(ctx context.Context, place Place, keep func(label string) bool, whole bool) (Report, error) {
	if deadline, ok := ctx.Deadline(); ok {
		earlier, cancel := context.WithDeadline(ctx, deadline.Add(reserve-drainReserve))
		defer cancel()
		ctx = earlier
	}
	z, err := newZone(h.cfg, place, h.clients.Route53(place), Settings{Now: h.now, Random: h.random, Log: h.log}, h.pacer, h.metrics)
	if err != nil {
		return Report{}, err
	}
	d := drainer{zone: z, of: h, keep: keep, whole: whole}
	err = d.run(ctx)
	switch {
	case awserr.Is(err, "NoSuchHostedZone"):
		d.report.Done = true
	case errors.Is(err, pace.ErrNoTime), ctx.Err() != nil:
		d.report.Done, d.report.Reason = false, "time ran out"
	case err != nil:
		return d.report, fmt.Errorf("removing the names below %s: %w", place.Domain, err)
	}
	return d.report, nil
}

// drainer removes the names of one place.
type drainer struct {
	zone   *zone
	of     *Handler
	keep   func(label string) bool
	whole  bool
	report Report
}

// run removes until nothing is left, and has not come again.
func (d *drainer) run(ctx context.Context) error {
	quiet, refused := false, 0
	for {
		sets, err := d.zone.records(ctx)
		if err != nil {
			return err
		}
		held := d.of.holdingOf(d.zone.place.Domain, sets)
		d.report.Claimant, d.report.Ours = held.claimant(), held.ours
		if !held.ours {
			d.report.Done = true
			return nil
		}
		left := d.mine(sets, held.claim.with(d.of.cfg.TTL).TTLs)
		switch {
		case len(left) == 0 && quiet && !d.whole:
			d.report.Done = true
			return nil
		case len(left) == 0 && quiet:
			left = []types.ResourceRecordSet{*held.set}
		case len(left) == 0:
			quiet = true
			if err := sleep(ctx, settleTime); err != nil {
				return err
			}
			continue
		default:
			quiet = false
		}
		err = d.remove(ctx, left)
		if again := new(types.InvalidChangeBatch); errors.As(err, &again) {
			if refused++; refused == maxRounds {
				return fmt.Errorf("%w: %w", errUndrained, err)
			}
			continue // somebody changed what had been read
		}
		if err != nil {
			return err
		}
	}
}

// mine are the record sets that this resource made.
func (d *drainer) mine(sets []types.ResourceRecordSet, ttls []int64) []types.ResourceRecordSet {
	var mine []types.ResourceRecordSet
	for _, set := range sets {
		label, ok := madeBy(d.zone.template, d.zone.place.Domain, set, ttls)
		if ok && !d.keep(label) {
			mine = append(mine, set)
		}
	}
	return mine
}

// remove deletes record sets, exactly as they were read.
func (d *drainer) remove(ctx context.Context, sets []types.ResourceRecordSet) error {
	for chunk := range slices.Chunk(sets, min(drainBatch, d.zone.most)) {
		var changes []types.Change
		for _, set := range chunk {
			changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: &set})
		}
		id, err := d.zone.change(ctx, changes, "fargatedirect "+d.of.cfg.Owner+" leaves the domain")
		if err != nil {
			return err
		}
		for i, set := range chunk {
			d.of.log.Info("record deleted", "name", aws.ToString(set.Name), "type", set.Type, "value", value(set), "change", id)
			if set.Type != types.RRTypeTxt && (i == 0 || !sameName(aws.ToString(set.Name), aws.ToString(chunk[i-1].Name))) {
				d.report.Deleted++
			}
		}
	}
	return nil
}

// leave drains the retired places, and the current one too if all is to go. In
// a place with the domain and zone of the current one, which is to stay, the
// claim stays, and so do the names that a current task can have.
func (h *Handler) leave(ctx context.Context, all bool) (Report, error) {
	places := slices.Clone(h.cfg.Retired)
	if all {
		places = append(places, h.cfg.Place)
	}
	total := Report{Done: true}
	for i, place := range places {
		stays := !all && sameDomain(place, h.cfg.Place)
		if stays && place.HostnameTemplate == h.cfg.HostnameTemplate {
			continue
		}
		keep := func(label string) bool { return stays && h.template.Matches(label) }
		later := slices.ContainsFunc(places[i+1:], func(p Place) bool { return sameDomain(p, place) })
		report, err := h.drain(ctx, place, keep, !stays && !later)
		total.Deleted += report.Deleted
		total.Claimant, total.Ours = report.Claimant, report.Ours
		if err != nil {
			total.Done = false
			return total, err
		}
		if !report.Done {
			total.Done, total.Reason = false, report.Reason
			return total, nil
		}
	}
	return total, nil
}

// sameDomain tells whether two places share a claim.
func sameDomain(a, b Place) bool {
	return a.Domain == b.Domain && a.HostedZoneID == b.HostedZoneID
}

// madeBy tells whether a record set is such as this function makes: an address
// record at a name that the template can make, plain, of one value, and with
// one of our TTLs. It answers the name's label.
func madeBy(template hostname.Template, domain string, set types.ResourceRecordSet, ttls []int64) (string, bool) {
	label, ok := labelOf(aws.ToString(set.Name), domain)
	ok = ok && template.Matches(label) && (set.Type == types.RRTypeA || set.Type == types.RRTypeAaaa) &&
		isPlain(set) && len(set.ResourceRecords) == 1 && slices.Contains(ttls, aws.ToInt64(set.TTL))
	return label, ok
}

// sleep waits, unless the context would end before.
func sleep(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return pace.ErrNoTime
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
