package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

var loneTasks = flag.Int("lone", 0, "how many tasks TestLone measures; it is skipped with none")

const (
	// loneMost is by how much the function may take longer than its calls.
	loneMost = 50 * time.Millisecond
	// loneQuiet is for how long the function has written nothing when a task
	// starts. Less than a second would make it wait for others.
	loneQuiet = 1100 * time.Millisecond
	// loneStep is how long a task stays in each state before RUNNING.
	loneStep = 20 * time.Millisecond
	// loneLook is after what time the function's log is first looked into.
	// Whoever looked all the time would take the local cloud's time.
	loneLook = 1500 * time.Millisecond
	// loneApart is for how long the local cloud then has nothing to do before
	// the calls of the floor.
	loneApart = time.Second
)

const loneAssumptions = `lone task: the time that the deployed function takes for one task on a quiet queue
- local cloud on this machine, %d cores: LocalStack answers, a call takes what it takes there
- each task starts when the queue is empty, and %s or longer after the last write
- handler: the Duration in Lambda's REPORT of the invocation that created the record
- to_record: of that, from its first call to the one after Route 53 had accepted the record
- queue_wait: from when SQS took in the event to when the function began with it;
  LocalStack looks into a queue once a second, Lambda always does
- floor: the same calls, %s,
  made one after the other by this process on warm connections, %s after each task;
  the function's are also held against the policy of its role, these are not
`

// loneCalls are the calls for a lone task.
var loneCalls = []string{"DescribeTasks", "DescribeNetworkInterfaces", "ChangeResourceRecordSets", "SendMessageBatch"}

// TestLone measures how much longer the function takes for a lone task than
// the calls that it makes for it. "make bench-lone" runs it.
func TestLone(t *testing.T) {
	if *loneTasks == 0 {
		t.Skip("nothing is measured without -lone")
	}
	a := newAccount(t)
	l := newLone(t, a)
	fmt.Printf(loneAssumptions, runtime.NumCPU(), loneQuiet, strings.Join(loneCalls, ", "), loneApart)
	samples := make([]loneSample, 0, *loneTasks)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			// No reconciliation comes between.
			Config: a.config(a.taskDNS(`reconcile_interval = "24h"`)),
			Check: during(func() {
				l.sample() // makes the connections
				for i := range *loneTasks {
					s := l.sample()
					fmt.Printf("task=%d handler_ms=%s to_record_ms=%s floor_ms=%s floor_to_record_ms=%s queue_wait_ms=%s\n",
						i+1, ms(s.handler), ms(s.toRecord), ms(s.floor), ms(s.floorToRecord), ms(s.queueWait))
					samples = append(samples, s)
				}
			}),
		}},
	})
	median := func(of func(loneSample) time.Duration) time.Duration {
		var all []time.Duration
		for _, s := range samples {
			all = append(all, of(s))
		}
		slices.Sort(all)
		return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
	}
	handler := median(func(s loneSample) time.Duration { return s.handler })
	floor := median(func(s loneSample) time.Duration { return s.floor })
	wait := median(func(s loneSample) time.Duration { return s.queueWait })
	fmt.Printf("to the record alone: handler_median_ms=%s floor_median_ms=%s\n",
		ms(median(func(s loneSample) time.Duration { return s.toRecord })), ms(median(func(s loneSample) time.Duration { return s.floorToRecord })))
	fmt.Printf("lone: tasks=%d handler_median_ms=%s floor_median_ms=%s difference_ms=%s queue_wait_median_ms=%s\n",
		len(samples), ms(handler), ms(floor), ms(handler-floor), ms(wait))
	if handler-floor > loneMost {
		t.Errorf("the function takes %s longer than its calls, want at most %s", handler-floor, loneMost)
	}
}

// ms writes a time in milliseconds.
func ms(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds()*1000, 'f', 1, 64)
}

// loneSample is what was measured of one task.
type loneSample struct {
	handler, toRecord, queueWait time.Duration
	floor, floorToRecord         time.Duration
}

