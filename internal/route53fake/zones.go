package route53fake

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// addZone makes a zone. Its name servers are those of no other.
func (f *Fake) addZone(id, name, reference string, config *types.HostedZoneConfig) *zone {
	n := len(f.zones)
	var servers []string
	for i, top := range []string{"com", "net", "org", "co.uk"} {
		servers = append(servers, fmt.Sprintf("ns-%d.awsdns-%02d.%s", 512*i+n%512, n%64, top))
	}
	z := &zone{
		hosted:      types.HostedZone{Id: aws.String("/hostedzone/" + id), Name: aws.String(Normalize(name)), CallerReference: &reference, Config: config},
		nameServers: servers,
		tags:        map[string]string{},
		sets:        newRecordSets(id, name, servers),
	}
	f.zones[id] = z
	return z
}

// public is the zone as the API tells it.
func (z *zone) public() *types.HostedZone {
	hosted := z.hosted
	hosted.ResourceRecordSetCount = aws.Int64(int64(z.sets.count))
	return &hosted
}

func (z *zone) delegation() *types.DelegationSet {
	return &types.DelegationSet{NameServers: slices.Clone(z.nameServers)}
}

// CreateHostedZone makes a zone with NS and SOA records.
func (f *Fake) CreateHostedZone(ctx context.Context, in *route53.CreateHostedZoneInput, _ ...func(*route53.Options)) (*route53.CreateHostedZoneOutput, error) {
	out := &route53.CreateHostedZoneOutput{}
	err := f.call(ctx, "CreateHostedZone", in, 0, func() (time.Duration, error) {
		for _, z := range f.zones {
			if aws.ToString(z.hosted.CallerReference) == aws.ToString(in.CallerReference) {
				return 0, &types.HostedZoneAlreadyExists{Message: aws.String("A hosted zone has already been created with the specified caller reference.")}
			}
		}
		f.lastZone++
		id := fmt.Sprintf("Z%013dFAKE", f.lastZone)
		z := f.addZone(id, aws.ToString(in.Name), aws.ToString(in.CallerReference), in.HostedZoneConfig)
		out.HostedZone, out.DelegationSet = z.public(), z.delegation()
		out.Location = aws.String("https://route53.amazonaws.com/2013-04-01/hostedzone/" + id)
		_, out.ChangeInfo = f.remember(nil)
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteHostedZone deletes a zone that has nothing but its NS and SOA records.
func (f *Fake) DeleteHostedZone(ctx context.Context, in *route53.DeleteHostedZoneInput, _ ...func(*route53.Options)) (*route53.DeleteHostedZoneOutput, error) {
	out := &route53.DeleteHostedZoneOutput{}
	err := f.call(ctx, "DeleteHostedZone", in, 0, func() (time.Duration, error) {
		id := zoneID(in.Id)
		z := f.zones[id]
		switch {
		case z == nil:
			return 0, noSuchZone(id)
		case !z.sets.onlyRequired():
			return 0, &types.HostedZoneNotEmpty{Message: aws.String("The specified hosted zone contains non-required resource record sets and so cannot be deleted.")}
		}
		delete(f.zones, id)
		_, out.ChangeInfo = f.remember(nil)
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetHostedZone tells of a zone.
func (f *Fake) GetHostedZone(ctx context.Context, in *route53.GetHostedZoneInput, _ ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error) {
	out := &route53.GetHostedZoneOutput{}
	err := f.call(ctx, "GetHostedZone", in, 0, func() (time.Duration, error) {
		z := f.zones[zoneID(in.Id)]
		if z == nil {
			return 0, noSuchZone(zoneID(in.Id))
		}
		out.HostedZone, out.DelegationSet = z.public(), z.delegation()
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListHostedZonesByName answers at most 100 zones from a name on, in
// Route 53's order.
func (f *Fake) ListHostedZonesByName(ctx context.Context, in *route53.ListHostedZonesByNameInput, _ ...func(*route53.Options)) (*route53.ListHostedZonesByNameOutput, error) {
	out := &route53.ListHostedZonesByNameOutput{DNSName: in.DNSName, HostedZoneId: in.HostedZoneId}
	err := f.call(ctx, "ListHostedZonesByName", in, 0, func() (time.Duration, error) {
		if in.HostedZoneId != nil && in.DNSName == nil {
			return 0, invalidInput("The input is not valid: a hosted zone ID was given without a DNS name.")
		}
		size := 100
		if n := aws.ToInt32(in.MaxItems); n > 0 {
			size = min(int(n), 100)
		}
		out.MaxItems = aws.Int32(int32(size))
		start := ""
		if in.DNSName != nil {
			start = order(*in.DNSName)
		}
		sorted := slices.SortedFunc(maps.Values(f.zones), func(a, b *zone) int {
			return cmp.Or(cmp.Compare(order(a.sets.zone), order(b.sets.zone)), cmp.Compare(*a.hosted.Id, *b.hosted.Id))
		})
		for _, z := range sorted {
			if cmp.Or(cmp.Compare(order(z.sets.zone), start), cmp.Compare(z.sets.zoneID, zoneID(in.HostedZoneId))) < 0 {
				continue
			}
			if len(out.HostedZones) == size {
				out.IsTruncated, out.NextDNSName, out.NextHostedZoneId = true, z.hosted.Name, aws.String(z.sets.zoneID)
				break
			}
			out.HostedZones = append(out.HostedZones, *z.public())
		}
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListTagsForResource answers the tags of a zone.
func (f *Fake) ListTagsForResource(ctx context.Context, in *route53.ListTagsForResourceInput, _ ...func(*route53.Options)) (*route53.ListTagsForResourceOutput, error) {
	out := &route53.ListTagsForResourceOutput{}
	err := f.call(ctx, "ListTagsForResource", in, 0, func() (time.Duration, error) {
		z, err := f.tagged(in.ResourceType, in.ResourceId)
		if err != nil {
			return 0, err
		}
		out.ResourceTagSet = &types.ResourceTagSet{ResourceType: in.ResourceType, ResourceId: in.ResourceId}
		for _, k := range slices.Sorted(maps.Keys(z.tags)) {
			out.ResourceTagSet.Tags = append(out.ResourceTagSet.Tags, types.Tag{Key: aws.String(k), Value: aws.String(z.tags[k])})
		}
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ChangeTagsForResource adds and removes tags of a zone, at most ten each.
func (f *Fake) ChangeTagsForResource(ctx context.Context, in *route53.ChangeTagsForResourceInput, _ ...func(*route53.Options)) (*route53.ChangeTagsForResourceOutput, error) {
	err := f.call(ctx, "ChangeTagsForResource", in, 0, func() (time.Duration, error) {
		z, err := f.tagged(in.ResourceType, in.ResourceId)
		switch {
		case err != nil:
			return 0, err
		case len(in.AddTags)+len(in.RemoveTagKeys) == 0, len(in.AddTags) > 10, len(in.RemoveTagKeys) > 10:
			return 0, invalidInput("The input is not valid: 1 to 10 tags can be added or removed.")
		}
		for _, t := range in.AddTags {
			z.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		for _, k := range in.RemoveTagKeys {
			delete(z.tags, k)
		}
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return &route53.ChangeTagsForResourceOutput{}, nil
}

// tagged is the zone that a call about tags names, without a prefix.
func (f *Fake) tagged(kind types.TagResourceType, id *string) (*zone, error) {
	if kind != types.TagResourceTypeHostedzone {
		return nil, invalidInput("The input is not valid: only hosted zones are known here.")
	}
	if z := f.zones[aws.ToString(id)]; z != nil && !strings.HasPrefix(*id, "/") {
		return z, nil
	}
	return nil, noSuchZone(aws.ToString(id))
}
