package taskdns

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// recordSet is a plain record set.
func recordSet(kind types.RRType, name string, ttl int64, values ...string) types.ResourceRecordSet {
	set := types.ResourceRecordSet{Name: aws.String(name + "."), Type: kind, TTL: aws.Int64(ttl)}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	return set
}

// values are those of a record set, in order.
func values(s types.ResourceRecordSet) []string {
	var all []string
	for _, r := range s.ResourceRecords {
		all = append(all, aws.ToString(r.Value))
	}
	slices.Sort(all)
	return all
}

// text is what a record set holds: "<ttl> <value>[ <value>…]".
func text(s types.ResourceRecordSet) string {
	return strings.TrimSpace(strconv.FormatInt(aws.ToInt64(s.TTL), 10) + " " + strings.Join(values(s), " "))
}

// put puts a record set into the rig's zone, as somebody else would.
func (r *rig) put(kind types.RRType, name string, ttl int64, values ...string) {
	r.zone.Put("Z1", recordSet(kind, name, ttl, values...))
}

// address puts an address record into the rig's zone, as the function makes it.
func (r *rig) address(name string, ttl int64, values ...string) {
	kind := types.RRTypeA
	if strings.Contains(values[0], ":") {
		kind = types.RRTypeAaaa
	}
	r.put(kind, name, ttl, values...)
}

// contents is what the rig's zone holds, but for the claim of the rig's domain:
// its text by name, with the type unless it is A.
func (r *rig) contents() map[string]string {
	all := make(map[string]string)
	for _, s := range r.zone.Sets("Z1") {
		name := canonical(aws.ToString(s.Name))
		if name == ClaimName(domain) {
			continue
		}
		if s.Type != types.RRTypeA {
			name += " " + string(s.Type)
		}
		all[name] = text(s)
	}
	return all
}

// holds fails the test unless the rig's zone has exactly these contents.
func (r *rig) holds(want map[string]string) {
	r.Helper()
	got := r.contents()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			r.Errorf("%s: %q, want %q", name, got[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			r.Errorf("%s: %q, want nothing", name, got[name])
		}
	}
}

// claimed is the claim's value in the rig's zone, without quotes; "" if there
// is none.
func (r *rig) claimed() string {
	for _, s := range r.zone.Sets("Z1") {
		if canonical(aws.ToString(s.Name)) == ClaimName(domain) {
			return strings.Trim(strings.Join(values(s), " "), `"`)
		}
	}
	return ""
}

// names are the labels of the A records below the domain, in order.
func (r *rig) names() []string {
	var all []string
	for _, s := range r.zone.Sets("Z1") {
		if label, ok := strings.CutSuffix(aws.ToString(s.Name), "."+domain+"."); ok && s.Type == types.RRTypeA {
			all = append(all, label)
		}
	}
	slices.Sort(all)
	return all
}

// v4 is an IPv4 address alone.
func v4(text string) addresses { return addresses{v4: netip.MustParseAddr(text)} }

// lastV4 is the same for what a task still holds.
func lastV4(text string) *addresses {
	a := v4(text)
	return &a
}