// lone measures tasks one after the other.
type lone struct {
	t       *testing.T
	a       *account
	fleet   *fleet
	route53 *route53.Client
	sqs     *sqs.Client
	logs    *cloudwatchlogs.Client
	queue   string // of the function
	beside  string // a queue that nobody reads
	written time.Time
}

func newLone(t *testing.T, a *account) *lone {
	t.Helper()
	l := &lone{
		t: t, a: a, fleet: newFleet(t, a, a.clusterARN),
		route53: route53.NewFromConfig(a.aws), sqs: sqs.NewFromConfig(a.aws), logs: cloudwatchlogs.NewFromConfig(a.aws),
	}
	steps := map[string]time.Duration{"PROVISIONING": loneStep, "PENDING": loneStep, "ACTIVATING": loneStep}
	if err := cloud.SetTaskSteps(t.Context(), a.id, steps); err != nil {
		t.Fatal(err)
	}
	beside, err := l.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("beside")})
	if err != nil {
		t.Fatal(err)
	}
	l.beside = aws.ToString(beside.QueueUrl)
	t.Cleanup(func() {
		if _, err := l.sqs.DeleteQueue(context.WithoutCancel(t.Context()), &sqs.DeleteQueueInput{QueueUrl: &l.beside}); err != nil {
			t.Error(err)
		}
	})
	return l
}

// sample runs one task and then makes the calls of the floor for it. It fails
// unless the task's name is right.
func (l *lone) sample() loneSample {
	l.t.Helper()
	if l.queue == "" {
		l.queue = l.a.queueURL(l.t, l.a.taskDNSScope("prod").Physical())
	}
	l.a.drained(l.t, l.queue)
	time.Sleep(time.Until(l.written.Add(loneQuiet)))
	begun := time.Now()
	arn := l.fleet.run()
	time.Sleep(loneLook)
	var s loneSample
	eventually(l.t, "waiting for the function's log", func() (err error) {
		s.handler, s.queueWait, err = l.logged(begun, arn[strings.LastIndex(arn, "/")+1:])
		return err
	})
	l.written = time.Now()
	s.toRecord = l.called(begun)
	time.Sleep(loneApart)
	address := l.measureFloor(arn, &s)
	resolves(l.t, hostname(arn, l.a.domain), address)
	// A message on its way from delayed to visible is in none of the counts by
	// which the queue is seen to be empty.
	eventually(l.t, "waiting for the event that the name is ready", func() error {
		made, _ := l.calls(begun)
		if !slices.Contains(made, "PutEvents") {
			return fmt.Errorf("there were the calls %q", made)
		}
		return nil
	})
	return s
}

// calls are the calls of the function and of the floor since some time.
func (l *lone) calls(since time.Time) (made []string, at []time.Time) {
	l.t.Helper()
	calls, err := cloud.Calls(l.t.Context(), l.a.id)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, c := range calls {
		if c.At.After(since) && c.Operation != "RunTask" && slices.Contains([]string{"ecs", "ec2", "route53", "sqs", "events"}, c.Service) {
			made, at = append(made, c.Operation), append(at, c.At)
		}
	}
	return made, at
}

// called fails unless the function made the calls of the floor, and answers
// how long after its first call it made the one that follows the change.
func (l *lone) called(begun time.Time) time.Duration {
	l.t.Helper()
	made, at := l.calls(begun)
	if !slices.Equal(made, loneCalls) {
		l.t.Fatalf("the function called %q, want %q", made, loneCalls)
	}
	return at[len(at)-1].Sub(at[0])
}

// errUnlogged is an invocation that is not in the log yet.
var errUnlogged = errors.New("no invocation has logged that it created the record")

