package parts

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// finishedTags answers the tags of a zone of the name that bears the owner's
// tag, or stack.ErrNotFound. Zones whose tags the caller may not read belong
// to others.
func (z *HostedZone) finishedTags(ctx context.Context) (map[string]string, error) {
	zones, err := hostedzone.OfName(ctx, z.API, z.Name)
	if err != nil {
		return nil, err
	}
	for _, zone := range zones {
		tags, err := z.listTags(ctx, zone.ID)
		switch {
		case awserr.IsAccessDenied(err):
			continue
		case err != nil:
			return nil, err
		case tags[stack.OwnerTag] == z.owner():
			return tags, nil
		}
	}
	return nil, stack.ErrNotFound
}

func (z *HostedZone) listTags(ctx context.Context, id string) (map[string]string, error) {
	out, err := z.API.ListTagsForResource(ctx, &route53.ListTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: &id})
	if awserr.Is(err, "NoSuchHostedZone") {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	tags := make(map[string]string, len(out.ResourceTagSet.Tags))
	for _, t := range out.ResourceTagSet.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

func (z *HostedZone) setTags(ctx context.Context, id string, have map[string]string) error {
	set, remove := z.Tags.Diff(have)
	for keys := range slices.Chunk(slices.Sorted(maps.Keys(set)), maxTagsPerCall) {
		in := &route53.ChangeTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: &id}
		for _, k := range keys {
			in.AddTags = append(in.AddTags, types.Tag{Key: aws.String(k), Value: aws.String(set[k])})
		}
		if _, err := z.API.ChangeTagsForResource(ctx, in); err != nil {
			return err
		}
	}
	return z.untag(ctx, id, remove)
}

// untag removes tags. The comment goes after the mark that it stands for: as
// long as it is there, the zone is unfinished.
func (z *HostedZone) untag(ctx context.Context, id string, keys []string) error {
	for some := range slices.Chunk(keys, maxTagsPerCall) {
		in := &route53.ChangeTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: &id, RemoveTagKeys: some}
		if _, err := z.API.ChangeTagsForResource(ctx, in); err != nil {
			return err
		}
	}
	if !slices.Contains(keys, stack.CreatingTag) {
		return nil
	}
	_, err := z.API.UpdateHostedZoneComment(ctx, &route53.UpdateHostedZoneCommentInput{Id: &id, Comment: aws.String(zoneComment)})
	return err
}
