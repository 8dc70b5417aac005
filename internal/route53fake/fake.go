// Package route53fake is Amazon Route 53 in memory, for tests and benchmarks.
// It is one account, and as strict as AWS: batches are validated as a whole
// and then applied or not, too many calls are throttled, and changes take
// their time. Its answers and errors are those of the SDK's client.
package route53fake

import (
	"context"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// The actions as Count and Fault know them.
const (
	Change    = "ChangeResourceRecordSets"
	List      = "ListResourceRecordSets"
	GetChange = "GetChange"
)

// AccountRequests is what AWS allows an account since July 2026, in all and
// for each action.
var AccountRequests = Rate{Burst: 50, PerSecond: 10}

// Fake is an account's Route 53. Make one with New, and set its fields before
// it is used; all else is safe for concurrent use. All times are time.Now and
// timers, so that synctest makes them virtual.
type Fake struct {
	// Requests limits all calls, PerAction those of each action, Changes the
	// single changes in batches. What does not fit is answered Throttling and
	// costs nothing. New sets the first two to AccountRequests; AWS does not
	// tell the third, and New leaves it without a limit.
	Requests, PerAction, Changes Rate
	// Latency is how long a call takes, half of it before and half of it after
	// its effect. A context that ends in the second half loses an answer. Nil
	// is no time.
	Latency func(action string) time.Duration
	// ChangeTime is how long a zone works on a batch. Another batch for the
	// zone in that time is answered PriorRequestNotComplete.
	ChangeTime time.Duration
	// SyncDelay is how long a change is PENDING.
	SyncDelay time.Duration
	// Listed makes InvalidChangeBatch tell its reasons as a list, and not as
	// one text "[…, …]". Route 53 does both.
	Listed bool
	// OnChange sees each batch that anybody sends, also those that are
	// refused or throttled. It must not change them.
	OnChange func(*route53.ChangeResourceRecordSetsInput)
	// Fault is asked about each call. An error before is answered and the call
	// does nothing, not even count against a limit; of an error after the
	// caller hears when all is done, like of a connection that broke.
	Fault func(action string, in any) (before, after error)

	mu       sync.Mutex
	zones    map[string]*zone
	lastZone int
	changes  map[string]*change
	batches  []Batch
	requests bucket
	actions  map[string]*bucket
	single   bucket
	counts   map[string]Count
}

// zone is a hosted zone.
type zone struct {
	hosted      types.HostedZone
	nameServers []string
	tags        map[string]string
	sets        *recordSets
	busyUntil   time.Time
}

// change is what is remembered of one.
type change struct {
	comment   *string
	submitted time.Time
}

// Batch is one that was applied.
type Batch struct {
	// ID is the change's, ZoneID the zone's, both without a prefix.
	ID, ZoneID string
	Comment    string
	Changes    []types.Change
	At         time.Time
}

// Count is how often something was asked of Route 53.
type Count struct {
	// Calls are all, also those of the next four.
	Calls int
	// Throttled had too many before them, Busy met a zone at work, Refused
	// were InvalidChangeBatch, Failed is what Fault answered before a call.
	Throttled, Busy, Refused, Failed int
}

// New makes a Route 53 with AWS's limits on requests.
func New() *Fake {
	return &Fake{
		Requests: AccountRequests, PerAction: AccountRequests,
		zones: map[string]*zone{}, changes: map[string]*change{}, actions: map[string]*bucket{}, counts: map[string]Count{},
	}
}

// AddZone makes a hosted zone with an id of the caller's choice, for nothing
// and in no time. It panics if there is one.
func (f *Fake) AddZone(id, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.zones[id] != nil {
		panic("there is a hosted zone " + id + " already")
	}
	f.addZone(id, name, "added "+id, nil)
}

// Put makes record sets, or replaces them, as somebody else would, for nothing
// and in no time. It panics if the zone does not take them.
func (f *Fake) Put(zoneID string, sets ...types.ResourceRecordSet) {
	f.force(zoneID, types.ChangeActionUpsert, sets)
}

// Remove deletes record sets like Put makes them.
func (f *Fake) Remove(zoneID string, sets ...types.ResourceRecordSet) {
	f.force(zoneID, types.ChangeActionDelete, sets)
}

func (f *Fake) force(zoneID string, action types.ChangeAction, sets []types.ResourceRecordSet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, set := range sets {
		if said := f.zones[zoneID].sets.apply([]types.Change{{Action: action, ResourceRecordSet: &set}}); said != nil {
			panic(said[0])
		}
	}
}

// Sets are all record sets of a zone but its NS and SOA at the apex, in
// Route 53's order, for nothing and in no time.
func (f *Fake) Sets(zoneID string) []types.ResourceRecordSet {
	f.mu.Lock()
	defer f.mu.Unlock()
	z := f.zones[zoneID].sets
	all, _ := z.page("", "", "", z.count)
	var sets []types.ResourceRecordSet
	for _, s := range all {
		if plain(*s.Name) != z.zone || s.Type != types.RRTypeNs && s.Type != types.RRTypeSoa {
			sets = append(sets, s)
		}
	}
	return sets
}

// Batches are all that were applied, oldest first.
func (f *Fake) Batches() []Batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Batch(nil), f.batches...)
}

