package parts

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const (
	testOwner   = "task_dns/demo"
	testAccount = "123456789012"
)

// testTags are the tags of a part of a finished resource.
func testTags() Tags {
	return Tags{Want: map[string]string{stack.OwnerTag: testOwner, "team": "web"}}
}

// fault is the error that AWS answers with this code and message.
func fault(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }

// deny makes an operation fail for want of a permission, from now on.
func (s *service) deny(op string) {
	s.always = map[string]error{op: fault("AccessDeniedException", "not authorized to perform "+op)}
}

// refuseTags refuses the tags that AWS refuses.
func refuseTags(tags map[string]string) error {
	for k := range tags {
		if k == "" || strings.HasPrefix(k, "aws:") {
			return fault("ValidationException", "tag key "+k)
		}
	}
	return nil
}

// dup copies what a request points to: a fake that kept the pointer would
// change along with the part.
func dup[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// sleeper stands for the pauses between tries: it only notes them, and lets
// the time run out after endsAt of them, or after very many.
type sleeper struct {
	slept  []time.Duration
	endsAt int
}

func (s *sleeper) sleep(_ context.Context, d time.Duration) error {
	s.slept = append(s.slept, d)
	if s.endsAt > 0 && len(s.slept) >= s.endsAt || len(s.slept) >= 10_000 {
		return context.DeadlineExceeded
	}
	return nil
}

func (s *sleeper) total() time.Duration {
	var sum time.Duration
	for _, d := range s.slept {
		sum += d
	}
	return sum
}

// never is for parts that have nothing to wait for.
func never(context.Context, time.Duration) error {
	return errors.New("waited where there is nothing to wait for")
}

func mustEnsure(t *testing.T, p stack.Part) {
	t.Helper()
	if err := p.Ensure(t.Context()); err != nil {
		t.Fatalf("Ensure: %v", err)
	}
}

// mustDrift fails unless the part differs in exactly these ways.
func mustDrift(t *testing.T, p stack.Part, want ...string) {
	t.Helper()
	got, err := p.Drift(t.Context())
	if err != nil {
		t.Fatalf("Drift: %v", err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("Drift\n got %q\nwant %q", got, want)
	}
}

// mustBeAbsent fails unless the part answers that it does not exist.
func mustBeAbsent(t *testing.T, p stack.Part) {
	t.Helper()
	if diffs, err := p.Drift(t.Context()); !errors.Is(err, stack.ErrNotFound) {
		t.Fatalf("Drift of an absent part: %q, %v", diffs, err)
	}
	if tagged, ok := p.(stack.Tagged); ok {
		if tags, err := tagged.ReadTags(t.Context()); !errors.Is(err, stack.ErrNotFound) {
			t.Fatalf("ReadTags of an absent part: %v, %v", tags, err)
		}
	}
}

// checkLife leads a part through its life: absent, created by these calls,
// ensured again without a change, untagged, deleted, deleted again.
func checkLife(t *testing.T, p stack.Part, s *service, create ...string) {
	t.Helper()
	mustBeAbsent(t, p)
	mustDelete(t, p)
	s.takeChanges()
	mustEnsure(t, p)
	expectChanges(t, s, create...)
	mustDrift(t, p)
	mustEnsure(t, p)
	expectChanges(t, s)
	if tagged, ok := p.(stack.Tagged); ok {
		checkUntag(t, tagged)
	}
	for range 2 {
		mustDelete(t, p)
		mustBeAbsent(t, p)
	}
}

func checkUntag(t *testing.T, p stack.Tagged) {
	t.Helper()
	tags, err := p.ReadTags(t.Context())
	if err != nil || !maps.Equal(tags, testTags().Want) {
		t.Fatalf("ReadTags: %v, %v", tags, err)
	}
	for range 2 {
		if err := p.Untag(t.Context(), "team"); err != nil {
			t.Fatalf("Untag: %v", err)
		}
	}
	mustDrift(t, p, `tag team is missing, want "web"`)
	mustEnsure(t, p)
	mustDrift(t, p)
}

// checkRepair checks that the drift is told in these sentences, that Ensure
// repairs it by these calls and no others, and that nothing is left of it.
func checkRepair(t *testing.T, p stack.Part, s *service, want, changes []string) {
	t.Helper()
	mustDrift(t, p, want...)
	s.takeChanges()
	mustEnsure(t, p)
	expectChanges(t, s, changes...)
	mustDrift(t, p)
}

// expectDenied fails unless the error tells that a permission is missing.
func expectDenied(t *testing.T, err error) {
	t.Helper()
	if !awserr.IsAccessDenied(err) {
		t.Fatalf("with a permission missing: %v", err)
	}
}
