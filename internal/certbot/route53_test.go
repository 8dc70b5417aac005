package certbot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
)

// fakeZone is a hosted zone that takes TXT record sets as Route 53 does: a
// batch is judged as a whole, and reaches the servers some time later.
type fakeZone struct {
	mu sync.Mutex
	id string
	// also is a name that may be changed beside those of challenges.
	also string
	sets map[string]types.ResourceRecordSet // by plain name
	// delay is how long a change is PENDING.
	delay   time.Duration
	changes []fakeChange
	// calls counts calls by action.
	calls map[string]int
	// before runs before a batch is judged, without the lock: it is where
	// another writer comes first.
	before func(batch int)
	// fail may answer an error before anything is done.
	fail func(action string) error
	// deny tells for which names a batch is denied.
	deny func(name string) bool
	// loseAnswer drops the answer to the first batch after applying it.
	loseAnswer bool
}

// fakeChange is what the servers answer from a moment on.
type fakeChange struct {
	at   time.Time
	sets map[string]types.ResourceRecordSet
	size int
}

func newFakeZone(id string) *fakeZone {
	return &fakeZone{id: id, sets: map[string]types.ResourceRecordSet{}, calls: map[string]int{}}
}

func (f *fakeZone) enter(ctx context.Context, action, zone string) error {
	f.calls[action]++
	if err := ctx.Err(); err != nil {
		return err
	}
	if zone != f.id {
		return denied("route53:" + action)
	}
	if f.fail != nil {
		return f.fail(action)
	}
	return nil
}

func (f *fakeZone) ListResourceRecordSets(ctx context.Context, in *route53.ListResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, "ListResourceRecordSets", *in.HostedZoneId); err != nil {
		return nil, err
	}
	out := &route53.ListResourceRecordSetsOutput{}
	start := reversed(plainName(*in.StartRecordName))
	names := slices.SortedFunc(maps.Keys(f.sets), func(a, b string) int { return strings.Compare(reversed(a), reversed(b)) })
	for _, name := range names {
		if reversed(name) >= start && len(out.ResourceRecordSets) < int(*in.MaxItems) {
			set := f.sets[name]
			set.Name = aws.String(strings.ReplaceAll(name, "*", `\052`) + ".")
			out.ResourceRecordSets = append(out.ResourceRecordSets, set)
		}
	}
	return out, nil
}

func (f *fakeZone) ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	if f.before != nil {
		f.before(f.calls["ChangeResourceRecordSets"])
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, "ChangeResourceRecordSets", *in.HostedZoneId); err != nil {
		return nil, err
	}
	sets := maps.Clone(f.sets)
	for _, change := range in.ChangeBatch.Changes {
		if f.deny != nil && f.deny(plainName(*change.ResourceRecordSet.Name)) {
			return nil, denied("route53:ChangeResourceRecordSets")
		}
		if err := apply(sets, change, f.also); err != nil {
			return nil, err
		}
	}
	f.sets = sets
	f.changes = append(f.changes, fakeChange{at: time.Now().Add(f.delay), sets: sets, size: len(in.ChangeBatch.Changes)})
	if f.loseAnswer {
		f.loseAnswer = false
		return nil, &smithy.GenericAPIError{Code: "ServiceUnavailable", Message: "the answer was lost"}
	}
	id := fmt.Sprintf("%sC%d", f.id, len(f.changes))
	return &route53.ChangeResourceRecordSetsOutput{ChangeInfo: &types.ChangeInfo{Id: aws.String("/change/" + id), Status: types.ChangeStatusPending}}, nil
}

