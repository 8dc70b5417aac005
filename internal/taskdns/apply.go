package taskdns

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// maxRounds bounds how often the changes are submitted again without what
// Route 53 refused. Two are usual: somebody else's change can come between
// reading a record set and changing it, but not again and again.
const maxRounds = 5

// errUnsettled is a name that somebody else kept changing under us.
var errUnsettled = errors.New("changing the record: it was changed by others each time it had been read")

// item is one name on its way to what is wanted of it.
type item struct {
	want    want
	known   known
	changes []types.Change
	settled bool
	err     error
}

// finish ends the work on an item; without an error all is as it should be.
func (it *item) finish(err error) { it.settled, it.err = true, err }

// apply makes the records what they are wanted to be, and answers an error for
// each task, by its id, for which that did not succeed. A name that belongs to
// somebody else is no error: it is logged and left alone, since trying again
// would not change whose it is.
//
// All changes go into as few batches as Route 53 allows. Batches are atomic:
// when one is refused, only the names that Route 53 complains about are looked
// at again, and all are submitted together once more.
func (z *zone) apply(ctx context.Context, wants []want, _ []int64) outcome {
	items := make([]*item, 0, len(wants))
	for _, w := range wants {
		items = append(items, &item{want: w})
	}
	for range maxRounds {
		open := z.prepare(ctx, items)
		if len(open) == 0 {
			break
		}
		for _, batch := range split(open) {
			z.submit(ctx, batch)
		}
	}
	out := outcome{failed: map[string]error{}, conflicts: map[string]string{}}
	for _, it := range items {
		if !it.settled {
			it.err = errUnsettled
		}
		if it.err != nil {
			out.failed[it.want.taskID] = it.err
		}
	}
	return out
}

// prepare decides on the changes of all items, reading record sets where that
// is needed, and answers the items that have changes to make.
func (z *zone) prepare(ctx context.Context, items []*item) []*item {
	var open []*item
	for _, it := range items {
		if it.settled {
			continue
		}
		verdict, changes := decide(it.want, it.known, z.ttl)
		if verdict == verdictRead {
			set, err := z.read(ctx, it.want.name)
			if err != nil {
				it.finish(err)
				continue
			}
			it.known = known{read: true, set: set}
			verdict, changes = decide(it.want, it.known, z.ttl)
		}
		switch verdict {
		case verdictChange:
			it.changes = changes
			open = append(open, it)
		case verdictForeign:
			z.log.Warn("record left alone, it is not ours", "name", it.want.name, "task", it.want.taskID, "cluster", it.want.cluster,
				"wanted", it.want.address(), "ttl", aws.ToInt64(it.known.set.TTL), "values", len(it.known.set.ResourceRecords))
			it.finish(nil)
		default:
			it.finish(nil)
		}
	}
	return open
}

// read answers the A record set that bears a name, or nil when there is none.
func (z *zone) read(ctx context.Context, name string) (*types.ResourceRecordSet, error) {
	out, err := z.list(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId:    aws.String(z.place.HostedZoneID),
		StartRecordName: aws.String(name + "."),
		StartRecordType: types.RRTypeA,
		MaxItems:        aws.Int32(1), // the list starts at the name, or after it
	})
	if err != nil {
		return nil, fmt.Errorf("reading record (%s): %w", name, err)
	}
	for _, set := range out.ResourceRecordSets {
		if set.Type == types.RRTypeA && sameName(aws.ToString(set.Name), name) {
			return &set, nil
		}
	}
	return nil, nil
}

// submit makes the changes of a batch. When Route 53 refuses it, the items
// that it names learn why, and the others stay as they are, to be submitted
// again.
func (z *zone) submit(ctx context.Context, batch []*item) {
	var changes []types.Change
	for _, it := range batch {
		changes = append(changes, it.changes...)
	}
	id, err := z.change(ctx, changes, comment(batch))
	var refused *types.InvalidChangeBatch
	switch {
	case err == nil:
		z.done(batch, id)
	case errors.As(err, &refused):
		z.learn(batch, complaints(refused), err)
	default:
		for _, it := range batch {
			it.finish(err)
		}
	}
}

