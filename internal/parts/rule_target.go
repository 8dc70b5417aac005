package parts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// EventBridge's own retry policy, which an answer may spell out or leave out.
const (
	ruleRetries     int32 = 185
	ruleRetryMaxAge int32 = 86400
)

// targets answers all targets of the rule by their ids, or stack.ErrNotFound
// when there is no rule.
func (r *Rule) targets(ctx context.Context) (map[string]types.Target, error) {
	found := map[string]types.Target{}
	in := &eventbridge.ListTargetsByRuleInput{Rule: &r.Name}
	for {
		out, err := r.API.ListTargetsByRule(ctx, in)
		if awserr.Is(err, eventsNotFound) {
			return nil, stack.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		for _, t := range out.Targets {
			found[aws.ToString(t.Id)] = t
		}
		if out.NextToken == nil {
			return found, nil
		}
		in.NextToken = out.NextToken
	}
}

// setTarget writes the wanted target before it removes others, so that no
// event finds the rule without one.
func (r *Rule) setTarget(ctx context.Context) error {
	have, err := r.targets(ctx)
	if err != nil && !errors.Is(err, stack.ErrNotFound) { // a new rule may not be listed yet
		return fmt.Errorf("reading the targets of %s: %w", r, err)
	}
	if len(r.targetDrift(have)) > 0 {
		if err := r.putTarget(ctx); err != nil {
			return fmt.Errorf("writing the target of %s: %w", r, err)
		}
	}
	return r.removeTargets(ctx, r.foreign(have))
}

func (r *Rule) putTarget(ctx context.Context) error {
	target := types.Target{Id: &r.Target.ID, Arn: &r.Target.ARN}
	if r.Target.Input != "" {
		target.Input = &r.Target.Input
	}
	if r.Target.DeadLetterARN != "" {
		target.DeadLetterConfig = &types.DeadLetterConfig{Arn: &r.Target.DeadLetterARN}
	}
	out, err := r.API.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &r.Name, Targets: []types.Target{target}})
	if err != nil {
		return err
	}
	// PutTargets succeeds even if it wrote none of them.
	var errs []error
	for _, e := range out.FailedEntries {
		errs = append(errs, fmt.Errorf("target %s: %s: %s", aws.ToString(e.TargetId), aws.ToString(e.ErrorCode), aws.ToString(e.ErrorMessage)))
	}
	return errors.Join(errs...)
}

func (r *Rule) removeTargets(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	out, err := r.API.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &r.Name, Ids: ids})
	if awserr.Is(err, eventsNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing targets of %s: %w", r, err)
	}
	var errs []error
	for _, e := range out.FailedEntries {
		if aws.ToString(e.ErrorCode) != eventsNotFound {
			errs = append(errs, fmt.Errorf("removing target %s of %s: %s: %s", aws.ToString(e.TargetId), r, aws.ToString(e.ErrorCode), aws.ToString(e.ErrorMessage)))
		}
	}
	return errors.Join(errs...)
}

// foreign names the targets that are not the wanted one.
func (r *Rule) foreign(have map[string]types.Target) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(have)), func(id string) bool { return id == r.Target.ID })
}

func (r *Rule) targetDrift(have map[string]types.Target) []string {
	want := r.Target
	got, ok := have[want.ID]
	if !ok {
		return []string{fmt.Sprintf("target %s is missing", want.ID)}
	}
	var diffs []string
	if arn := aws.ToString(got.Arn); arn != want.ARN {
		diffs = append(diffs, fmt.Sprintf("target %s is %s, want %s", want.ID, arn, want.ARN))
	}
	if !sameJSON(aws.ToString(got.Input), want.Input) || got.InputPath != nil || got.InputTransformer != nil {
		diffs = append(diffs, fmt.Sprintf("the input of target %s differs", want.ID))
	}
	if dlq := deadLetter(got); dlq != want.DeadLetterARN {
		diffs = append(diffs, fmt.Sprintf("the dead-letter queue of target %s is %q, want %q", want.ID, dlq, want.DeadLetterARN))
	}
	if p := got.RetryPolicy; p != nil && (valueOr(p.MaximumRetryAttempts, ruleRetries) != ruleRetries || valueOr(p.MaximumEventAgeInSeconds, ruleRetryMaxAge) != ruleRetryMaxAge) {
		diffs = append(diffs, fmt.Sprintf("the retry policy of target %s differs", want.ID))
	}
	return diffs
}

func deadLetter(t types.Target) string {
	if t.DeadLetterConfig == nil {
		return ""
	}
	return aws.ToString(t.DeadLetterConfig.Arn)
}

// sameJSON tells whether two texts are the same JSON value. The empty text
// stands for none and equals only itself.
func sameJSON(a, b string) bool {
	if a == b {
		return true
	}
	x, okX := canonicalJSON(a)
	y, okY := canonicalJSON(b)
	return okX && okY && bytes.Equal(x, y)
}

// canonicalJSON writes JSON again without space and with sorted keys. Numbers
// keep their digits.
func canonicalJSON(text string) ([]byte, bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	out, err := json.Marshal(v)
	return out, err == nil
}
