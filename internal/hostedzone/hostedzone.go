// Package hostedzone looks hosted zones up for checks before anything is
// created.
package hostedzone

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// API is what Name calls of Route 53.
type API interface {
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
}

// ErrNotFound tells that there is no such hosted zone.
var ErrNotFound = errors.New("no such hosted zone")

// Name is the name of a hosted zone, without the dot at its end. It is empty
// if the caller may not read the zone: who runs Terraform needs no rights in
// the account of the zone.
func Name(ctx context.Context, api API, id string) (string, error) {
	out, err := api.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &id})
	switch {
	case awserr.IsAccessDenied(err):
		return "", nil
	case awserr.Is(err, "NoSuchHostedZone"):
		return "", fmt.Errorf("reading hosted zone (%s): %w", id, ErrNotFound)
	case err != nil:
		return "", fmt.Errorf("reading hosted zone (%s): %w", id, err)
	}
	return strings.TrimSuffix(aws.ToString(out.HostedZone.Name), "."), nil
}
