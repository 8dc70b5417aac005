// Package stack is the small engine that turns a list of AWS objects (parts)
// into one Terraform resource: it claims, ensures, compares and deletes them.
//
// It knows nothing of AWS and nothing of Terraform. There is no dependency
// graph: a stack is a list of stages, the parts of a stage need only parts of
// earlier stages, and everything a part needs to know of another (its name,
// its ARN) is derived before anything exists.
package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrNotFound tells that a part does not exist.
var ErrNotFound = errors.New("not found")

// ErrStop is in the error of a part that could not be deleted and that needs
// the parts of earlier stages for that: they are kept.
var ErrStop = errors.New("deletion stopped")

// Part is one AWS object. Every method may be called again after it failed
// half-way, and then finishes the work.
type Part interface {
	// String names the part in messages: "Lambda function (fargatedirect-x)".
	fmt.Stringer
	// Ensure creates the part or brings it to the wanted configuration.
	Ensure(ctx context.Context) error
	// Drift tells in plain words what differs from the wanted configuration,
	// one sentence per difference: "memory is 256 MB, want 128 MB". It answers
	// ErrNotFound when the part does not exist.
	Drift(ctx context.Context) ([]string, error)
	// Delete removes the part. A part that is already gone is no error.
	Delete(ctx context.Context) error
}

// Tagged is a Part that bears AWS tags, and by them its owner.
type Tagged interface {
	Part
	// ReadTags answers the tags that the part bears now, or ErrNotFound.
	ReadTags(ctx context.Context) (map[string]string, error)
	// Untag removes one tag. A tag that is not there is no error.
	Untag(ctx context.Context, key string) error
}

// Guard is a Part that may refuse to be deleted, for example a bucket that
// still holds certificates. All guards of a stack are asked before anything is
// deleted.
type Guard interface {
	CheckDelete(ctx context.Context) error
}

// The tags by which parts are owned.
const (
	// OwnerTag holds "<kind>/<name>" on every part of a resource.
	OwnerTag = "fargatedirect:resource"
	// CreatingTag marks the parts of a resource whose creation has not
	// finished. A create takes over parts that bear it, and no others.
	CreatingTag = "fargatedirect:creating"
)

// Stack is the parts of one resource.
type Stack struct {
	// Owner is the value of OwnerTag on all tagged parts.
	Owner string
	// Stages are ensured in order and deleted in reverse. The parts of one
	// stage are worked on at the same time.
	Stages [][]Part
	// Leftovers are what the functions made while they ran. They are neither
	// ensured nor compared, and go after everything else.
	Leftovers []Leftover
}

// Leftover is something that a function made by itself and that must go with
// the resource.
type Leftover interface {
	fmt.Stringer
	// Delete removes it. What is already gone is no error.
	Delete(ctx context.Context) error
}

// OwnershipError tells that a part of the wanted name exists already and may
// not be taken over.
type OwnershipError struct {
	// Part names the existing part.
	Part string
	// Owner is the value of its OwnerTag, empty where it has none.
	Owner string
	// Finished is true where the part belongs to a finished resource of the
	// same kind and name, which can be imported.
	Finished bool
}

func (e *OwnershipError) Error() string {
	switch {
	case e.Finished:
		return fmt.Sprintf("%s already exists and belongs to the finished resource %s", e.Part, e.Owner)
	case e.Owner != "":
		return fmt.Sprintf("%s already exists and belongs to %s", e.Part, e.Owner)
	default:
		return fmt.Sprintf("%s already exists and does not bear the tag %s", e.Part, OwnerTag)
	}
}

// Claim checks, before a create touches anything, that every part is absent
// or left over from an unfinished create of this same resource. Otherwise it
// answers an error that holds an *OwnershipError for each part in the way.
func (s Stack) Claim(ctx context.Context) error {
	return each(s.tagged(), func(p Tagged) error {
		tags, err := readTags(ctx, p)
		switch {
		case errors.Is(err, ErrNotFound):
			return nil
		case err != nil:
			return err
		}
		_, creating := tags[CreatingTag]
		owner := tags[OwnerTag]
		if owner == s.Owner && creating {
			return nil
		}
		return &OwnershipError{Part: p.String(), Owner: owner, Finished: owner == s.Owner}
	})
}

