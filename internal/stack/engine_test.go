package stack_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const owner = "certbot/prod"

// journal keeps what was done to parts, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// plain is a part without tags.
type plain struct {
	name    string
	journal *journal
	missing bool
	drift   []string
	err     error
}

func (p *plain) String() string { return "part (" + p.name + ")" }

func (p *plain) Ensure(context.Context) error {
	p.journal.add("ensure " + p.name)
	return p.err
}

func (p *plain) Drift(context.Context) ([]string, error) {
	switch {
	case p.err != nil:
		return nil, p.err
	case p.missing:
		return nil, fmt.Errorf("describing: %w", stack.ErrNotFound)
	}
	return p.drift, nil
}

func (p *plain) Delete(context.Context) error {
	p.journal.add("delete " + p.name)
	return p.err
}

// tagged is a part with tags; nil tags mean that it is missing.
type tagged struct {
	plain
	tags    map[string]string
	tagsErr error
}

func (p *tagged) ReadTags(context.Context) (map[string]string, error) {
	switch {
	case p.tagsErr != nil:
		return nil, p.tagsErr
	case p.tags == nil:
		return nil, stack.ErrNotFound
	}
	return maps.Clone(p.tags), nil
}

func (p *tagged) Untag(_ context.Context, key string) error {
	if p.tagsErr != nil {
		return p.tagsErr
	}
	delete(p.tags, key)
	return nil
}

// guarded refuses to be deleted.
type guarded struct{ tagged }

func (*guarded) CheckDelete(context.Context) error { return errors.New("not empty") }

func finished(by string) map[string]string { return map[string]string{stack.OwnerTag: by} }

func creating(by string) map[string]string {
	return map[string]string{stack.OwnerTag: by, stack.CreatingTag: "true"}
}

func part(j *journal, name string, tags map[string]string) *tagged {
	return &tagged{plain: plain{name: name, journal: j}, tags: tags}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tags map[string]string
		want *stack.OwnershipError
	}{
		"absent":                        {tags: nil},
		"left by our own create":        {tags: creating(owner)},
		"finished":                      {tags: finished(owner), want: &stack.OwnershipError{Part: "part (b)", Owner: owner, Finished: true}},
		"somebody else's":               {tags: finished("certbot/other"), want: &stack.OwnershipError{Part: "part (b)", Owner: "certbot/other"}},
		"somebody else's, in the works": {tags: creating("certbot/other"), want: &stack.OwnershipError{Part: "part (b)", Owner: "certbot/other"}},
		"a stranger's":                  {tags: map[string]string{"team": "x"}, want: &stack.OwnershipError{Part: "part (b)"}},
		"a stranger's with our mark":    {tags: map[string]string{stack.CreatingTag: "true"}, want: &stack.OwnershipError{Part: "part (b)"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			s := stack.Stack{Owner: owner, Stages: [][]stack.Part{
				{part(j, "a", nil), &plain{name: "untagged", journal: j}},
				{part(j, "b", test.tags)},
			}}
			err := s.Claim(t.Context())
			var got *stack.OwnershipError
			switch {
			case test.want == nil && err != nil:
				t.Errorf("got error %v", err)
			case test.want != nil && (!errors.As(err, &got) || *got != *test.want):
				t.Errorf("got error %#v, want %#v", err, test.want)
			}
			if len(j.lines) > 0 {
				t.Errorf("parts were touched: %q", j.lines)
			}
		})
	}
}

func TestClaimReportsUnreadableTags(t *testing.T) {
	t.Parallel()
	p := part(&journal{}, "a", nil)
	p.tagsErr = errors.New("access denied")
	err := stack.Stack{Owner: owner, Stages: [][]stack.Part{{p}}}.Claim(t.Context())
	if !errors.Is(err, p.tagsErr) {
		t.Errorf("got error %v", err)
	}
}

