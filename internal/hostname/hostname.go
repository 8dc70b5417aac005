// Package hostname makes the names of tasks from a template such as
// "{service}-{short_id}", and knows which names a template can make.
//
// A name is exactly one label, so that one wildcard certificate covers all of
// them. Whatever a caller of RunTask can choose (tags, startedBy) is reduced
// to letters, digits and hyphens, and each template holds an id that ECS
// chose, so that nobody can claim a name such as "login".
package hostname

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Default is the template of the names <task id>.<domain>.
const Default = "{task_id}"

// maxLabel is how many bytes a label may have (RFC 1035 §2.3.4).
const maxLabel = 63

// shortDigits is how long a short id is. Twelve hexadecimal digits of a random
// id make two equal ones among 10,000 tasks once in five million.
const shortDigits = 12

// Task is what names are made of.
type Task struct {
	// ID is the task's id: 32 hexadecimal digits, or a UUID.
	ID string
	// Cluster, Family and Service are names. Service is empty for a task that
	// no service started.
	Cluster, Family, Service string
	// StartedBy is what the caller of RunTask said of himself.
	StartedBy string
	// Tags are the task's tags.
	Tags map[string]string
}

// Template makes names. The zero value makes none; use Parse.
type Template struct {
	text  string
	parts []part
	shape *regexp.Regexp // of its labels; the first group, if any, is the id
}

// part is literal text, or the name of a variable.
type part struct {
	literal  string
	variable string
}

var (
	variable  = regexp.MustCompile(`\{([^{}]*)\}`)
	isLiteral = regexp.MustCompile(`^[a-z0-9-]+$`)
)

// Parse reads a template. The variables are {task_id}, {short_id} (the first
// twelve digits of the id), {service}, {family}, {cluster}, {started_by} and
// {tag:KEY}; everything else must be of a-z, 0-9 and hyphens.
func Parse(text string) (Template, error) {
	t := Template{text: text}
	rest := text
	for rest != "" {
		at := variable.FindStringSubmatchIndex(rest)
		if at == nil {
			t.parts = append(t.parts, part{literal: rest})
			break
		}
		if at[0] > 0 {
			t.parts = append(t.parts, part{literal: rest[:at[0]]})
		}
		t.parts = append(t.parts, part{variable: rest[at[2]:at[3]]})
		rest = rest[at[1]:]
	}
	if err := t.check(); err != nil {
		return Template{}, fmt.Errorf("hostname template %q: %w; right values are %q and %q", text, err, Default, "{service}-{short_id}")
	}
	t.shape = t.pattern()
	return t, nil
}

