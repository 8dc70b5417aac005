package route53fake

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Route 53's quotas (DNSLimitations in its developer guide).
const (
	maxRecordsPerBatch    = 1000
	maxCharactersPerBatch = 32000
	maxRecordsPerSet      = 400
	maxSetsPerZone        = 10000
	maxCharacterString    = 255
	maxLabel              = 63
)

// recordSets are all record sets of a zone, and the rules for changing them.
type recordSets struct {
	zoneID, zone string // the zone's name, plain
	// sets has those of a name by its order. A slice in it is never changed,
	// only replaced.
	sets map[string][]types.ResourceRecordSet
	// names are the keys of sets, sorted.
	names []string
	count int
}

func newRecordSets(zoneID, name string, nameServers []string) *recordSets {
	z := &recordSets{zoneID: zoneID, zone: plain(name), sets: map[string][]types.ResourceRecordSet{}}
	var servers []types.ResourceRecord
	for _, s := range nameServers {
		servers = append(servers, types.ResourceRecord{Value: aws.String(s + ".")})
	}
	soa := nameServers[0] + ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
	apex := order(z.zone)
	z.names = []string{apex}
	z.sets[apex] = []types.ResourceRecordSet{
		{Name: aws.String(Normalize(name)), Type: types.RRTypeNs, TTL: aws.Int64(172800), ResourceRecords: servers},
		{Name: aws.String(Normalize(name)), Type: types.RRTypeSoa, TTL: aws.Int64(900), ResourceRecords: []types.ResourceRecord{{Value: &soa}}},
	}
	z.count = 2
	return z
}

// onlyRequired tells whether nothing is left but what a zone must have.
func (z *recordSets) onlyRequired() bool { return z.count == len(z.required(z.sets[order(z.zone)])) }

// required are the record sets of the apex that a zone must have.
func (z *recordSets) required(apex []types.ResourceRecordSet) []types.ResourceRecordSet {
	return slices.DeleteFunc(slices.Clone(apex), func(s types.ResourceRecordSet) bool {
		return s.Type != types.RRTypeNs && s.Type != types.RRTypeSoa
	})
}

// page answers at most size sets from a position on, and the one after them.
func (z *recordSets) page(name string, kind types.RRType, identifier string, size int) (sets []types.ResourceRecordSet, next *types.ResourceRecordSet) {
	start := ""
	if name != "" {
		start = order(name)
	}
	first, _ := slices.BinarySearch(z.names, start)
	for _, n := range z.names[first:] {
		for i, set := range z.sets[n] {
			if n == start && cmp.Or(cmp.Compare(set.Type, kind), cmp.Compare(aws.ToString(set.SetIdentifier), identifier)) < 0 {
				continue
			}
			if len(sets) == size {
				return sets, &z.sets[n][i]
			}
			sets = append(sets, set)
		}
	}
	return sets, nil
}

// apply makes all changes, or none and tells why.
func (z *recordSets) apply(changes []types.Change) []string {
	if said := cmp.Or(checkNames(changes), checkLimits(changes)); said != "" {
		return []string{said}
	}
	said := checkRepetition(changes)
	before, count := map[string][]types.ResourceRecordSet{}, z.count
	for _, c := range changes {
		name := order(aws.ToString(c.ResourceRecordSet.Name))
		if _, seen := before[name]; !seen {
			before[name] = z.sets[name]
		}
		said = append(said, z.change(name, c.Action, *c.ResourceRecordSet)...)
	}
	said = append(said, z.checkZone()...)
	if len(said) > 0 {
		for name, sets := range before {
			z.sets[name] = sets
			if len(sets) == 0 {
				delete(z.sets, name)
			}
		}
		z.count = count
		return said
	}
	for name, sets := range before {
		z.index(name, len(sets) > 0)
	}
	return nil
}

// index keeps the sorted names in step with the sets.
func (z *recordSets) index(name string, was bool) {
	is := len(z.sets[name]) > 0
	i, _ := slices.BinarySearch(z.names, name)
	switch {
	case is && !was:
		z.names = slices.Insert(z.names, i, name)
	case was && !is:
		z.names = slices.Delete(z.names, i, i+1)
	}
	if !is {
		delete(z.sets, name)
	}
}

