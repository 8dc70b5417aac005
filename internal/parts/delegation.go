package parts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// RecordChangesAPI is what parts that write record sets call of Route 53.
type RecordChangesAPI interface {
	hostedzone.RecordsAPI
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	GetChange(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
}

// Delegation is the NS record set in a parent zone that leads to a hosted
// zone. It bears no tags. It is ours if it names no other servers than our
// zone's: Route 53 gives four of its thousands to a zone, and nobody else's
// delegation of that name can consist of them.
type Delegation struct {
	API RecordChangesAPI
	// Zone is what is delegated to; it tells its name servers.
	Zone *HostedZone
	// ParentID is the id of the hosted zone that takes the record set.
	ParentID string
	// TTL is the record set's, in seconds.
	TTL int64
	// Sleep waits between looks; nil waits really.
	Sleep func(context.Context, time.Duration) error
}

func (d *Delegation) String() string {
	return fmt.Sprintf("delegation (%s in hosted zone %s)", d.Zone.Name, d.ParentID)
}

// CheckFree refuses if the name is delegated to other servers than the zone's,
// or at all where the zone does not exist.
func (d *Delegation) CheckFree(ctx context.Context) error {
	have, err := d.read(ctx)
	if err != nil || have == nil {
		return err
	}
	servers, err := d.nameServers(ctx)
	if err != nil {
		return fmt.Errorf("checking %s: %w", d, err)
	}
	return d.refuse(*have, servers)
}

// Ensure creates the record set, or repairs it, and waits until all name
// servers know it: a resolver that asks for a name before would remember for
// as long as the parent says, 15 minutes by default, that there is none.
// Servers that are not the zone's are never overwritten.
func (d *Delegation) Ensure(ctx context.Context) error {
	have, err := d.read(ctx)
	if err != nil {
		return err
	}
	servers, err := d.nameServers(ctx)
	if err != nil {
		return fmt.Errorf("ensuring %s: %w", d, err)
	}
	var changes []types.Change
	if have != nil {
		if err := d.refuse(*have, servers); err != nil {
			return err
		}
		// During a create it is written even if it is right already: only who
		// makes a change can wait for it.
		if len(d.diffs(*have, servers)) == 0 && !d.Zone.creating() {
			return nil
		}
		changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: have})
	}
	changes = append(changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: d.want(servers)})
	if err := d.change(ctx, changes); err != nil {
		return fmt.Errorf("writing %s: %w", d, err)
	}
	return nil
}

// Drift tells how name servers and TTL differ.
func (d *Delegation) Drift(ctx context.Context) ([]string, error) {
	have, err := d.read(ctx)
	switch {
	case errors.Is(err, hostedzone.ErrNotFound), err == nil && have == nil:
		return nil, stack.ErrNotFound
	case err != nil:
		return nil, err
	}
	servers, err := d.nameServers(ctx)
	if err != nil {
		return nil, err
	}
	return d.diffs(*have, servers), nil
}

// Delete removes the record set and waits until all name servers know it. One
// that leads elsewhere is not ours, and stays.
func (d *Delegation) Delete(ctx context.Context) error {
	have, err := d.read(ctx)
	switch {
	case errors.Is(err, hostedzone.ErrNotFound), err == nil && have == nil:
		return nil
	case err != nil:
		return err
	}
	servers, err := d.nameServers(ctx)
	if err != nil {
		return fmt.Errorf("deleting %s: %w", d, err)
	}
	if !leadsOnlyTo(*have, servers) {
		return nil
	}
	err = d.change(ctx, []types.Change{{Action: types.ChangeActionDelete, ResourceRecordSet: have}})
	if err != nil && !awserr.Says(err, "InvalidChangeBatch", "but it was not found") {
		return fmt.Errorf("deleting %s: %w", d, err)
	}
	return nil
}

func (d *Delegation) read(ctx context.Context) (*types.ResourceRecordSet, error) {
	set, err := hostedzone.RecordSet(ctx, d.API, d.ParentID, d.Zone.Name, types.RRTypeNs)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", d, err)
	}
	return set, nil
}

// nameServers are those of the zone; none if it does not exist and never did.
func (d *Delegation) nameServers(ctx context.Context) ([]string, error) {
	if len(d.Zone.NameServers) > 0 {
		return d.Zone.NameServers, nil
	}
	zone, err := d.Zone.find(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return nil, nil
	}
	return zone.NameServers, err
}

// refuse answers an error if a record set names a server that is not the
// zone's.
func (d *Delegation) refuse(have types.ResourceRecordSet, servers []string) error {
	if leadsOnlyTo(have, servers) {
		return nil
	}
	values := hostedzone.Values(have)
	return fmt.Errorf("hosted zone %s delegates %s already, to %s, which are not the name servers of this resource's zone. If nobody needs that delegation any more, remove the NS record set by hand and apply again; if it leads to a hosted zone that is to be managed here, import that zone", d.ParentID, d.Zone.Name, strings.Join(values, ", "))
}

// leadsOnlyTo tells whether a record set names none but these servers.
func leadsOnlyTo(have types.ResourceRecordSet, servers []string) bool {
	return !slices.ContainsFunc(hostedzone.Values(have), func(v string) bool { return !slices.Contains(servers, v) })
}

func (d *Delegation) diffs(have types.ResourceRecordSet, servers []string) []string {
	values, ttl := hostedzone.Values(have), aws.ToInt64(have.TTL)
	return append(
		differs(!slices.Equal(values, servers), "the name servers are %s, want %s", strings.Join(values, ", "), strings.Join(servers, ", ")),
		differs(ttl != d.TTL, "the TTL is %d s, want %d s", ttl, d.TTL)...)
}

func (d *Delegation) want(servers []string) *types.ResourceRecordSet {
	set := &types.ResourceRecordSet{Name: aws.String(d.Zone.Name + "."), Type: types.RRTypeNs, TTL: aws.Int64(d.TTL)}
	for _, s := range servers {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(s + ".")})
	}
	return set
}

func (d *Delegation) change(ctx context.Context, changes []types.Change) error {
	return changeRecords(ctx, d.API, d.Sleep, d.ParentID, d.Zone.owner(), changes)
}

// changeRecords changes record sets of a zone in one batch, and waits until
// all name servers know the change.
func changeRecords(ctx context.Context, api RecordChangesAPI, sleep sleepFunc, zoneID, owner string, changes []types.Change) error {
	comment := "fargatedirect " + owner
	out, err := api.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &zoneID,
		ChangeBatch:  &types.ChangeBatch{Changes: changes, Comment: aws.String(comment[:min(len(comment), maxZoneComment)])},
	})
	if err != nil {
		return err
	}
	return pollUntil(ctx, sleep, func() (string, error) {
		change, err := api.GetChange(ctx, &route53.GetChangeInput{Id: out.ChangeInfo.Id})
		if err != nil {
			return "", err
		}
		if change.ChangeInfo.Status == types.ChangeStatusInsync {
			return "", nil
		}
		return fmt.Sprintf("waiting until all name servers know the change (%s)", aws.ToString(out.ChangeInfo.Id)), nil
	})
}
