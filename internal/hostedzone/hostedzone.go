// Package hostedzone looks hosted zones and their record sets up.
package hostedzone

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// API is what Name and Read call of Route 53.
type API interface {
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
}

// ErrNotFound tells that there is no such hosted zone.
var ErrNotFound = errors.New("no such hosted zone")

// Zone is a hosted zone.
type Zone struct {
	// ID is without "/hostedzone/" before it.
	ID string
	// Name is without the dot at its end.
	Name    string
	Private bool
	Comment string
	// NameServers are without the dots at their ends; a private zone has
	// none, and neither have those that OfName answers.
	NameServers []string
}

// Read reads a hosted zone. The error is ErrNotFound if there is none of that
// id.
func Read(ctx context.Context, api API, id string) (Zone, error) {
	out, err := api.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &id})
	switch {
	case awserr.Is(err, "NoSuchHostedZone"):
		return Zone{}, fmt.Errorf("reading hosted zone (%s): %w", id, ErrNotFound)
	case err != nil:
		return Zone{}, fmt.Errorf("reading hosted zone (%s): %w", id, err)
	}
	z := newZone(*out.HostedZone)
	if out.DelegationSet != nil {
		z.NameServers = Names(out.DelegationSet.NameServers)
	}
	return z, nil
}

// Name is the name of a hosted zone, without the dot at its end. It is empty
// if the caller may not read the zone: who runs Terraform needs no rights in
// the account of the zone.
func Name(ctx context.Context, api API, id string) (string, error) {
	z, err := Read(ctx, api, id)
	if awserr.IsAccessDenied(err) {
		return "", nil
	}
	return z.Name, err
}

// ListAPI is what OfName calls of Route 53.
type ListAPI interface {
	ListHostedZonesByName(context.Context, *route53.ListHostedZonesByNameInput, ...func(*route53.Options)) (*route53.ListHostedZonesByNameOutput, error)
}

// OfName lists the public hosted zones of a name. There may be several: Route
// 53 tells them apart by their name servers.
func OfName(ctx context.Context, api ListAPI, name string) ([]Zone, error) {
	var zones []Zone
	in := &route53.ListHostedZonesByNameInput{DNSName: &name}
	for {
		out, err := api.ListHostedZonesByName(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing the hosted zones of %s: %w", name, err)
		}
		for _, hz := range out.HostedZones {
			z := newZone(hz)
			// The list goes on with the names after this one.
			if z.Name != name {
				return zones, nil
			}
			if !z.Private {
				zones = append(zones, z)
			}
		}
		if !out.IsTruncated {
			return zones, nil
		}
		in = &route53.ListHostedZonesByNameInput{DNSName: out.NextDNSName, HostedZoneId: out.NextHostedZoneId}
	}
}

func newZone(hz types.HostedZone) Zone {
	z := Zone{ID: strings.TrimPrefix(aws.ToString(hz.Id), "/hostedzone/"), Name: plain(aws.ToString(hz.Name))}
	if hz.Config != nil {
		z.Private, z.Comment = hz.Config.PrivateZone, aws.ToString(hz.Config.Comment)
	}
	return z
}
