package taskdns

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/pace"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
)

func TestApplyCountsCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                    string
		wants, there            int // of the wants, so many are there already
		most                    float64
		changes, refused, lists int
	}{
		{"a full batch", 1000, 0, 0, 1, 0, 0},
		{"one too many", 1001, 0, 0, 2, 0, 0},
		{"one there", 1000, 1, 0, 2, 1, 1},
		{"many there", 1000, 600, 0, 2, 1, 2},
		{"all there", 900, 900, 0, 1, 1, 3},
		{"in the user's small batches", 1000, 0, 100, 10, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				z := newZoned(t, func(c *Config) { c.Limits.ChangeBurst = tt.most })
				var wants []want
				for i, id := range labels(tt.wants) {
					wants = append(wants, wanted(id, want{addresses: v4(address)}))
					if i < tt.there {
						z.put(types.RRTypeA, wants[i].name, 60, address)
					}
				}
				out := z.apply(t.Context(), wants, nil)
				if len(out.failed)+len(out.conflicts) > 0 || len(z.contents()) != tt.wants {
					t.Errorf("%d failed, %d conflicts, %d records", len(out.failed), len(out.conflicts), len(z.contents()))
				}
				z.calls(t, tt.changes, tt.refused, tt.lists)
			})
		})
	}
}

// terse is a Route 53 that tells only the first thing that it has against a
// batch.
type terse struct{ Route53 }

func (r terse) ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, o ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	out, err := r.Route53.ChangeResourceRecordSets(ctx, in, o...)
	if refused, ok := errors.AsType[*types.InvalidChangeBatch](err); ok {
		return nil, &types.InvalidChangeBatch{Messages: refused.Messages[:1]}
	}
	return out, err
}

func TestApplyIsNotLedByTheNose(t *testing.T) {
	t.Parallel()
	z := newZoned(t)
	z.fake.Listed = true
	z.route53 = terse{z.fake}
	var wants []want
	for i, id := range labels(200) {
		wants = append(wants, wanted(id, want{addresses: v4(address)}))
		if i%2 == 0 {
			z.put(types.RRTypeA, wants[i].name, 60, address)
		}
	}
	if out := z.apply(t.Context(), wants, nil); len(out.failed)+len(out.conflicts) > 0 || len(z.contents()) != 200 {
		t.Errorf("failed %v, conflicts %v, %d records", out.failed, out.conflicts, len(z.contents()))
	}
	z.calls(t, 3, 2, 2)
}

// What is known is made before anything is read, and also if nothing can be
// read.
func TestApplyDoesWhatIsSureFirst(t *testing.T) {
	t.Parallel()
	z := newZoned(t)
	var order []string
	z.fake.Fault = func(action string, _ any) (error, error) {
		order = append(order, action)
		if action == route53fake.List {
			return route53fake.Denied(action), nil
		}
		return nil, nil
	}
	out := z.apply(t.Context(), []want{wanted(idA, want{}), wanted(idB, want{addresses: v4(address)})}, nil)
	if len(out.failed) != 1 || out.failed[idA] == nil || !strings.Contains(out.failed[idA].Error(), "listing record sets of zone (Z1)") {
		t.Errorf("failed: %v", out.failed)
	}
	z.holds(t, map[string]string{idB + " A": "60 " + address})
	if want := []string{route53fake.Change, route53fake.List}; !slices.Equal(order, want) {
		t.Errorf("calls %v, want %v", order, want)
	}
}

// Two tasks can share a name if the template has only a part of the id.
func TestApplyGivesANameOnce(t *testing.T) {
	t.Parallel()
	z := newZoned(t)
	first, second := wanted(idA, want{addresses: v4(address)}), wanted(idA, want{addresses: v4(otherAddress)})
	second.taskID = idB
	out := z.apply(t.Context(), []want{first, second}, nil)
	if len(out.failed) > 0 || len(out.conflicts) != 1 || out.conflicts[idB] == "" {
		t.Errorf("failed %v, conflicts %v", out.failed, out.conflicts)
	}
	z.holds(t, map[string]string{idA + " A": "60 " + address})
}

func TestApplyIsPaced(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fails  []error
		out    time.Duration // the context's timeout
		failed bool
		calls  int
		takes  time.Duration
	}{
		{"throttled twice", []error{route53fake.Throttled(), route53fake.Throttled()}, time.Minute, false, 3, 600 * time.Millisecond},
		{"busy", []error{route53fake.Busy()}, time.Minute, false, 2, 450 * time.Millisecond},
		{"unavailable", []error{route53fake.Unavailable()}, time.Minute, false, 2, 200 * time.Millisecond},
		{"no time to try again", []error{route53fake.Busy()}, 400 * time.Millisecond, true, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				z := newZoned(t)
				fails := tt.fails
				z.fake.Fault = func(string, any) (error, error) {
					if len(fails) == 0 {
						return nil, nil
					}
					err := fails[0]
					fails = fails[1:]
					return err, nil
				}
				ctx, cancel := context.WithTimeout(t.Context(), tt.out)
				defer cancel()
				start := time.Now()
				out := z.apply(ctx, []want{wanted(idA, want{addresses: v4(address)})}, nil)
				if took := time.Since(start); took != tt.takes {
					t.Errorf("it took %s, want %s", took, tt.takes)
				}
				if err := out.failed[idA]; (err != nil) != tt.failed || tt.failed && !errors.Is(err, pace.ErrNoTime) {
					t.Errorf("failed: %v", out.failed)
				}
				z.calls(t, tt.calls, 0, 0)
			})
		})
	}
}

// A change whose answer was lost was made, but has no id that could be watched.
func TestApplyTellsOfChangesWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		z := newZoned(t)
		lost := false
		z.fake.Fault = func(string, any) (error, error) {
			if lost {
				return nil, nil
			}
			lost = true
			return nil, route53fake.Unavailable()
		}
		out := z.apply(t.Context(), []want{wanted(idA, want{addresses: v4(address)})}, nil)
		if len(out.failed)+len(out.conflicts) > 0 {
			t.Errorf("failed %v, conflicts %v", out.failed, out.conflicts)
		}
		z.holds(t, map[string]string{idA + " A": "60 " + address})
		if len(out.changes) != 1 || len(out.changes[0].created) != 1 || out.changes[0].id == "" {
			t.Errorf("told of %v, want a change that created one name", out.changes)
		}
	})
}

func TestThrottlesAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		z := newZoned(t)
		z.fake.Requests = route53fake.Rate{Burst: 1, PerSecond: 1}
		for _, id := range labels(3) {
			if out := z.apply(t.Context(), []want{wanted(id, want{addresses: v4(address)})}, nil); len(out.failed) > 0 {
				t.Fatal(out.failed)
			}
		}
		throttled := z.fake.Count(route53fake.Change).Throttled
		if got := len(z.metric(t, MetricThrottles)); got != throttled || got == 0 {
			t.Errorf("%d throttles recorded, and there were %d", got, throttled)
		}
	})
}
