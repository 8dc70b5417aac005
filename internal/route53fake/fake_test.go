package route53fake_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
)

const zoneID = "Z1"

func newFake() *route53fake.Fake {
	f := route53fake.New()
	f.AddZone(zoneID, "example.com")
	return f
}

func a(name, value string) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{
		Name: aws.String(name + ".example.com"), Type: types.RRTypeA, TTL: aws.Int64(60),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(value)}},
	}
}

func batch(sets ...*types.ResourceRecordSet) *route53.ChangeResourceRecordSetsInput {
	in := &route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String(zoneID), ChangeBatch: &types.ChangeBatch{Comment: aws.String("why")}}
	for _, s := range sets {
		in.ChangeBatch.Changes = append(in.ChangeBatch.Changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: s})
	}
	return in
}

func create(ctx context.Context, f *route53fake.Fake, name string) error {
	_, err := f.ChangeResourceRecordSets(ctx, batch(a(name, "192.0.2.1")))
	return err
}

func list(ctx context.Context, f *route53fake.Fake) error {
	_, err := f.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zoneID)})
	return err
}

func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// The SDK's retryer must see in the fake's errors what it sees in AWS's.
func TestErrorsAreTheSDKs(t *testing.T) {
	t.Parallel()
	throttles, retryables := retry.IsErrorThrottles(retry.DefaultThrottles), retry.IsErrorRetryables(retry.DefaultRetryables)
	for _, c := range []struct {
		err        error
		code       string
		status     int
		throttling bool
		retryable  bool
	}{
		{route53fake.Throttled(), "Throttling", 400, true, true},
		{route53fake.Busy(), "PriorRequestNotComplete", 400, true, true},
		{route53fake.Unavailable(), "ServiceUnavailable", 503, false, true},
		{route53fake.Denied("GetChange"), "AccessDenied", 403, false, false},
		{&types.NoSuchHostedZone{}, "NoSuchHostedZone", 404, false, false},
	} {
		f := newFake()
		f.Fault = func(string, any) (before, after error) { return c.err, nil }
		err := create(t.Context(), f, "x")
		var operation *smithy.OperationError
		var response *awshttp.ResponseError
		if code(err) != c.code || !errors.As(err, &operation) || operation.Operation() != route53fake.Change ||
			!errors.As(err, &response) || response.HTTPStatusCode() != c.status {
			t.Errorf("%s: got %v", c.code, err)
		}
		if got := throttles.IsErrorThrottle(err).Bool(); got != c.throttling {
			t.Errorf("%s: a throttling: %v", c.code, got)
		}
		if got := retryables.IsErrorRetryable(err).Bool(); got != c.retryable {
			t.Errorf("%s: retryable: %v", c.code, got)
		}
	}
}

func TestThrottling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		// calls answers how many of n lists are admitted now.
		calls := func(n int) (admitted int) {
			for range n {
				switch err := list(t.Context(), f); code(err) {
				case "":
					admitted++
				case "Throttling":
				default:
					t.Fatal(err)
				}
			}
			return admitted
		}
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 50}, {time.Second, 10}, {250 * time.Millisecond, 2}, {50 * time.Millisecond, 1}, {time.Hour, 50}} {
			time.Sleep(step.wait)
			if got := calls(60); got != step.want {
				t.Errorf("after %s: %d of 60 calls admitted, want %d", step.wait, got, step.want)
			}
		}
		if got, want := f.Count(route53fake.List), (route53fake.Count{Calls: 300, Throttled: 300 - 50 - 10 - 2 - 1 - 50}); got != want {
			t.Errorf("counted %+v, want %+v", got, want)
		}
		// Other actions share the account's bucket.
		if err := create(t.Context(), f, "x"); code(err) != "Throttling" || len(f.Sets(zoneID)) != 0 {
			t.Errorf("a change when the bucket is empty: %v, %v", err, f.Sets(zoneID))
		}
	})
}

func TestEachActionHasABucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.PerAction = route53fake.Rate{Burst: 1, PerSecond: 1}
		for n, want := range []string{"", "Throttling"} {
			if err := list(t.Context(), f); code(err) != want {
				t.Errorf("list %d: %v", n, err)
			}
			if err := create(t.Context(), f, fmt.Sprint("x", n)); code(err) != want {
				t.Errorf("change %d: %v", n, err)
			}
		}
	})
}

func TestChangesAreThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.Changes = route53fake.Rate{Burst: 4, PerSecond: 2}
		three := func(n int) error {
			_, err := f.ChangeResourceRecordSets(t.Context(), batch(
				a(fmt.Sprint("a", n), "192.0.2.1"), a(fmt.Sprint("b", n), "192.0.2.1"), a(fmt.Sprint("c", n), "192.0.2.1")))
			return err
		}
		for n, step := range []struct {
			wait time.Duration
			want string
		}{{0, ""}, {900 * time.Millisecond, "Throttling"}, {100 * time.Millisecond, ""}, {0, "Throttling"}} {
			time.Sleep(step.wait)
			if err := three(n); code(err) != step.want {
				t.Errorf("batch %d: got %v, want %q", n, err, step.want)
			}
		}
		// A batch larger than the bucket needs a full one, and leaves a debt.
		time.Sleep(time.Hour)
		if err := func() error {
			_, err := f.ChangeResourceRecordSets(t.Context(), batch(a("1", "192.0.2.1"), a("2", "192.0.2.1"), a("3", "192.0.2.1"), a("4", "192.0.2.1"), a("5", "192.0.2.1"), a("6", "192.0.2.1")))
			return err
		}(); err != nil {
			t.Error(err)
		}
		time.Sleep(1400 * time.Millisecond)
		if err := create(t.Context(), f, "y"); code(err) != "Throttling" {
			t.Errorf("while in debt: %v", err)
		}
	})
}

func TestOneChangeAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.AddZone("Z2", "example.net")
		f.ChangeTime = 300 * time.Millisecond
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := create(t.Context(), f, "first"); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(299 * time.Millisecond)
		if err := create(t.Context(), f, "second"); code(err) != "PriorRequestNotComplete" {
			t.Errorf("while another is under way: %v", err)
		}
		if _, err := f.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: aws.String("Z2"),
			ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{Action: types.ChangeActionCreate, ResourceRecordSet: &types.ResourceRecordSet{
				Name: aws.String("x.example.net"), Type: types.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
			}}}},
		}); err != nil {
			t.Errorf("in another zone: %v", err)
		}
		wg.Wait()
		if err := create(t.Context(), f, "third"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		if got, want := f.Count(route53fake.Change), (route53fake.Count{Calls: 4, Busy: 1}); got != want {
			t.Errorf("counted %+v, want %+v", got, want)
		}
	})
}

func TestSyncDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.SyncDelay = 30 * time.Second
		out, err := f.ChangeResourceRecordSets(t.Context(), batch(a("x", "192.0.2.1")))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []types.ChangeStatus{types.ChangeStatusPending, types.ChangeStatusInsync} {
			got, err := f.GetChange(t.Context(), &route53.GetChangeInput{Id: out.ChangeInfo.Id})
			if err != nil || got.ChangeInfo.Status != want || aws.ToString(got.ChangeInfo.Comment) != "why" {
				t.Errorf("got %+v, %v, want %s", got, err, want)
			}
			time.Sleep(30 * time.Second)
		}
	})
}

// A caller whose time ends may have changed the zone or not, as with AWS.
func TestLatency(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration]struct{ sets, failed int }{
		time.Second:     {0, 1},
		3 * time.Second: {1, 1},
		5 * time.Second: {1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.Latency = func(string) time.Duration { return 4 * time.Second }
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			failed := 0
			if err := create(ctx, f, "x"); err != nil {
				failed = 1
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("timeout %s: %v", timeout, err)
				}
			}
			if sets := len(f.Sets(zoneID)); sets != want.sets || failed != want.failed {
				t.Errorf("timeout %s: %d sets, %d failed, want %+v", timeout, sets, failed, want)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	f := newFake()
	broken := errors.New("connection reset by peer")
	var seen int
	f.OnChange = func(*route53.ChangeResourceRecordSetsInput) { seen++ }
	f.Fault = func(action string, in any) (before, after error) {
		if _, ok := in.(*route53.ChangeResourceRecordSetsInput); !ok || action != route53fake.Change {
			t.Errorf("asked about %s with %T", action, in)
		}
		switch seen {
		case 1:
			return broken, nil
		case 2:
			return nil, broken
		}
		return nil, nil
	}
	for n, want := range []struct {
		err  error
		sets int
	}{{broken, 0}, {broken, 1}, {nil, 2}} {
		if err := create(t.Context(), f, fmt.Sprint("x", n)); !errors.Is(err, want.err) || len(f.Sets(zoneID)) != want.sets {
			t.Errorf("call %d: %v, %d sets", n, err, len(f.Sets(zoneID)))
		}
	}
	if got, want := f.Count(route53fake.Change), (route53fake.Count{Calls: 3, Failed: 1}); got != want || len(f.Batches()) != 2 {
		t.Errorf("counted %+v, want %+v; %d batches", got, want, len(f.Batches()))
	}
}

// What the SDK's client would not send does not reach the service.
func TestMissingParameters(t *testing.T) {
	t.Parallel()
	f := newFake()
	for n, in := range []*route53.ChangeResourceRecordSetsInput{
		{},
		{HostedZoneId: aws.String(zoneID)},
		{HostedZoneId: aws.String(zoneID), ChangeBatch: &types.ChangeBatch{}},
		batch(&types.ResourceRecordSet{Type: types.RRTypeA}), batch(nil),
	} {
		var missing smithy.InvalidParamsError
		if _, err := f.ChangeResourceRecordSets(t.Context(), in); !errors.As(err, &missing) {
			t.Errorf("%d: %v", n, err)
		}
	}
	if got := f.Count(route53fake.Change); got != (route53fake.Count{}) {
		t.Errorf("counted %+v", got)
	}
}

// Put and Remove are somebody else's hand.
func TestPut(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.Put(zoneID, *a("x", "192.0.2.1"), *a("y", "192.0.2.2"))
	f.Put(zoneID, *a("x", "192.0.2.3"))
	f.Remove(zoneID, *a("y", "192.0.2.2"))
	sets := f.Sets(zoneID)
	if len(sets) != 1 || aws.ToString(sets[0].Name) != "x.example.com." || aws.ToString(sets[0].ResourceRecords[0].Value) != "192.0.2.3" {
		t.Errorf("the sets are %+v", sets)
	}
	if len(f.Batches()) != 0 || len(f.Counts()) != 0 {
		t.Errorf("counted %+v", f.Counts())
	}
}
