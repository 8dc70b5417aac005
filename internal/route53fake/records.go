package route53fake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
)

const (
	maxPage    = 300
	maxTTL     = 2147483647
	maxComment = 256
)

// ChangeResourceRecordSets makes all changes of a batch, or none.
func (f *Fake) ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	if err := checkParameters(in); err != nil {
		return nil, &smithy.OperationError{ServiceID: "Route 53", OperationName: Change, Err: err}
	}
	if f.OnChange != nil {
		f.OnChange(in)
	}
	out := &route53.ChangeResourceRecordSetsOutput{}
	err := f.call(ctx, Change, in, len(in.ChangeBatch.Changes), func() (time.Duration, error) {
		id := zoneID(in.HostedZoneId)
		if err := checkForm(in.ChangeBatch); err != nil {
			return 0, err
		}
		z := f.zones[id]
		now := time.Now()
		switch {
		case z == nil:
			return 0, noSuchZone(id)
		case now.Before(z.busyUntil):
			return 0, Busy()
		}
		z.busyUntil = now.Add(f.ChangeTime)
		if said := z.sets.apply(in.ChangeBatch.Changes); said != nil {
			return f.ChangeTime, refusal(said, f.Listed)
		}
		var changeID string
		changeID, out.ChangeInfo = f.remember(in.ChangeBatch.Comment)
		f.batches = append(f.batches, Batch{
			ID: changeID, ZoneID: id, Comment: aws.ToString(in.ChangeBatch.Comment), Changes: slices.Clone(in.ChangeBatch.Changes), At: now,
		})
		return f.ChangeTime, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListResourceRecordSets answers a page of at most 300 record sets. They are
// shared with the zone, and must not be changed.
func (f *Fake) ListResourceRecordSets(ctx context.Context, in *route53.ListResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	out := &route53.ListResourceRecordSetsOutput{}
	err := f.call(ctx, List, in, 0, func() (time.Duration, error) {
		z := f.zones[zoneID(in.HostedZoneId)]
		switch {
		case z == nil:
			return 0, noSuchZone(zoneID(in.HostedZoneId))
		case in.StartRecordType != "" && in.StartRecordName == nil:
			return 0, invalidInput("The input is not valid: a record type was given without a record name.")
		}
		size := maxPage
		if n := aws.ToInt32(in.MaxItems); n > 0 {
			size = min(int(n), maxPage)
		}
		sets, next := z.sets.page(aws.ToString(in.StartRecordName), in.StartRecordType, aws.ToString(in.StartRecordIdentifier), size)
		out.ResourceRecordSets, out.IsTruncated, out.MaxItems = sets, next != nil, aws.Int32(int32(size))
		if next != nil {
			out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = next.Name, next.Type, next.SetIdentifier
		}
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetChange tells whether a change is everywhere.
func (f *Fake) GetChange(ctx context.Context, in *route53.GetChangeInput, _ ...func(*route53.Options)) (*route53.GetChangeOutput, error) {
	out := &route53.GetChangeOutput{}
	err := f.call(ctx, GetChange, in, 0, func() (time.Duration, error) {
		id := strings.TrimPrefix(aws.ToString(in.Id), "/change/")
		if out.ChangeInfo = f.info(id); out.ChangeInfo == nil {
			return 0, &types.NoSuchChange{Message: aws.String("Could not find resource with ID: " + id)}
		}
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func zoneID(id *string) string { return strings.TrimPrefix(aws.ToString(id), "/hostedzone/") }

// checkParameters refuses what the SDK's client does not send.
func checkParameters(in *route53.ChangeResourceRecordSetsInput) error {
	missing := smithy.InvalidParamsError{Context: "ChangeResourceRecordSetsInput"}
	require := func(there bool, field string) {
		if !there {
			missing.Add(smithy.NewErrParamRequired(field))
		}
	}
	require(in.HostedZoneId != nil, "HostedZoneId")
	require(in.ChangeBatch != nil, "ChangeBatch")
	if in.ChangeBatch != nil {
		require(in.ChangeBatch.Changes != nil, "ChangeBatch.Changes")
		for i, c := range in.ChangeBatch.Changes {
			at := fmt.Sprintf("ChangeBatch.Changes[%d].", i)
			require(c.Action != "", at+"Action")
			require(c.ResourceRecordSet != nil, at+"ResourceRecordSet")
			if c.ResourceRecordSet != nil {
				require(c.ResourceRecordSet.Name != nil, at+"ResourceRecordSet.Name")
				require(c.ResourceRecordSet.Type != "", at+"ResourceRecordSet.Type")
			}
		}
	}
	if missing.Len() > 0 {
		return missing
	}
	return nil
}

// checkForm refuses what Route 53 refuses before it looks at the zone.
func checkForm(batch *types.ChangeBatch) error {
	if len(batch.Changes) == 0 {
		return invalidInput("Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Changes' is not complete. " +
			`One of '{"https://route53.amazonaws.com/doc/2013-04-01/":Change}' is expected.`)
	}
	if n := len(aws.ToString(batch.Comment)); n > maxComment {
		return invalidInput(fmt.Sprintf("Invalid XML ; cvc-maxLength-valid: Value '%s' with length = '%d' is not facet-valid with respect to maxLength '%d' for type 'ResourceDescription'.",
			*batch.Comment, n, maxComment))
	}
	for _, c := range batch.Changes {
		if !slices.Contains(c.Action.Values(), c.Action) {
			return invalidInput(fmt.Sprintf("Invalid XML ; cvc-enumeration-valid: Value '%s' is not facet-valid with respect to enumeration "+
				"'[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.", c.Action))
		}
		if err := checkSetForm(c.Action, c.ResourceRecordSet); err != nil {
			return err
		}
	}
	return nil
}

func checkSetForm(action types.ChangeAction, set *types.ResourceRecordSet) error {
	found := ""
	switch {
	case set.AliasTarget == nil && (set.TTL == nil || len(set.ResourceRecords) == 0):
		found = "none"
	case set.AliasTarget != nil && (set.TTL != nil || len(set.ResourceRecords) > 0):
		found = "more than one"
	case set.TTL != nil && *set.TTL < 0:
		return invalidInput(fmt.Sprintf("Invalid XML ; cvc-minInclusive-valid: Value '%d' is not facet-valid with respect to minInclusive '0' for type 'TTL'.", *set.TTL))
	case set.TTL != nil && *set.TTL > maxTTL:
		return invalidInput(fmt.Sprintf("Invalid XML ; cvc-maxInclusive-valid: Value '%d' is not facet-valid with respect to maxInclusive '%d' for type 'TTL'.", *set.TTL, maxTTL))
	default:
		return nil
	}
	identifier := "null"
	if set.SetIdentifier != nil {
		identifier = *set.SetIdentifier
	}
	return invalidInput("Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], " +
		fmt.Sprintf("but found %s in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]", found, action, Normalize(*set.Name), set.Type, identifier))
}
