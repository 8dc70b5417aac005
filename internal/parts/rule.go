package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// RuleAPI is what Rule calls of EventBridge.
type RuleAPI interface {
	DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error)
	PutRule(context.Context, *eventbridge.PutRuleInput, ...func(*eventbridge.Options)) (*eventbridge.PutRuleOutput, error)
	DeleteRule(context.Context, *eventbridge.DeleteRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DeleteRuleOutput, error)
	ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error)
	PutTargets(context.Context, *eventbridge.PutTargetsInput, ...func(*eventbridge.Options)) (*eventbridge.PutTargetsOutput, error)
	RemoveTargets(context.Context, *eventbridge.RemoveTargetsInput, ...func(*eventbridge.Options)) (*eventbridge.RemoveTargetsOutput, error)
	ListTagsForResource(context.Context, *eventbridge.ListTagsForResourceInput, ...func(*eventbridge.Options)) (*eventbridge.ListTagsForResourceOutput, error)
	TagResource(context.Context, *eventbridge.TagResourceInput, ...func(*eventbridge.Options)) (*eventbridge.TagResourceOutput, error)
	UntagResource(context.Context, *eventbridge.UntagResourceInput, ...func(*eventbridge.Options)) (*eventbridge.UntagResourceOutput, error)
}

const eventsNotFound = "ResourceNotFoundException"

// Rule is an enabled EventBridge rule on the default bus with one target.
type Rule struct {
	API RuleAPI
	// Name and ARN identify the rule.
	Name, ARN string
	// Description is for people.
	Description string
	// ScheduleExpression or EventPattern says when the rule fires; exactly
	// one is set.
	ScheduleExpression, EventPattern string
	// Target is where the rule sends its events, and the only place.
	Target Target
	Tags   Tags
	// Sleep waits between tries; nil waits really.
	Sleep func(context.Context, time.Duration) error
}

// Target is what a rule calls. EventBridge tries again for 24 hours, its own
// default.
type Target struct {
	// ID names the target within the rule.
	ID string
	// ARN is the function or queue.
	ARN string
	// Input is the JSON that the target gets; empty for the event itself.
	Input string
	// DeadLetterARN is the queue that takes events that could not be
	// delivered; empty for none.
	DeadLetterARN string
}

func (r *Rule) String() string { return fmt.Sprintf("EventBridge rule (%s)", r.Name) }

// Ensure creates the rule or brings it, its target and its tags to what is
// wanted.
func (r *Rule) Ensure(ctx context.Context) error {
	have, err := r.find(ctx)
	switch {
	case errors.Is(err, stack.ErrNotFound):
		err = r.put(ctx, ruleTags(r.Tags.Want))
	case err != nil:
		return fmt.Errorf("reading %s: %w", r, err)
	default:
		if len(r.ruleDrift(have)) > 0 {
			err = r.put(ctx, nil) // on an existing rule tags are ignored
		}
		if err == nil {
			err = r.setTags(ctx)
		}
	}
	if err != nil {
		return err
	}
	return r.setTarget(ctx)
}

// Drift tells how the rule, its target and its tags differ.
func (r *Rule) Drift(ctx context.Context) ([]string, error) {
	have, err := r.find(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := r.targets(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := r.ReadTags(ctx)
	if err != nil {
		return nil, err
	}
	diffs := append(r.ruleDrift(have), r.targetDrift(targets)...)
	for _, id := range r.foreign(targets) {
		diffs = append(diffs, fmt.Sprintf("target %s is not wanted", id))
	}
	return append(diffs, r.Tags.Drift(tags)...), nil
}

// Delete removes the rule with all its targets.
func (r *Rule) Delete(ctx context.Context) error {
	targets, err := r.targets(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the targets of %s: %w", r, err)
	}
	if err := r.removeTargets(ctx, slices.Sorted(maps.Keys(targets))); err != nil {
		return err
	}
	// The rule may not know at once that its targets are gone.
	again := func(err error) bool { return awserr.Says(err, "ValidationException", "since it has targets") }
	err = retryWhile(ctx, r.Sleep, again, func() error {
		_, err := r.API.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &r.Name})
		return err
	})
	if err != nil && !awserr.Is(err, eventsNotFound) {
		return fmt.Errorf("deleting %s: %w", r, err)
	}
	return nil
}

// ReadTags answers the rule's tags, or stack.ErrNotFound.
func (r *Rule) ReadTags(ctx context.Context) (map[string]string, error) {
	out, err := r.API.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: &r.ARN})
	if awserr.Is(err, eventsNotFound) {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

// Untag removes one tag.
func (r *Rule) Untag(ctx context.Context, key string) error {
	_, err := r.API.UntagResource(ctx, &eventbridge.UntagResourceInput{ResourceARN: &r.ARN, TagKeys: []string{key}})
	return err
}

func (r *Rule) find(ctx context.Context) (*eventbridge.DescribeRuleOutput, error) {
	out, err := r.API.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &r.Name})
	if awserr.Is(err, eventsNotFound) {
		return nil, stack.ErrNotFound
	}
	return out, err
}

// put writes the whole rule: PutRule keeps nothing of an existing one.
func (r *Rule) put(ctx context.Context, tags []types.Tag) error {
	in := &eventbridge.PutRuleInput{
		Name:        &r.Name,
		Description: &r.Description,
		State:       types.RuleStateEnabled,
		Tags:        tags,
	}
	if r.ScheduleExpression != "" {
		in.ScheduleExpression = &r.ScheduleExpression
	}
	if r.EventPattern != "" {
		in.EventPattern = &r.EventPattern
	}
	if _, err := r.API.PutRule(ctx, in); err != nil {
		return fmt.Errorf("writing %s: %w", r, err)
	}
	return nil
}

func (r *Rule) setTags(ctx context.Context) error {
	return r.Tags.put(ctx, r, tagCalls{
		read: r.ReadTags,
		set: func(ctx context.Context, tags map[string]string) error {
			_, err := r.API.TagResource(ctx, &eventbridge.TagResourceInput{ResourceARN: &r.ARN, Tags: ruleTags(tags)})
			return err
		},
		unset: func(ctx context.Context, keys []string) error {
			_, err := r.API.UntagResource(ctx, &eventbridge.UntagResourceInput{ResourceARN: &r.ARN, TagKeys: keys})
			return err
		},
	})
}

func (r *Rule) ruleDrift(have *eventbridge.DescribeRuleOutput) []string {
	var diffs []string
	if have.State != types.RuleStateEnabled {
		diffs = append(diffs, "the rule is disabled")
	}
	if got := aws.ToString(have.Description); got != r.Description {
		diffs = append(diffs, fmt.Sprintf("description is %q, want %q", got, r.Description))
	}
	if got := aws.ToString(have.ScheduleExpression); got != r.ScheduleExpression {
		diffs = append(diffs, fmt.Sprintf("schedule is %q, want %q", got, r.ScheduleExpression))
	}
	if !sameJSON(aws.ToString(have.EventPattern), r.EventPattern) {
		diffs = append(diffs, "the event pattern differs")
	}
	return diffs
}

func ruleTags(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}
