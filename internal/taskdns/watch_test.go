package taskdns

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

func TestOneChangeIsWatchedByOneCallAPoll(t *testing.T) {
	onRig(t, func(r *rig) {
		r.config.EventBus = "own"
		ids := r.run(10)
		r.live(2 * time.Minute)
		if got := len(r.zone.Batches()); got != 1 {
			r.Fatalf("%d change batches", got)
		}
		// After 5 s and 10 s the change is pending, after 20 s it is not.
		if got := r.wire.Count(taskdnstest.ServiceRoute53, "GetChange"); got != 3 {
			r.Errorf("%d calls of GetChange, want 3", got)
		}
		if got := r.wire.Count(taskdnstest.ServiceEventBridge, "PutEvents"); got != 1 {
			r.Errorf("%d calls of PutEvents, want 1", got)
		}
		if got, want := r.told(), prefixed("Ready", ids); !slices.Equal(got, want) {
			r.Errorf("told %q, want %q", got, want)
		}
		if got := r.bus.Events()[0].Bus; got != "own" {
			r.Errorf("told to bus %q", got)
		}
		if n := r.left(queueURL) + r.left(lettersURL); n > 0 {
			r.Errorf("%d messages are left", n)
		}
		if sum, n := r.recorded(MetricReady); n != 1 || sum != 20 {
			r.Errorf("%d values of %s, %v s", n, MetricReady, sum)
		}
	})
}

func TestTheOldestPendingChangeStandsForAll(t *testing.T) {
	onRig(t, func(r *rig) {
		h := r.newHandler()
		var ids []string
		for range 3 {
			ids = append(ids, r.run(1)...)
			r.deliver(h)
			time.Sleep(2 * time.Second)
		}
		asked := func() int { return r.wire.Count(taskdnstest.ServiceRoute53, "GetChange") }
		time.Sleep(4 * time.Second)
		r.deliver(h)
		if len(r.zone.Batches()) != 3 || asked() != 1 {
			r.Errorf("%d calls of GetChange for %d pending changes, want 1 for 3", asked(), len(r.zone.Batches()))
		}
		r.live(time.Minute)
		if got, want := r.told(), prefixed("Ready", ids); !slices.Equal(got, want) {
			r.Errorf("told %q, want %q", got, want)
		}
	})
}

func TestReadyTellsOfTheTask(t *testing.T) {
	onRig(t, func(r *rig) {
		id := r.run(1)[0]
		r.live(time.Minute)
		got := r.detail(EventTypeReady)
		want := Detail{
			Hostname: id + "." + domain, Addresses: []string{"203.0.0.2"}, TaskARN: arn(id), ClusterARN: fargateCluster,
			Group: "service:web", StartedBy: "me",
		}
		if !slices.Equal(got.Addresses, want.Addresses) || got.Hostname != want.Hostname || got.TaskARN != want.TaskARN ||
			got.ClusterARN != want.ClusterARN || got.Group != want.Group || got.StartedBy != want.StartedBy || got.Reason != "" {
			r.Errorf("told %+v, want %+v", got, want)
		}
	})
}

func TestATaskThatStopsIsNotReady(t *testing.T) {
	onRig(t, func(r *rig) {
		ids := r.run(2)
		r.live(10 * time.Second)
		r.move(ids[0], "DEACTIVATING")
		r.live(2 * time.Minute)
		if got, want := r.told(), []string{"Deleted " + ids[0], "Ready " + ids[1]}; !slices.Equal(got, want) {
			r.Errorf("told %q, want %q", got, want)
		}
		if got := r.detail(EventTypeDeleted); got.Hostname != ids[0]+"."+domain || len(got.Addresses) > 0 {
			r.Errorf("told %+v", got)
		}
	})
}

func TestAForgedWatchLeadsToNothing(t *testing.T) {
	onRig(t, func(r *rig) {
		ids := r.run(2)
		r.live(2 * time.Minute)
		told, change := len(r.bus.Events()), r.zone.Batches()[0].ID
		refs := []string{reference("FargateCluster", ids[0]), reference("FargateCluster", ids[1])}
		for _, forged := range []watch{
			{Change: change, Created: refs[:1]},
			{Change: change, Created: refs, Deleted: refs[:1]},
			{Change: change, Deleted: refs},
			{Change: change},
			{Change: "C0000000000000", Created: refs},
			{Change: "../hostedzone/Z1", Created: refs},
		} {
			r.sqs.Send(queueURL, own{Kind: kindWatch, watch: forged}.body())
		}
		r.live(2 * time.Minute)
		if got := len(r.bus.Events()); got != told {
			r.Errorf("%d events came of forged watches", got-told)
		}
		if n := strings.Count(r.log.String(), "message ignored"); n != 6 || r.left(queueURL)+r.left(lettersURL) > 0 {
			r.Errorf("%d of 6 messages are ignored, %d left", n, r.left(queueURL))
		}
		// The true one, once more, would do no harm.
		r.sqs.Send(queueURL, own{Kind: kindWatch, watch: watch{Change: change, Created: refs}}.body())
		r.live(time.Minute)
		if got := len(r.bus.Events()); got != told+2 {
			r.Errorf("%d events came of a true watch, want 2", got-told)
		}
	})
}