// Ensure brings all parts to their wanted configuration, stage by stage, and
// stops after the first stage in which a part failed.
func (s Stack) Ensure(ctx context.Context) error {
	for _, stage := range s.Stages {
		if err := each(stage, func(p Part) error { return p.Ensure(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// Finish takes the CreatingTag off all parts, the last step of a create.
func (s Stack) Finish(ctx context.Context) error {
	return each(s.tagged(), func(p Tagged) error {
		if err := p.Untag(ctx, CreatingTag); err != nil {
			return fmt.Errorf("untagging %s: %w", p, err)
		}
		return nil
	})
}

// Unfinished tells whether any part still bears the CreatingTag: the resource
// was never created to the end.
func (s Stack) Unfinished(ctx context.Context) (bool, error) {
	var mu sync.Mutex
	unfinished := false
	err := each(s.tagged(), func(p Tagged) error {
		tags, err := readTags(ctx, p)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if _, ok := tags[CreatingTag]; ok {
			mu.Lock()
			unfinished = true
			mu.Unlock()
		}
		return nil
	})
	return unfinished, err
}

// Drift reads all parts at once and tells what differs, each difference with
// its part's name before it, in the order of the parts. It answers ErrNotFound
// only if no part exists.
func (s Stack) Drift(ctx context.Context) ([]string, error) {
	parts := slices.Concat(s.Stages...)
	found := make([][]string, len(parts))
	missing := make([]bool, len(parts))
	err := each(parts, func(p Part) error {
		i := slices.Index(parts, p)
		diffs, err := p.Drift(ctx)
		switch {
		case errors.Is(err, ErrNotFound):
			missing[i] = true
			found[i] = []string{p.String() + ": missing"}
		case err != nil:
			return fmt.Errorf("reading %s: %w", p, err)
		}
		for _, d := range diffs {
			found[i] = append(found[i], p.String()+": "+d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !slices.Contains(missing, false) {
		return nil, ErrNotFound
	}
	return slices.Concat(found...), nil
}

// Delete removes all parts in reverse order. It deletes nothing if a guard
// refuses or if a part belongs to somebody else. A part that cannot be deleted
// does not keep other stages from being tried, unless its error holds ErrStop;
// all errors are reported.
func (s Stack) Delete(ctx context.Context) error {
	if err := s.CheckDelete(ctx); err != nil {
		return err
	}
	var errs []error
	for _, stage := range slices.Backward(s.Stages) {
		err := each(stage, func(p Part) error { return p.Delete(ctx) })
		errs = append(errs, err)
		if errors.Is(err, ErrStop) {
			return errors.Join(errs...)
		}
	}
	for _, l := range s.Leftovers {
		errs = append(errs, l.Delete(ctx))
	}
	return errors.Join(errs...)
}

// Without answers the parts and leftovers of s, as a stack, that next has not:
// those that an update from s to next leaves behind. They are the same if they
// have the same name.
func (s Stack) Without(next Stack) Stack {
	keep := map[string]bool{}
	for _, p := range slices.Concat(next.Stages...) {
		keep[p.String()] = true
	}
	for _, l := range next.Leftovers {
		keep[l.String()] = true
	}
	rest := Stack{Owner: s.Owner}
	for _, stage := range s.Stages {
		gone := slices.DeleteFunc(slices.Clone(stage), func(p Part) bool { return keep[p.String()] })
		if len(gone) > 0 {
			rest.Stages = append(rest.Stages, gone)
		}
	}
	for _, l := range s.Leftovers {
		if !keep[l.String()] {
			rest.Leftovers = append(rest.Leftovers, l)
		}
	}
	return rest
}

// CheckDelete tells whether Delete would be refused, and why.
func (s Stack) CheckDelete(ctx context.Context) error {
	return each(slices.Concat(s.Stages...), func(p Part) error {
		if g, ok := p.(Guard); ok {
			if err := g.CheckDelete(ctx); err != nil {
				return err
			}
		}
		t, ok := p.(Tagged)
		if !ok {
			return nil
		}
		tags, err := readTags(ctx, t)
		switch {
		case errors.Is(err, ErrNotFound):
			return nil
		case err != nil:
			return err
		case tags[OwnerTag] != s.Owner:
			return &OwnershipError{Part: p.String(), Owner: tags[OwnerTag]}
		}
		return nil
	})
}

func readTags(ctx context.Context, p Tagged) (map[string]string, error) {
	tags, err := p.ReadTags(ctx)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("reading the tags of %s: %w", p, err)
	}
	return tags, err
}

func (s Stack) tagged() []Tagged {
	var parts []Tagged
	for _, p := range slices.Concat(s.Stages...) {
		if t, ok := p.(Tagged); ok {
			parts = append(parts, t)
		}
	}
	return parts
}

// each calls f for all parts at once and joins what they answer in the order
// of the parts.
func each[P Part](parts []P, f func(P) error) error {
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, p := range parts {
		wg.Go(func() { errs[i] = f(p) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
