package hostname

import (
	"slices"
	"strings"
	"testing"
)

const (
	id   = "c13b4cb40f1f4fe4a2971f76ae5a47ad"
	uuid = "1dcd2a1c-8e6b-4c5b-9a3c-5c1a4b2e7f10"
)

func TestLabel(t *testing.T) {
	t.Parallel()
	task := Task{
		ID: id, Cluster: "Prod_EU", Family: "web--app", Service: "Checkout", StartedBy: "login.example.com/../x",
		Tags: map[string]string{"customer": "Ünïque & Söns", "long": strings.Repeat("ab-", 40), "empty": "", "dots": "..."},
	}
	for template, want := range map[string]string{
		"{task_id}":                    id,
		"t-{task_id}":                  "t-" + id,
		"{service}-{short_id}":         "checkout-c13b4cb40f1f",
		"{family}-{cluster}{short_id}": "web-app-prod-euc13b4cb40f1f",
		"{started_by}-{short_id}":      "login-example-com-x-c13b4cb40f1f",
		"{tag:customer}-{short_id}":    "n-que-s-ns-c13b4cb40f1f",
		"{tag:empty}-{short_id}":       "none-c13b4cb40f1f",
		"{tag:dots}-{short_id}":        "none-c13b4cb40f1f",
		"{tag:absent}-{short_id}":      "none-c13b4cb40f1f",
		"{short_id}-{tag:long}":        "c13b4cb40f1f-" + strings.TrimSuffix(strings.Repeat("ab-", 17)[:50], "-"),
	} {
		parsed, err := Parse(template)
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		got := parsed.Label(task)
		if got != want {
			t.Errorf("%s: got %q, want %q", template, got, want)
		}
		if !parsed.Matches(got) {
			t.Errorf("%s does not know its own label %q", template, got)
		}
	}
}

func TestEveryLabelHasItsShapes(t *testing.T) {
	t.Parallel()
	for template, want := range map[string][]string{
		"{task_id}":            {strings.Repeat("?", 32), strings.Repeat("?", 36)},
		"{service}-{short_id}": {"*-????????????"},
		"x{short_id}":          {"x????????????"},
	} {
		parsed, err := Parse(template)
		if err != nil {
			t.Fatal(err)
		}
		if got := parsed.Shapes(); !slices.Equal(got, want) {
			t.Errorf("%s: shapes %q, want %q", template, got, want)
		}
	}
}

func TestTaskID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, label, id string }{
		{"{task_id}", id, id},
		{"{task_id}", uuid, uuid},
		{"{service}-{task_id}", "a-b-" + id, id},
		{"{task_id}", strings.ToUpper(id), ""},
		{"{task_id}", id + "0", ""},
		{"{task_id}", "www", ""},
		{"{task_id}", "_acme-challenge", ""},
		{"{service}-{short_id}", "web-c13b4cb40f1f", ""},
	} {
		parsed, err := Parse(c.template)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := parsed.TaskID(c.label); got != c.id || ok != (c.id != "") {
			t.Errorf("%s of %q: got %q, %v", c.template, c.label, got, ok)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	parsed, err := Parse("{service}-{short_id}")
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]bool{
		"web-c13b4cb40f1f":                        true,
		"web-c13b4cb40f1":                         false,
		"-c13b4cb40f1f":                           false,
		"a.b-c13b4cb40f1f":                        false,
		"WEB-c13b4cb40f1f":                        false,
		strings.Repeat("a", 60) + "-c13b4cb40f1f": false,
		"www":             false,
		"_acme-challenge": false,
	} {
		if got := parsed.Matches(label); got != want {
			t.Errorf("%q: %v, want %v", label, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for template, why := range map[string]string{
		"":                                    "{task_id} or {short_id}",
		"{service}":                           "{task_id} or {short_id}",
		"{tag:name}":                          "{task_id} or {short_id}",
		"{task_id}.{service}":                 "one label",
		"{task_id}_x":                         "one label",
		"X{task_id}":                          "one label",
		"{task_id":                            "{task_id} or {short_id}",
		"{task_id}{":                          "one label",
		"{taskid}{short_id}":                  "no variable {taskid}",
		"{tag:}{short_id}":                    "no variable {tag:}",
		"-{task_id}":                          "hyphen",
		"{task_id}-":                          "hyphen",
		"{task_id}-{task_id}":                 "73 characters",
		strings.Repeat("a", 28) + "{task_id}": "64 characters",
	} {
		_, err := Parse(template)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: got %v, want an error with %q", template, err, why)
		}
	}
}

// FuzzLabel: whatever a caller of RunTask says, the name is one label that the
// template recognises and the role's policy allows.
func FuzzLabel(f *testing.F) {
	f.Add("{service}-{short_id}", "web", "login.example.com", "\x00\xff")
	f.Fuzz(func(t *testing.T, template, service, startedBy, tag string) {
		parsed, err := Parse(template)
		if err != nil {
			return
		}
		label := parsed.Label(Task{ID: id, Service: service, Family: service, Cluster: tag, StartedBy: startedBy, Tags: map[string]string{"a": tag}})
		if !parsed.Matches(label) {
			t.Errorf("%q makes %q and does not recognise it", template, label)
		}
	})
}
