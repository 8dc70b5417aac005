package taskdns

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

const realmQueue = "https://queue"

// realm is an account with two clusters and a hosted zone, and a function that
// names their tasks.
type realm struct {
	wire    *taskdnstest.Wire
	ecs     *taskdnstest.ECS
	ec2     *taskdnstest.EC2
	sqs     *taskdnstest.SQS
	fleet   *taskdnstest.Fleet
	zones   *route53fake.Fake
	cfg     Config
	log     bytes.Buffer
	metrics bytes.Buffer
	handler *Handler
}

// inRealm runs a test in a realm, in virtual time.
func inRealm(t *testing.T, change func(*Config), test func(*testing.T, *realm)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &taskdnstest.Wire{}
		r := &realm{
			wire: w, ecs: taskdnstest.NewECS(w, fargateCluster, otherCluster), ec2: taskdnstest.NewEC2(w),
			sqs: taskdnstest.NewSQS(w), zones: route53fake.New(),
			cfg: Config{
				Owner: "task_dns/web", Place: Place{Domain: domain, HostedZoneID: "Z1"}, TTL: 60,
				ClusterARNs: []string{fargateCluster, otherCluster}, QueueURL: realmQueue, DeadLetterQueueURL: realmQueue + "-letters",
			},
		}
		r.sqs.CreateQueue(realmQueue, taskdnstest.QueueSettings{Visibility: 90 * time.Second})
		r.fleet = taskdnstest.NewFleet(r.ecs, r.ec2)
		r.zones.AddZone("Z1", "example.com")
		r.zones.OnChange = guard(t, &r.cfg)
		if change != nil {
			change(&r.cfg)
		}
		r.configure(t, nil)
		test(t, r)
	})
}

// configure makes a new handler with a changed configuration.
func (r *realm) configure(t *testing.T, change func(*Config)) {
	t.Helper()
	if change != nil {
		change(&r.cfg)
	}
	handler, err := New(r.cfg, Clients{
		ECS: r.ecs, EC2: r.ec2, SQS: r.sqs, EventBridge: taskdnstest.NewEventBridge(r.wire),
		Route53: func(Place) Route53 { return r.wire.Route53(r.zones) },
	}, Settings{
		Now: time.Now, Random: func(n int) int { return n / 2 }, Metrics: &r.metrics,
		Log: slog.New(slog.NewJSONHandler(&r.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.handler = handler
}

// start makes the n-th task run; its address is addressOf(n).
func (r *realm) start(cluster string, n int) taskdnstest.Task {
	task := taskdnstest.Task{ClusterARN: cluster, ID: idOf(n), InterfaceID: fmt.Sprintf("eni-%d", n), PublicIP: addressOf(n), Group: "service:web"}
	r.fleet.Run(task)
	return task
}

// stop makes a task stop, for good.
func (r *realm) stop(task taskdnstest.Task) {
	for _, status := range []string{"DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"} {
		r.fleet.Move(task.ARN(), status)
	}
}

func idOf(n int) string      { return fmt.Sprintf("%012x%020x", n, n) }
func nameOf(n int) string    { return idOf(n) + "." + domain }
func addressOf(n int) string { return fmt.Sprintf("203.0.%d.%d", n/250, n%250+1) }

// do carries out a command that must succeed.
func (r *realm) do(t *testing.T, command Command) Report {
	t.Helper()
	report, err := r.try(t, command)
	if err != nil {
		t.Fatalf("%s: %v", command.Do, err)
	}
	return report
}

// try carries out a command as Lambda does.
func (r *realm) try(t *testing.T, command Command) (Report, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return r.handler.Do(ctx, command)
}

// rechecks waits for the messages that ask for second looks, has them worked
// off, and answers how many there were.
func (r *realm) rechecks(t *testing.T) int {
	t.Helper()
	time.Sleep(grace)
	found := 0
	for {
		out, err := r.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(realmQueue), MaxNumberOfMessages: 1,
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return found
		}
		m := out.Messages[0]
		if strings.Contains(aws.ToString(m.Body), kindRecheck) {
			found++
			r.handle(t, aws.ToString(m.Body), m.Attributes["SentTimestamp"])
		}
		_, err = r.sqs.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{
			QueueUrl: aws.String(realmQueue), Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: aws.String("0"), ReceiptHandle: m.ReceiptHandle}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// handle has a message worked off, which must succeed.
func (r *realm) handle(t *testing.T, body, sent string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	response, err := r.handler.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: "m", ReceiptHandle: "r", Body: body,
		Attributes: map[string]string{"ApproximateReceiveCount": "1", "SentTimestamp": sent},
	}}})
	if err != nil || len(response.BatchItemFailures) > 0 {
		t.Fatalf("handling %s: %v, %v", body, response.BatchItemFailures, err)
	}
}

// millis is a time as SQS tells it.
func millis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

// address puts an address record into the zone, as the function makes it.
func (r *realm) address(name string, ttl int64, values ...string) {
	kind := types.RRTypeA
	if strings.Contains(values[0], ":") {
		kind = types.RRTypeAaaa
	}
	r.put(kind, name, ttl, values...)
}

// put puts a record set into the zone.
func (r *realm) put(kind types.RRType, name string, ttl int64, values ...string) {
	set := types.ResourceRecordSet{Name: aws.String(name + "."), Type: kind, TTL: aws.Int64(ttl)}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	r.zones.Put("Z1", set)
}

// contents is what a zone holds, but for the claim of the realm's domain:
// "<ttl> <value>…" by name, with the type unless it is A.
func (r *realm) contents(zoneID ...string) map[string]string {
	all := make(map[string]string)
	for _, s := range r.zones.Sets(cmp.Or(strings.Join(zoneID, ""), "Z1")) {
		name := canonical(aws.ToString(s.Name))
		if name == ClaimName(domain) {
			continue
		}
		if s.Type != types.RRTypeA {
			name += " " + string(s.Type)
		}
		all[name] = strings.TrimSpace(strconv.FormatInt(aws.ToInt64(s.TTL), 10) + " " + strings.Join(values(s), " "))
	}
	return all
}

// claimed is the claim's value in the zone, without quotes; "" if there is
// none.
func (r *realm) claimed() string {
	for _, s := range r.zones.Sets("Z1") {
		if canonical(aws.ToString(s.Name)) == ClaimName(domain) {
			return strings.Trim(strings.Join(values(s), " "), `"`)
		}
	}
	return ""
}

// spoil makes calls of an operation fail, or of all if it is "".
func (r *realm) spoil(operation string, err error) {
	r.wire.Before(func(_ context.Context, c taskdnstest.Call) error {
		if c.Operation == operation {
			return err
		}
		return nil
	})
}

// sameContents compares what a zone holds with what it should.
func sameContents(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s: %q, want %q", name, got[name], v)
		}
	}
	for name, v := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q, want nothing", name, v)
		}
	}
}

// each is a hook that does something at each call of ECS, EC2 and Route 53.
func (r *realm) each(do func()) taskdnstest.Hook {
	return func(_ context.Context, c taskdnstest.Call) error {
		if c.Service != taskdnstest.ServiceSQS {
			do()
		}
		return nil
	}
}
