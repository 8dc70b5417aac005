package taskdns

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/pace"
)

// Handler keeps the names of tasks right, told by messages that something
// about a task has changed. It holds no state, and believes no message: a
// message leads to a question about a task, and the answers of ECS and EC2
// decide what is written. So messages may come in any order, repeatedly, late,
// or from somebody who should not send any.
//
// What becomes of a message:
//   - One that names no task of ours is logged and is done with. It says
//     nothing that could be read better another time.
//   - One whose task has the right records, or whose name belongs to somebody
//     else, is done with.
//   - One that knows more than ECS or EC2 is handed back for a few seconds, for as
//     long as patience.
//   - One that failed is handed back. Throttling and the like end in seconds;
//     what only a person can mend, such as a missing permission, is tried
//     every half or whole minute, so that mending it suffices. After the
//     queue's maxReceiveCount SQS moves the message to the dead-letter queue;
//     the reason of each failure is in the log.
type Handler struct {
	cfg      Config
	clients  Clients
	clusters []cluster
	template hostname.Template
	observer observer
	zone     *zone
	pacer    *pace.Pacer // of Route 53, for the zones of all places
	returner returner
	metrics  *emf.Recorder
	now      func() time.Time
	random   func(n int) int
	log      *slog.Logger
}

// patience is how long a message may know more than ECS. ECS catches up within
// seconds; a message that is older was wrong about its task.
const patience = 60 * time.Second

// reserve is the time before the function's deadline that is kept for handing
// back what could not be finished.
const reserve = 3 * time.Second

// errLagging is a message that knows more than ECS and EC2 say yet.
var errLagging = errors.New("ECS or EC2 does not know yet what the message says")

// New makes a handler. It fails when the configuration could not work.
func New(cfg Config, c Clients, s Settings) (*Handler, error) {
	if cfg.Domain == "" || cfg.HostedZoneID == "" || cfg.TTL <= 0 || cfg.QueueURL == "" || len(cfg.ClusterARNs) == 0 {
		return nil, errors.New("the configuration lacks a domain, a hosted zone, a TTL, a queue or clusters")
	}
	var clusters []cluster
	for _, arn := range cfg.ClusterARNs {
		parsed, err := parseCluster(arn)
		if err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
		clusters = append(clusters, parsed)
	}
	template, err := hostname.Parse(cmp.Or(cfg.HostnameTemplate, hostname.Default))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	_, name, _ := strings.Cut(cfg.Owner, "/")
	metrics := emf.New(s.Metrics, Namespace, map[string]string{DimensionName: name}, s.Now)
	pacer := zonePacer(cfg.Limits, s, metrics)
	zone, err := newZone(cfg, cfg.Place, c.Route53(cfg.Place), s, pacer, metrics)
	if err != nil {
		return nil, err
	}
	return &Handler{
		cfg:      cfg,
		clients:  c,
		template: template,
		metrics:  metrics,
		pacer:    pacer,
		observer: newObserver(cfg, c, clusters, template, s, metrics),
		zone:     zone,
		returner: returner{sqs: c.SQS, queueURL: cfg.QueueURL, random: s.Random, log: s.Log},
		clusters: clusters,
		now:      s.Now,
		random:   s.Random,
		log:      s.Log,
	}, nil
}

// message is one message of the queue that names a task of ours.
type message struct {
	id       string
	receipt  string
	receives int
	claim    claim
	young    bool  // younger than patience, so it may know more than ECS
	err      error // why it is to come again
}

// Handle works off a batch of messages, and answers which of them are to come
// again. It fails for none of them as a whole.
func (h *Handler) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	work, cancel := withReserve(ctx)
	defer cancel()
	messages := h.read(batch)
	claimed := make(map[string]cluster)
	for _, m := range messages {
		if _, ok := claimed[m.claim.taskID]; !ok {
			claimed[m.claim.taskID] = m.claim.cluster
		}
	}
	tasks := h.observer.tasks(work, claimed)
	ready := make(map[string]subject)
	for _, m := range messages {
		t := tasks[m.claim.taskID]
		if m.err = judge(m, t); m.err != nil {
			continue
		}
		if t.cluster.name == "" {
			t.cluster = m.claim.cluster
		}
		ready[m.claim.taskID] = subject{task: t, young: m.young || ready[m.claim.taskID].young}
	}
	unsettled := h.settle(work, ready)
	var back []*message
	for _, m := range messages {
		if m.err == nil {
			m.err = unsettled[m.claim.taskID]
		}
		if m.err != nil {
			h.log.Warn("message handed back", "message", m.id, "task", m.claim.taskID, "cluster", m.claim.cluster.name,
				"receives", m.receives, "reason", m.err.Error())
			back = append(back, m)
		}
	}
	return h.returner.handBack(ctx, back), nil
}

