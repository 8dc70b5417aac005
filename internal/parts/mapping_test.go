package parts

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

func newMapping() (*Mapping, *fakeMappings) {
	api := &fakeMappings{settleReads: 2, spreadError: fault("InvalidParameterValueException", "The provided execution role does not have permissions to call ReceiveMessage on SQS")}
	api.called = api.call
	return &Mapping{
		API: api, FunctionName: "f", FunctionARN: testFunctionARN, SourceARN: testQueueARN,
		BatchSize: 10, MaximumConcurrency: 5, Tags: testTags(), Sleep: (&sleeper{}).sleep,
	}, api
}

func createdMapping(t *testing.T) (*Mapping, *fakeMappings) {
	t.Helper()
	m, api := newMapping()
	mustEnsure(t, m)
	return m, api
}

func TestMappingLife(t *testing.T) {
	t.Parallel()
	m, api := newMapping()
	checkLife(t, m, &api.service, "CreateEventSourceMapping")
	mustEnsure(t, m)
	if got := aws.ToString(api.have.State); got != "Enabled" {
		t.Fatalf("Ensure left the state %s", got)
	}
}

func TestMappingDrift(t *testing.T) {
	t.Parallel()
	update := []string{"UpdateEventSourceMapping"}
	tests := map[string]struct {
		meddle  func(*fakeMappings)
		want    string
		changes []string
	}{
		"disabled":       {func(f *fakeMappings) { f.have.State = aws.String("Disabled") }, "the mapping is disabled", update},
		"batch size":     {func(f *fakeMappings) { f.have.BatchSize = aws.Int32(1) }, "batch size is 1, want 10", update},
		"window":         {func(f *fakeMappings) { f.have.MaximumBatchingWindowInSeconds = aws.Int32(20) }, "batching window is 20 s, want 0 s", update},
		"concurrency":    {func(f *fakeMappings) { f.have.ScalingConfig.MaximumConcurrency = aws.Int32(2) }, "maximum concurrency is 2, want 5", update},
		"no concurrency": {func(f *fakeMappings) { f.have.ScalingConfig = nil }, "maximum concurrency is unlimited, want 5", update},
		"failures":       {func(f *fakeMappings) { f.have.FunctionResponseTypes = nil }, "failures of single messages are not reported", update},
		"filter": {
			func(f *fakeMappings) {
				f.have.FilterCriteria = &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String("{}")}}}
			},
			"messages are filtered, want all", update,
		},
		"tag": {func(f *fakeMappings) { f.tags["team"] = "x" }, `tag team is "x", want "web"`, []string{"TagResource"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, api := createdMapping(t)
			test.meddle(api)
			checkRepair(t, m, &api.service, []string{test.want}, test.changes)
			if got := aws.ToString(api.have.State); got != "Enabled" {
				t.Fatalf("Ensure left the state %s", got)
			}
		})
	}
}

func TestMappingLosesItsLimit(t *testing.T) {
	t.Parallel()
	m, api := createdMapping(t)
	m.MaximumConcurrency = 0
	checkRepair(t, m, &api.service, []string{"maximum concurrency is 5, want unlimited"}, []string{"UpdateEventSourceMapping"})

	m, _ = newMapping()
	m.MaximumConcurrency = 0
	mustEnsure(t, m)
	mustDrift(t, m)
}

func TestMappingWaitsForItsRole(t *testing.T) {
	t.Parallel()
	m, api := newMapping()
	api.spreading = 6
	mustEnsure(t, m)
	mustDrift(t, m)

	m, api = newMapping()
	m.Sleep, api.spreading = (&sleeper{endsAt: 4}).sleep, 1000
	err := m.Ensure(t.Context())
	expectError(t, err, "creating event source mapping", "execution role does not have permissions")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Ensure: %v", err)
	}
}

func TestMappingDoesNotRetryOtherErrors(t *testing.T) {
	t.Parallel()
	m, api := newMapping()
	m.Sleep = never
	api.spreading, api.spreadError = 1, fault("InvalidParameterValueException", "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds")
	expectError(t, m.Ensure(t.Context()), "visibility timeout: 30 seconds")
}

func TestMappingGoesOnAfterAKilledCreate(t *testing.T) {
	t.Parallel()
	m, api := newMapping()
	m.Sleep, api.settleReads = (&sleeper{endsAt: 2}).sleep, 1000
	expectError(t, m.Ensure(t.Context()), "state is still Creating (USER_INITIATED)")
	m.Sleep, api.busy, api.settleReads = (&sleeper{}).sleep, 5, 2
	m.BatchSize = 5
	api.takeChanges()
	if err := m.Ensure(t.Context()); err != nil {
		t.Fatalf("Ensure: %v", err)
	}
	mustDrift(t, m)
}

func TestMappingThatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	m, api := createdMapping(t)
	api.begin("Deleting", "gone")
	api.busy = 1000
	mustBeAbsent(t, m)
	if err := m.Untag(t.Context(), "team"); !errors.Is(err, stack.ErrNotFound) {
		t.Fatalf("Untag: %v", err)
	}
	api.takeChanges()
	api.busy = 3
	mustEnsure(t, m)
	expectChanges(t, &api.service, "CreateEventSourceMapping")
	mustDrift(t, m)
}

func TestMappingDelete(t *testing.T) {
	t.Parallel()
	m, api := createdMapping(t)
	api.begin("Updating", "Enabled")
	api.busy = 3 // Lambda refuses to delete it meanwhile
	mustDelete(t, m)
	if api.have != nil {
		t.Fatal("Delete did not wait for the end")
	}

	m, api = createdMapping(t)
	m.Sleep, api.settleReads = (&sleeper{endsAt: 3}).sleep, 1000
	expectError(t, m.Delete(t.Context()), "deleting event source mapping", "state is still Deleting")
}

func TestMappingAccessDenied(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"ListEventSourceMappings", "CreateEventSourceMapping", "GetEventSourceMapping"} {
		m, api := newMapping()
		api.deny(op)
		expectDenied(t, m.Ensure(t.Context()))
	}
	for _, op := range []string{"UpdateEventSourceMapping", "TagResource", "UntagResource"} {
		m, api := createdMapping(t)
		m.BatchSize = 1
		api.tags["x"], api.tags["team"] = "y", "z"
		api.deny(op)
		expectDenied(t, m.Ensure(t.Context()))
	}
	for _, op := range []string{"ListEventSourceMappings", "DeleteEventSourceMapping"} {
		m, api := createdMapping(t)
		api.deny(op)
		expectDenied(t, m.Delete(t.Context()))
	}
}
