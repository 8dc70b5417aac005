package parts

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// answer is the error that AWS answers with this code.
func answer(code string) error { return fault(code, "the service says "+code) }

// service is what all fakes have in common: they note the calls that change
// something, and fail on request.
type service struct {
	mu      sync.Mutex
	changes []string
	// always holds the errors of operations that fail each time, once those
	// that the next calls fail with.
	always map[string]error
	once   map[string][]error
}

// call begins an operation; the caller holds the lock.
func (s *service) call(op string) error {
	if !slices.ContainsFunc([]string{"Get", "Head", "List", "Describe"}, func(p string) bool { return strings.HasPrefix(op, p) }) {
		s.changes = append(s.changes, op)
	}
	if next := s.once[op]; len(next) > 0 {
		s.once[op] = next[1:]
		return next[0]
	}
	return s.always[op]
}

// takeChanges answers the changing calls so far and forgets them.
func (s *service) takeChanges() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	changes := s.changes
	s.changes = nil
	return changes
}

// instantly is a sleepFunc that does not sleep, but knows when the context has
// ended.
func instantly(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// creatingTags are the tags of a part whose create is under way.
func creatingTags() Tags {
	return Tags{
		Want:   map[string]string{stack.OwnerTag: testOwner, stack.CreatingTag: "true", "team": "web"},
		Ignore: func(key string) bool { return strings.HasPrefix(key, "cost-") },
	}
}

func testPolicy(action string) iampolicy.Document {
	return iampolicy.New(iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{action}, Resource: []string{"*"}})
}

func mustDelete(t *testing.T, p stack.Part) {
	t.Helper()
	if err := p.Delete(t.Context()); err != nil {
		t.Fatalf("Delete: %v", err)
	}
}

// expectChanges fails unless exactly these changing calls were made since the
// last look.
func expectChanges(t *testing.T, s *service, want ...string) {
	t.Helper()
	if got := s.takeChanges(); !slices.Equal(got, want) {
		t.Fatalf("changing calls = %q, want %q", got, want)
	}
}

// expectError fails unless the error holds all these words.
func expectError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}
