// Package zonestack turns what a user wants of a fargatedirect_zone into a
// hosted zone and its delegation, and reads one back for import.
package zonestack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/dnsname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// DefaultRecordTTL is for how many seconds resolvers may keep the delegation,
// unless the user says otherwise. It spares them a question for most names,
// yet a zone that was made anew, with other name servers, is found within
// minutes.
const DefaultRecordTTL = 300

// Spec is the whole of a fargatedirect_zone as the user wants it, with all
// defaults filled in.
type Spec struct {
	// Scope's name is the domain of the zone.
	Scope        names.Scope
	ParentZoneID string
	// NegativeTTL is for how many seconds resolvers remember that a name does
	// not exist, RecordTTL for how many they keep the delegation.
	NegativeTTL, RecordTTL int64

	// ZoneID and NameServers are what Route 53 chose; empty as long as that is
	// not known.
	ZoneID      string
	NameServers []string

	// Tags are the user's and the provider's, without our own.
	Tags map[string]string
	// IgnoreTag tells which tags others may keep on the zone.
	IgnoreTag func(key string) bool
	// Creating marks the zone as that of an unfinished create.
	Creating bool
}

// API is what the parts call of Route 53.
type API = parts.HostedZoneAPI

// Parts are the two parts of the resource. Zone knows its id and name servers
// once it was ensured.
type Parts struct {
	Zone       *parts.HostedZone
	Delegation *parts.Delegation
	stack.Stack
}

// Parts makes the parts: the zone, and then what leads to it.
func (s Spec) Parts(api API) Parts {
	zone := &parts.HostedZone{
		API: api, Name: s.Scope.Name, ID: s.ZoneID, NameServers: s.NameServers, NegativeTTL: s.NegativeTTL,
		Tags: parts.OwnTags(s.Scope.Owner(), s.Creating, s.Tags, s.IgnoreTag),
	}
	delegation := &parts.Delegation{API: api, Zone: zone, ParentID: s.ParentZoneID, TTL: s.RecordTTL}
	return Parts{zone, delegation, stack.Stack{
		Owner: s.Scope.Owner(), Stages: [][]stack.Part{{zone}, {delegation}},
	}}
}

// Delete removes the delegation and then the zone. It deletes nothing if the
// zone holds record sets or belongs to somebody else. A zone whose delegation
// could not be removed stays: whoever got its name servers next could answer
// for its names. That is why the stack's own Delete, which goes on, is not
// used.
func (p Parts) Delete(ctx context.Context) error {
	if err := p.CheckDelete(ctx); err != nil {
		return err
	}
	if err := p.Delegation.Delete(ctx); err != nil {
		return err
	}
	return p.Zone.Delete(ctx)
}

// Vanished tells whether a drift says that the zone itself is gone, of which
// only the delegation is left.
func (p Parts) Vanished(drift []string) bool {
	return slices.Contains(drift, p.Zone.String()+": missing")
}

// ARN is the ARN of the zone.
func (s Spec) ARN() string { return s.Scope.HostedZoneARN(s.ZoneID) }

// Problem is what is wrong with an attribute.
type Problem struct{ Attribute, Text string }

// CheckAPI is what CheckParent and Hidden call of Route 53.
type CheckAPI interface {
	hostedzone.API
	hostedzone.RecordsAPI
}

// CheckParent tells what is wrong with the parent zone, if anything is: that
// it does not exist, is private, or does not hold the zone's name.
func (s Spec) CheckParent(ctx context.Context, api CheckAPI) (*Problem, error) {
	parent, err := hostedzone.Read(ctx, api, s.ParentZoneID)
	switch {
	case errors.Is(err, hostedzone.ErrNotFound):
		return &Problem{"parent_zone_id", fmt.Sprintf("there is no hosted zone %s in this AWS account", s.ParentZoneID)}, nil
	case err != nil:
		return nil, err
	case parent.Private:
		return &Problem{"parent_zone_id", fmt.Sprintf("hosted zone %s (%s) is private. A delegation in it would lead nobody on the Internet to the new zone; name a public hosted zone", s.ParentZoneID, parent.Name)}, nil
	case s.Scope.Name == parent.Name:
		return &Problem{"name", fmt.Sprintf("%q is the name of hosted zone %s itself; a right value is \"tasks.%s\"", s.Scope.Name, s.ParentZoneID, parent.Name)}, nil
	case !dnsname.Within(s.Scope.Name, parent.Name):
		return &Problem{"name", fmt.Sprintf("%q is outside of hosted zone %s (%s); a right value is \"tasks.%s\"", s.Scope.Name, s.ParentZoneID, parent.Name, parent.Name)}, nil
	}
	// A name between both that is delegated leads past the parent.
	for name := parentOf(s.Scope.Name); name != parent.Name; name = parentOf(name) {
		set, err := hostedzone.RecordSet(ctx, api, s.ParentZoneID, name, types.RRTypeNs)
		if err != nil {
			return nil, err
		}
		if set != nil {
			return &Problem{"parent_zone_id", fmt.Sprintf("hosted zone %s (%s) delegates %s to another zone; name that zone instead", s.ParentZoneID, parent.Name, name)}, nil
		}
	}
	return nil, nil
}

// Hidden lists up to five record sets of the parent zone that the delegation
// hides from everybody, and tells whether there are more.
func (s Spec) Hidden(ctx context.Context, api CheckAPI) ([]string, bool, error) {
	const most = 5
	sets, more, err := hostedzone.RecordSets(ctx, api, s.ParentZoneID, s.Scope.Name)
	if err != nil {
		return nil, false, err
	}
	var hidden []string
	for _, r := range sets {
		name := hostedzone.RecordName(r)
		if !dnsname.Within(name, s.Scope.Name) {
			return hidden, false, nil
		}
		// These two belong to the delegation itself.
		if name == s.Scope.Name && (r.Type == types.RRTypeNs || r.Type == types.RRTypeDs) {
			continue
		}
		if len(hidden) == most {
			return hidden, true, nil
		}
		hidden = append(hidden, name+" "+string(r.Type))
	}
	return hidden, more, nil
}

// parentOf is a name without its first label.
func parentOf(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}
