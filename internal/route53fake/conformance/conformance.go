// Package conformance tells whether something behaves like Amazon Route 53. The
// fake and the local cloud run the same scenarios, so that they agree with each
// other on codes, messages, order and effects.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
)

// API is what is compared.
type API interface {
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
	GetChange(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
	CreateHostedZone(context.Context, *route53.CreateHostedZoneInput, ...func(*route53.Options)) (*route53.CreateHostedZoneOutput, error)
	DeleteHostedZone(context.Context, *route53.DeleteHostedZoneInput, ...func(*route53.Options)) (*route53.DeleteHostedZoneOutput, error)
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
	ListHostedZonesByName(context.Context, *route53.ListHostedZonesByNameInput, ...func(*route53.Options)) (*route53.ListHostedZonesByNameOutput, error)
	ListTagsForResource(context.Context, *route53.ListTagsForResourceInput, ...func(*route53.Options)) (*route53.ListTagsForResourceOutput, error)
	ChangeTagsForResource(context.Context, *route53.ChangeTagsForResourceInput, ...func(*route53.Options)) (*route53.ChangeTagsForResourceOutput, error)
}

// Run runs all scenarios, each in hosted zones of its own. Changes must be
// PENDING for a moment, and the calls must not be throttled.
func Run(t *testing.T, api API) {
	t.Helper()
	for name, scenario := range map[string]func(*testing.T, API){
		"refusals": refuses, "steps": applies, "order": orders, "pages": pages, "size": sizes,
		"changes": changes, "zones": zones, "names of zones": zonesByName, "tags": tags,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario(t, api)
		})
	}
}

const (
	create = types.ChangeActionCreate
	remove = types.ChangeActionDelete
	upsert = types.ChangeActionUpsert
)

// domain is the zone in which most scenarios are.
const domain = "conformance.test"

// newZone makes a hosted zone and answers its id.
func newZone(t *testing.T, api API, name string) string {
	t.Helper()
	out, err := api.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String(name), CallerReference: aws.String(fmt.Sprint(t.Name(), name, time.Now().UnixNano())),
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
}

// set is a record set with a TTL of 60 s. Its name is relative to the domain,
// unless it ends with a dot.
func set(name string, kind types.RRType, values ...string) *types.ResourceRecordSet {
	if !strings.HasSuffix(name, ".") {
		name = strings.TrimPrefix(name+"."+domain, ".")
	}
	s := &types.ResourceRecordSet{Name: aws.String(name), Type: kind, TTL: aws.Int64(60)}
	for _, v := range values {
		s.ResourceRecords = append(s.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	return s
}

// a is an A record set.
func a(name string, values ...string) *types.ResourceRecordSet {
	return set(name, types.RRTypeA, values...)
}

// weighted is one of several A record sets of a name.
func weighted(name, identifier, value string) *types.ResourceRecordSet {
	s := a(name, value)
	s.SetIdentifier, s.Weight = aws.String(identifier), aws.Int64(1)
	return s
}

// ttl is the set with another TTL.
func ttl(s *types.ResourceRecordSet, seconds int64) *types.ResourceRecordSet {
	s.TTL = &seconds
	return s
}

func change(action types.ChangeAction, s *types.ResourceRecordSet) types.Change {
	return types.Change{Action: action, ResourceRecordSet: s}
}

// many are n sets of one record each.
func many(first, n int, action types.ChangeAction, kind types.RRType, value string) []types.Change {
	var out []types.Change
	for i := range n {
		out = append(out, change(action, set(fmt.Sprintf("m%05d", first+i), kind, value)))
	}
	return out
}

func submit(t *testing.T, api API, zone, comment string, changes ...types.Change) (*types.ChangeInfo, error) {
	t.Helper()
	out, err := api.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(zone), ChangeBatch: &types.ChangeBatch{Changes: append([]types.Change{}, changes...), Comment: aws.String(comment)},
	})
	if err != nil {
		return nil, err
	}
	return out.ChangeInfo, nil
}

// must submits what is right.
func must(t *testing.T, api API, zone string, changes ...types.Change) *types.ChangeInfo {
	t.Helper()
	info, err := submit(t, api, zone, "right", changes...)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// wantError compares an error. Of the two forms of InvalidChangeBatch, the one
// text "[…, …]" is compared.
func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Errorf("error is %v, want %s: %s", err, code, message)
		return
	}
	got := api.ErrorMessage()
	if refused, ok := errors.AsType[*types.InvalidChangeBatch](err); ok && len(refused.Messages) > 0 {
		got = "[" + strings.Join(refused.Messages, ", ") + "]"
	}
	if api.ErrorCode() != code || got != message {
		t.Errorf("error is %s: %s\nwant     %s: %s", api.ErrorCode(), got, code, message)
	}
}

// list answers the sets from a position on, all pages, as text. NS and SOA are
// left out.
func list(t *testing.T, api API, in *route53.ListResourceRecordSetsInput) []string {
	t.Helper()
	var out []string
	next := *in
	for {
		page, err := api.ListResourceRecordSets(t.Context(), &next)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.ResourceRecordSets {
			if s.Type != types.RRTypeNs && s.Type != types.RRTypeSoa {
				out = append(out, text(s))
			}
		}
		if !page.IsTruncated {
			return out
		}
		next.StartRecordName, next.StartRecordType, next.StartRecordIdentifier = page.NextRecordName, page.NextRecordType, page.NextRecordIdentifier
	}
}

// all is the whole zone.
func all(t *testing.T, api API, zone string) []string {
	t.Helper()
	return list(t, api, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone)})
}

func text(s types.ResourceRecordSet) string {
	words := []string{aws.ToString(s.Name), string(s.Type)}
	if s.SetIdentifier != nil {
		words = append(words, "("+*s.SetIdentifier+")")
	}
	words = append(words, fmt.Sprint(aws.ToInt64(s.TTL)))
	for _, r := range s.ResourceRecords {
		words = append(words, aws.ToString(r.Value))
	}
	return strings.Join(words, " ")
}
