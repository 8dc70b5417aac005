package taskdns_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy/iamtest"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

const (
	chaosZone   = "ZCHAOS"
	chaosDomain = "tasks.example.com"
	chaosQueue  = "https://sqs/queue"
	chaosDead   = "https://sqs/dead"
	chaosTTL    = 60
)

var chaosClusters = []string{
	"arn:aws:ecs:eu-west-2:123456789012:cluster/one",
	"arn:aws:ecs:eu-west-2:123456789012:cluster/two",
}

// chaos is a world in which all that can go wrong does.
type chaos struct {
	t       *testing.T
	wire    *taskdnstest.Wire
	ecs     *taskdnstest.ECS
	sqs     *taskdnstest.SQS
	events  *taskdnstest.EventBridge
	fleet   *taskdnstest.Fleet
	zone    *route53fake.Fake
	tasks   []*chaosTask
	foreign map[string]string
	clients taskdns.Clients
	end     context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	random   *rand.Rand
	raging   bool
	injected map[string]int
}

// chaosTask is a task with the times between which it is to have a name.
type chaosTask struct {
	taskdnstest.Task
	stolen   bool // somebody else's record bears its name
	from, to time.Time
}

// environment is one of the function's. When it dies, none of its calls does
// anything any more, which is all that anybody sees of a death.
type environment struct {
	handler *taskdns.Handler
	dead    bool
}

type environmentKey struct{}

var errDied = errors.New("the process died")

func newChaos(t *testing.T, random *rand.Rand, tasks int) *chaos {
	t.Helper()
	wire := &taskdnstest.Wire{}
	c := &chaos{
		t: t, wire: wire, random: random, injected: map[string]int{}, foreign: map[string]string{},
		ecs: taskdnstest.NewECS(wire, chaosClusters...), sqs: taskdnstest.NewSQS(wire),
		events: taskdnstest.NewEventBridge(wire, "default"), zone: route53fake.New(),
	}
	ec2 := taskdnstest.NewEC2(wire)
	c.fleet = taskdnstest.NewFleet(c.ecs, ec2)
	c.sqs.CreateQueue(chaosDead, taskdnstest.QueueSettings{Visibility: time.Minute})
	c.sqs.CreateQueue(chaosQueue, taskdnstest.QueueSettings{Visibility: 90 * time.Second, MaxReceives: 100, DeadLetterURL: chaosDead})
	c.sqs.Sample(func(available int) int { return c.intN(available + 1) })
	c.zone.AddZone(chaosZone, "example.com")
	c.zone.OnChange = iamtest.Guard(t, rolePolicy(taskdns.Config{Place: taskdns.Place{Domain: chaosDomain, HostedZoneID: chaosZone}}))
	c.zone.ChangeTime, c.zone.SyncDelay = 120*time.Millisecond, 8*time.Second
	c.zone.Latency = func(string) time.Duration { return 40 * time.Millisecond }
	for _, service := range []string{taskdnstest.ServiceECS, taskdnstest.ServiceEC2, taskdnstest.ServiceSQS, taskdnstest.ServiceEventBridge} {
		wire.SetLatency(service, "", 20*time.Millisecond)
	}
	wire.Before(func(ctx context.Context, call taskdnstest.Call) error { return c.fault(ctx, call, "before") })
	wire.After(func(ctx context.Context, call taskdnstest.Call) error { return c.fault(ctx, call, "after") })
	for i := range tasks {
		c.tasks = append(c.tasks, c.newTask(i))
	}
	c.addForeign()

	c.clients = taskdns.Clients{
		ECS: c.ecs, EC2: ec2, SQS: c.sqs, EventBridge: c.events,
		Route53: func(taskdns.Place) taskdns.Route53 { return wire.Route53(c.zone) },
	}
	return c
}

// start claims the domain, and feeds the function from the queue and from the
// clock until the world ends.
func (c *chaos) start() {
	ctx, cancel := context.WithCancel(c.t.Context())
	c.end = cancel
	c.do(ctx, taskdns.DoClaim)
	mapping := taskdnstest.Mapping{
		SQS: c.sqs, QueueURL: chaosQueue, Environments: 2, Latency: 20 * time.Millisecond, New: c.function,
	}
	c.running.Go(func() { mapping.Run(ctx) })
	c.running.Go(func() {
		for ctx.Err() == nil {
			sleep(ctx, time.Duration(30+c.intN(90))*time.Second)
			if c.isRaging() {
				c.do(ctx, taskdns.DoReconcile)
			}
		}
	})
}

// stop ends the world.
func (c *chaos) stop() {
	c.end()
	c.running.Wait()
}

// function is an environment that is replaced when it dies.
func (c *chaos) function() taskdnstest.Function {
	e := c.environment()
	return func(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
		response, err := e.handler.Handle(context.WithValue(ctx, environmentKey{}, e), batch)
		if c.died(e) {
			e = c.environment()
			return events.SQSEventResponse{}, errDied
		}
		return response, err
	}
}

func (c *chaos) environment() *environment {
	handler, err := taskdns.New(taskdns.Config{
		Owner: "task_dns/chaos", Place: taskdns.Place{Domain: chaosDomain, HostedZoneID: chaosZone}, TTL: chaosTTL,
		ClusterARNs: chaosClusters, QueueURL: chaosQueue, DeadLetterQueueURL: chaosDead,
	}, c.clients, taskdns.Settings{
		Now: time.Now, Random: c.intN, Log: slog.New(slog.DiscardHandler), Metrics: io.Discard,
	})
	if err != nil {
		panic(err)
	}
	return &environment{handler: handler}
}

func (c *chaos) died(e *environment) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return e.dead
}

// do carries out one command in an environment of its own.
func (c *chaos) do(ctx context.Context, what string) taskdns.Report {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	e := c.environment()
	raging := c.isRaging() // what goes wrong then may be told later
	report, err := e.handler.Do(context.WithValue(ctx, environmentKey{}, e), taskdns.Command{Do: what})
	if err != nil && !raging {
		c.t.Errorf("%s: %v", what, err)
	}
	return report
}

// intN is chance, the same for the same seed.
func (c *chaos) intN(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(n)
}

// in tells with a chance of so many in a thousand that something happens, and
// counts it.
func (c *chaos) in(thousand int, what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.random.IntN(1000) >= thousand {
		return false
	}
	c.injected[what]++
	return true
}

func (c *chaos) isRaging() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raging
}

func (c *chaos) setRaging(raging bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raging = raging
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
