package certbot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

const (
	// txtTTL is the TTL of record sets that we create. A set that exists keeps
	// its own, because whoever made it deletes it with that TTL.
	txtTTL = 10
	// txtAttempts bounds how often a batch is made anew after other writers
	// came first, or Route 53 was busy.
	txtAttempts = 8
)

// txtSets changes TXT record sets of one hosted zone that others may write to
// as well. A set is replaced by deleting exactly what was read and creating
// the new one in the same batch, which Route 53 does as a whole or refuses as
// a whole: so no value of another writer is ever lost. (UPSERT would overwrite
// what was written since the reading.)
type txtSets struct {
	api  Route53
	zone string
}

// txtValues are the values to add or remove by the name of their record set.
type txtValues map[string][]string

// names are the names in a fixed order.
func (v txtValues) names() []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// add puts the values into their record sets, all in one batch, and answers
// the change's id. Values that are there already stay once.
func (z txtSets) add(ctx context.Context, values txtValues) (string, error) {
	id, err := z.rewrite(ctx, "ACME challenge", values.names(), func(name string, have []string) ([]string, bool) {
		want := slices.Clone(have)
		for _, value := range values[name] {
			if value = quote(value); !slices.Contains(want, value) {
				want = append(want, value)
			}
		}
		// Also written when nothing is missing, as after a lost answer: only a
		// change of ours has an id to wait for.
		return want, true
	})
	if err != nil {
		return "", fmt.Errorf("adding challenge records to hosted zone (%s): %w", z.zone, err)
	}
	return id, nil
}

// remove takes the values out of their record sets, all in one batch. Values
// that are gone already are no error, and other values stay.
func (z txtSets) remove(ctx context.Context, values txtValues) error {
	_, err := z.rewrite(ctx, "ACME challenge done", values.names(), func(name string, have []string) ([]string, bool) {
		want := slices.DeleteFunc(slices.Clone(have), func(value string) bool {
			return slices.ContainsFunc(values[name], func(ours string) bool { return quote(ours) == value })
		})
		return want, len(want) < len(have)
	})
	if err != nil {
		return fmt.Errorf("removing challenge records from hosted zone (%s): %w", z.zone, err)
	}
	return nil
}

// edit answers the values that a record set is to have, none to delete it, and
// whether it must be written.
type edit func(name string, have []string) (want []string, write bool)

// rewrite brings the named record sets to what edit makes of them. It answers
// the id of the change, or "" if nothing had to be written.
func (z txtSets) rewrite(ctx context.Context, comment string, names []string, edit edit) (string, error) {
	refused := ""
	for attempt, wait := 1, 250*time.Millisecond; ; attempt, wait = attempt+1, min(2*wait, 8*time.Second) {
		changes, seen, err := z.changes(ctx, names, edit)
		if err == nil && len(changes) == 0 {
			return "", nil
		}
		if err == nil {
			var id string
			if id, err = z.write(ctx, comment, changes); err == nil {
				return id, nil
			}
		}
		conflict := awserr.Is(err, "InvalidChangeBatch")
		if conflict && seen == refused {
			return "", err // the zone is as it was read, so the batch itself is at fault
		}
		if (!conflict && !isBusy(err)) || attempt == txtAttempts {
			return "", err
		}
		if conflict {
			refused = seen
		}
		if waitErr := sleep(ctx, jitter(wait)); waitErr != nil {
			return "", errors.Join(err, waitErr)
		}
	}
}

// changes reads the record sets and answers the changes to make, and what was
// read in a form that can be compared.
func (z txtSets) changes(ctx context.Context, names []string, edit edit) ([]types.Change, string, error) {
	var changes []types.Change
	var seen strings.Builder
	for _, name := range names {
		old, err := z.read(ctx, name)
		if err != nil {
			return nil, "", err
		}
		have, ttl := []string(nil), int64(txtTTL)
		if old != nil {
			have, ttl = recordValues(old), aws.ToInt64(old.TTL)
		}
		fmt.Fprintf(&seen, "%s %d %q\n", name, ttl, have)
		want, write := edit(name, have)
		if !write {
			continue
		}
		if old != nil {
			changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: old})
		}
		if len(want) > 0 {
			changes = append(changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: txtSet(name, ttl, want)})
		}
	}
	return changes, seen.String(), nil
}

