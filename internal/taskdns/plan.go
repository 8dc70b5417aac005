package taskdns

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// known is what is known about the record set that bears a name.
type known struct {
	refused bool                     // a change was refused for what is there: it must be read
	read    bool                     // it was read
	set     *types.ResourceRecordSet // nil when there was none
}

// verdict is how to go on with a name.
type verdict int

const (
	// verdictChange is to make the changes.
	verdictChange verdict = iota
	// verdictRead is to read the zone's record set first.
	verdictRead
	// verdictDone is that all is as it should be.
	verdictDone
	// verdictForeign is that somebody else's record set bears the name. It is
	// left alone: a name without its task is better than a stranger's name
	// destroyed.
	verdictForeign
)

// decide says how to bring about what is wanted, given what is known. Changes
// are only ever CREATE, which Route 53 refuses when the name exists, and
// DELETE of exactly what was there, so that nothing is overwritten that came
// since.
func decide(w want, k known, ttl int64) (verdict, []types.Change) {
	switch {
	case k.refused:
		return verdictRead, nil
	case k.read && k.set != nil:
		return decideOver(w, *k.set, ttl)
	case w.address() != "":
		return verdictChange, []types.Change{{Action: types.ChangeActionCreate, ResourceRecordSet: recordSet(w.name, w.address(), ttl)}}
	case k.read:
		return verdictDone, nil
	case w.lastAddress() != "":
		return verdictChange, []types.Change{{Action: types.ChangeActionDelete, ResourceRecordSet: recordSet(w.name, w.lastAddress(), ttl)}}
	}
	return verdictRead, nil
}

// decideOver is decide when a record set bears the name.
func decideOver(w want, set types.ResourceRecordSet, ttl int64) (verdict, []types.Change) {
	if !canBeOurs(w, set, ttl) {
		return verdictForeign, nil
	}
	if w.address() != "" && value(set) == w.address() && aws.ToInt64(set.TTL) == ttl {
		return verdictDone, nil
	}
	changes := []types.Change{{Action: types.ChangeActionDelete, ResourceRecordSet: &set}}
	if w.address() != "" {
		changes = append(changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: recordSet(w.name, w.address(), ttl)})
	}
	return verdictChange, changes
}

// canBeOurs tells whether a record set is such as this function makes: a plain
// A record with one value, and with our TTL. With the task's own address as
// its value it is ours whatever the TTL, which the user may have changed since
// it was made. That the name is a task's own follows from how it was made.
func canBeOurs(w want, set types.ResourceRecordSet, ttl int64) bool {
	if !isPlain(set) || set.Type != types.RRTypeA || len(set.ResourceRecords) != 1 || !sameName(aws.ToString(set.Name), w.name) {
		return false
	}
	v := value(set)
	return aws.ToInt64(set.TTL) == ttl || v != "" && (v == w.address() || v == w.lastAddress())
}

// isPlain tells whether a record set has no alias, routing policy or health
// check.
func isPlain(set types.ResourceRecordSet) bool {
	return set.SetIdentifier == nil && set.AliasTarget == nil && set.Weight == nil && set.Region == "" &&
		set.Failover == "" && set.GeoLocation == nil && set.GeoProximityLocation == nil && set.CidrRoutingConfig == nil &&
		set.MultiValueAnswer == nil && set.HealthCheckId == nil && set.TrafficPolicyInstanceId == nil
}

// recordSet is the record set that this function makes.
func recordSet(name, address string, ttl int64) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{
		Name:            aws.String(name + "."),
		Type:            types.RRTypeA,
		TTL:             aws.Int64(ttl),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(address)}},
	}
}

// atOrBelow tells whether a name is a domain or below it.
func atOrBelow(name, domain string) bool {
	name, domain = strings.ToLower(strings.TrimSuffix(name, ".")), strings.ToLower(domain)
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// value is the only value of a record set.
func value(set types.ResourceRecordSet) string {
	if len(set.ResourceRecords) != 1 {
		return ""
	}
	return aws.ToString(set.ResourceRecords[0].Value)
}

// sameName compares names as DNS does.
func sameName(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// What Route 53 takes in one change batch. An UPSERT would count twice.
const (
	maxBatchRecords    = 1000
	maxBatchCharacters = 32000
)

// split divides items into batches that Route 53 takes. The changes of one
// item stay together.
func split(items []*item) [][]*item {
	var batches [][]*item
	records, characters := 0, 0
	for _, it := range items {
		r, c := cost(it.changes)
		if len(batches) == 0 || records+r > maxBatchRecords || characters+c > maxBatchCharacters {
			batches = append(batches, nil)
			records, characters = 0, 0
		}
		last := len(batches) - 1
		batches[last] = append(batches[last], it)
		records, characters = records+r, characters+c
	}
	return batches
}

// cost counts the records of changes, and the characters of their values.
func cost(changes []types.Change) (records, characters int) {
	for _, c := range changes {
		for _, r := range c.ResourceRecordSet.ResourceRecords {
			records++
			characters += len(aws.ToString(r.Value))
		}
	}
	return records, characters
}

// comment names the clusters whose tasks a batch is about.
func comment(items []*item) string {
	const most = 256 // of Route 53
	var clusters []string
	for _, it := range items {
		clusters = append(clusters, it.want.cluster)
	}
	slices.Sort(clusters)
	text := "fargatedirect: ECS cluster " + strings.Join(slices.Compact(clusters), ", ")
	if len(text) <= most {
		return text
	}
	return text[:most-len("...")] + "..."
}

// address is the IPv4 address that is wanted, or "".
func (w want) address() string {
	if !w.addresses.v4.IsValid() {
		return ""
	}
	return w.addresses.v4.String()
}

// lastAddress is the IPv4 address that the task still holds, or "".
func (w want) lastAddress() string {
	if w.last == nil || !w.last.v4.IsValid() {
		return ""
	}
	return w.last.v4.String()
}