// done settles the items of a batch that was accepted, with one line in the
// log for each record.
func (z *zone) done(batch []*item, id string) {
	for _, it := range batch {
		for _, c := range it.changes {
			said := "record created"
			if c.Action == types.ChangeActionDelete {
				said = "record deleted"
			}
			z.log.Info(said, "name", it.want.name, "address", value(*c.ResourceRecordSet), "ttl", aws.ToInt64(c.ResourceRecordSet.TTL),
				"task", it.want.taskID, "cluster", it.want.cluster, "change", id)
		}
		it.finish(nil)
	}
}

// learn tells the items of a refused batch what Route 53 complained about. If
// it names none of them, no part of the batch can be told to be innocent, and
// all are handed back.
func (z *zone) learn(batch []*item, said []string, err error) {
	named := false
	for _, it := range batch {
		text := complaintAbout(it.want.name, said)
		if text == "" {
			continue
		}
		named = true
		switch {
		case strings.Contains(text, "but it was not found"):
			it.known = known{read: true}
		case strings.Contains(text, "but it already exists"), strings.Contains(text, "but the values provided do not match"):
			it.known = known{refused: true}
		case strings.Contains(text, "conflict"):
			z.log.Warn("record not made, the name bears others that are not ours", "name", it.want.name, "task", it.want.taskID,
				"cluster", it.want.cluster, "wanted", it.want.address(), "reason", text)
			it.finish(nil)
		default:
			it.finish(permanentError{fmt.Errorf("changing record (%s): %s", it.want.name, text)})
		}
	}
	if named {
		return
	}
	for _, it := range batch {
		it.finish(permanentError{fmt.Errorf("%w: %s", err, strings.Join(said, "; "))})
	}
}

// complaints are Route 53's sentences about a refused batch. It has two forms
// for them: a list, or one message "[…, …]".
func complaints(refused *types.InvalidChangeBatch) []string {
	if len(refused.Messages) > 0 {
		return refused.Messages
	}
	text := strings.TrimSuffix(strings.TrimPrefix(refused.ErrorMessage(), "["), "]")
	var said []string
	// Commas are within sentences too, so a sentence starts where a known
	// beginning follows a comma.
	for {
		cut := len(text)
		for _, beginning := range []string{", Tried to ", ", RRSet ", ", Invalid ", ", The ", ", Duplicate "} {
			if i := strings.Index(text, beginning); i >= 0 && i < cut {
				cut = i
			}
		}
		said = append(said, text[:cut])
		if cut == len(text) {
			return said
		}
		text = text[cut+len(", "):]
	}
}

// complaintAbout finds the sentence that names a record, or "". The last one
// counts: of a DELETE and a CREATE of the same name, the CREATE comes second,
// and its failure alone tells that something is there.
func complaintAbout(name string, said []string) string {
	found := ""
	for _, text := range said {
		if mentions(strings.ToLower(text), strings.ToLower(name)) {
			found = text
		}
	}
	return found
}

// mentions tells whether a sentence names a record: the name stands in it as a
// whole word, with or without the dot at its end.
func mentions(text, name string) bool {
	for {
		i := strings.Index(text, name)
		if i < 0 {
			return false
		}
		before, after := text[:i], strings.TrimPrefix(text[i+len(name):], ".")
		if (before == "" || !nameByte(before[len(before)-1])) && (after == "" || !nameByte(after[0])) {
			return true
		}
		text = text[i+len(name):]
	}
}

// nameByte tells whether a byte can be part of a domain name.
func nameByte(b byte) bool {
	return b == '-' || b == '.' || b == '_' || b == '\\' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z'
}