// read answers the TXT record set of a name, or nil.
func (z txtSets) read(ctx context.Context, name string) (*types.ResourceRecordSet, error) {
	out, err := z.api.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId:    aws.String(z.zone),
		StartRecordName: aws.String(name),
		StartRecordType: types.RRTypeTxt,
		MaxItems:        aws.Int32(1),
	})
	if err != nil {
		return nil, fmt.Errorf("reading TXT record set (%s): %w", name, err)
	}
	if len(out.ResourceRecordSets) == 0 {
		return nil, nil
	}
	set := out.ResourceRecordSets[0]
	if set.Type != types.RRTypeTxt || !sameName(aws.ToString(set.Name), name) {
		return nil, nil // the list goes on with the next name where this one has none
	}
	if set.SetIdentifier != nil {
		return nil, fmt.Errorf("reading TXT record set (%s): it has a routing policy (%s), which leaves no room for challenge values; remove that record set", name, aws.ToString(set.SetIdentifier))
	}
	return &set, nil
}

// write applies a batch and answers the change's id.
func (z txtSets) write(ctx context.Context, comment string, changes []types.Change) (string, error) {
	out, err := z.api.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(z.zone),
		ChangeBatch:  &types.ChangeBatch{Changes: changes, Comment: aws.String(comment)},
	})
	if invalid, ok := errors.AsType[*types.InvalidChangeBatch](err); ok && len(invalid.Messages) > 0 {
		return "", fmt.Errorf("changing record sets: %w: %s", err, strings.Join(invalid.Messages, "; "))
	}
	if err != nil {
		return "", fmt.Errorf("changing record sets: %w", err)
	}
	return aws.ToString(out.ChangeInfo.Id), nil
}

// awaitInSync waits until a change has reached all of Route 53's servers.
func awaitInSync(ctx context.Context, api Route53, id string) error {
	for wait := time.Second; ; wait = min(wait*3/2, 10*time.Second) {
		out, err := api.GetChange(ctx, &route53.GetChangeInput{Id: aws.String(id)})
		if err != nil && !isBusy(err) {
			return fmt.Errorf("reading change (%s): %w", id, err)
		}
		if err == nil && out.ChangeInfo.Status == types.ChangeStatusInsync {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return fmt.Errorf("waiting for change (%s) to reach Route 53's servers: %w", id, err)
		}
	}
}

// isBusy tells whether Route 53 asks to come again later.
func isBusy(err error) bool {
	return awserr.Is(err, "PriorRequestNotComplete", "Throttling", "ThrottlingException", "ServiceUnavailable")
}

func txtSet(name string, ttl int64, values []string) *types.ResourceRecordSet {
	records := make([]types.ResourceRecord, len(values))
	for i, value := range values {
		records[i] = types.ResourceRecord{Value: aws.String(value)}
	}
	return &types.ResourceRecordSet{Name: aws.String(name), Type: types.RRTypeTxt, TTL: aws.Int64(ttl), ResourceRecords: records}
}

func recordValues(set *types.ResourceRecordSet) []string {
	values := make([]string, len(set.ResourceRecords))
	for i, record := range set.ResourceRecords {
		values[i] = aws.ToString(record.Value)
	}
	return values
}

// quote writes a TXT value as Route 53 takes it.
func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// sameName compares names as Route 53 writes them: with a final dot, and
// unusual characters in octal, such as \052 for an asterisk.
func sameName(a, b string) bool { return plainName(a) == plainName(b) }

func plainName(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	var plain strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+4 <= len(name) {
			if code, err := strconv.ParseUint(name[i+1:i+4], 8, 8); err == nil {
				plain.WriteByte(byte(code))
				i += 3
				continue
			}
		}
		plain.WriteByte(name[i])
	}
	return plain.String()
}
