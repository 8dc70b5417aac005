package taskdns

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
)

// watch is a message of the function to itself: to look whether all servers of
// Route 53 have a change, and then to tell of its names. Created and Deleted
// are references, as reference makes them.
type watch struct {
	Change  string   `json:"change,omitempty"`
	Created []string `json:"created,omitempty"`
	Deleted []string `json:"deleted,omitempty"`
}

// watchFor is how long a change is watched. It usually takes a minute at most.
const watchFor = 15 * time.Minute

// presumed is how often at most a change is taken to be pending because an
// earlier one is, lest one that hangs holds up the others.
const presumed = 3

// errPending is a change that not all servers have yet.
var errPending = errors.New("not all servers of Route 53 have the change yet")

// pollAfter is after how many seconds a change is looked at for the so-manieth
// time.
func pollAfter(times int) int32 {
	return int32([]int{5, 10, 15, 30}[min(max(times, 1), 4)-1])
}

// reference names a task in a watch and in a digest.
func reference(cluster, taskID string) string { return cluster + "/" + taskID }

// references are the references of wants' tasks.
func references(wants []want) []string {
	var all []string
	for _, w := range wants {
		all = append(all, reference(w.cluster, w.taskID))
	}
	return all
}

// digest stands in the comment of a change for the tasks that it is about: 32
// hexadecimal digits. Nobody who cannot change the zone can make a change with
// it, so a watch whose digest is not that of its change is forged.
func digest(created, deleted []string) string {
	h := sha256.New()
	for _, references := range [][]string{created, deleted} {
		h.Write([]byte(strings.Join(slices.Sorted(slices.Values(references)), "\n")))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// commentAbout is the comment of a change about tasks.
func commentAbout(owner string, created, deleted []string) string {
	return "fargatedirect " + owner + " #" + digest(created, deleted)
}

// watched is a watch that has come to its end.
type watched struct {
	message *message
	late    bool // not all servers have the change, and it is no longer waited for
}

// watches works off the watches among messages: it looks how far their changes
// have come, with one call each at most, and tells of the names in those that
// all servers have. While a change is pending those after it are taken to be so
// too, without a call: in a long burst such calls would be most of all, and
// cost changes their share of the rate. What it tells follows from ECS and EC2
// as they are now.
func (h *Handler) watches(ctx context.Context, messages []*message) {
	var ended []watched
	pending := false
	for _, m := range oldestFirst(messages) {
		if m.watch == nil {
			continue
		}
		if pending && m.receives <= presumed {
			m.err = errPending
			continue
		}
		info, err := h.zone.changeInfo(ctx, m.watch.Change)
		switch {
		case awserr.Is(err, "NoSuchChange", "InvalidInput"):
			h.log.Warn("message ignored", "message", m.id, "reason", err.Error())
		case err != nil:
			m.err = err
		case aws.ToString(info.Comment) != commentAbout(h.cfg.Owner, m.watch.Created, m.watch.Deleted):
			h.log.Warn("message ignored", "message", m.id, "reason", "change "+clip(m.watch.Change)+" is not about the tasks that the message names")
		case info.Status == types.ChangeStatusInsync:
			h.metrics.Add(MetricReady, emf.Seconds, max(h.now().Sub(aws.ToTime(info.SubmittedAt)).Seconds(), 0))
			ended = append(ended, watched{message: m})
		case !m.sent.IsZero() && h.now().Sub(m.sent) >= watchFor:
			ended = append(ended, watched{message: m, late: true})
		default:
			m.err, pending = errPending, true
		}
	}
	if len(ended) > 0 {
		h.tell(ctx, ended)
	}
}

// oldestFirst orders messages by when SQS took them in.
func oldestFirst(messages []*message) []*message {
	return slices.SortedStableFunc(slices.Values(messages), func(a, b *message) int { return a.sent.Compare(b.sent) })
}

// tell puts the events of watches that have come to their end. A watch is
// handed back if anything of that fails, so an event can repeat.
func (h *Handler) tell(ctx context.Context, ended []watched) {
	claimed := make(map[string]cluster)
	for _, e := range ended {
		for _, r := range slices.Concat(e.message.watch.Created, e.message.watch.Deleted) {
			if c, id, ok := h.dereference(r); ok {
				claimed[id] = c
			}
		}
	}
	tasks := h.observer.tasks(ctx, claimed)
	for id, t := range tasks {
		tasks[id] = identify(t, id, claimed[id])
	}
	addresses, err := h.observer.addresses(ctx, interfaces(tasks))
	var notices []notice
	var of []*message
	for _, e := range ended {
		about, failed := h.notices(e, tasks, addresses, err)
		if failed != nil {
			e.message.err = failed
			continue
		}
		notices = append(notices, about...)
		of = append(of, slices.Repeat([]*message{e.message}, len(about))...)
	}
	for i, err := range h.announce(ctx, notices) {
		if err != nil {
			of[i].err = err
		}
	}
}

// notices are the events of one watch. unread is why the addresses could not
// be read.
func (h *Handler) notices(e watched, tasks map[string]task, addresses map[string]addresses, unread error) ([]notice, error) {
	var about []notice
	for _, r := range e.message.watch.Created {
		_, id, ok := h.dereference(r)
		t := tasks[id]
		switch {
		case !ok:
		case t.err != nil:
			return nil, t.err
		case !t.publishable: // its name is being deleted
		case e.late:
			about = append(about, h.failure(t, fmt.Sprintf("not in sync: not all servers of Route 53 have the name after %s", watchFor)))
		case unread != nil:
			return nil, unread
		case !addresses[t.interfaceID].none():
			n := h.notice(EventTypeReady, t)
			n.detail.Addresses = addresses[t.interfaceID].texts()
			about = append(about, n)
		}
	}
	for _, r := range e.message.watch.Deleted {
		_, id, ok := h.dereference(r)
		t := tasks[id]
		switch {
		case !ok || e.late:
		case t.err != nil:
			return nil, t.err
		case !t.publishable:
			if n := h.notice(EventTypeDeleted, t); n.detail.Hostname != "" {
				about = append(about, n)
			}
		}
	}
	return about, nil
}

// dereference finds the task's id and its cluster by a reference. A
// reconciliation deletes names of which it knows no task, and so refers to
// none.
func (h *Handler) dereference(reference string) (cluster, string, bool) {
	name, id, _ := strings.Cut(reference, "/")
	if !isTaskID(id) {
		return cluster{}, "", false
	}
	i := slices.IndexFunc(h.clusters, func(c cluster) bool { return c.name == name })
	return h.clusters[max(i, 0)], id, true // the observer looks for it in all clusters
}