// Count tells how often an action was asked for.
func (f *Fake) Count(action string) Count {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[action]
}

// Counts are those of all actions.
func (f *Fake) Counts() map[string]Count {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.counts)
}

// call does what all calls have in common around the effect of one, which runs
// under the lock. single is how many changes the call makes. What the effect
// answers is how long it takes.
func (f *Fake) call(ctx context.Context, action string, in any, single int, effect func() (time.Duration, error)) error {
	var before, after error
	if f.Fault != nil {
		before, after = f.Fault(action, in)
	}
	var latency time.Duration
	if f.Latency != nil {
		latency = f.Latency(action)
	}
	if err := sleep(ctx, latency/2); err != nil {
		return wrap(action, err)
	}
	took, err := f.effect(action, before, single, effect)
	if late := sleep(ctx, took+latency-latency/2); late != nil {
		return wrap(action, late)
	}
	if err == nil {
		err = after
	}
	if err != nil {
		return wrap(action, err)
	}
	return nil
}

// effect counts a call and, if nothing speaks against it, lets it happen.
func (f *Fake) effect(action string, before error, single int, effect func() (time.Duration, error)) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	count := f.counts[action]
	defer func() { f.counts[action] = count }()
	count.Calls++
	if before != nil {
		count.Failed++
		return 0, before
	}
	if !f.admit(action, single) {
		count.Throttled++
		return 0, Throttled()
	}
	took, err := effect()
	switch err.(type) { //nolint:errorlint // made here, never wrapped
	case *types.PriorRequestNotComplete:
		count.Busy++
	case *types.InvalidChangeBatch:
		count.Refused++
	}
	return took, err
}

// admit takes the tokens of a call, all or none.
func (f *Fake) admit(action string, single int) bool {
	now, n := time.Now(), float64(single)
	own := f.actions[action]
	if own == nil {
		own = &bucket{}
		f.actions[action] = own
	}
	all := f.requests.ready(f.Requests, 1, now)
	if !own.ready(f.PerAction, 1, now) || !f.single.ready(f.Changes, n, now) || !all {
		return false
	}
	f.requests.take(f.Requests, 1)
	own.take(f.PerAction, 1)
	f.single.take(f.Changes, n)
	return true
}

// remember makes a change known to GetChange.
func (f *Fake) remember(comment *string) (id string, info *types.ChangeInfo) {
	id = "C" + strconv.Itoa(1000000+len(f.changes))
	f.changes[id] = &change{comment: comment, submitted: time.Now()}
	return id, f.info(id)
}

// info is a change's; nil if there is none.
func (f *Fake) info(id string) *types.ChangeInfo {
	c := f.changes[id]
	if c == nil {
		return nil
	}
	path, at := "/change/"+id, c.submitted
	info := &types.ChangeInfo{Id: &path, Status: types.ChangeStatusPending, SubmittedAt: &at, Comment: c.comment}
	if time.Since(at) >= f.SyncDelay {
		info.Status = types.ChangeStatusInsync
	}
	return info
}

// sleep waits, unless the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
