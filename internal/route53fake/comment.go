package route53fake

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// UpdateHostedZoneComment replaces the comment of a zone.
func (f *Fake) UpdateHostedZoneComment(ctx context.Context, in *route53.UpdateHostedZoneCommentInput, _ ...func(*route53.Options)) (*route53.UpdateHostedZoneCommentOutput, error) {
	out := &route53.UpdateHostedZoneCommentOutput{}
	err := f.call(ctx, "UpdateHostedZoneComment", in, 0, func() (time.Duration, error) {
		z := f.zones[zoneID(in.Id)]
		switch {
		case z == nil:
			return 0, noSuchZone(zoneID(in.Id))
		case len(aws.ToString(in.Comment)) > 256:
			return 0, invalidInput("The input is not valid: a comment has at most 256 characters.")
		}
		config := types.HostedZoneConfig{}
		if z.hosted.Config != nil {
			config = *z.hosted.Config
		}
		config.Comment = in.Comment
		z.hosted.Config = &config
		out.HostedZone = z.public()
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