func TestOwnershipErrorTellsApart(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*stack.OwnershipError{
		"x already exists and belongs to the finished resource certbot/prod": {Part: "x", Owner: owner, Finished: true},
		"x already exists and belongs to certbot/prod":                       {Part: "x", Owner: owner},
		"x already exists and does not bear the tag " + stack.OwnerTag:       {Part: "x"},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEnsureKeepsTheOrderOfStages(t *testing.T) {
	t.Parallel()
	j := &journal{}
	s := stack.Stack{Stages: [][]stack.Part{{part(j, "a", nil)}, {part(j, "b", nil)}, {part(j, "c", nil)}}}
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"ensure a", "ensure b", "ensure c"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %q, want %q", j.lines, want)
	}
}

func TestEnsureStopsAfterAFailedStage(t *testing.T) {
	t.Parallel()
	j := &journal{}
	bad := part(j, "bad", nil)
	bad.err = errors.New("denied")
	s := stack.Stack{Stages: [][]stack.Part{{bad, part(j, "beside", nil)}, {part(j, "later", nil)}}}
	if err := s.Ensure(t.Context()); !errors.Is(err, bad.err) {
		t.Errorf("got error %v", err)
	}
	slices.Sort(j.lines)
	if want := []string{"ensure bad", "ensure beside"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %q, want %q", j.lines, want)
	}
}

func TestFinishTakesTheMarkOff(t *testing.T) {
	t.Parallel()
	j := &journal{}
	a, b := part(j, "a", creating(owner)), part(j, "b", creating(owner))
	s := stack.Stack{Owner: owner, Stages: [][]stack.Part{{a}, {b, &plain{name: "untagged", journal: j}}}}
	before, err := s.Unfinished(t.Context())
	if err != nil || !before {
		t.Fatalf("before: got unfinished %v, error %v", before, err)
	}
	if err := s.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*tagged{a, b} {
		if !maps.Equal(p.tags, finished(owner)) {
			t.Errorf("%s bears %v", p, p.tags)
		}
	}
	after, err := s.Unfinished(t.Context())
	if err != nil || after {
		t.Errorf("after: got unfinished %v, error %v", after, err)
	}
}

func TestUnfinishedSeesASinglePart(t *testing.T) {
	t.Parallel()
	j := &journal{}
	s := stack.Stack{Owner: owner, Stages: [][]stack.Part{
		{part(j, "a", finished(owner)), part(j, "gone", nil)}, {part(j, "b", creating(owner))},
	}}
	if got, err := s.Unfinished(t.Context()); err != nil || !got {
		t.Errorf("got unfinished %v, error %v", got, err)
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	j := &journal{}
	drifted := func(name string, diffs ...string) *plain { return &plain{name: name, journal: j, drift: diffs} }
	gone := func(name string) *plain { return &plain{name: name, journal: j, missing: true} }
	tests := map[string]struct {
		stages  [][]stack.Part
		want    []string
		wantErr error
	}{
		"none": {stages: [][]stack.Part{{drifted("a")}, {drifted("b")}}},
		"in the order of the parts": {
			stages: [][]stack.Part{{drifted("a", "one", "two"), drifted("b", "three")}, {drifted("c", "four")}},
			want:   []string{"part (a): one", "part (a): two", "part (b): three", "part (c): four"},
		},
		"some are missing": {
			stages: [][]stack.Part{{gone("a")}, {drifted("b")}, {gone("c")}},
			want:   []string{"part (a): missing", "part (c): missing"},
		},
		"all are missing": {
			stages:  [][]stack.Part{{gone("a")}, {gone("b")}},
			wantErr: stack.ErrNotFound,
		},
		"one cannot be read": {
			stages:  [][]stack.Part{{gone("a")}, {&plain{name: "b", err: context.DeadlineExceeded}}},
			wantErr: context.DeadlineExceeded,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := stack.Stack{Stages: test.stages}.Drift(t.Context())
			if !errors.Is(err, test.wantErr) || err != nil && test.wantErr == nil {
				t.Fatalf("got error %v, want %v", err, test.wantErr)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// leftover is what a function made.
type leftover struct{ plain }

func TestDeleteGoesBackwards(t *testing.T) {
	t.Parallel()
	j := &journal{}
	s := stack.Stack{
		Owner:     owner,
		Stages:    [][]stack.Part{{part(j, "a", finished(owner))}, {part(j, "gone", nil)}, {part(j, "c", creating(owner))}},
		Leftovers: []stack.Leftover{&leftover{plain{name: "left", journal: j}}},
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"delete c", "delete gone", "delete a", "delete left"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %q, want %q", j.lines, want)
	}
}

func TestDeleteGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	j := &journal{}
	bad := part(j, "bad", finished(owner))
	bad.err = errors.New("denied")
	s := stack.Stack{Owner: owner, Stages: [][]stack.Part{{part(j, "a", finished(owner))}, {bad}}}
	if err := s.Delete(t.Context()); !errors.Is(err, bad.err) {
		t.Errorf("got error %v", err)
	}
	if want := []string{"delete bad", "delete a"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %q, want %q", j.lines, want)
	}
}

func TestDeleteStopsWhereAPartAsksForIt(t *testing.T) {
	t.Parallel()
	j := &journal{}
	bad := part(j, "bad", finished(owner))
	bad.err = fmt.Errorf("%w: denied", stack.ErrStop)
	s := stack.Stack{
		Owner:     owner,
		Stages:    [][]stack.Part{{part(j, "a", finished(owner))}, {bad, part(j, "beside", finished(owner))}, {part(j, "c", finished(owner))}},
		Leftovers: []stack.Leftover{&leftover{plain{name: "left", journal: j}}},
	}
	if err := s.Delete(t.Context()); !errors.Is(err, bad.err) {
		t.Errorf("got error %v", err)
	}
	slices.Sort(j.lines)
	if want := []string{"delete bad", "delete beside", "delete c"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %q, want %q", j.lines, want)
	}
}

func TestDeleteIsRefusedBeforeAnythingIsDeleted(t *testing.T) {
	t.Parallel()
	unreadable := func(j *journal) stack.Part {
		p := part(j, "first", nil)
		p.tagsErr = errors.New("access denied")
		return p
	}
	tests := map[string]struct {
		first func(*journal) stack.Part
		want  string
	}{
		"guard":           {func(j *journal) stack.Part { return &guarded{*part(j, "first", finished(owner))} }, "not empty"},
		"somebody else's": {func(j *journal) stack.Part { return part(j, "first", finished("certbot/other")) }, "belongs to certbot/other"},
		"a stranger's":    {func(j *journal) stack.Part { return part(j, "first", map[string]string{}) }, "does not bear the tag"},
		"unreadable":      {unreadable, "access denied"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			s := stack.Stack{Owner: owner, Stages: [][]stack.Part{{test.first(j)}, {part(j, "last", finished(owner))}}}
			for what, err := range map[string]error{"CheckDelete": s.CheckDelete(t.Context()), "Delete": s.Delete(t.Context())} {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: got error %v, want %q", what, err, test.want)
				}
			}
			if len(j.lines) > 0 {
				t.Errorf("parts were touched: %q", j.lines)
			}
		})
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	j := &journal{}
	old := stack.Stack{Owner: owner, Stages: [][]stack.Part{
		{part(j, "kept", finished(owner)), part(j, "gone", finished(owner))},
		{part(j, "also kept", finished(owner))},
	}, Leftovers: []stack.Leftover{&leftover{plain{name: "left", journal: j}}, &leftover{plain{name: "kept left", journal: j}}}}
	next := stack.Stack{
		Owner:     owner,
		Stages:    [][]stack.Part{{part(j, "also kept", nil), part(j, "kept", nil), part(j, "new", nil)}},
		Leftovers: []stack.Leftover{&leftover{plain{name: "kept left", journal: j}}},
	}
	if err := old.Without(next).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"delete gone", "delete left"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %q, want %q", j.lines, want)
	}
}
