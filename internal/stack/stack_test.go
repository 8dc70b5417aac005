package stack_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// together is a barrier: meet answers nil once as many have come as it waits
// for. Without the others it gives up.
type together struct {
	n    int
	came chan struct{}
	open chan struct{}
}

func newTogether(n int) *together {
	b := &together{n: n, came: make(chan struct{}), open: make(chan struct{})}
	go func() {
		for range n {
			<-b.came
		}
		close(b.open)
	}()
	return b
}

func (b *together) meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case b.came <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-b.open:
		return nil
	case <-ctx.Done():
		return errors.New("the others did not come")
	}
}

// meeting is a part each of whose methods waits for the other parts.
type meeting struct {
	name                     string
	ensure, drift, del, tags *together
}

func (m *meeting) String() string                   { return m.name }
func (m *meeting) Ensure(ctx context.Context) error { return m.ensure.meet(ctx) }
func (m *meeting) Delete(ctx context.Context) error { return m.del.meet(ctx) }

func (m *meeting) Drift(ctx context.Context) ([]string, error) {
	return []string{"differs"}, m.drift.meet(ctx)
}

func (m *meeting) ReadTags(ctx context.Context) (map[string]string, error) {
	return creating(owner), m.tags.meet(ctx)
}

func (m *meeting) Untag(context.Context, string) error { return nil }

func TestPartsOfAStageAreWorkedOnAtTheSameTime(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(stack.Stack) error{
		"Claim":  func(s stack.Stack) error { return s.Claim(t.Context()) },
		"Ensure": func(s stack.Stack) error { return s.Ensure(t.Context()) },
		"Drift":  func(s stack.Stack) error { _, err := s.Drift(t.Context()); return err },
		"Delete": func(s stack.Stack) error { return s.Delete(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := meeting{ensure: newTogether(3), drift: newTogether(3), del: newTogether(3), tags: newTogether(3)}
			var stage []stack.Part
			for _, name := range []string{"a", "b", "c"} {
				m := all
				m.name = name
				stage = append(stage, &m)
			}
			if err := work(stack.Stack{Owner: owner, Stages: [][]stack.Part{stage}}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDriftReadsAllStagesAtTheSameTime(t *testing.T) {
	t.Parallel()
	all := newTogether(2)
	s := stack.Stack{Owner: owner, Stages: [][]stack.Part{{&meeting{name: "a", drift: all}}, {&meeting{name: "b", drift: all}}}}
	if _, err := s.Drift(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClaimTellsEveryPartInTheWay(t *testing.T) {
	t.Parallel()
	j := &journal{}
	s := stack.Stack{Owner: owner, Stages: [][]stack.Part{{part(j, "a", finished(owner))}, {part(j, "b", finished("certbot/other"))}}}
	err := s.Claim(t.Context())
	if want := "part (a) already exists and belongs to the finished resource " + owner + "\npart (b) already exists and belongs to certbot/other"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestErrorsOfTagsAreTold(t *testing.T) {
	t.Parallel()
	bad := part(&journal{}, "a", creating(owner))
	bad.tagsErr = errors.New("access denied")
	s := stack.Stack{Owner: owner, Stages: [][]stack.Part{{bad}}}
	if _, err := s.Unfinished(t.Context()); !errors.Is(err, bad.tagsErr) {
		t.Errorf("Unfinished: got error %v", err)
	}
	if err := s.Finish(t.Context()); !errors.Is(err, bad.tagsErr) {
		t.Errorf("Finish: got error %v", err)
	}
}
