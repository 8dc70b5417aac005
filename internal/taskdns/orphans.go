package taskdns

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
)

const (
	// grace is for how long a name without a task is left before it is looked
	// at again. Whatever ECS and EC2 had not caught up with, they have by then.
	grace = 120 * time.Second
	// graceLeast is the least age of a message that asks for the second look.
	// It is less than the grace by what clocks may differ.
	graceLeast = 110 * time.Second
	// shortGrace is the grace when a person wants it done at once. ECS catches
	// up within seconds.
	shortGrace = 15 * time.Second
	// maxRecheck is how many characters of names one message holds. SQS takes
	// 262,144.
	maxRecheck = 200_000
)

// The guard against mass deletion: more names than this, and more than this
// part of all, are not deleted at once if their addresses still are on network
// interfaces of this account.
const (
	guardNames = 10
	guardPart  = 4 // a quarter
)

// orphan is a name of ours that no task is to have.
type orphan struct {
	name   string
	taskID string // the name itself if it does not tell its task
	owned
	stopping bool // ECS says that its task has stopped, or is to stop
	cluster  string
}

// want is that an orphan be gone.
func (o orphan) want() want {
	return want{taskID: o.taskID, name: o.name, cluster: o.cluster, last: &o.addresses}
}

// wanted answers what the running tasks' names are to be, without those that
// are right; the names that are to stay as they are or to become so; and how
// many tasks' names are another task's.
func (h *Handler) wanted(v survey) (wants []want, stay map[string]bool, doubles int) {
	stay = make(map[string]bool)
	byName := make(map[string][]want)
	for _, id := range slices.Sorted(maps.Keys(v.tasks)) {
		t := v.tasks[id]
		if !t.found || t.stopping {
			continue
		}
		name := h.zone.name(t.facts)
		a, known := v.addresses[t.interfaceID]
		if t.publishable && (t.interfaceID == "" || known && a.none()) {
			continue // it runs without an address of its own
		}
		stay[name] = true
		if t.publishable && known {
			byName[name] = append(byName[name], want{taskID: id, name: name, cluster: t.cluster.name, addresses: a})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		same := byName[name]
		doubles += len(same) - 1
		if slices.ContainsFunc(same, func(w want) bool { return v.right(w, h.cfg.TTL) }) {
			continue
		}
		wants = append(wants, same[0])
	}
	if doubles > 0 {
		h.log.Warn("names left out, they are other tasks' names", "names", doubles)
		h.metrics.Add(MetricConflicts, emf.Count, float64(doubles))
	}
	return wants, stay, doubles
}

// orphans finds the names of ours that are not to stay, in order.
func (h *Handler) orphans(v survey, stay map[string]bool) []orphan {
	stopping := make(map[string]task)
	for _, t := range v.tasks {
		if t.found && t.stopping {
			stopping[h.zone.name(t.facts)] = t
		}
	}
	var found []orphan
	for _, name := range slices.Sorted(maps.Keys(v.names)) {
		if stay[name] {
			continue
		}
		o := orphan{name: name, taskID: name, owned: v.names[name]}
		if id, ok := h.template.TaskID(o.label); ok {
			o.taskID, o.cluster = id, v.tasks[id].cluster.name
		}
		// That the label holds a task's id does not make the name that task's:
		// whoever starts a task can have another one's id in a tag.
		if t, ok := stopping[name]; ok {
			o.stopping, o.taskID, o.cluster = true, t.facts.ID, t.cluster.name
		}
		found = append(found, o)
	}
	return found
}

// sentence is what is to become of orphans.
type sentence struct {
	gone    []want
	waiting []string // to be looked at again
	held    int      // so many are kept by the guard, at this look
}

// judge decides about orphans. One whose task is known to stop goes at once.
// Any other goes at the second look: ECS may have fallen behind at the first.
// By then EC2 has a say, too: an address that is on no interface of this
// account, or on another running task's, cannot be that of the name's task. One
// that is on some other interface can, if ECS tells too little, and such names
// are held if there are too many of them.
func (h *Handler) judge(ctx context.Context, v survey, orphans []orphan, l look) (sentence, error) {
	var s sentence
	doubtful, err := h.doubtful(ctx, v, orphans)
	if err != nil {
		return s, err
	}
	guard := !l.unguarded && (len(v.listed) == 0 || len(doubtful) > guardNames && len(doubtful)*guardPart > len(v.names))
	for _, o := range orphans {
		holds := guard && doubtful[o.name]
		if holds {
			s.held++
		}
		switch {
		case o.stopping:
			s.gone = append(s.gone, o.want())
		case !l.due[o.name]:
			s.waiting = append(s.waiting, o.name)
		case holds:
			h.log.Warn("name kept, it may be a running task's", "name", o.name, "addresses", o.addresses.texts(),
				"alike", len(doubtful), "names", len(v.names), "running", len(v.listed))
		default:
			s.gone = append(s.gone, o.want())
		}
	}
	return s, nil
}

// doubtful finds the orphans whose addresses are on interfaces of this account
// of which it is not known that they are another running task's. Those of tasks
// that are known to stop are never doubtful.
func (h *Handler) doubtful(ctx context.Context, v survey, orphans []orphan) (map[string]bool, error) {
	running := make(map[string]bool)
	for _, t := range v.tasks {
		if t.found && !t.stopping && t.interfaceID != "" {
			running[t.interfaceID] = true
		}
	}
	of := make(map[netip.Addr][]string)
	for _, o := range orphans {
		for _, a := range []netip.Addr{o.addresses.v4, o.addresses.v6} {
			if a.IsValid() && !o.stopping {
				of[a] = append(of[a], o.name)
			}
		}
	}
	holders, err := h.observer.ours(ctx, slices.SortedFunc(maps.Keys(of), netip.Addr.Compare))
	if err != nil {
		return nil, err
	}
	doubtful := make(map[string]bool)
	for a, holder := range holders {
		if running[holder] {
			continue
		}
		for _, name := range of[a] {
			doubtful[name] = true
		}
	}
	return doubtful, nil
}

// again asks the function itself for a second look at names after the grace.
func (h *Handler) again(ctx context.Context, names []string) error {
	for len(names) > 0 {
		n, size := 0, 0
		for n < len(names) && (n == 0 || size+len(names[n])+len(`"",`) <= maxRecheck) {
			size += len(names[n]) + len(`"",`)
			n++
		}
		body := own{Kind: kindRecheck, Names: names[:n]}.body()
		// One message a call: together they may be larger than SQS takes.
		if err := errors.Join(h.post(ctx, []string{body}, int32(grace.Seconds()))...); err != nil {
			return fmt.Errorf("asking for a second look at %d names: %w", len(names), err)
		}
		names = names[n:]
	}
	return nil
}
