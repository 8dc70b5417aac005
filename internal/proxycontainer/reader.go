package proxycontainer

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// reader takes values out of what was given, and gathers what is wrong. A value
// that is not given, not known or wrong reads as zero.
type reader struct {
	given    map[string]any // without what is nil
	unknown  bool
	problems []string
}

// problem notes what is wrong with a key, once.
func (r *reader) problem(key, text string) {
	line := key + ": " + text
	if example := example(key); example != "" {
		line += " (for example " + example + ")"
	}
	if !slices.Contains(r.problems, line) {
		r.problems = append(r.problems, line)
	}
}

// unsure tells whether it is not known yet what a key has, or if anything.
func (r *reader) unsure(key string) bool {
	_, is := r.given[key].(Unknown)
	return is
}

// may tells whether a key is given, as far as is known.
func (r *reader) may(key string) bool { return r.given[key] != nil }

// is tells whether a key is given for sure.
func (r *reader) is(key string) bool { return r.may(key) && !r.unsure(key) }

// value answers what a key has, and whether it has something that is known.
func (r *reader) value(key string) (any, bool) {
	if r.unsure(key) {
		r.unknown = true
	}
	return r.given[key], r.is(key)
}

// text reads a string, which check, unless it is nil, tells what is wrong with.
func (r *reader) text(key string, check check) string {
	v, ok := r.value(key)
	if !ok {
		return ""
	}
	text, ok := asText(v)
	if !ok {
		r.wrongType(key, "a string", v)
		return ""
	}
	if check == nil {
		return text
	}
	if problem := check.problem(text); problem != "" {
		r.problem(key, problem)
		return ""
	}
	return text
}

// textOr is text for a key that has a default.
func (r *reader) textOr(key, usual string, check check) string {
	if !r.may(key) {
		return usual
	}
	return r.text(key, check)
}

// number reads a whole number.
func (r *reader) number(key string, least, most int) int {
	v, ok := r.value(key)
	if !ok {
		return 0
	}
	number, ok := asNumber(v)
	if !ok {
		r.wrongType(key, "a number", v)
		return 0
	}
	whole, accuracy := number.Int64()
	if accuracy != big.Exact || whole < int64(least) || whole > int64(most) {
		r.problem(key, fmt.Sprintf("%s is not a whole number from %d to %d", number.Text('f', -1), least, most))
		return 0
	}
	return int(whole)
}

// flag reads a bool.
func (r *reader) flag(key string, usual bool) bool {
	v, ok := r.value(key)
	if !ok {
		return usual
	}
	is, ok := asBool(v)
	if !ok {
		r.wrongType(key, "true or false", v)
		return usual
	}
	return is
}

// texts reads a list of strings, and tells whether the key is given.
func (r *reader) texts(key string, check check) ([]string, bool) {
	v, ok := r.value(key)
	if !ok {
		return nil, r.may(key)
	}
	list, ok := v.([]any)
	if !ok {
		r.wrongType(key, "a list of strings", v)
		return nil, true
	}
	texts := []string{}
	for _, element := range list {
		if _, is := element.(Unknown); is {
			r.unknown = true
			continue
		}
		text, ok := asText(element)
		if !ok {
			r.wrongType(key, "a list of strings", v)
			return nil, true
		}
		if problem := check.problem(text); problem != "" {
			r.problem(key, problem)
		}
		texts = append(texts, text)
	}
	return texts, true
}

// object reads an object or a map, without what is null in it.
func (r *reader) object(key string) (map[string]any, bool) {
	v, ok := r.value(key)
	if !ok {
		return nil, false
	}
	object, ok := v.(map[string]any)
	if !ok {
		r.wrongType(key, "an object", v)
		return nil, false
	}
	object = maps.Clone(object)
	maps.DeleteFunc(object, func(_ string, v any) bool { return v == nil })
	return object, true
}

// inner reads a string inside of an object, by a path that names it.
func (r *reader) inner(key, path string, v any) (string, bool) {
	if _, is := v.(Unknown); is {
		r.unknown = true
		return "", false
	}
	text, ok := asText(v)
	if !ok {
		r.problem(key, fmt.Sprintf("%s must be a string, not %s", path, kind(v)))
	}
	return text, ok
}

func (r *reader) wrongType(key, want string, v any) {
	r.problem(key, fmt.Sprintf("it must be %s, not %s", want, kind(v)))
}

// kind is what a value is, in Terraform's words. The value itself is not told:
// it may be sensitive.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a bool"
	case *big.Float:
		return "a number"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// asText converts as Terraform does.
func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case *big.Float:
		return v.Text('f', -1), true
	}
	return "", false
}

// asNumber converts as Terraform does.
func asNumber(v any) (*big.Float, bool) {
	switch v := v.(type) {
	case *big.Float:
		return v, true
	case string:
		number, _, err := big.ParseFloat(v, 10, 512, big.ToNearestEven)
		return number, err == nil && !number.IsInf()
	}
	return nil, false
}

// asBool converts as Terraform does.
func asBool(v any) (is, ok bool) {
	switch v {
	case true, "true", "1":
		return true, true
	case false, "false", "0":
		return false, true
	}
	return false, false
}

func digits(number int) string {
	if number == 0 {
		return ""
	}
	return strconv.Itoa(number)
}

// refuseOtherKeys refuses keys that mean nothing, null or not: they are slips
// of the pen.
func (r *reader) refuseOtherKeys(arguments map[string]any) {
	for key := range arguments {
		if slices.ContainsFunc(keys, func(k Key) bool { return k.Name == key }) {
			continue
		}
		text := fmt.Sprintf("there is no key %q", key)
		if near := nearest(key); near != "" {
			text += fmt.Sprintf(" (did you mean %s?)", near)
		}
		r.problems = append(r.problems, text+"; the keys are: "+strings.Join(names(keys), ", "))
	}
}

func names(keys []Key) []string {
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		list = append(list, k.Name)
	}
	return list
}

// nearest is the key that somebody probably meant, or "".
func nearest(wrong string) string {
	plain := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(wrong))
	found, least := "", 3
	for _, k := range keys {
		right := strings.ReplaceAll(k.Name, "_", "")
		if d := distance(plain, right); d < least {
			found, least = k.Name, d
		}
	}
	if found != "" || len(plain) < 3 {
		return found
	}
	for _, k := range keys {
		if right := strings.ReplaceAll(k.Name, "_", ""); strings.Contains(right, plain) || strings.Contains(plain, right) {
			return k.Name
		}
	}
	return ""
}

// distance is how many letters must be put in, left out or changed to make one
// word of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
