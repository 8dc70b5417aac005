package taskdns

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
)

// subject is a task whose record is to be put right.
type subject struct {
	task
	young bool      // a young message asks for it
	touch bool      // a message asks for it that was received before
	event time.Time // when what the messages tell of happened
}

// maxGone is how many tasks are remembered whose names are gone for good.
const maxGone = 10_000

// claims works off the messages of ECS: each task that they name is asked about
// once, and its records are brought to what is to be, all of them together.
func (h *Handler) claims(ctx context.Context, messages []*message) {
	about := make(map[string][]*message)
	claimed := make(map[string]cluster)
	for _, m := range messages {
		if m.claim == nil {
			continue
		}
		id := m.claim.taskID
		if _, gone := h.gone[id]; gone {
			continue // a stopped task stays stopped
		}
		about[id] = append(about[id], m)
		if _, ok := claimed[id]; !ok {
			claimed[id] = m.claim.cluster
		}
	}
	if len(claimed) == 0 {
		return
	}
	tasks := h.observer.tasks(ctx, claimed)
	subjects := make(map[string]subject)
	for id, of := range about {
		tasks[id] = identify(tasks[id], id, claimed[id])
		if s, ok := judgeAll(of, tasks[id]); ok {
			subjects[id] = s
		}
	}
	failed := h.settle(ctx, subjects, tasks)
	for id, of := range about {
		for _, m := range of {
			m.err = cmp.Or(m.err, failed[id])
		}
	}
}

// identify completes what ECS said about a task with what is known without
// ECS, so that a task can be told of that ECS has forgotten.
func identify(t task, id string, home cluster) task {
	if t.found {
		return t
	}
	t.cluster, t.facts = home, hostname.Task{ID: id}
	t.arn = strings.Replace(home.arn, ":cluster/", ":task/", 1) + "/" + id
	return t
}

// judgeAll judges all messages about one task. It answers false if none of them
// lets the task be settled.
func judgeAll(messages []*message, t task) (subject, bool) {
	s, ok := subject{task: t}, false
	for _, m := range messages {
		m.task = t
		if m.err = judge(m, t); m.err != nil {
			continue
		}
		ok = true
		s.young = s.young || m.young
		// One that still says more than ECS was not kept back by a crash, but by
		// what it invents.
		s.touch = s.touch || m.receives > 1 && m.claim.version <= t.version
		if at := earlier(m.claim.at, m.sent); at.After(s.event) {
			s.event = at
		}
	}
	return s, ok
}

// judge tells whether what ECS says about a task is as recent as the message.
// Each message is judged for itself, so that one with an invented version
// holds up nobody but itself. A task that ECS does not know may be one that it
// does not know yet, even if the message says that it stopped: ECS knows a
// stopped task for an hour.
func judge(m *message, t task) error {
	switch {
	case t.err != nil:
		return t.err
	case !m.young:
		return nil
	case !t.found, m.claim.version > t.version:
		return errLagging
	}
	return nil
}

// settle brings the records of tasks to what is to be, and sees to it that this
// is told. It answers an error for each task, by its id, for which that did not
// succeed.
func (h *Handler) settle(ctx context.Context, subjects map[string]subject, tasks map[string]task) map[string]error {
	asked := make(map[string]task)
	for id, s := range subjects {
		asked[id] = s.task
	}
	held, unread := h.observer.addresses(ctx, interfaces(asked))
	failed := make(map[string]error)
	var wants []want
	for id, s := range subjects {
		if s.nameless(h.template) {
			continue
		}
		w, err := s.want(held, unread)
		if err != nil {
			failed[id] = err
			continue
		}
		w.taskID, w.name = id, h.zone.name(s.facts)
		wants = append(wants, w)
	}
	if len(wants) == 0 {
		return failed
	}
	slices.SortFunc(wants, func(a, b want) int { return cmp.Compare(a.taskID, b.taskID) })
	out := h.zone.apply(ctx, wants, nil)
	h.lastWrite = h.now()
	maps.Copy(failed, h.follow(ctx, out, tasks))
	maps.Copy(failed, out.failed)
	h.forget(out, subjects, failed)
	return failed
}

// nameless tells whether there is nothing to be done for a task: it has no name
// yet, or ECS has forgotten it and its name was made of more than its id, so
// that only a reconciliation finds it.
func (s subject) nameless(template hostname.Template) bool {
	if s.found {
		return !s.publishable && !s.stopping
	}
	return !template.OfIDAlone()
}

// want is what is to be for a task. held are the addresses of the network
// interfaces that exist, and unread is why they could not be read.
func (s subject) want(held map[string]addresses, unread error) (want, error) {
	address, exists := held[s.interfaceID]
	w := want{cluster: s.cluster.name, event: s.event}
	switch {
	case !s.publishable:
		w.last = lastAddresses(s.task, address, exists)
	case s.interfaceID == "": // it runs on an EC2 instance, without an address of its own
		w.last = &address
	case unread != nil:
		return want{}, unread
	case !exists && s.young:
		return want{}, errLagging
	case !exists: // a record that it may have leads nowhere, and is read to be deleted
	case address.none():
		w.last = &address
	default:
		w.addresses, w.touch = address, s.touch
	}
	return w, nil
}

// lastAddresses are those that a stopping task still holds, and nil if that is
// not known. An interface that is being taken away may have lost some of its
// addresses, so that it tells nothing of them.
func lastAddresses(t task, held addresses, exists bool) *addresses {
	switch t.lastStatus {
	case statusPending, statusActivating, statusRunning, statusDeactivating, statusStopping:
		if exists {
			return &held
		}
	}
	return nil
}

// forget remembers the tasks whose names are gone, for good: that was seen in
// the zone, and ECS says that they stop. It is for speed alone, so that the
// further messages of a task's end cost nothing.
func (h *Handler) forget(out outcome, subjects map[string]subject, failed map[string]error) {
	deleted := make(map[string]struct{})
	for _, c := range out.changes {
		for _, w := range c.deleted {
			deleted[w.taskID] = struct{}{}
		}
	}
	for id, s := range subjects {
		_, conflict := out.conflicts[id]
		if _, now := deleted[id]; !s.stopping || failed[id] != nil || conflict || !now && s.lastStatus != statusStopped {
			continue
		}
		if len(h.gone) >= maxGone {
			clear(h.gone)
		}
		h.gone[id] = struct{}{}
	}
}

// interfaces are the network interfaces of tasks, in order.
func interfaces(tasks map[string]task) []string {
	var ids []string
	for _, t := range tasks {
		if t.interfaceID != "" {
			ids = append(ids, t.interfaceID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