// change makes one change, or tells why not.
func (z *recordSets) change(name string, action types.ChangeAction, set types.ResourceRecordSet) []string {
	set.Name = aws.String(Normalize(aws.ToString(set.Name)))
	if !within(plain(*set.Name), z.zone) {
		return []string{fmt.Sprintf("RRSet with DNS name %s is not permitted in zone %s", *set.Name, Normalize(z.zone))}
	}
	sets := z.sets[name]
	i, present := slices.BinarySearchFunc(sets, set, compare)
	if action == types.ChangeActionDelete {
		switch {
		case !present:
			return []string{fmt.Sprintf("Tried to delete resource record set %s but it was not found", describe(&set))}
		case !reflect.DeepEqual(repeated(sets[i]), repeated(set)):
			return []string{fmt.Sprintf("Tried to delete resource record set %s but the values provided do not match the current values", describe(&set))}
		}
		z.sets[name] = slices.Delete(slices.Clone(sets), i, i+1)
		z.count--
		return nil
	}
	said := append(checkValues(&set), z.checkOthers(&set, sets)...)
	if action == types.ChangeActionCreate && present {
		said = append(said, fmt.Sprintf("Tried to create resource record set %s but it already exists", describe(&set)))
	}
	if len(said) > 0 {
		return said
	}
	set.ResourceRecords = slices.Clone(set.ResourceRecords)
	after := slices.Clone(sets)
	if present {
		after[i] = set
	} else {
		after = slices.Insert(after, i, set)
		z.count++
	}
	z.sets[name] = after
	return nil
}

// checkOthers tells why a set may not stand beside the others of its name: a
// CNAME record tolerates no other, and a plain set none of its type.
func (z *recordSets) checkOthers(set *types.ResourceRecordSet, others []types.ResourceRecordSet) []string {
	name, zone := *set.Name, Normalize(z.zone)
	if set.Type == types.RRTypeCname && plain(name) == z.zone {
		return []string{fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", name, zone)}
	}
	for _, other := range others {
		switch {
		case other.Type == set.Type && (other.SetIdentifier == nil) == (set.SetIdentifier == nil):
		case other.Type == set.Type && set.SetIdentifier == nil:
			return []string{fmt.Sprintf("RRSet with DNS name %s, type %s cannot be created as other RRSets exist with the same name and type.", name, set.Type)}
		case other.Type == set.Type:
			return []string{fmt.Sprintf("RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because a non multivalue answer rrset exists with the same name and type.", name, set.Type, *set.SetIdentifier)}
		case set.Type == types.RRTypeCname:
			return []string{fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted as it conflicts with other records with the same DNS name in zone %s", name, zone)}
		case other.Type == types.RRTypeCname:
			return []string{fmt.Sprintf("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone %s", set.Type, name, zone)}
		}
	}
	return nil
}

func (z *recordSets) checkZone() []string {
	var said []string
	has := map[types.RRType]bool{}
	for _, set := range z.sets[order(z.zone)] {
		has[set.Type] = true
	}
	if !has[types.RRTypeNs] {
		said = append(said, "A HostedZone must contain at least one NS record for the zone itself.")
	}
	if !has[types.RRTypeSoa] {
		said = append(said, "A HostedZone must contain exactly one SOA record.")
	}
	if z.count > maxSetsPerZone {
		said = append(said, "Exceeded limit MAX_RRSETS_BY_ZONE for zone: "+z.zoneID)
	}
	return said
}

// compare orders sets of one name.
func compare(a, b types.ResourceRecordSet) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(aws.ToString(a.SetIdentifier), aws.ToString(b.SetIdentifier)))
}

// repeated is what a DELETE must repeat; the order of values does not
// matter.
func repeated(set types.ResourceRecordSet) any {
	all := slices.Sorted(slices.Values(values(&set)))
	set.Name, set.ResourceRecords = nil, nil
	if set.AliasTarget != nil {
		alias := *set.AliasTarget
		alias.DNSName = aws.String(Normalize(aws.ToString(alias.DNSName)))
		set.AliasTarget = &alias
	}
	return struct {
		types.ResourceRecordSet
		values string
	}{set, strings.Join(all, "\n")}
}

// describe names a set as Route 53 does.
func describe(set *types.ResourceRecordSet) string {
	also := ""
	if set.SetIdentifier != nil {
		also = fmt.Sprintf(", set-identifier='%s'", *set.SetIdentifier)
	}
	return fmt.Sprintf("[name='%s', type='%s'%s]", Normalize(*set.Name), set.Type, also)
}
