package taskdns

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

const (
	// maxPage is the most record sets that one call lists.
	maxPage = 300
	// onePage suffices for one name: its A and AAAA record sets come first, or
	// it has a CNAME alone.
	onePage = 3
)

// list reads one page of the zone.
func (z *zone) list(ctx context.Context, in *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
	var page *route53.ListResourceRecordSetsOutput
	err := z.pacer.Do(ctx, 0, func(ctx context.Context) error {
		var err error
		page, err = z.route53.ListResourceRecordSets(ctx, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing record sets of zone (%s): %w", z.place.HostedZoneID, err)
	}
	return page, nil
}

// records are all record sets whose names are the domain or below it.
func (z *zone) records(ctx context.Context) ([]types.ResourceRecordSet, error) {
	var found []types.ResourceRecordSet
	in := &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(z.place.HostedZoneID), StartRecordName: aws.String(z.place.Domain + "."), MaxItems: aws.Int32(maxPage),
	}
	for {
		out, err := z.list(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, set := range out.ResourceRecordSets {
			if !atOrBelow(aws.ToString(set.Name), z.place.Domain) {
				return found, nil // a domain and all below it stand together
			}
			found = append(found, set)
		}
		if !out.IsTruncated {
			return found, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}

// atOrBelow tells whether a name is a domain or below it.
func atOrBelow(name, domain string) bool {
	name, domain = canonical(name), canonical(domain)
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// read reads the record sets of items, and lets the items know. It goes through
// the names in the zone's order; each page answers for all names that lie
// within it. So there are never more calls than names, and never more than the
// zone has pages. The exception is a name with more record sets than a page
// holds.
func (z *zone) read(ctx context.Context, items []*item) {
	for _, it := range items {
		it.order = orderKey(it.want.name)
	}
	open := slices.SortedFunc(slices.Values(items), func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.kind, b.kind))
	})
	inside := false // the last page ended within the name that is next
	for len(open) > 0 {
		first := open[0]
		in := &route53.ListResourceRecordSetsInput{
			HostedZoneId: aws.String(z.place.HostedZoneID), StartRecordName: aws.String(first.want.name + "."), MaxItems: aws.Int32(maxPage),
		}
		if open[len(open)-1].want.name == first.want.name {
			in.MaxItems = aws.Int32(onePage)
		}
		if inside {
			in.StartRecordType = first.kind
		}
		out, err := z.list(ctx, in)
		if err != nil {
			for _, it := range open {
				it.finish(err)
			}
			return
		}
		p := newPage(out)
		var rest []*item
		for _, it := range open {
			set := p.find(it)
			if set == nil && !p.answers(it, first.want.name) && (it != first || !inside) {
				rest = append(rest, it)
				continue
			}
			it.known = known{read: true, set: set}
		}
		open = rest
		inside = len(open) > 0 && open[0].want.name == first.want.name
	}
}

// page is a part of the zone, from a name that was asked for on.
type page struct {
	sets  map[string][]types.ResourceRecordSet // by name
	end   string                               // key of the last name in it whose place in the order is sure
	next  string                               // the name at which the next page starts
	whole bool                                 // nothing follows
}

func newPage(out *route53.ListResourceRecordSetsOutput) page {
	p := page{sets: map[string][]types.ResourceRecordSet{}, next: canonical(aws.ToString(out.NextRecordName)), whole: !out.IsTruncated}
	for _, set := range out.ResourceRecordSets {
		name := canonical(aws.ToString(set.Name))
		p.sets[name] = append(p.sets[name], set)
		// How Route 53 orders escaped characters is not documented.
		if !strings.Contains(name, `\`) {
			p.end = orderKey(name)
		}
	}
	return p
}

// find is the item's record set, or the CNAME that bears its name, or nil.
// Several with routing policies are as good as the first of them.
func (p page) find(it *item) *types.ResourceRecordSet {
	for _, set := range p.sets[canonical(it.want.name)] {
		if set.Type == it.kind || set.Type == types.RRTypeCname {
			return &set
		}
	}
	return nil
}

// answers tells whether an item's record set would be in the page, which
// starts at a name, if it existed.
func (p page) answers(it *item, start string) bool {
	name := canonical(it.want.name)
	if p.whole || name == p.next {
		return p.whole
	}
	return name == canonical(start) || it.order <= p.end
}

// orderKey is a name as Route 53 orders names: its labels from the right, with
// a dot after each, compared as text.
func orderKey(name string) string {
	labels := strings.Split(canonical(name), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}
