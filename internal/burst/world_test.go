package burst

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// What the world is assumed to be like. assumptions prints it.
const (
	launchBurst     = 100 // tasks that Fargate launches at once
	launchPerSecond = 20  // and then each second

	startTime     = 20 * time.Second // from a task's launch to RUNNING
	startSpread   = 5 * time.Second  // at most so much longer, as images differ
	attachTime    = 4 * time.Second  // from the launch to PENDING
	activateAhead = 2 * time.Second  // ACTIVATING comes so long before RUNNING

	deliveryTime   = 150 * time.Millisecond // of EventBridge, to SQS or Lambda
	deliverySpread = 200 * time.Millisecond // at most so much longer

	describeTasksTime      = 40 * time.Millisecond
	describeInterfacesTime = 60 * time.Millisecond
	sqsTime                = 10 * time.Millisecond
	putEventsTime          = 20 * time.Millisecond
	route53Time            = 50 * time.Millisecond
	changeTime             = 100 * time.Millisecond // more for a change; the zone refuses others meanwhile
	syncTime               = 30 * time.Second       // from the acceptance to INSYNC

	environments   = 2 // of our function: the mapping's maximum concurrency
	mappingTime    = 30 * time.Millisecond
	coldStart      = 200 * time.Millisecond // of our function
	coldStartNode  = 500 * time.Millisecond // of the others'
	nodeRetries    = 3
	nodeRetryBase  = 100 * time.Millisecond
	asyncSecondTry = time.Minute
	asyncThirdTry  = 2 * time.Minute
)

const (
	zoneID     = "Z1"
	domain     = "tasks.example.com"
	clusterARN = "arn:aws:ecs:eu-west-2:111122223333:cluster/web"
)

// limit is what Route 53 lets through.
type limit struct {
	name string
	rate route53fake.Rate
}

var limits = []limit{
	{"50+10", route53fake.AccountRequests},
	{"5+5", route53fake.Rate{Burst: 5, PerSecond: 5}},
	{"50+10-half-used", route53fake.Rate{Burst: 25, PerSecond: 5}},
}

// row is a number of tasks to start.
type row struct {
	name  string
	tasks int
}

var rows = []row{{"100-at-once", 100}, {"500-in-25s", 500}, {"5000-in-245s", 5000}}

// launchedAt is when a task is launched, at the highest rate there is.
func launchedAt(n int) time.Duration {
	return time.Duration(max(0, n-launchBurst+1)) * time.Second / launchPerSecond
}

// world is one burst on one design.
type world struct {
	wire    *taskdnstest.Wire
	ecs     *taskdnstest.ECS
	ec2     *taskdnstest.EC2
	fleet   *taskdnstest.Fleet
	fake    *route53fake.Fake
	route53 taskdnstest.Route53API

	mu       sync.Mutex
	random   *rand.Rand
	running  map[string]time.Time // by the task's name
	accepted map[string]time.Time
}

// newWorld has no tasks, and an empty zone. It belongs into a synctest bubble.
func newWorld(l limit) *world {
	w := &world{
		wire: &taskdnstest.Wire{}, fake: route53fake.New(), random: rand.New(rand.NewPCG(1, 2)),
		running: make(map[string]time.Time), accepted: make(map[string]time.Time),
	}
	w.fake.Requests, w.fake.PerAction = l.rate, l.rate
	w.fake.Latency = func(string) time.Duration { return route53Time }
	w.fake.ChangeTime, w.fake.SyncDelay = changeTime, syncTime
	w.fake.AddZone(zoneID, domain)
	w.route53 = w.wire.Route53(w.fake)
	w.ecs, w.ec2 = taskdnstest.NewECS(w.wire, clusterARN), taskdnstest.NewEC2(w.wire)
	w.ecs.Limit(taskdnstest.NewBucket(50, 20))
	w.ec2.Limit(taskdnstest.NewBucket(100, 20))
	w.fleet = taskdnstest.NewFleet(w.ecs, w.ec2)
	w.wire.SetLatency(taskdnstest.ServiceECS, "", describeTasksTime)
	w.wire.SetLatency(taskdnstest.ServiceEC2, "", describeInterfacesTime)
	w.wire.SetLatency(taskdnstest.ServiceSQS, "", sqsTime)
	w.wire.SetLatency(taskdnstest.ServiceEventBridge, "", putEventsTime)
	w.wire.After(w.note)
	return w
}

