package taskdns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// item is the record set of one name and one type, on its way to what is
// wanted of it.
type item struct {
	want    *want
	kind    types.RRType // A or AAAA
	address netip.Addr   // what is wanted; invalid when the record set is to be gone
	last    netip.Addr   // of one that is to be gone, the address if it is known

	known    known
	changes  []types.Change // to make now
	bystood  int            // batches refused without a word about it
	order    string         // the name's place in the zone
	settled  bool
	err      error
	conflict string // what bears the name instead
}

// known is what is known about the record set.
type known struct {
	refused bool                     // a change was refused for what is there: it must be read
	read    bool                     // it was read
	set     *types.ResourceRecordSet // nil when there was none; or else the name's CNAME
}

// itemsOf are the record sets that a want is about. A name that is wanted with
// an address of one family says nothing about the other.
func itemsOf(w *want) []*item {
	var items []*item
	add := func(kind types.RRType, address, last netip.Addr) {
		items = append(items, &item{want: w, kind: kind, address: address, last: last})
	}
	for _, kind := range []types.RRType{types.RRTypeA, types.RRTypeAaaa} {
		switch {
		case !w.addresses.none():
			if address := w.addresses.of(kind); address.IsValid() {
				add(kind, address, netip.Addr{})
			}
		case w.last == nil:
			add(kind, netip.Addr{}, netip.Addr{})
		default: // what has no address has no record of ours
			if last := w.last.of(kind); last.IsValid() {
				add(kind, netip.Addr{}, last)
			}
		}
	}
	return items
}

// of is the address of a type's family.
func (a addresses) of(kind types.RRType) netip.Addr {
	if kind == types.RRTypeAaaa {
		return a.v6
	}
	return a.v4
}

// finish ends the work on an item; without an error all is as it should be.
func (it *item) finish(err error) { it.settled, it.err = true, err }

// clash ends the work on an item whose name bears something else.
func (it *item) clash(with string) { it.settled, it.conflict = true, with }

// verdict is how to go on with an item.
type verdict int

const (
	// verdictChange is to make the changes.
	verdictChange verdict = iota
	// verdictRead is to read the zone's record set first.
	verdictRead
	// verdictDone is that all is as it should be.
	verdictDone
	// verdictConflict is that somebody else's record set bears the name. It is
	// left alone: a name without its task is better than a stranger's name
	// destroyed.
	verdictConflict
)

// rules are what decides beside the item itself.
type rules struct {
	ttl      int64   // of the records
	ours     []int64 // further TTLs that mark a record set as ours
	takeOver bool    // somebody else's record set may be replaced
}

// decide says how to bring about what is wanted, given what is known. Changes
// are only ever CREATE, which Route 53 refuses when the record set exists, and
// DELETE of exactly what was there, so that nothing is overwritten that came
// since.
func (r rules) decide(it *item) (verdict, []types.Change) {
	switch {
	case it.known.refused:
		return verdictRead, nil
	case it.known.read && it.known.set != nil:
		return r.decideOver(it, *it.known.set)
	case it.address.IsValid():
		return verdictChange, []types.Change{change(types.ChangeActionCreate, r.recordSet(it, it.address))}
	case it.known.read:
		return verdictDone, nil
	case it.last.IsValid():
		return verdictChange, []types.Change{change(types.ChangeActionDelete, r.recordSet(it, it.last))}
	}
	return verdictRead, nil
}

// decideOver is decide when a record set is there.
func (r rules) decideOver(it *item, set types.ResourceRecordSet) (verdict, []types.Change) {
	if !it.address.IsValid() {
		return r.decideGone(it, set)
	}
	right := isSingle(set, it.kind) && holds(set, it.address)
	if right && aws.ToInt64(set.TTL) == r.ttl && !it.want.touch {
		return verdictDone, nil
	}
	if !right && (!r.takeOver || !isPlain(set) || set.Type != it.kind) {
		return verdictConflict, nil
	}
	return verdictChange, []types.Change{
		change(types.ChangeActionDelete, &set),
		change(types.ChangeActionCreate, r.recordSet(it, it.address)),
	}
}

// decideGone is decide when a record set is there that is to be gone. If it
// has the address that the task had, it is ours whatever its TTL, which the
// user may have changed since it was made. If that address is not known, the
// TTL tells whether it is ours.
func (r rules) decideGone(it *item, set types.ResourceRecordSet) (verdict, []types.Change) {
	ttl := aws.ToInt64(set.TTL)
	switch {
	case set.Type != it.kind: // a CNAME leaves no room for ours
		return verdictDone, nil
	case !isSingle(set, it.kind),
		it.last.IsValid() && !holds(set, it.last),
		!it.last.IsValid() && ttl != r.ttl && !slices.Contains(r.ours, ttl):
		return verdictConflict, nil
	}
	return verdictChange, []types.Change{change(types.ChangeActionDelete, &set)}
}

func change(action types.ChangeAction, set *types.ResourceRecordSet) types.Change {
	return types.Change{Action: action, ResourceRecordSet: set}
}

// isSingle tells whether a record set is such as this function makes: plain,
// of the type, and with one value.
func isSingle(set types.ResourceRecordSet, kind types.RRType) bool {
	return isPlain(set) && set.Type == kind && len(set.ResourceRecords) == 1
}

// isPlain tells whether a record set has no alias, routing policy or health
// check.
func isPlain(set types.ResourceRecordSet) bool {
	return set.SetIdentifier == nil && set.AliasTarget == nil && set.Weight == nil && set.Region == "" &&
		set.Failover == "" && set.GeoLocation == nil && set.GeoProximityLocation == nil && set.CidrRoutingConfig == nil &&
		set.MultiValueAnswer == nil && set.HealthCheckId == nil && set.TrafficPolicyInstanceId == nil
}

// recordSet is the record set that this function makes.
func (r rules) recordSet(it *item, address netip.Addr) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{
		Name:            aws.String(it.want.name + "."),
		Type:            it.kind,
		TTL:             aws.Int64(r.ttl),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(address.String())}},
	}
}

// holds tells whether the only value of a record set is an address, however it
// is written.
func holds(set types.ResourceRecordSet, address netip.Addr) bool {
	found, err := netip.ParseAddr(value(set))
	return err == nil && found == address
}

// value is the only value of a record set, or "".
func value(set types.ResourceRecordSet) string {
	if len(set.ResourceRecords) != 1 {
		return ""
	}
	return aws.ToString(set.ResourceRecords[0].Value)
}

// describe tells a person what a record set is.
func describe(set types.ResourceRecordSet) string {
	kind := string(set.Type)
	switch {
	case set.AliasTarget != nil:
		return fmt.Sprintf("an alias %s record of %s", kind, aws.ToString(set.AliasTarget.DNSName))
	case !isPlain(set):
		return fmt.Sprintf("%s records with a routing policy or a health check", kind)
	case len(set.ResourceRecords) > 1:
		return fmt.Sprintf("%d %s records", len(set.ResourceRecords), kind)
	}
	return fmt.Sprintf("a record %s %s with TTL %d", kind, value(set), aws.ToInt64(set.TTL))
}

// canonical is a name as names are compared: in lower case, without a dot at
// the end.
func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// sameName compares names as DNS does.
func sameName(a, b string) bool { return canonical(a) == canonical(b) }
