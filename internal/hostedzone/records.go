package hostedzone

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// RecordsAPI is what RecordSet and RecordSets call of Route 53.
type RecordsAPI interface {
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
}

// RecordSet reads the record set of a name and type; nil if there is none. The
// error is ErrNotFound if there is no such zone.
func RecordSet(ctx context.Context, api RecordsAPI, id, name string, kind types.RRType) (*types.ResourceRecordSet, error) {
	page, err := list(ctx, api, &route53.ListResourceRecordSetsInput{
		HostedZoneId: &id, StartRecordName: &name, StartRecordType: kind, MaxItems: aws.Int32(1),
	})
	if err != nil || len(page.ResourceRecordSets) == 0 {
		return nil, err
	}
	set := page.ResourceRecordSets[0]
	if set.Type != kind || RecordName(set) != name {
		return nil, nil
	}
	return &set, nil
}

// RecordSets reads the record sets from a name on in Route 53's order, in
// which all names below a name follow it: up to 300, and whether there are
// more. The error is ErrNotFound if there is no such zone.
func RecordSets(ctx context.Context, api RecordsAPI, id, name string) ([]types.ResourceRecordSet, bool, error) {
	page, err := list(ctx, api, &route53.ListResourceRecordSetsInput{HostedZoneId: &id, StartRecordName: &name})
	if err != nil {
		return nil, false, err
	}
	return page.ResourceRecordSets, page.IsTruncated, nil
}

func list(ctx context.Context, api RecordsAPI, in *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
	out, err := api.ListResourceRecordSets(ctx, in)
	switch {
	case awserr.Is(err, "NoSuchHostedZone"):
		return nil, fmt.Errorf("listing record sets of hosted zone (%s): %w", aws.ToString(in.HostedZoneId), ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("listing record sets of hosted zone (%s): %w", aws.ToString(in.HostedZoneId), err)
	}
	return out, nil
}

// RecordName is the name of a record set without the dot at its end; a
// wildcard is written "*".
func RecordName(set types.ResourceRecordSet) string {
	return strings.ReplaceAll(plain(aws.ToString(set.Name)), `\052`, "*")
}

// Values are the values of a record set that are names, in one form: sorted,
// in lower case, without the dots at their ends.
func Values(set types.ResourceRecordSet) []string {
	values := make([]string, 0, len(set.ResourceRecords))
	for _, r := range set.ResourceRecords {
		values = append(values, aws.ToString(r.Value))
	}
	return Names(values)
}

// Names brings names into one form: sorted, in lower case, without the dots at
// their ends.
func Names(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, plain(n))
	}
	slices.Sort(out)
	return out
}

func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// SOA is a zone's SOA record.
type SOA struct {
	// TTL and Minimum are seconds. The less of both is how long a resolver
	// remembers that a name does not exist (RFC 2308, 5).
	TTL, Minimum int64
	// fields are those of the value.
	fields []string
}

// soaFields is how many fields a SOA record has: name server, mailbox, serial,
// refresh, retry, expire, minimum.
const soaFields = 7

// ReadSOA reads the SOA record of a zone.
func ReadSOA(ctx context.Context, api RecordsAPI, id, name string) (SOA, error) {
	set, err := RecordSet(ctx, api, id, name, types.RRTypeSoa)
	if err != nil {
		return SOA{}, err
	}
	if set == nil || len(set.ResourceRecords) != 1 {
		return SOA{}, fmt.Errorf("reading the SOA record of hosted zone (%s): %s has none", id, name)
	}
	s := SOA{TTL: aws.ToInt64(set.TTL), fields: strings.Fields(aws.ToString(set.ResourceRecords[0].Value))}
	if len(s.fields) != soaFields {
		return SOA{}, fmt.Errorf("reading the SOA record of hosted zone (%s): it has %d fields, want %d", id, len(s.fields), soaFields)
	}
	if s.Minimum, err = strconv.ParseInt(s.fields[soaFields-1], 10, 64); err != nil {
		return SOA{}, fmt.Errorf("reading the SOA record of hosted zone (%s): %w", id, err)
	}
	return s, nil
}

// With is the record set of the same SOA record with this TTL and minimum, in
// seconds.
func (s SOA) With(name string, ttl int64) *types.ResourceRecordSet {
	fields := slices.Clone(s.fields)
	fields[soaFields-1] = strconv.FormatInt(ttl, 10)
	return &types.ResourceRecordSet{
		Name: aws.String(name + "."), Type: types.RRTypeSoa, TTL: &ttl,
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(strings.Join(fields, " "))}},
	}
}
