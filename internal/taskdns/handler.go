package taskdns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
//   - One about a task that is none of ours is logged and is done with. It says
//     nothing that could be read better another time.
//   - One whose task has the right records, or whose name belongs to somebody
//     else, is done with.
//   - One that knows more than ECS or EC2 is handed back for a few seconds, for as
//     long as patience.
//   - One that failed is handed back. Throttling and the like end in seconds;
//     what only a person can mend, such as a missing permission, is tried
//     every half or whole minute, so that mending it soon suffices.
//   - One that can never succeed goes to the dead-letter queue, with the reason:
//     a body that is nobody's, and what nobody mended in time.
//   - One that is lost all the same, by whatever fault, is made up for by the
//     next reconciliation.
//
// A Handler works off one invocation at a time. What it keeps between them is
// for speed alone.
type Handler struct {
	cfg      Config
	clients  Clients
	clusters []cluster
	template hostname.Template
	observer observer
	zone     *zone
	pacer    *pace.Pacer // of Route 53, for the zones of all places
	queue    queue
	metrics  *emf.Recorder
	now      func() time.Time
	random   func(n int) int
	log      *slog.Logger

	// For speed alone, of this environment's earlier invocations:
	lastWrite time.Time           // when the zone was last asked for something
	gone      map[string]struct{} // ids of stopped tasks whose names are gone
}

// patience is how long a message may know more than ECS. ECS catches up within
// seconds; a message that is older was wrong about its task. It counts from when
// SQS took the message in. The time in a message's body can be invented: in the
// future, to be waited for without end, or in the past, to have a task that ECS
// does not tell of at the moment taken for one that it has forgotten.
const patience = 60 * time.Second

// reserve is the time before the function's deadline that is kept for handing
// back what could not be finished.
const reserve = 3 * time.Second

// errLagging is a message that knows more than ECS and EC2 say yet.
var errLagging = errors.New("ECS or EC2 does not know yet what the message says")

// New makes a handler. It fails when the configuration could not work.
func New(cfg Config, c Clients, s Settings) (*Handler, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	var clusters []cluster
	for _, arn := range cfg.ClusterARNs {
		parsed, err := parseCluster(arn)
		if err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
		clusters = append(clusters, parsed)
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
		template: zone.template,
		metrics:  metrics,
		pacer:    pacer,
		observer: newObserver(cfg, c, clusters, zone.template, s, metrics),
		zone:     zone,
		queue:    queue{sqs: c.SQS, url: cfg.QueueURL, deadLetterURL: cfg.DeadLetterQueueURL, log: s.Log},
		clusters: clusters,
		now:      s.Now,
		random:   s.Random,
		log:      s.Log,
		gone:     make(map[string]struct{}),
	}, nil
}

// Handle works off a batch of messages, and answers which of them are to come
// again. It fails for none of them as a whole.
func (h *Handler) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	defer h.flush()
	work, cancel := withReserve(ctx)
	defer cancel()
	messages := h.collect(work, batch)
	h.claims(work, messages)
	h.watches(work, messages)
	for _, m := range messages {
		if m.recheck != nil {
			m.err = h.recheck(work, m.recheck, m.sent)
		}
	}
	return h.finish(ctx, messages), nil
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
		defer h.flush()
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

// flush writes the metrics of an invocation.
func (h *Handler) flush() {
	if err := h.metrics.Flush(); err != nil {
		h.log.Warn("metrics lost", "reason", err.Error())
	}
}
