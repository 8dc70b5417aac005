package snapshot

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

func hostedZones(ctx context.Context, cfg aws.Config, c *collector) error {
	client := route53.NewFromConfig(cfg)
	list := route53.NewListHostedZonesPaginator(client, &route53.ListHostedZonesInput{})
	return pages(ctx, "hosted zones", list, func(page *route53.ListHostedZonesOutput) error {
		for _, z := range page.HostedZones {
			id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
			if err := c.add("route53 hosted zone", id, z.Name); err != nil {
				return err
			}
			if err := recordSets(ctx, client, id, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func recordSets(ctx context.Context, client *route53.Client, zone string, c *collector) error {
	list := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone})
	err := pages(ctx, "record sets of "+zone, list, func(page *route53.ListResourceRecordSetsOutput) error {
		for _, r := range page.ResourceRecordSets {
			id := zone + " " + aws.ToString(r.Name) + " " + string(r.Type)
			if r.SetIdentifier != nil {
				id += " " + *r.SetIdentifier
			}
			if err := c.add("route53 record set", id, r.TTL, r.ResourceRecords, r.AliasTarget); err != nil {
				return err
			}
		}
		return nil
	})
	// The zone was deleted while it was read.
	if is(err, "NoSuchHostedZone") {
		return nil
	}
	return err
}