// logged finds in the function's log the invocation that created a task's
// record: how long it took, and how long the event had waited for it.
func (l *lone) logged(since time.Time, taskID string) (took, waited time.Duration, err error) {
	group := "/aws/lambda/" + l.a.taskDNSScope("prod").Physical()
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(l.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, StartTime: aws.Int64(since.UnixMilli()),
	})
	streams := map[string][]string{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(l.t.Context())
		if err != nil {
			return 0, 0, err
		}
		for _, e := range page.Events {
			stream := aws.ToString(e.LogStreamName)
			streams[stream] = append(streams[stream], strings.TrimSpace(aws.ToString(e.Message)))
		}
	}
	for _, lines := range streams {
		if took, waited, ok := invocationOf(lines, taskID); ok {
			return took, waited, nil
		}
	}
	return 0, 0, errUnlogged
}

// invocationOf is logged for the lines of one stream.
func invocationOf(lines []string, taskID string) (took, waited time.Duration, ok bool) {
	for _, line := range lines {
		var said struct {
			Message  string    `json:"msg"`
			Task     string    `json:"task"`
			QueueAge []float64 `json:"QueueAgeSeconds"`
		}
		switch {
		case strings.HasPrefix(line, "START "):
			waited, ok = 0, false
		case strings.HasPrefix(line, "REPORT ") && ok:
			_, rest, _ := strings.Cut(line, "\tDuration: ")
			text, _, _ := strings.Cut(rest, " ms")
			took, err := time.ParseDuration(text + "ms")
			return took, waited, err == nil
		case json.Unmarshal([]byte(line), &said) == nil:
			ok = ok || said.Message == "record created" && said.Task == taskID
			if len(said.QueueAge) > 0 {
				waited = time.Duration(said.QueueAge[0] * float64(time.Second))
			}
		}
	}
	return 0, 0, false
}

// measureFloor makes for a task the calls that the function makes, but with a
// name and a queue of their own, and measures them. It answers the task's
// address.
func (l *lone) measureFloor(arn string, s *loneSample) string {
	l.t.Helper()
	ctx, id := l.t.Context(), arn[strings.LastIndex(arn, "/")+1:]
	begun := time.Now()
	tasks, err := l.fleet.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &l.fleet.cluster, Tasks: []string{id}})
	if err != nil {
		l.t.Fatal(err)
	}
	var interfaceID string
	for _, d := range tasks.Tasks[0].Attachments[0].Details {
		if aws.ToString(d.Name) == "networkInterfaceId" {
			interfaceID = aws.ToString(d.Value)
		}
	}
	interfaces, err := l.fleet.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{
		Filters:    []ec2types.Filter{{Name: aws.String("network-interface-id"), Values: []string{interfaceID}}},
		MaxResults: aws.Int32(200),
	})
	if err != nil {
		l.t.Fatal(err)
	}
	address := aws.ToString(interfaces.NetworkInterfaces[0].Association.PublicIp)
	change := l.change(route53types.ChangeActionCreate, id, address)
	s.floorToRecord = time.Since(begun)
	body := fmt.Sprintf(`{"fargatedirect":"watch","change":%q,"created":["browsers/%s"]}`, change, id)
	if _, err := l.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &l.beside, Entries: []sqstypes.SendMessageBatchRequestEntry{
		{Id: aws.String("0"), MessageBody: &body, DelaySeconds: 5},
	}}); err != nil {
		l.t.Fatal(err)
	}
	s.floor = time.Since(begun)
	l.change(route53types.ChangeActionDelete, id, address)
	return address
}

// change makes or removes the floor's name for a task.
func (l *lone) change(action route53types.ChangeAction, id, address string) string {
	l.t.Helper()
	out, err := l.route53.ChangeResourceRecordSets(l.t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &l.a.zoneID,
		ChangeBatch: &route53types.ChangeBatch{
			Comment: aws.String("floor task_dns/prod #" + id),
			Changes: []route53types.Change{{Action: action, ResourceRecordSet: &route53types.ResourceRecordSet{
				Name: aws.String("floor-" + id + "." + l.a.domain), Type: route53types.RRTypeA, TTL: aws.Int64(60),
				ResourceRecords: []route53types.ResourceRecord{{Value: &address}},
			}}},
		},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return aws.ToString(out.ChangeInfo.Id)
}
