package taskdns

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

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
	mapping taskdnstest.Mapping // makes its own handlers
	handler *Handler            // for tests that need one environment only
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
// zone whose changes take 20 s to be everywhere. Every batch that is sent is
// held against the policy of the function's role.
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
		r.handler = r.newHandler()
		test(r)
	})
}

// configure changes the configuration, of which the rig gets a new handler.
func (r *rig) configure(change func(*Config)) {
	r.Helper()
	change(&r.config)
	r.handler = r.newHandler()
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

// handle lets the rig's handler work off bodies, each a message of its own that
// SQS took in half a second ago, and answers the places of those that come
// again.
func (r *rig) handle(bodies ...string) []int {
	r.Helper()
	return r.handleAfter(500*time.Millisecond, bodies...)
}

// handleAfter is handle for messages that SQS took in so long ago.
func (r *rig) handleAfter(d time.Duration, bodies ...string) []int {
	r.Helper()
	var ids []string
	for _, body := range bodies {
		ids = append(ids, r.sqs.Send(queueURL, body))
	}
	time.Sleep(d)
	if !r.deliver(r.handler) {
		r.Fatal("the handler died")
	}
	var again []int
	for _, m := range r.sqs.Messages(queueURL) {
		i := slices.Index(ids, m.ID)
		if i < 0 {
			continue // one of the function's own
		}
		if wait := time.Until(m.Visible); wait < time.Second || wait > time.Minute {
			r.Errorf("message %d comes again after %s, want 1 s to 1 min", i, wait)
		}
		again = append(again, i)
	}
	return again
}

// handleSent has the rig's handler work off a message that says itself when SQS
// took it in, which must succeed.
func (r *rig) handleSent(body, sent string) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	response, err := r.handler.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: "m", ReceiptHandle: "r", Body: body,
		Attributes: map[string]string{"ApproximateReceiveCount": "1", "SentTimestamp": sent},
	}}})
	if err != nil || len(response.BatchItemFailures) > 0 {
		r.Fatalf("handling %s: %v, %v", body, response.BatchItemFailures, err)
	}
}

// millis is a time as SQS tells it.
func millis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

// do carries out a command that must succeed.
func (r *rig) do(command Command) Report {
	r.Helper()
	report, err := r.try(command)
	if err != nil {
		r.Fatalf("%s: %v", command.Do, err)
	}
	return report
}

// try carries out a command as Lambda does.
func (r *rig) try(command Command) (Report, error) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	return r.handler.Do(ctx, command)
}

// rechecks waits for the messages that ask for second looks, has them worked
// off, and answers how many there were.
func (r *rig) rechecks() int {
	r.Helper()
	time.Sleep(grace)
	found := 0
	for {
		out, err := r.sqs.ReceiveMessage(r.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(queueURL), MaxNumberOfMessages: 1,
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll},
		})
		if err != nil {
			r.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return found
		}
		m := out.Messages[0]
		if strings.Contains(aws.ToString(m.Body), kindRecheck) {
			found++
			r.handleSent(aws.ToString(m.Body), m.Attributes["SentTimestamp"])
		}
		_, err = r.sqs.DeleteMessageBatch(r.Context(), &sqs.DeleteMessageBatchInput{
			QueueUrl: aws.String(queueURL), Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: aws.String("0"), ReceiptHandle: m.ReceiptHandle}},
		})
		if err != nil {
			r.Fatal(err)
		}
	}
}

// refuse makes all calls of an operation fail.
func (r *rig) refuse(operation string, err error) {
	r.wire.Before(func(_ context.Context, c taskdnstest.Call) error {
		if c.Operation == operation {
			return err
		}
		return nil
	})
}

// refuseCluster makes ECS fail for one cluster.
func (r *rig) refuseCluster(cluster string) {
	r.wire.Before(func(_ context.Context, c taskdnstest.Call) error {
		if in, ok := c.Input.(*ecs.DescribeTasksInput); ok && aws.ToString(in.Cluster) == cluster {
			return taskdnstest.Error("AccessDeniedException", "not authorized")
		}
		return nil
	})
}

// each is a hook that does something at each call of ECS, EC2 and Route 53.
func (r *rig) each(do func()) taskdnstest.Hook {
	var mu sync.Mutex
	return func(_ context.Context, c taskdnstest.Call) error {
		if c.Service != taskdnstest.ServiceSQS {
			mu.Lock()
			defer mu.Unlock()
			do()
		}
		return nil
	}
}
