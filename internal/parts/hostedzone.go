package parts

import (
	"context"
	"crypto/rand"
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

// HostedZoneAPI is what HostedZone calls of Route 53.
type HostedZoneAPI interface {
	RecordChangesAPI
	hostedzone.API
	hostedzone.ListAPI
	CreateHostedZone(context.Context, *route53.CreateHostedZoneInput, ...func(*route53.Options)) (*route53.CreateHostedZoneOutput, error)
	UpdateHostedZoneComment(context.Context, *route53.UpdateHostedZoneCommentInput, ...func(*route53.Options)) (*route53.UpdateHostedZoneCommentOutput, error)
	DeleteHostedZone(context.Context, *route53.DeleteHostedZoneInput, ...func(*route53.Options)) (*route53.DeleteHostedZoneOutput, error)
	ListTagsForResource(context.Context, *route53.ListTagsForResourceInput, ...func(*route53.Options)) (*route53.ListTagsForResourceOutput, error)
	ChangeTagsForResource(context.Context, *route53.ChangeTagsForResourceInput, ...func(*route53.Options)) (*route53.ChangeTagsForResourceOutput, error)
}

const (
	// zoneComment is the comment of a finished zone.
	zoneComment = "Made by fargatedirect_zone."
	// maxZoneComment is how many characters a zone's comment may have.
	maxZoneComment = 256
	// maxTagsPerCall is how many tags ChangeTagsForResource adds, and removes,
	// in one call.
	maxTagsPerCall = 10
)

// HostedZone is a public hosted zone whose missing names are remembered for a
// short time only.
//
// Unlike the other parts it has no name that could be derived: Route 53 makes
// up the zone's id, and an account may have any number of zones of one name.
// So the id is given where it is known, from the state. Where it is not, only
// a zone that bears the mark of an unfinished create is ours. The call that
// creates a zone takes no tags, and a create that is killed after it must not
// leave a zone that is nobody's. Therefore the mark stands in the comment,
// which that call takes, and in the tag as well; the comment goes last.
type HostedZone struct {
	API HostedZoneAPI
	// Name is the zone's domain, without a dot at its end.
	Name string
	// ID is the zone's id, empty as long as it is not known. Ensure fills it in.
	ID string
	// NameServers are the zone's, sorted and without dots at their ends, as
	// far as they are known. Ensure fills them in; they never change.
	NameServers []string
	// NegativeTTL is for how many seconds resolvers remember that a name does
	// not exist: TTL and minimum of the SOA record.
	NegativeTTL int64
	Tags        Tags
	// Sleep waits between looks; nil waits really.
	Sleep func(context.Context, time.Duration) error
}

func (z *HostedZone) String() string { return fmt.Sprintf("hosted zone (%s)", z.Name) }

// Ensure creates the zone, or brings the SOA record and the tags to what is
// wanted, and waits until all name servers know it.
func (z *HostedZone) Ensure(ctx context.Context) error {
	zone, err := z.find(ctx)
	if errors.Is(err, stack.ErrNotFound) && z.ID == "" {
		zone, err = z.create(ctx)
	}
	if err != nil {
		return fmt.Errorf("ensuring %s: %w", z, err)
	}
	z.ID, z.NameServers = zone.ID, zone.NameServers
	tags, soa, err := z.settings(ctx, zone)
	if err != nil {
		return fmt.Errorf("reading %s: %w", z, err)
	}
	if z.creating() {
		// Written even if it is right already: only who makes a change can
		// wait for it.
		soa.diffs = append(soa.diffs, "nobody has waited for it")
	}
	// The tags first, so that the zone is soon known as ours by them as well.
	_, err = repairAll(ctx, z, []setting{tags, soa})
	return err
}

// Drift tells how the SOA record and the tags differ.
func (z *HostedZone) Drift(ctx context.Context) ([]string, error) {
	zone, err := z.find(ctx)
	if err != nil {
		return nil, err
	}
	tags, soa, err := z.settings(ctx, zone)
	return driftOf([]setting{soa, tags}), err
}

// CheckDelete refuses while the zone holds record sets that somebody made, and
// names some of them.
func (z *HostedZone) CheckDelete(ctx context.Context) error {
	zone, err := z.find(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", z, err)
	}
	sets, more, err := hostedzone.RecordSets(ctx, z.API, zone.ID, z.Name)
	if err != nil {
		return err
	}
	sets = slices.DeleteFunc(sets, func(r types.ResourceRecordSet) bool {
		return hostedzone.RecordName(r) == z.Name && (r.Type == types.RRTypeSoa || r.Type == types.RRTypeNs)
	})
	if len(sets) == 0 {
		return nil
	}
	return fmt.Errorf("%s still holds %s. Destroy the fargatedirect_task_dns that writes to it first (Terraform does by itself if its hosted_zone_id refers to this resource), and remove whatever else is in it", z, listSets(sets, more))
}

// Delete removes the zone.
func (z *HostedZone) Delete(ctx context.Context) error {
	zone, err := z.find(ctx)
	if err == nil {
		_, err = z.API.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: &zone.ID})
	}
	if err != nil && !errors.Is(err, stack.ErrNotFound) && !awserr.Is(err, "NoSuchHostedZone") {
		return fmt.Errorf("deleting %s: %w", z, err)
	}
	return nil
}

