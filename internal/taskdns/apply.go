package taskdns

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
)

// maxRounds bounds how often the changes are submitted again without what
// Route 53 refused. Three are usual: what is sure, what was refused, and what
// had to be read. Somebody else's change can come between reading a record set
// and changing it, but not again and again.
const maxRounds = 6

// errUnsettled is a name that somebody else kept changing under us.
var errUnsettled = errors.New("changing the record: it was changed by others each time it had been read")

// apply makes the records what they are wanted to be. ttls are further TTLs,
// beside the current one, that mark a record set as ours. Doing it again
// changes nothing, but for wants that ask for it with touch. It logs each
// record that it changes, and records the metrics of batches, of lag and of
// conflicts.
//
// All changes go into as few batches as Route 53 allows. Batches are atomic:
// when one is refused, only the names that Route 53 complains about are judged
// again, and all others are submitted together once more. What must be read
// first never delays what is known.
func (z *zone) apply(ctx context.Context, wants []want, ttls []int64) outcome {
	r := rules{ttl: z.ttl, ours: ttls, takeOver: z.takeOver}
	wants = slices.Clone(wants)
	var items []*item
	for i := range wants {
		items = append(items, itemsOf(&wants[i])...)
	}
	out := outcome{failed: map[string]error{}, conflicts: map[string]string{}}
	for range maxRounds {
		sure, doubtful := sortOut(r, items)
		if len(sure)+len(doubtful) == 0 {
			break
		}
		for _, batch := range split(sure, z.most) {
			if a, ok := z.submit(ctx, batch); ok {
				out.changes = append(out.changes, a)
			}
		}
		z.read(ctx, doubtful)
	}
	z.conclude(items, &out)
	return out
}

// sortOut decides on all items, and answers those that have changes to make
// and those that must be read. Of two items for one record set the second waits
// until the first is settled: one batch cannot hold both.
func sortOut(r rules, items []*item) (sure, doubtful []*item) {
	type key struct {
		name string
		kind types.RRType
	}
	taken := make(map[key]bool)
	for _, it := range items {
		k := key{it.want.name, it.kind}
		if it.settled || taken[k] {
			continue
		}
		verdict, changes := r.decide(it)
		switch verdict {
		case verdictChange:
			it.changes = changes
			sure = append(sure, it)
			taken[k] = true
		case verdictRead:
			doubtful = append(doubtful, it)
			taken[k] = true
		case verdictConflict:
			it.clash(describe(*it.known.set))
		default:
			it.finish(nil)
		}
	}
	return sure, doubtful
}

// submit makes the changes of a batch. When Route 53 refuses it, the items
// that it names learn why, and the others stay as they are, to be submitted
// again.
func (z *zone) submit(ctx context.Context, batch []*item) (accepted, bool) {
	var changes []types.Change
	for _, it := range batch {
		changes = append(changes, it.changes...)
	}
	id, err := z.change(ctx, changes, comment(z.owner, batch))
	var refused *types.InvalidChangeBatch
	var repeated repeatedError
	switch {
	case errors.As(err, &refused):
		for _, it := range batch {
			it.want.touch = it.want.touch || errors.As(err, &repeated)
		}
		learn(batch, complaints(refused), err)
		return accepted{}, false
	case err != nil:
		for _, it := range batch {
			it.finish(err)
		}
		return accepted{}, false
	}
	return z.done(batch, id), true
}

// done settles the items of a batch that was accepted, with one line in the
// log for each record.
func (z *zone) done(batch []*item, id string) accepted {
	for _, it := range batch {
		for _, c := range it.changes {
			said := "record created"
			if c.Action == types.ChangeActionDelete {
				said = "record deleted"
			}
			z.log.Info(said, "name", it.want.name, "type", string(it.kind), "address", value(*c.ResourceRecordSet), "ttl", aws.ToInt64(c.ResourceRecordSet.TTL),
				"task", it.want.taskID, "cluster", it.want.cluster, "change", id)
		}
		it.finish(nil)
	}
	z.metrics.Add(MetricBatch, emf.Count, float64(len(batch)))
	a := accepted{id: id}
	a.created, a.deleted = wantsOf(batch)
	for _, w := range slices.Concat(a.created, a.deleted) {
		if !w.event.IsZero() {
			z.metrics.Add(MetricLag, emf.Seconds, max(0, z.now().Sub(w.event).Seconds()))
		}
	}
	return a
}

// conclude tells what became of the items. A task that failed is not in
// conflict as well: it is judged again.
func (z *zone) conclude(items []*item, out *outcome) {
	for _, it := range items {
		if !it.settled {
			it.err = errUnsettled
		}
		if it.err != nil && out.failed[it.want.taskID] == nil {
			out.failed[it.want.taskID] = it.err
		}
	}
	for _, it := range items {
		id := it.want.taskID
		if it.conflict == "" || out.failed[id] != nil {
			continue
		}
		z.log.Warn("record left alone, it is not ours", "name", it.want.name, "type", string(it.kind), "task", id, "cluster", it.want.cluster,
			"wanted", it.want.addresses.texts(), "there", it.conflict)
		if _, known := out.conflicts[id]; known {
			continue // of the other family; one tells enough
		}
		out.conflicts[id] = it.want.name + " bears " + it.conflict
		z.metrics.Add(MetricConflicts, emf.Count, 1)
	}
}
