package route53fake

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var escape = regexp.MustCompile(`\\([0-7]{3})`)

// plain is a name in lower case with a dot at the end and all escapes undone.
func plain(name string) string {
	if strings.Contains(name, `\`) {
		name = escape.ReplaceAllStringFunc(name, func(s string) string {
			n, err := strconv.ParseUint(s[1:], 8, 8)
			if err != nil {
				return s // beyond a byte
			}
			return string([]byte{byte(n)})
		})
	}
	name = strings.ToLower(name)
	if strings.HasSuffix(name, ".") {
		return name
	}
	return name + "."
}

// Normalize is a name as Route 53 lists it: in lower case, with a dot at the
// end, and everything unusual, such as "*", as a backslash and three octal
// digits.
func Normalize(name string) string {
	name = plain(name)
	if !strings.ContainsFunc(name, unusual) {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		if unusual(rune(name[i])) {
			fmt.Fprintf(&b, `\%03o`, name[i])
			continue
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

func unusual(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// order is what Route 53 sorts names by: the labels reversed, a dot after
// each. The dot counts: "a-b.test" comes before "x.a.test", since a hyphen
// comes before a dot.
func order(name string) string {
	labels := strings.Split(strings.TrimSuffix(plain(name), "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// within tells whether a name lies in a zone; both are plain.
func within(name, zone string) bool {
	return name == zone || strings.HasSuffix(name, "."+zone)
}
