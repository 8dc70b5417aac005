// Package parts holds the AWS objects that resources are made of, one file
// each. Every part is a struct of its wanted configuration and satisfies
// stack.Part; it names the few API calls that it makes in an interface of its
// own, which the SDK's client satisfies.
package parts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// Tags are the wanted tags of a part.
type Tags struct {
	// Want is all of them: the owner's mark, the user's, the provider's.
	Want map[string]string
	// Ignore tells which tags others may keep on a part; nil ignores none.
	// Tags of AWS ("aws:…") are always ignored.
	Ignore func(key string) bool
}

// OwnTags are the wanted tags of a resource's parts: the user's and the
// provider's, the owner's mark, and during a create the mark of that.
func OwnTags(owner string, creating bool, tags map[string]string, ignore func(key string) bool) Tags {
	want := map[string]string{}
	maps.Copy(want, tags)
	want[stack.OwnerTag] = owner
	if creating {
		want[stack.CreatingTag] = "true"
	}
	return Tags{Want: want, Ignore: ignore}
}

// Diff tells what to set and what to remove on a part that bears have.
func (t Tags) Diff(have map[string]string) (map[string]string, []string) {
	set := map[string]string{}
	for k, v := range t.Want {
		if got, ok := have[k]; !ok || got != v {
			set[k] = v
		}
	}
	var remove []string
	for _, k := range slices.Sorted(maps.Keys(have)) {
		if _, ok := t.Want[k]; !ok && !t.ignored(k) {
			remove = append(remove, k)
		}
	}
	return set, remove
}

// tagCalls are a service's calls about the tags of one part.
type tagCalls struct {
	read  func(context.Context) (map[string]string, error)
	set   func(ctx context.Context, tags map[string]string) error
	unset func(ctx context.Context, keys []string) error
}

// put brings the tags of a part to the wanted ones. The part is for messages.
func (t Tags) put(ctx context.Context, part fmt.Stringer, calls tagCalls) error {
	have, err := calls.read(ctx)
	if err != nil {
		return fmt.Errorf("reading the tags of %s: %w", part, err)
	}
	set, remove := t.Diff(have)
	if len(set) > 0 {
		if err := calls.set(ctx, set); err != nil {
			return fmt.Errorf("tagging %s: %w", part, err)
		}
	}
	if len(remove) > 0 {
		if err := calls.unset(ctx, remove); err != nil {
			return fmt.Errorf("untagging %s: %w", part, err)
		}
	}
	return nil
}

// Drift tells in plain words how have differs from the wanted tags.
func (t Tags) Drift(have map[string]string) []string {
	set, remove := t.Diff(have)
	var diffs []string
	for _, k := range slices.Sorted(maps.Keys(set)) {
		if got, ok := have[k]; ok {
			diffs = append(diffs, fmt.Sprintf("tag %s is %q, want %q", k, got, set[k]))
		} else {
			diffs = append(diffs, fmt.Sprintf("tag %s is missing, want %q", k, set[k]))
		}
	}
	for _, k := range remove {
		diffs = append(diffs, fmt.Sprintf("tag %s is %q, want none", k, have[k]))
	}
	return diffs
}

func (t Tags) ignored(key string) bool {
	return strings.HasPrefix(key, "aws:") || t.Ignore != nil && t.Ignore(key)
}
