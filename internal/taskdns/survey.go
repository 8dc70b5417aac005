package taskdns

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// survey is what a reconciliation has found out. The zone is read before ECS
// is asked: a name that is in the survey was made when ECS knew its task, so
// the task is in the survey too, unless it has stopped since or ECS has fallen
// behind what it said itself.
type survey struct {
	ttls   []int64                            // that mark record sets as ours
	bears  map[string]types.ResourceRecordSet // by setID; one of those with the same
	names  map[string]owned                   // those that this resource made
	listed map[string]cluster                 // tasks that are to run, by their ids
	tasks  map[string]task                    // those, and those whose ids are in names
	// addresses are those of the network interfaces of publishable tasks.
	addresses map[string]addresses
	// unasked is why something of this is not known. Then nothing that is
	// missing may be taken for gone.
	unasked error
}

// owned is a name that this resource made, and what it points to.
type owned struct {
	label     string
	addresses addresses
}

// survey asks ECS and EC2 about all tasks that could have to do with the
// record sets, and about all that run.
func (h *Handler) survey(ctx context.Context, sets []types.ResourceRecordSet, ttls []int64) survey {
	v := survey{ttls: ttls, bears: make(map[string]types.ResourceRecordSet, len(sets)), names: make(map[string]owned)}
	for _, set := range sets {
		v.bears[setID(aws.ToString(set.Name), set.Type)] = set
		if label, ok := madeBy(h.template, h.cfg.Domain, set, ttls); ok {
			v.note(label, set)
		}
	}
	var err error
	v.listed, err = h.observer.running(ctx)
	claimed := maps.Clone(v.listed)
	for _, n := range v.names {
		id, ok := h.template.TaskID(n.label)
		if _, listed := claimed[id]; ok && !listed {
			claimed[id] = h.clusters[0] // the observer looks for it in all clusters
		}
	}
	v.tasks = h.observer.tasks(ctx, claimed)
	v.unasked = errors.Join(err, v.untold())
	var interfaceIDs []string
	for _, t := range v.tasks {
		if t.publishable && t.interfaceID != "" {
			interfaceIDs = append(interfaceIDs, t.interfaceID)
		}
	}
	slices.Sort(interfaceIDs)
	v.addresses, err = h.observer.addresses(ctx, slices.Compact(interfaceIDs))
	v.unasked = errors.Join(v.unasked, err)
	return v
}

// note adds a record set to those of ours.
func (v survey) note(label string, set types.ResourceRecordSet) {
	a, err := netip.ParseAddr(value(set))
	if err != nil {
		return // Route 53 would not have taken it
	}
	name := canonical(aws.ToString(set.Name))
	n := v.names[name]
	n.label = label
	if set.Type == types.RRTypeA {
		n.addresses.v4 = a
	} else {
		n.addresses.v6 = a
	}
	v.names[name] = n
}

// untold is why a task is not known, of the first of them; nil if all are. One
// that ECS lists as running and then does not know is not known either.
func (v survey) untold() error {
	for _, id := range slices.Sorted(maps.Keys(v.tasks)) {
		if err := v.tasks[id].err; err != nil {
			return fmt.Errorf("task %s: %w", id, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.listed)) {
		if !v.tasks[id].found {
			return fmt.Errorf("task %s: ECS lists it as running, and does not know it", id)
		}
	}
	return nil
}

// right tells whether a name has the records that are wanted, so that nothing
// is to be done.
func (v survey) right(w want, ttl int64) bool {
	ok := func(kind types.RRType, a netip.Addr) bool {
		if !a.IsValid() {
			return true
		}
		set, found := v.bears[setID(w.name, kind)]
		return found && isSingle(set, kind) && holds(set, a) && aws.ToInt64(set.TTL) == ttl
	}
	return ok(types.RRTypeA, w.addresses.v4) && ok(types.RRTypeAaaa, w.addresses.v6)
}

// setID tells record sets apart as far as this function makes them.
func setID(name string, kind types.RRType) string { return canonical(name) + " " + string(kind) }

// labelOf is what of a name stands before a domain.
func labelOf(name, domain string) (string, bool) {
	return strings.CutSuffix(canonical(name), "."+domain)
}
