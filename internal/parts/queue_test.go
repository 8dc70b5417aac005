package parts

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const (
	testQueueURL  = "https://sqs.eu-west-2.amazonaws.com/123456789012/q"
	testQueueARN  = "arn:aws:sqs:eu-west-2:123456789012:q"
	deadLetterARN = "arn:aws:sqs:eu-west-2:123456789012:dead"
)

func queuePolicy() iampolicy.Document {
	return iampolicy.New(iampolicy.Statement{
		Effect: iampolicy.Allow, Principal: map[string][]string{"Service": {"events.amazonaws.com"}},
		Action: []string{"sqs:SendMessage"}, Resource: []string{testQueueARN},
	})
}

func newQueue() (*Queue, *fakeQueues) {
	api := &fakeQueues{goneCode: "AWS.SimpleQueueService.NonExistentQueue"}
	return &Queue{
		API: api, Name: "q", ARN: testQueueARN, VisibilitySeconds: 60, RetentionSeconds: 1209600,
		DeadLetterARN: deadLetterARN, MaxReceiveCount: 100, Policy: queuePolicy(), Tags: testTags(), Sleep: (&sleeper{}).sleep,
	}, api
}

func createdQueue(t *testing.T) (*Queue, *fakeQueues) {
	t.Helper()
	q, api := newQueue()
	mustEnsure(t, q)
	return q, api
}

func TestQueueLife(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"} {
		for _, url := range []string{"", testQueueURL} {
			q, api := newQueue()
			api.goneCode, q.URL = code, url
			checkLife(t, q, &api.service, "CreateQueue")
		}
	}
}

func TestQueueDrift(t *testing.T) {
	t.Parallel()
	attributes := []string{"SetQueueAttributes"}
	tests := map[string]struct {
		name, value string
		want        string
	}{
		"visibility":    {"VisibilityTimeout", "30", "visibility timeout is 30 s, want 60 s"},
		"retention":     {"MessageRetentionPeriod", "345600", "retention is 345600 s, want 1209600 s"},
		"no redrive":    {"RedrivePolicy", "", `dead-letter queue is "", want "` + deadLetterARN + `"`},
		"other redrive": {"RedrivePolicy", `{"deadLetterTargetArn":"x","maxReceiveCount":100}`, `dead-letter queue is "x", want "` + deadLetterARN + `"`},
		"receive count": {"RedrivePolicy", `{"deadLetterTargetArn":"` + deadLetterARN + `","maxReceiveCount":"3"}`, "maximum receive count is 3, want 100"},
		"no policy":     {"Policy", "", "the policy differs"},
		"other policy":  {"Policy", `{"Version":"2012-10-17","Statement":[]}`, "the policy differs"},
		"key":           {"KmsMasterKeyId", "k", `KMS key is "k", want ""`},
		"no encryption": {"SqsManagedSseEnabled", "false", "encryption at rest is off, want on"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, api := createdQueue(t)
			if err := setQueueAttributes(api.attributes, map[string]string{test.name: test.value}); err != nil {
				t.Fatal(err)
			}
			checkRepair(t, q, &api.service, []string{test.want}, attributes)
		})
	}
	t.Run("tag", func(t *testing.T) {
		t.Parallel()
		q, api := createdQueue(t)
		api.tags["x"] = "y"
		delete(api.tags, "team")
		checkRepair(t, q, &api.service, []string{`tag team is missing, want "web"`, `tag x is "y", want none`}, []string{"TagQueue", "UntagQueue"})
	})
}

func TestQueueFormsThatAreNoDrift(t *testing.T) {
	t.Parallel()
	q, api := createdQueue(t)
	api.attributes["RedrivePolicy"] = `{"maxReceiveCount": "100", "deadLetterTargetArn": "` + deadLetterARN + `"}`
	api.attributes["Policy"] = `{"Statement":{"Action":"sqs:SendMessage","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Resource":"` + testQueueARN + `"},"Version":"2012-10-17"}`
	mustDrift(t, q)
}