// Invoke is what the Lambda runtime calls: with a batch of messages, which
// Handle works off, or with a Command, which Do carries out.
func (h *Handler) Invoke(ctx context.Context, payload json.RawMessage) (any, error) {
	var kind struct {
		Records json.RawMessage `json:"Records"`
		Do      json.RawMessage `json:"do"`
	}
	if err := json.Unmarshal(payload, &kind); err != nil {
		return nil, fmt.Errorf("reading the payload: %w", err)
	}
	switch {
	case kind.Records != nil:
		var batch events.SQSEvent
		if err := json.Unmarshal(payload, &batch); err != nil {
			return nil, fmt.Errorf("reading the batch of messages: %w", err)
		}
		return h.Handle(ctx, batch)
	case kind.Do != nil:
		var command Command
		if err := json.Unmarshal(payload, &command); err != nil {
			return nil, fmt.Errorf("reading the command: %w", err)
		}
		return h.Do(ctx, command)
	}
	return nil, errors.New("the payload is neither a batch of messages nor a command")
}

// withReserve ends a context a little before its deadline.
func withReserve(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-reserve))
}

// read reads the messages of a batch, without those that name no task of ours.
func (h *Handler) read(batch events.SQSEvent) []*message {
	now := h.now()
	var messages []*message
	for _, r := range batch.Records {
		claim, err := parseClaim(r.Body, h.clusters)
		if err != nil {
			h.log.Warn("message ignored", "message", r.MessageId, "reason", err.Error())
			continue
		}
		receives, err := strconv.Atoi(r.Attributes["ApproximateReceiveCount"])
		if err != nil || receives < 1 {
			receives = 1
		}
		messages = append(messages, &message{
			id:       r.MessageId,
			receipt:  r.ReceiptHandle,
			receives: receives,
			claim:    claim,
			young:    now.Sub(earlier(claim.at, sentAt(r))) < patience,
		})
	}
	return messages
}

// sentAt is when SQS took the message in; zero if it does not say.
func sentAt(r events.SQSMessage) time.Time {
	ms, err := strconv.ParseInt(r.Attributes["SentTimestamp"], 10, 64)
	if err != nil || ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// earlier is the earlier of two times, of those that are known, or else the
// zero time, which is no message's youth. The time in a
// message's body can be invented, and lie in the future; that at which SQS took
// it in cannot, and so bounds how long a message can ask for patience.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// judge tells whether what ECS says about a task is as recent as the message.
// Each message is judged for itself, so that one with an invented version
// holds up nobody but itself.
func judge(m *message, t task) error {
	switch {
	case t.err != nil:
		return t.err
	case !m.young:
		return nil
	case t.found && m.claim.version > t.version, !t.found && !m.claim.stopped:
		return errLagging
	}
	return nil
}

// subject is a task whose record is to be put right.
type subject struct {
	task
	young bool // a young message asks for it
}

// settle brings the records of tasks to what is to be. It answers an error for
// each task, by its id, for which that did not succeed.
func (h *Handler) settle(ctx context.Context, subjects map[string]subject) map[string]error {
	var interfaceIDs []string
	for _, s := range subjects {
		if s.interfaceID != "" {
			interfaceIDs = append(interfaceIDs, s.interfaceID)
		}
	}
	slices.Sort(interfaceIDs)
	addresses, err := h.observer.addresses(ctx, slices.Compact(interfaceIDs))
	failed := make(map[string]error)
	var wants []want
	for id, s := range subjects {
		address, exists := addresses[s.interfaceID]
		w := want{taskID: id, name: id + "." + h.cfg.Domain, cluster: s.cluster.name}
		switch {
		case !s.publishable:
			w.last = &address // unknown is well too: the record is then read
		case s.interfaceID == "": // runs on an EC2 instance, without an address of its own
		case err != nil:
			failed[id] = err
			continue
		case !exists && s.young:
			failed[id] = errLagging
			continue
		default:
			w.addresses = address
		}
		wants = append(wants, w)
	}
	slices.SortFunc(wants, func(a, b want) int { return cmp.Compare(a.taskID, b.taskID) })
	maps.Copy(failed, h.zone.apply(ctx, wants, nil).failed)
	return failed
}