// pattern matches the labels that the template can make.
func (t Template) pattern() *regexp.Regexp {
	var b strings.Builder
	b.WriteByte('^')
	grouped := false
	for _, p := range t.parts {
		switch {
		case p.literal != "":
			b.WriteString(regexp.QuoteMeta(p.literal))
		case p.variable == "task_id" && !grouped:
			b.WriteString("(" + idPattern + ")")
			grouped = true
		case p.variable == "task_id":
			b.WriteString(idPattern)
		case p.variable == "short_id":
			fmt.Fprintf(&b, "[0-9a-f]{%d}", shortDigits)
		default:
			b.WriteString("[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
		}
	}
	b.WriteByte('$')
	return regexp.MustCompile(b.String())
}

// idPattern is what ids of tasks look like: 32 hexadecimal digits, or a UUID
// in older ARNs.
const idPattern = "(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

// Matches tells whether the template can have made a label.
func (t Template) Matches(label string) bool {
	return len(label) <= maxLabel && t.shape.MatchString(label)
}

// TaskID reads the task's id from a label, if the template has {task_id}.
func (t Template) TaskID(label string) (string, bool) {
	if m := t.shape.FindStringSubmatch(label); len(m) > 1 {
		return m[1], true
	}
	return "", false
}

func (t Template) check() error {
	if !t.has("task_id") && !t.has("short_id") {
		return errors.New("it must contain {task_id} or {short_id}, or tasks would share a name")
	}
	shortest := 0
	for _, p := range t.parts {
		switch {
		case p.literal != "":
			if !isLiteral.MatchString(p.literal) {
				return fmt.Errorf("%q is not of a-z, 0-9 and hyphens: a name is one label", p.literal)
			}
			shortest += len(p.literal)
		case p.variable == "task_id":
			shortest += 36
		case p.variable == "short_id":
			shortest += shortDigits
		case slices.Contains([]string{"service", "family", "cluster", "started_by"}, p.variable),
			strings.HasPrefix(p.variable, "tag:") && len(p.variable) > len("tag:"):
			shortest++
		default:
			return fmt.Errorf("there is no variable {%s}", p.variable)
		}
	}
	first, last := t.parts[0].literal, t.parts[len(t.parts)-1].literal
	if strings.HasPrefix(first, "-") || strings.HasSuffix(last, "-") {
		return errors.New("a label neither begins nor ends with a hyphen")
	}
	if shortest > maxLabel {
		return fmt.Errorf("its names would have %d characters and a label has at most %d", shortest, maxLabel)
	}
	return nil
}

func (t Template) has(name string) bool {
	for _, p := range t.parts {
		if p.variable == name {
			return true
		}
	}
	return false
}

// String is the template's text.
func (t Template) String() string { return t.text }

// NeedsTags tells whether the template uses tags, which ECS tells only when
// asked for them.
func (t Template) NeedsTags() bool {
	for _, p := range t.parts {
		if strings.HasPrefix(p.variable, "tag:") {
			return true
		}
	}
	return false
}

// OfIDAlone tells whether the name follows from the task's id, so that it is
// known of a task that ECS has forgotten.
func (t Template) OfIDAlone() bool {
	for _, p := range t.parts {
		if p.variable != "" && p.variable != "task_id" && p.variable != "short_id" {
			return false
		}
	}
	return true
}

// Label is a task's name below the domain. What the free variables hold is
// reduced to a-z, 0-9 and single hyphens, and "none" stands for nothing. If the
// label is too long for DNS, the longest of the free texts are cut, never an
// id.
func (t Template) Label(task Task) string {
	texts := make([]string, len(t.parts))
	for i, p := range t.parts {
		texts[i] = p.value(task)
	}
	for total(texts) > maxLabel {
		longest := -1
		for i, p := range t.parts {
			if p.free() && (longest < 0 || len(texts[i]) > len(texts[longest])) {
				longest = i
			}
		}
		if longest < 0 || len(texts[longest]) == 1 {
			break // cannot happen: Parse counted
		}
		texts[longest] = strings.TrimRight(texts[longest][:len(texts[longest])-1], "-")
	}
	return strings.Join(texts, "")
}

// value is what a part is for a task.
func (p part) value(task Task) string {
	switch p.variable {
	case "":
		return p.literal
	case "task_id":
		return task.ID
	case "short_id":
		return short(task.ID)
	case "service":
		return reduce(task.Service)
	case "family":
		return reduce(task.Family)
	case "cluster":
		return reduce(task.Cluster)
	case "started_by":
		return reduce(task.StartedBy)
	}
	return reduce(task.Tags[strings.TrimPrefix(p.variable, "tag:")])
}

// free tells whether a part holds text of any length.
func (p part) free() bool {
	return p.variable != "" && p.variable != "task_id" && p.variable != "short_id"
}

func short(id string) string {
	digits := strings.ReplaceAll(id, "-", "")
	return digits[:min(shortDigits, len(digits))]
}

func total(texts []string) int {
	n := 0
	for _, s := range texts {
		n += len(s)
	}
	return n
}

// nothing stands for a text of which no letter is left.
const nothing = "none"

// reduce makes text a part of a label: lower case, with one hyphen for each
// run of anything but letters and digits, and none at the ends.
func reduce(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	if len(words) == 0 {
		return nothing
	}
	return strings.Join(words, "-")
}

// Shapes are the labels that the template can make, as patterns of IAM's
// StringLike: "?" is one character, "*" any number. Ids become as many "?" as
// they are long (32, and 36 for the older ids); only free text becomes "*".
func (t Template) Shapes() []string {
	var shapes []string
	for _, length := range []int{32, 36} {
		var b strings.Builder
		for _, p := range t.parts {
			switch {
			case p.literal != "":
				b.WriteString(p.literal)
			case p.variable == "task_id":
				b.WriteString(strings.Repeat("?", length))
			case p.variable == "short_id":
				b.WriteString(strings.Repeat("?", shortDigits))
			default:
				b.WriteByte('*')
			}
		}
		shapes = append(shapes, b.String())
		if !t.has("task_id") {
			break
		}
	}
	return shapes
}