// note is told of each successful call, and notes when records were accepted.
func (w *world) note(_ context.Context, c taskdnstest.Call) error {
	in, ok := c.Input.(*route53.ChangeResourceRecordSetsInput)
	if !ok {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, change := range in.ChangeBatch.Changes {
		name := strings.TrimSuffix(aws.ToString(change.ResourceRecordSet.Name), ".")
		if _, known := w.accepted[name]; change.Action != types.ChangeActionDelete && !known {
			w.accepted[name] = time.Now()
		}
	}
	return nil
}

// upTo is a random time below d.
func (w *world) upTo(d time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.random.Int64N(int64(d)))
}

// event is one of a task's events.
type event struct {
	task   taskdnstest.Task
	status string
	body   string
}

// start starts tasks at Fargate's rate, and gives each event to deliver when
// EventBridge delivers it. It returns when all tasks run and all deliveries
// have returned.
func (w *world) start(tasks int, deliver func(event)) {
	var all sync.WaitGroup
	for n := range tasks {
		task := taskdnstest.Task{ClusterARN: clusterARN, ID: fmt.Sprintf("%032x", n*2654435761), PublicIP: fmt.Sprintf("198.%d.%d.%d", 18, n>>8, n&255)}
		spread := w.upTo(startSpread)
		var delays [4]time.Duration
		for i := range delays {
			delays[i] = deliveryTime + w.upTo(deliverySpread)
		}
		all.Go(func() {
			emit := func(status, body string, delay time.Duration) {
				all.Go(func() {
					time.Sleep(delay)
					deliver(event{task, status, body})
				})
			}
			time.Sleep(launchedAt(n))
			emit("PROVISIONING", w.fleet.Start(task), delays[0])
			time.Sleep(attachTime)
			emit("PENDING", w.fleet.Move(task.ARN(), "PENDING"), delays[1])
			time.Sleep(startTime + spread - attachTime - activateAhead)
			emit("ACTIVATING", w.fleet.Move(task.ARN(), "ACTIVATING"), delays[2])
			time.Sleep(activateAhead)
			body := w.fleet.Move(task.ARN(), "RUNNING")
			w.mu.Lock()
			w.running[task.ID+"."+domain] = time.Now()
			w.mu.Unlock()
			emit("RUNNING", body, delays[3])
		})
	}
	all.Wait()
}

// result is what came of a burst.
type result struct {
	calls, changes, throttled, busy, lost int
	p50, p99, last                        time.Duration
}

// result sums up a burst that is over.
func (w *world) result() result {
	var r result
	for action, c := range w.fake.Counts() {
		r.calls += c.Calls
		r.throttled += c.Throttled
		r.busy += c.Busy
		if action == route53fake.Change {
			r.changes = c.Calls
		}
	}
	inZone := make(map[string]bool)
	for _, s := range w.fake.Sets(zoneID) {
		inZone[strings.TrimSuffix(*s.Name, ".")] = true
	}
	var waits []time.Duration
	var lastRunning, lastAccepted time.Time
	for name, running := range w.running {
		if running.After(lastRunning) {
			lastRunning = running
		}
		at, ok := w.accepted[name]
		if !ok || !inZone[name] {
			r.lost++
			continue
		}
		waits = append(waits, at.Sub(running))
		if at.After(lastAccepted) {
			lastAccepted = at
		}
	}
	if len(waits) > 0 {
		slices.Sort(waits)
		r.p50, r.p99, r.last = rank(waits, 50), rank(waits, 99), lastAccepted.Sub(lastRunning)
	}
	return r
}

// rank is a percentile by nearest rank of sorted times.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// line is a result as it is printed.
func line(r row, l limit, design string, got result) string {
	return fmt.Sprintf("row=%s limit=%s design=%s calls=%d throttled=%d lost=%d p50=%.2f p99=%.2f last=%.2f changes=%d busy=%d",
		r.name, l.name, design, got.calls, got.throttled, got.lost, got.p50.Seconds(), got.p99.Seconds(), got.last.Seconds(), got.changes, got.busy)
}

// ratio is how many times b is in a.
func ratio[N int | time.Duration](a, b N) float64 { return float64(a) / float64(cmp.Or(b, 1)) }
