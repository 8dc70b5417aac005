package taskdns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
)

// What the function's events say of themselves.
const (
	EventSource      = "fargatedirect.task_dns"
	EventTypeReady   = "Task DNS Name Ready"
	EventTypeDeleted = "Task DNS Name Deleted"
	EventTypeFailed  = "Task DNS Name Failed"
)

// notice is an event about a task's name, to be put on the bus.
type notice struct {
	kind   string
	detail Detail
}

// Detail is the detail of the function's events. Like any event it can be
// forged by whoever may put events on the bus.
type Detail struct {
	// Hostname is the task's name.
	Hostname string `json:"hostname"`
	// Addresses are what the name points to, IPv4 first. Only EventTypeReady
	// has them.
	Addresses []string `json:"addresses,omitempty"`
	// TaskARN and ClusterARN are of the task and its cluster.
	TaskARN    string `json:"taskArn"`
	ClusterARN string `json:"clusterArn"`
	// Group and StartedBy are what ECS says of the task, and empty once it has
	// forgotten the task.
	Group     string `json:"group"`
	StartedBy string `json:"startedBy"`
	// Reason is why the name could not be made or removed. Only
	// EventTypeFailed has it.
	Reason string `json:"reason,omitempty"`
}

// maxEvents is the most events that one call puts.
const maxEvents = 10

// errUnput is an event about which EventBridge said nothing.
var errUnput = errors.New("putting an event: EventBridge did not answer for it")

// follow sees to it that the application learns what became of wants: a watch
// for each change, which tells of its names when all servers have them, and an
// event for each conflict. tasks are what is known of the tasks, by their ids;
// a conflict about any other is not told. It answers an error for each task,
// by its id, of which nobody would learn.
func (h *Handler) follow(ctx context.Context, out outcome, tasks map[string]task) map[string]error {
	untold := make(map[string]error)
	var letters []letter
	for _, c := range out.changes {
		h.recordDangling(c.deleted, tasks)
		w := watch{Change: changeID(c.id), Created: references(c.created), Deleted: references(c.deleted)}
		letters = append(letters, letter{body: own{Kind: kindWatch, watch: w}.body(), delay: pollAfter(1)})
	}
	for i, err := range h.queue.send(ctx, h.queue.url, letters) {
		if err == nil {
			continue
		}
		for _, w := range slices.Concat(out.changes[i].created, out.changes[i].deleted) {
			untold[w.taskID] = err
		}
	}
	var ids []string
	var notices []notice
	for _, id := range slices.Sorted(maps.Keys(out.conflicts)) {
		if t, ok := tasks[id]; ok {
			ids = append(ids, id)
			notices = append(notices, h.failure(t, out.conflicts[id]))
		}
	}
	for i, err := range h.announce(ctx, notices) {
		if err != nil {
			untold[ids[i]] = err
		}
	}
	return untold
}

// recordDangling records for how long deleted names had been left over.
func (h *Handler) recordDangling(deleted []want, tasks map[string]task) {
	now := h.now()
	for _, w := range deleted {
		if since := tasks[w.taskID].stoppingAt; !since.IsZero() {
			h.metrics.Add(MetricDangling, emf.Seconds, max(now.Sub(since).Seconds(), 0))
		}
	}
}

// post sends messages to the function's own queue, which gives them out after
// a delay of so many seconds. It answers an error for each, nil if it was sent.
func (h *Handler) post(ctx context.Context, bodies []string, delay int32) []error {
	letters := make([]letter, 0, len(bodies))
	for _, body := range bodies {
		letters = append(letters, letter{body: body, delay: delay})
	}
	return h.queue.send(ctx, h.queue.url, letters)
}

// failure is the notice of a task whose name could not be made right.
func (h *Handler) failure(t task, why string) notice {
	n := h.notice(EventTypeFailed, t)
	n.detail.Reason = reason(why)
	return n
}

// notice is an event about a task. Its hostname is empty if it was made of
// what only ECS knew, and ECS knows it no longer.
func (h *Handler) notice(kind string, t task) notice {
	n := notice{kind: kind, detail: Detail{TaskARN: t.arn, ClusterARN: t.cluster.arn, Group: t.group, StartedBy: t.startedBy}}
	if t.found || h.template.OfIDAlone() {
		n.detail.Hostname = h.zone.name(t.facts)
	}
	return n
}

// announce puts events on the bus, and answers an error for each; nil for one
// that was put.
func (h *Handler) announce(ctx context.Context, notices []notice) []error {
	failed := make([]error, 0, len(notices))
	for chunk := range slices.Chunk(notices, maxEvents) {
		failed = append(failed, h.put(ctx, chunk)...)
	}
	return failed
}

// put is announce for what one call takes.
func (h *Handler) put(ctx context.Context, notices []notice) []error {
	entries := make([]types.PutEventsRequestEntry, 0, len(notices))
	for _, n := range notices {
		detail, err := json.Marshal(n.detail)
		if err != nil {
			panic(err) // texts alone can always be marshalled
		}
		entry := types.PutEventsRequestEntry{
			Source: aws.String(EventSource), DetailType: aws.String(n.kind), Detail: aws.String(string(detail)),
			Resources: []string{n.detail.TaskARN}, Time: aws.Time(h.now()),
		}
		if h.cfg.EventBus != "" {
			entry.EventBusName = aws.String(h.cfg.EventBus)
		}
		entries = append(entries, entry)
	}
	out, err := h.clients.EventBridge.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		return slices.Repeat([]error{fmt.Errorf("putting events: %w", err)}, len(notices))
	}
	failed := slices.Repeat([]error{errUnput}, len(notices))
	for i, e := range out.Entries[:min(len(out.Entries), len(notices))] {
		failed[i] = nil
		if code := aws.ToString(e.ErrorCode); code != "" {
			failed[i] = fmt.Errorf("putting an event: %s: %s", code, aws.ToString(e.ErrorMessage))
		}
	}
	return failed
}

// changeID is the id alone of a change, which Route 53 gives as "/change/<id>".
func changeID(id string) string { return strings.TrimPrefix(id, "/change/") }
