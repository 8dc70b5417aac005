package taskdns

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// The names in the samples under testdata, and some beside them.
const (
	fargateCluster = "arn:aws:ecs:us-west-2:111122223333:cluster/FargateCluster"
	otherCluster   = "arn:aws:ecs:us-west-2:111122223333:cluster/Other"
	taskID         = "c13b4cb40f1f4fe4a2971f76ae5a47ad"
	ec2TaskID      = "b7f1f0a5c1d24a6e9b3f4d5e6a7b8c9d"
	oldTaskID      = "1dcd2a1c-8e6b-4c5b-9a3c-5c1a4b2e7f10"
	domain         = "tasks.example.com"
	taskName       = taskID + "." + domain
	address        = "203.0.113.10"
	otherAddress   = "198.51.100.77"
	minutesAgo     = "2020-01-23T17:50:00Z" // as the world has it
)

// world is all that the handler can see, and the handler.
type world struct {
	ecs     *fakeECS
	ec2     *fakeEC2
	zone    *fakeZone
	sqs     *fakeSQS
	bus     *taskdnstest.EventBridge
	metrics *bytes.Buffer
	now     time.Time
	log     *bytes.Buffer
	handler *Handler
}

// newWorld has two clusters of ours, an empty zone, and a moment one second
// after the sample event.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		ecs:  &fakeECS{clusters: map[string]map[string]ecstypes.Task{fargateCluster: {}, otherCluster: {}}, fail: map[string]error{}, silent: map[string]struct{}{}},
		ec2:  &fakeEC2{interfaces: map[string]string{}},
		zone: &fakeZone{sets: map[string]types.ResourceRecordSet{}, origin: "example.com"},
		sqs:  &fakeSQS{again: map[string]int32{}},
		now:  time.Date(2020, 1, 23, 17, 57, 59, 0, time.UTC),
		log:  &bytes.Buffer{},
		bus:  taskdnstest.NewEventBridge(nil), metrics: &bytes.Buffer{},
	}
	cfg := Config{
		Owner: "task_dns/test", Place: Place{Domain: domain, HostedZoneID: "Z1"}, TTL: 60,
		ClusterARNs: []string{fargateCluster, otherCluster}, QueueURL: "https://queue", DeadLetterQueueURL: "https://letters",
	}
	w.zone.guard = guard(t, &cfg)
	handler, err := New(cfg, Clients{ECS: w.ecs, EC2: w.ec2, Route53: func(Place) Route53 { return w.zone }, SQS: w.sqs, EventBridge: w.bus}, Settings{
		Metrics: w.metrics,
		Now:     func() time.Time { return w.now },
		Random:  func(n int) int { return n - 1 },
		Log:     slog.New(slog.NewJSONHandler(w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.handler = handler
	return w
}

// run puts a task with a network interface of its own into a cluster.
func (w *world) run(cluster, id, interfaceID, public string) {
	w.ecs.clusters[cluster][id] = ecstypes.Task{
		TaskArn:       aws.String(strings.Replace(cluster, ":cluster/", ":task/", 1) + "/" + id),
		ClusterArn:    aws.String(cluster),
		LastStatus:    aws.String("RUNNING"),
		DesiredStatus: aws.String("RUNNING"),
		Version:       4,
		Attachments: []ecstypes.Attachment{
			{Type: aws.String("elb"), Details: []ecstypes.KeyValuePair{{Name: aws.String("networkInterfaceId"), Value: aws.String("eni-ofelb")}}},
			{Type: aws.String("ElasticNetworkInterface"), Details: []ecstypes.KeyValuePair{
				{Name: aws.String("subnetId"), Value: aws.String("subnet-abcd1234")},
				{Name: aws.String("networkInterfaceId"), Value: aws.String(interfaceID)},
			}},
		},
	}
	w.ec2.interfaces[interfaceID] = public
}

// stopping makes a task one that is to stop, while it still has its interface.
func (w *world) stopping(cluster, id string) {
	task := w.ecs.clusters[cluster][id]
	task.LastStatus, task.DesiredStatus, task.Version = aws.String("DEACTIVATING"), aws.String("STOPPED"), 5
	w.ecs.clusters[cluster][id] = task
}

// stopped makes a task one that has stopped, and takes away its interface.
func (w *world) stopped(cluster, id, interfaceID string) {
	task := w.ecs.clusters[cluster][id]
	task.LastStatus, task.DesiredStatus, task.Version = aws.String("STOPPED"), aws.String("STOPPED"), 7
	w.ecs.clusters[cluster][id] = task
	delete(w.ec2.interfaces, interfaceID)
}

// record puts an A record into the zone.
func (w *world) record(name string, ttl int64, values ...string) {
	set := types.ResourceRecordSet{Name: aws.String(name + "."), Type: types.RRTypeA, TTL: aws.Int64(ttl)}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	w.zone.put(set)
}

// contents is what the zone holds: "<ttl> <value>[ <value>…]" by name.
func (w *world) contents() map[string]string {
	all := make(map[string]string)
	for _, s := range w.zone.sets {
		name := strings.TrimSuffix(aws.ToString(s.Name), ".")
		if s.Type != types.RRTypeA {
			name += " " + string(s.Type)
		}
		all[name] = strings.TrimSpace(strconv.FormatInt(aws.ToInt64(s.TTL), 10) + " " + strings.Join(values(s), " "))
	}
	return all
}

// handle lets the handler work off bodies, each a message of its own that SQS
// took in just now, and answers the places in the batch that are to come again.
func (w *world) handle(t *testing.T, bodies ...string) []int {
	t.Helper()
	var batch events.SQSEvent
	for i, body := range bodies {
		batch.Records = append(batch.Records, events.SQSMessage{
			MessageId: "m" + strconv.Itoa(i), ReceiptHandle: "r" + strconv.Itoa(i), Body: body, EventSource: "aws:sqs",
			Attributes: map[string]string{
				"ApproximateReceiveCount": "1",
				"SentTimestamp":           strconv.FormatInt(w.now.Add(-500*time.Millisecond).UnixMilli(), 10),
			},
		})
	}
	return w.handleBatch(t, batch)
}

func (w *world) handleBatch(t *testing.T, batch events.SQSEvent) []int {
	t.Helper()
	response, err := w.handler.Handle(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	var again []int
	for _, f := range response.BatchItemFailures {
		i, err := strconv.Atoi(strings.TrimPrefix(f.ItemIdentifier, "m"))
		if err != nil {
			t.Fatalf("the function names message %q, which it was not given", f.ItemIdentifier)
		}
		if seconds := w.sqs.again["r"+strconv.Itoa(i)]; w.sqs.fail == nil && (seconds < 1 || seconds > 60) {
			t.Errorf("message %d comes again after %d s, want 1 to 60", i, seconds)
		}
		again = append(again, i)
	}
	return again
}

// event is a sample event with fields of its detail set to other values; the
// field "time" is that of the envelope.
func event(t *testing.T, sample string, fields map[string]any) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", sample+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var e map[string]any
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	detail, ok := e["detail"].(map[string]any)
	if !ok {
		t.Fatal("the sample has no detail")
	}
	fields = maps.Clone(fields)
	for _, outer := range []string{"time", "source", "detail-type"} {
		if v, ok := fields[outer]; ok {
			e[outer] = v
			delete(fields, outer)
		}
	}
	maps.Copy(detail, fields)
	changed, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(changed)
}