func TestAChangeThatIsNeverInSync(t *testing.T) {
	onRig(t, func(r *rig) {
		r.zone.SyncDelay = 24 * time.Hour
		r.run(1)
		r.live(14 * time.Minute)
		if got := r.told(); len(got) > 0 {
			r.Fatalf("told %q too early", got)
		}
		r.live(3 * time.Minute)
		if got := r.detail(EventTypeFailed); !strings.Contains(got.Reason, "not in sync") {
			r.Errorf("told %+v", got)
		}
		if n := r.wire.Count(taskdnstest.ServiceRoute53, "GetChange"); n < 25 || n > 40 {
			r.Errorf("%d calls of GetChange in 15 minutes", n)
		}
		if n := r.left(queueURL) + r.left(lettersURL); n > 0 {
			r.Errorf("%d messages are left", n)
		}
	})
}

func TestEventsThatFailAreToldAgain(t *testing.T) {
	onRig(t, func(r *rig) {
		ids := r.run(3)
		failures := 0
		r.bus.FailEntries(func(e types.PutEventsRequestEntry) string {
			if e.Resources[0] == arn(ids[1]) && failures < 2 {
				failures++
				return "InternalFailure"
			}
			return ""
		})
		r.live(3 * time.Minute)
		for _, id := range ids {
			if !slices.Contains(r.told(), "Ready "+id) {
				r.Errorf("nobody was told of %s", id)
			}
		}
		if n := r.left(queueURL) + r.left(lettersURL); n > 0 || failures != 2 {
			r.Errorf("%d messages are left after %d failures", n, failures)
		}
	})
}

func TestAConflictIsToldAtOnce(t *testing.T) {
	onRig(t, func(r *rig) {
		h := r.newHandler()
		id := r.run(1)[0]
		r.address(id+"."+domain, 300, "192.0.2.1")
		start := time.Now()
		r.deliver(h)
		if got := r.detail(EventTypeFailed); got.Hostname != id+"."+domain || got.Reason == "" || got.StartedBy != "me" || time.Since(start) > time.Second {
			r.Errorf("told %+v after %s", got, time.Since(start))
		}
		if n := r.left(queueURL); n > 0 || len(r.zone.Batches()) > 0 {
			r.Errorf("%d messages are left, %d changes were made", n, len(r.zone.Batches()))
		}
	})
}

// TestAnUntoldNameIsTouched lets the handler die when it has made the record
// and before it has sent the watch.
func TestAnUntoldNameIsTouched(t *testing.T) {
	onRig(t, func(r *rig) {
		ids := r.run(1)
		r.spoil("dies before", 4)
		if r.deliver(r.newHandler()) || len(r.names()) != 1 || r.left(queueURL) != 1 {
			r.Fatalf("the handler did not die in time: %q", r.calls(0))
		}
		r.wire.Before(nil)
		r.live(3 * time.Minute)
		if got, want := r.told(), prefixed("Ready", ids); !slices.Equal(got, want) || !slices.Equal(r.names(), ids) {
			r.Errorf("told %q, want %q; names %q", got, want, r.names())
		}
	})
}

// TestWhatIsInventedTouchesNothing: a message that is received again and again
// because it says more than ECS is worth no change of a record that is right.
func TestWhatIsInventedTouchesNothing(t *testing.T) {
	onRig(t, func(r *rig) {
		ids := r.run(1)
		r.live(time.Minute)
		changes := len(r.zone.Batches())
		r.sqs.Send(queueURL, event(r.T, "running", map[string]any{"taskArn": arn(ids[0]), "version": int64(1) << 40}))
		r.live(3 * time.Minute)
		if n := len(r.zone.Batches()); n != changes || r.left(queueURL) != 0 {
			r.Errorf("%d changes, want %d; %d messages left", n, changes, r.left(queueURL))
		}
	})
}

func TestDigest(t *testing.T) {
	t.Parallel()
	one := digest([]string{"c/1", "c/2"}, []string{"c/3"})
	if len(one) != 32 || one != digest([]string{"c/2", "c/1"}, []string{"c/3"}) {
		t.Errorf("digest %q depends on the order", one)
	}
	for _, other := range [][2][]string{
		{{"c/1", "c/2", "c/3"}, nil}, {{"c/1"}, {"c/2", "c/3"}}, {nil, {"c/1", "c/2", "c/3"}}, {{"c/1", "c/2"}, nil}, {{"c/1c/2"}, {"c/3"}},
	} {
		if digest(other[0], other[1]) == one {
			t.Errorf("%q has the same digest", other)
		}
	}
}
