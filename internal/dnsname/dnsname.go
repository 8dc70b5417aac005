// Package dnsname checks host names as hosted zones and certificate
// authorities take them.
package dnsname

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Check tells why name is no host name of at least two labels, or nil. Names
// are lower-case, without a dot at the end, at most 253 bytes (RFC 1035,
// 2.3.4); international names are given in their ASCII form.
func Check(name string) error {
	switch {
	case name == "":
		return errors.New(`the name is empty; a right one is "tasks.example.com"`)
	case strings.HasSuffix(name, "."):
		return fmt.Errorf("%q ends with a dot; write %q", name, strings.TrimRight(name, "."))
	case name != strings.ToLower(name):
		return fmt.Errorf("%q has upper-case letters; write %q", name, strings.ToLower(name))
	case len(name) > 253:
		return fmt.Errorf("%q has %d characters; a name has at most 253", name, len(name))
	case !strings.Contains(name, "."):
		return fmt.Errorf(`%q has only one label; a right name is "tasks.example.com"`, name)
	}
	for l := range strings.SplitSeq(name, ".") {
		if label.MatchString(l) {
			continue
		}
		if strings.Contains(l, "*") {
			return fmt.Errorf(`%q has a wildcard where none may stand; it may only be the whole first label of a certificate's name, as in "*.example.com"`, name)
		}
		return fmt.Errorf("label %q of %q is not 1 to 63 of a-z, 0-9 and hyphen, with no hyphen at either end (write international names in their ASCII form, xn--…)", l, name)
	}
	return nil
}

// CheckCertificate is Check for a name in a certificate, whose first label
// may be a wildcard.
func CheckCertificate(name string) error { return Check(Base(name)) }

var recordLabel = regexp.MustCompile(`^[a-z0-9_-]{1,63}$`)

// CheckRecord tells why name cannot be that of a TXT record, or nil. Other
// than in host names, there may be underscores and hyphens anywhere.
func CheckRecord(name string) error {
	if len(name) > 253 {
		return fmt.Errorf("%q has %d characters; a name has at most 253", name, len(name))
	}
	for l := range strings.SplitSeq(name, ".") {
		if !recordLabel.MatchString(l) {
			return fmt.Errorf("label %q of %q is not 1 to 63 of a-z, 0-9, hyphen and underscore", l, name)
		}
	}
	return nil
}

// Base is name without a leading "*.".
func Base(name string) string { return strings.TrimPrefix(name, "*.") }

// Within tells whether name is zone or lies below it.
func Within(name, zone string) bool {
	zone = strings.TrimSuffix(strings.ToLower(zone), ".")
	return name == zone || strings.HasSuffix(name, "."+zone)
}
