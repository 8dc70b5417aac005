package zonestack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// Discover reads a zone back from Route 53, for import; it need not be one
// that this provider made. parentID is the id of the parent zone; empty to look
// for it. It answers stack.ErrNotFound if there is no zone of that id. Tags are
// all tags of the zone, ours too.
func Discover(ctx context.Context, api API, scope names.Scope, zoneID, parentID string) (Spec, error) {
	zone, err := hostedzone.Read(ctx, api, zoneID)
	switch {
	case errors.Is(err, hostedzone.ErrNotFound):
		return Spec{}, stack.ErrNotFound
	case err != nil:
		return Spec{}, err
	case zone.Private:
		return Spec{}, fmt.Errorf("hosted zone %s (%s) is private; only public zones can be delegated to", zoneID, zone.Name)
	}
	scope.Name = zone.Name
	s := Spec{Scope: scope, ParentZoneID: parentID, RecordTTL: DefaultRecordTTL, ZoneID: zone.ID, NameServers: zone.NameServers}
	soa, err := hostedzone.ReadSOA(ctx, api, zone.ID, zone.Name)
	if err != nil {
		return Spec{}, err
	}
	s.NegativeTTL = min(soa.TTL, soa.Minimum)
	if s.Tags, err = s.Parts(api).Zone.ReadTags(ctx); err != nil {
		return Spec{}, fmt.Errorf("reading the tags of hosted zone (%s): %w", zone.ID, err)
	}
	if s.ParentZoneID == "" {
		if s.ParentZoneID, err = s.findParent(ctx, api); err != nil {
			return Spec{}, err
		}
	}
	delegation, err := hostedzone.RecordSet(ctx, api, s.ParentZoneID, zone.Name, types.RRTypeNs)
	if err != nil {
		return Spec{}, err
	}
	if delegation != nil {
		s.RecordTTL = aws.ToInt64(delegation.TTL)
	}
	return s, nil
}

// findParent looks for the hosted zone that delegates to the zone, from the
// nearest name up. Zones that the caller may not read are passed over.
func (s Spec) findParent(ctx context.Context, api API) (string, error) {
	for name := parentOf(s.Scope.Name); name != ""; name = parentOf(name) {
		zones, err := hostedzone.OfName(ctx, api, name)
		if err != nil {
			return "", err
		}
		for _, z := range zones {
			set, err := hostedzone.RecordSet(ctx, api, z.ID, s.Scope.Name, types.RRTypeNs)
			switch {
			case awserr.IsAccessDenied(err):
				continue
			case err != nil:
				return "", err
			case set != nil && slices.Equal(hostedzone.Values(*set), s.NameServers):
				return z.ID, nil
			}
		}
	}
	return "", fmt.Errorf("no hosted zone that these credentials may read delegates to %s (%s); name the parent in the id, as in %q", s.ZoneID, s.Scope.Name, "<parent zone id>/"+s.ZoneID)
}
