package taskdns

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

const (
	queueURL   = "https://sqs.us-west-2.amazonaws.com/111122223333/queue"
	lettersURL = "https://sqs.us-west-2.amazonaws.com/111122223333/letters"
	visibility = 90 * time.Second
)

// rig is a handler amid all services, with its queue and the mapping that
// feeds it. Its time is virtual.
type rig struct {
	*testing.T
	wire    *taskdnstest.Wire
	ecs     *taskdnstest.ECS
	ec2     *taskdnstest.EC2
	sqs     *taskdnstest.SQS
	bus     *taskdnstest.EventBridge
	zone    *route53fake.Fake
	fleet   *taskdnstest.Fleet
	serial  int // of the last task
	config  Config
	log     *lines
	metrics *lines
	mapping taskdnstest.Mapping
}

// lines is a log that several goroutines may write.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// onRig runs a test in virtual time on a rig with two clusters and an empty
// zone whose changes take 20 s to be everywhere.
func onRig(t *testing.T, test func(*rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{T: t, wire: &taskdnstest.Wire{}, log: &lines{}, metrics: &lines{}, zone: route53fake.New()}
		r.ecs, r.ec2 = taskdnstest.NewECS(r.wire, fargateCluster, otherCluster), taskdnstest.NewEC2(r.wire)
		r.sqs, r.bus = taskdnstest.NewSQS(r.wire), taskdnstest.NewEventBridge(r.wire, "own")
		r.fleet = taskdnstest.NewFleet(r.ecs, r.ec2)
		r.zone.AddZone("Z1", "example.com")
		r.zone.SyncDelay = 20 * time.Second
		r.sqs.CreateQueue(lettersURL, taskdnstest.QueueSettings{Visibility: visibility})
		r.sqs.CreateQueue(queueURL, taskdnstest.QueueSettings{Visibility: visibility, MaxReceives: 100, DeadLetterURL: lettersURL})
		r.config = Config{
			Owner: "task_dns/test", Place: Place{Domain: domain, HostedZoneID: "Z1"}, TTL: 60,
			ClusterARNs: []string{fargateCluster, otherCluster}, QueueURL: queueURL, DeadLetterQueueURL: lettersURL,
		}
		r.zone.OnChange = guard(t, &r.config)
		r.mapping = taskdnstest.Mapping{SQS: r.sqs, QueueURL: queueURL, New: func() taskdnstest.Function { return r.newHandler().Handle }}
		test(r)
	})
}

// newHandler is the handler of a new environment.
func (r *rig) newHandler() *Handler {
	r.Helper()
	h, err := New(r.config, Clients{
		ECS: r.ecs, EC2: r.ec2, SQS: r.sqs, EventBridge: r.bus, Route53: func(Place) Route53 { return r.wire.Route53(r.zone) },
	}, Settings{Now: time.Now, Random: func(n int) int { return n - 1 }, Log: slog.New(slog.NewJSONHandler(r.log, nil)), Metrics: r.metrics})
	if err != nil {
		r.Fatal(err)
	}
	return h
}

// live lets the mapping work for some time.
func (r *rig) live(d time.Duration) {
	r.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	var done sync.WaitGroup
	done.Go(func() { r.mapping.Run(ctx) })
	time.Sleep(d)
	cancel()
	done.Wait()
}

// deliver lets a handler work off one batch, and tells whether it survived.
func (r *rig) deliver(h *Handler) bool {
	_, alive := r.mapping.Deliver(r.Context(), h.Handle)
	return alive
}

// run makes running tasks, and answers their ids. Their events are in the
// queue.
func (r *rig) run(n int) []string {
	var ids []string
	for range n {
		r.serial++
		id := fmt.Sprintf("%032x", r.serial)
		ids = append(ids, id)
		r.sqs.Send(queueURL, r.fleet.Run(taskdnstest.Task{
			ClusterARN: fargateCluster, ID: id, InterfaceID: "eni-" + id, Group: "service:web", StartedBy: "me",
			PublicIP: fmt.Sprintf("203.0.%d.%d", r.serial/250, 1+r.serial%250),
		}))
	}
	return ids
}

// arn is the ARN of a task of the first cluster.
func arn(id string) string {
	return strings.Replace(fargateCluster, ":cluster/", ":task/", 1) + "/" + id
}

// move gives a task another status; its event is in the queue.
func (r *rig) move(id, status string) { r.sqs.Send(queueURL, r.fleet.Move(arn(id), status)) }

// names are the labels of the A records below the domain, in order.
func (r *rig) names() []string {
	var all []string
	for _, s := range r.zone.Sets("Z1") {
		if label, ok := strings.CutSuffix(aws.ToString(s.Name), "."+domain+"."); ok && s.Type == types.RRTypeA {
			all = append(all, label)
		}
	}
	slices.Sort(all)
	return all
}

// calls is the journal from a call on, "service operation" each.
func (r *rig) calls(from int) []string {
	var all []string
	for _, c := range r.wire.Journal()[from:] {
		all = append(all, c.Service+" "+c.Operation)
	}
	return all
}

// told is the events that were put, as "<last words of the type> <task id>", in
// order.
func (r *rig) told() []string {
	r.Helper()
	var all []string
	for _, e := range r.bus.Events() {
		all = append(all, e.DetailType[strings.LastIndex(e.DetailType, " ")+1:]+" "+lastPart(e.Resources[0]))
	}
	slices.Sort(all)
	return all
}

// detail reads the detail of the only event of a type.
func (r *rig) detail(kind string) Detail {
	r.Helper()
	var found []Detail
	for _, e := range r.bus.Events() {
		if e.DetailType != kind {
			continue
		}
		var d Detail
		if err := json.Unmarshal([]byte(e.Detail), &d); err != nil || e.Source != EventSource || !slices.Equal(e.Resources, []string{d.TaskARN}) {
			r.Errorf("event %+v, error %v", e, err)
		}
		found = append(found, d)
	}
	if len(found) != 1 {
		r.Fatalf("%d events %q, want one: %v\n%s", len(found), kind, r.told(), r.log)
	}
	return found[0]
}

// recorded is the sum of all values of a metric.
func (r *rig) recorded(metric string) (sum float64, values int) {
	r.Helper()
	for line := range strings.Lines(r.metrics.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil || fields[DimensionName] != "test" {
			r.Fatalf("metrics line %s: %v", line, err)
		}
		all, _ := fields[metric].([]any)
		for _, v := range all {
			sum += v.(float64)
			values++
		}
	}
	return sum, values
}

// prefixed puts a word before each of ids, in order.
func prefixed(word string, ids []string) []string {
	var all []string
	for _, id := range ids {
		all = append(all, word+" "+id)
	}
	return slices.Sorted(slices.Values(all))
}

// left is how many messages lie in a queue.
func (r *rig) left(url string) int { return len(r.sqs.Messages(url)) }

// foreign puts somebody else's A record into the zone.
func (r *rig) foreign(name string) {
	r.zone.Put("Z1", types.ResourceRecordSet{
		Name: aws.String(name + "."), Type: types.RRTypeA, TTL: aws.Int64(300),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
	})
}
