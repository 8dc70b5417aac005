package route53fake

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

var (
	characterStrings = regexp.MustCompile(`^"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*$`)
	characterString  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// values are those of a record set, in its order.
func values(set *types.ResourceRecordSet) []string {
	var all []string
	for _, r := range set.ResourceRecords {
		all = append(all, aws.ToString(r.Value))
	}
	return all
}

// checkValues tells what is wrong with a record set's values.
func checkValues(set *types.ResourceRecordSet) []string {
	all := values(set)
	if len(all) > maxRecordsPerSet {
		return []string{fmt.Sprintf("Cannot have more than %d records in a RRSet.", maxRecordsPerSet)}
	}
	var said []string
	sorted := slices.Sorted(slices.Values(all))
	for i, v := range sorted {
		if i > 0 && sorted[i-1] == v && (i < 2 || sorted[i-2] != v) {
			said = append(said, fmt.Sprintf("Duplicate Resource Record: '%s'", v))
		}
	}
	for _, v := range all {
		if p := problem(set.Type, v); p != "" {
			said = append(said, fmt.Sprintf("Invalid Resource Record: 'FATAL problem: %s encountered with '%s''", p, v))
		}
	}
	return said
}

// problem tells what is wrong with a value of a type.
func problem(kind types.RRType, value string) string {
	switch kind {
	case types.RRTypeA:
		if a, err := netip.ParseAddr(value); err != nil || !a.Is4() {
			return "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
		}
	case types.RRTypeAaaa:
		if a, err := netip.ParseAddr(value); err != nil || !a.Is6() || a.Zone() != "" {
			return "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
		}
	case types.RRTypeTxt:
		if !characterStrings.MatchString(value) {
			return "InvalidCharacterString (Value should be enclosed in quotation marks)"
		}
		for _, s := range characterString.FindAllStringSubmatch(value, -1) {
			if len(s[1]) > maxCharacterString {
				return "CharacterStringTooLong (Value is too long)"
			}
		}
	}
	return ""
}