// ReadTags answers the zone's tags, or stack.ErrNotFound. The marks that the
// comment bears count as tags. If no id is known and no unfinished zone is
// found, a finished one of the same owner answers, so that a create refuses to
// make a second.
func (z *HostedZone) ReadTags(ctx context.Context) (map[string]string, error) {
	zone, err := z.find(ctx)
	if errors.Is(err, stack.ErrNotFound) && z.ID == "" {
		return z.finishedTags(ctx)
	}
	if err != nil {
		return nil, err
	}
	tags, err := z.listTags(ctx, zone.ID)
	if err != nil {
		return nil, err
	}
	if z.unfinished(zone) {
		tags[stack.CreatingTag] = "true"
		if _, ok := tags[stack.OwnerTag]; !ok {
			tags[stack.OwnerTag] = z.owner()
		}
	}
	return tags, nil
}

// Untag removes one tag. With the mark of the create goes its comment.
func (z *HostedZone) Untag(ctx context.Context, key string) error {
	zone, err := z.find(ctx)
	if err != nil {
		return err
	}
	return z.untag(ctx, zone.ID, []string{key})
}

// find reads the zone: that of the id, or else one that an unfinished create
// left. It answers stack.ErrNotFound if there is none.
func (z *HostedZone) find(ctx context.Context) (hostedzone.Zone, error) {
	id := z.ID
	if id == "" {
		zones, err := hostedzone.OfName(ctx, z.API, z.Name)
		if err != nil {
			return hostedzone.Zone{}, err
		}
		i := slices.IndexFunc(zones, z.unfinished)
		if i < 0 {
			return hostedzone.Zone{}, stack.ErrNotFound
		}
		id = zones[i].ID
	}
	zone, err := hostedzone.Read(ctx, z.API, id)
	switch {
	case errors.Is(err, hostedzone.ErrNotFound):
		return zone, stack.ErrNotFound
	case err == nil && zone.Name != z.Name:
		return zone, fmt.Errorf("hosted zone %s is of %s, not of %s", id, zone.Name, z.Name)
	}
	return zone, err
}

func (z *HostedZone) create(ctx context.Context) (hostedzone.Zone, error) {
	reference := rand.Text()
	_, err := z.API.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{
		Name: &z.Name, CallerReference: &reference, HostedZoneConfig: &types.HostedZoneConfig{Comment: aws.String(z.creatingComment())},
	})
	// The call was repeated after its answer was lost: nobody else can have
	// used the reference.
	if err != nil && !awserr.Is(err, "HostedZoneAlreadyExists") {
		return hostedzone.Zone{}, err
	}
	return z.find(ctx)
}

func (z *HostedZone) settings(ctx context.Context, zone hostedzone.Zone) (tags, soa setting, err error) {
	record, err := hostedzone.ReadSOA(ctx, z.API, zone.ID, z.Name)
	if err != nil {
		return tags, soa, err
	}
	have, err := z.listTags(ctx, zone.ID)
	if err != nil {
		return tags, soa, err
	}
	if z.unfinished(zone) && !z.creating() {
		have[stack.CreatingTag] = "true"
	}
	want := z.NegativeTTL
	tags = setting{"tags", z.Tags.Drift(have), func(ctx context.Context) error { return z.setTags(ctx, zone.ID, have) }}
	soa = setting{
		"SOA record",
		append(
			differs(record.TTL != want, "the TTL of the SOA record is %d s, want %d s", record.TTL, want),
			differs(record.Minimum != want, "the minimum of the SOA record is %d s, want %d s", record.Minimum, want)...),
		func(ctx context.Context) error {
			return changeRecords(ctx, z.API, z.Sleep, zone.ID, z.owner(), []types.Change{
				{Action: types.ChangeActionUpsert, ResourceRecordSet: record.With(z.Name, want)},
			})
		},
	}
	return tags, soa, nil
}

func (z *HostedZone) owner() string { return z.Tags.Want[stack.OwnerTag] }

// creating tells whether this is the create.
func (z *HostedZone) creating() bool {
	_, ok := z.Tags.Want[stack.CreatingTag]
	return ok
}

// creatingComment is the comment of a zone whose create has not finished.
func (z *HostedZone) creatingComment() string {
	text := stack.CreatingTag + " " + z.owner()
	return text[:min(len(text), maxZoneComment)]
}

func (z *HostedZone) unfinished(zone hostedzone.Zone) bool {
	return zone.Comment == z.creatingComment()
}

// listSets names up to five record sets.
func listSets(sets []types.ResourceRecordSet, more bool) string {
	const most = 5
	var texts []string
	for _, r := range sets[:min(len(sets), most)] {
		texts = append(texts, hostedzone.RecordName(r)+" "+string(r.Type))
	}
	list := strings.Join(texts, ", ")
	if more || len(sets) > most {
		list += " and others"
	}
	return list
}
