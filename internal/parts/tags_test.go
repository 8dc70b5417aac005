package parts

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestTags(t *testing.T) {
	t.Parallel()
	ignore := func(key string) bool { return strings.HasPrefix(key, "cost-") }
	for _, tc := range []struct {
		name   string
		tags   Tags
		have   map[string]string
		set    map[string]string
		remove []string
		drift  []string
	}{
		{name: "nothing wanted, nothing there"},
		{name: "as wanted", tags: Tags{Want: map[string]string{"a": "1"}}, have: map[string]string{"a": "1"}},
		{
			name: "missing", tags: Tags{Want: map[string]string{"b": "2", "a": ""}},
			set:   map[string]string{"b": "2", "a": ""},
			drift: []string{`tag a is missing, want ""`, `tag b is missing, want "2"`},
		},
		{
			name: "other value", tags: Tags{Want: map[string]string{"a": "1"}}, have: map[string]string{"a": "2"},
			set: map[string]string{"a": "1"}, drift: []string{`tag a is "2", want "1"`},
		},
		{
			name: "more than wanted", have: map[string]string{"b": "2", "a": "1"},
			remove: []string{"a", "b"}, drift: []string{`tag a is "1", want none`, `tag b is "2", want none`},
		},
		{name: "tags of AWS", have: map[string]string{"aws:created": "x"}},
		{name: "ignored", tags: Tags{Ignore: ignore}, have: map[string]string{"cost-center": "7"}},
		{
			name: "wanted though ignored", tags: Tags{Want: map[string]string{"cost-center": "7"}, Ignore: ignore}, have: map[string]string{"cost-center": "8"},
			set: map[string]string{"cost-center": "7"}, drift: []string{`tag cost-center is "8", want "7"`},
		},
		{
			name: "only what Ignore names", tags: Tags{Ignore: ignore}, have: map[string]string{"team": "web"},
			remove: []string{"team"}, drift: []string{`tag team is "web", want none`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			set, remove := tc.tags.Diff(tc.have)
			if !maps.Equal(set, tc.set) || !slices.Equal(remove, tc.remove) {
				t.Errorf("Diff = %v, %v, want %v, %v", set, remove, tc.set, tc.remove)
			}
			if drift := tc.tags.Drift(tc.have); !slices.Equal(drift, tc.drift) {
				t.Errorf("Drift = %q, want %q", drift, tc.drift)
			}
		})
	}
}
