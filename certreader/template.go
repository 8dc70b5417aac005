package certreader

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What a template of names may hold that a task knows of itself.
const (
	taskVariable  = "task_id"
	shortVariable = "short_id"
)

const (
	// shortDigits is how many digits of the id {short_id} is.
	shortDigits = 12
	// longestID is the length of the older ids, UUIDs.
	longestID = 36
	// maxLabel is the longest label (RFC 1035, 2.3.4).
	maxLabel = 63
)

var (
	variablePattern = regexp.MustCompile(`\{([^{}]*)\}`)
	literalPattern  = regexp.MustCompile(`^[a-z0-9-]*$`)
)

// checkTemplate tells why a template makes no names of tasks. The rules are
// those of hostname_template, without the variables that a task cannot know.
func checkTemplate(template string) error {
	variables := variablePattern.FindAllStringSubmatch(template, -1)
	for _, v := range variables {
		if v[1] != taskVariable && v[1] != shortVariable {
			return fmt.Errorf("%s is not known to a task, as {%s} and {%s} are", v[0], taskVariable, shortVariable)
		}
	}
	label := fillTemplate(template, strings.Repeat("0", longestID))
	switch {
	case len(variables) == 0:
		return fmt.Errorf("it must contain {%s} or {%s}", taskVariable, shortVariable)
	case !literalPattern.MatchString(label):
		return errors.New("besides variables it may have a-z, 0-9 and hyphens only")
	case strings.HasPrefix(label, "-"), strings.HasSuffix(label, "-"):
		return errors.New("a name neither begins nor ends with a hyphen")
	case len(label) > maxLabel:
		return fmt.Errorf("its names would have %d characters before the domain, and DNS takes %d", len(label), maxLabel)
	}
	return nil
}

// fillTemplate makes a task's label.
func fillTemplate(template, id string) string {
	digits := strings.ReplaceAll(id, "-", "")
	return strings.NewReplacer("{"+taskVariable+"}", id, "{"+shortVariable+"}", digits[:min(shortDigits, len(digits))]).Replace(template)
}