func TestQueueChanges(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Queue)
		want   string
	}{
		"to a key":       {func(q *Queue) { q.KMSKeyARN = "arn:k" }, `KMS key is "", want "arn:k"`},
		"no dead letter": {func(q *Queue) { q.DeadLetterARN, q.MaxReceiveCount = "", 0 }, `dead-letter queue is "` + deadLetterARN + `", want ""`},
		"no policy":      {func(q *Queue) { q.Policy = iampolicy.Document{} }, "the policy differs"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, api := createdQueue(t)
			back := *q
			test.change(q)
			checkRepair(t, q, &api.service, []string{test.want}, []string{"SetQueueAttributes"})
			mustEnsure(t, &back)
			mustDrift(t, &back)
		})
	}
}

func TestQueueCreatedWithAKey(t *testing.T) {
	t.Parallel()
	q, _ := newQueue()
	q.KMSKeyARN = "arn:k"
	mustEnsure(t, q)
	mustDrift(t, q)
}

func TestQueueWaitsAfterADeletion(t *testing.T) {
	t.Parallel()
	q, api := newQueue()
	s := &sleeper{}
	q.Sleep, api.recent = s.sleep, 10
	mustEnsure(t, q)
	mustDrift(t, q)
	if len(s.slept) != 10 {
		t.Fatalf("slept %v", s.slept)
	}
}

func TestQueueWaitsNoLongerThanADeletionTakes(t *testing.T) {
	t.Parallel()
	q, api := newQueue()
	s := &sleeper{}
	q.Sleep, api.recent = s.sleep, 1000
	err := q.Ensure(t.Context())
	expectError(t, err, "creating SQS queue (q)", "You must wait 60 seconds")
	if got := s.total(); got < queueSpread || got > queueSpread+lastPause {
		t.Fatalf("slept %s", got)
	}
}

func TestQueueGivesUpWithTheContext(t *testing.T) {
	t.Parallel()
	q, api := newQueue()
	q.Sleep, api.recent = (&sleeper{endsAt: 3}).sleep, 1000
	err := q.Ensure(t.Context())
	expectError(t, err, "You must wait 60 seconds")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Ensure: %v", err)
	}
}

func TestQueueDeleteWaitsUntilItIsGone(t *testing.T) {
	t.Parallel()
	q, api := createdQueue(t)
	s := &sleeper{}
	q.Sleep, api.lag = s.sleep, 4
	mustDelete(t, q)
	if len(s.slept) != 4 {
		t.Fatalf("slept %v", s.slept)
	}
	mustBeAbsent(t, q)

	q, api = createdQueue(t)
	q.Sleep, api.lag = (&sleeper{endsAt: 2}).sleep, 1000
	if err := q.Delete(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Delete: %v", err)
	}
}

func TestQueueURL(t *testing.T) {
	t.Parallel()
	q, _ := newQueue()
	if _, err := q.QueueURL(t.Context()); !errors.Is(err, stack.ErrNotFound) {
		t.Fatalf("QueueURL of an absent queue: %v", err)
	}
	mustEnsure(t, q)
	if url, err := q.QueueURL(t.Context()); err != nil || url != testQueueURL {
		t.Fatalf("QueueURL: %q, %v", url, err)
	}
}

func TestQueueAccessDenied(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"GetQueueUrl", "CreateQueue", "GetQueueAttributes"} {
		q, api := newQueue()
		api.deny(op)
		expectDenied(t, q.Ensure(t.Context()))
	}
	for _, op := range []string{"SetQueueAttributes", "ListQueueTags", "TagQueue", "UntagQueue"} {
		q, api := createdQueue(t)
		api.attributes["VisibilityTimeout"], api.tags["x"], api.tags["team"] = "1", "y", "z"
		api.deny(op)
		expectDenied(t, q.Ensure(t.Context()))
	}
	q, api := createdQueue(t)
	api.deny("ListQueueTags")
	_, err := q.Drift(t.Context())
	expectDenied(t, err)
	api.deny("DeleteQueue")
	expectDenied(t, q.Delete(t.Context()))
}

func TestSleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleepFunc(nil).wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Fatalf("wait: %v", err)
	}
	if err := sleepFunc(nil).wait(t.Context(), time.Nanosecond); err != nil {
		t.Fatalf("wait: %v", err)
	}
}