// apply does one change, or answers why Route 53 would refuse the batch.
func apply(sets map[string]types.ResourceRecordSet, change types.Change, also string) error {
	set := *change.ResourceRecordSet
	name := plainName(*set.Name)
	if set.Type != types.RRTypeTxt || (!strings.HasPrefix(name, "_acme-challenge.") && name != also) || (change.Action != types.ChangeActionCreate && change.Action != types.ChangeActionDelete) {
		return denied("route53:ChangeResourceRecordSets")
	}
	if aws.ToInt64(set.TTL) <= 0 || len(set.ResourceRecords) == 0 {
		return &types.InvalidChangeBatch{Messages: []string{"Invalid resource record set " + name}}
	}
	values := recordValues(&set)
	for i, value := range values {
		if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' || slices.Contains(values[:i], value) {
			return &types.InvalidChangeBatch{Messages: []string{"Invalid or duplicate value " + value}}
		}
	}
	had, exists := sets[name]
	switch {
	case change.Action == types.ChangeActionCreate && exists:
		return &types.InvalidChangeBatch{Messages: []string{fmt.Sprintf("Tried to create resource record set [name='%s.', type='TXT'] but it already exists", name)}}
	case change.Action == types.ChangeActionDelete && !exists:
		return &types.InvalidChangeBatch{Messages: []string{fmt.Sprintf("Tried to delete resource record set [name='%s.', type='TXT'] but it was not found", name)}}
	case change.Action == types.ChangeActionDelete:
		if *had.TTL != *set.TTL || !slices.Equal(slices.Sorted(slices.Values(recordValues(&had))), slices.Sorted(slices.Values(values))) {
			return &types.InvalidChangeBatch{Messages: []string{fmt.Sprintf("Tried to delete resource record set [name='%s.', type='TXT'] but the values provided do not match the current values", name)}}
		}
		delete(sets, name)
	default:
		sets[name] = set
	}
	return nil
}

func (f *fakeZone) GetChange(ctx context.Context, in *route53.GetChangeInput, _ ...func(*route53.Options)) (*route53.GetChangeOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, "GetChange", f.id); err != nil {
		return nil, err
	}
	var n int
	if _, err := fmt.Sscanf(strings.TrimPrefix(*in.Id, "/change/"+f.id), "C%d", &n); err != nil || n < 1 || n > len(f.changes) {
		return nil, &types.NoSuchChange{Message: in.Id}
	}
	status := types.ChangeStatusInsync
	if time.Now().Before(f.changes[n-1].at) {
		status = types.ChangeStatusPending
	}
	return &route53.GetChangeOutput{ChangeInfo: &types.ChangeInfo{Id: in.Id, Status: status}}, nil
}

// foreign replaces the values of a record set as another writer would.
func (f *fakeZone) foreign(name string, ttl int64, values ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sets = maps.Clone(f.sets)
	delete(f.sets, name)
	if len(values) > 0 {
		f.sets[name] = *txtSet(name, ttl, values)
	}
}

// values are those in the zone now, and lookup those that the servers answer.
func (f *fakeZone) values(name string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	set := f.sets[name]
	return recordValues(&set)
}

func (f *fakeZone) lookup(name string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var set types.ResourceRecordSet
	for _, change := range f.changes {
		if !time.Now().Before(change.at) {
			set = change.sets[name]
		}
	}
	return recordValues(&set)
}

// reversed puts the labels of a name in the order in which Route 53 sorts.
func reversed(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

// zones are several hosted zones; a change's id begins with its zone's.
type zones map[string]*fakeZone

func (z zones) ListResourceRecordSets(ctx context.Context, in *route53.ListResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	return z[*in.HostedZoneId].ListResourceRecordSets(ctx, in)
}

func (z zones) ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	return z[*in.HostedZoneId].ChangeResourceRecordSets(ctx, in)
}

func (z zones) GetChange(ctx context.Context, in *route53.GetChangeInput, _ ...func(*route53.Options)) (*route53.GetChangeOutput, error) {
	for _, zone := range z {
		if strings.HasPrefix(*in.Id, "/change/"+zone.id) {
			return zone.GetChange(ctx, in)
		}
	}
	return nil, &types.NoSuchChange{Message: in.Id}
}
