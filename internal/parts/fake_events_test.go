package parts

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// fakeRules is an EventBridge with one rule's name. It lists one target a
// page.
type fakeRules struct {
	service
	rule    *eventbridge.DescribeRuleOutput
	targets []types.Target
	tags    map[string]string
	// refuse makes PutTargets and RemoveTargets answer a failed entry with
	// this code.
	refuse string
	// lag is how often DeleteRule still sees targets that are gone.
	lag int
}

func (f *fakeRules) open(op string, rule *string) error {
	if err := f.call(op); err != nil {
		return err
	}
	if f.rule == nil || aws.ToString(rule) != "r" {
		return fault("ResourceNotFoundException", "Rule r does not exist on EventBus default.")
	}
	return nil
}

func (f *fakeRules) openARN(op string, arn *string) error {
	if aws.ToString(arn) != testRuleARN {
		return fault("ResourceNotFoundException", "no "+aws.ToString(arn))
	}
	return f.open(op, aws.String("r"))
}

func (f *fakeRules) DescribeRule(_ context.Context, in *eventbridge.DescribeRuleInput, _ ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error) {
	return f.rule, f.open("DescribeRule", in.Name)
}

func (f *fakeRules) PutRule(_ context.Context, in *eventbridge.PutRuleInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutRuleOutput, error) {
	if err := f.call("PutRule"); err != nil {
		return nil, err
	}
	if (in.EventPattern == nil) == (in.ScheduleExpression == nil) {
		return nil, fault("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if in.EventPattern != nil && !json.Valid([]byte(*in.EventPattern)) {
		return nil, fault("InvalidEventPatternException", "Event pattern is not valid.")
	}
	tags := map[string]string{}
	for _, t := range in.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if err := refuseTags(tags); err != nil {
		return nil, err
	}
	if f.rule == nil {
		f.tags = tags // tags in a request for an existing rule are ignored
	}
	f.rule = &eventbridge.DescribeRuleOutput{
		Name: dup(in.Name), Arn: aws.String(testRuleARN), Description: dup(in.Description), State: in.State,
		EventPattern: dup(in.EventPattern), ScheduleExpression: dup(in.ScheduleExpression),
	}
	return &eventbridge.PutRuleOutput{}, nil
}

func (f *fakeRules) DeleteRule(_ context.Context, in *eventbridge.DeleteRuleInput, _ ...func(*eventbridge.Options)) (*eventbridge.DeleteRuleOutput, error) {
	if err := f.open("DeleteRule", in.Name); err != nil {
		return nil, err
	}
	if f.lag > 0 || len(f.targets) > 0 {
		f.lag--
		return nil, fault("ValidationException", "Rule can't be deleted since it has targets.")
	}
	f.rule = nil
	return &eventbridge.DeleteRuleOutput{}, nil
}

func (f *fakeRules) ListTargetsByRule(_ context.Context, in *eventbridge.ListTargetsByRuleInput, _ ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error) {
	if err := f.open("ListTargetsByRule", in.Rule); err != nil {
		return nil, err
	}
	i := 0
	if in.NextToken != nil {
		i = slices.IndexFunc(f.targets, func(t types.Target) bool { return *t.Id == *in.NextToken })
	}
	out := &eventbridge.ListTargetsByRuleOutput{}
	if i < len(f.targets) {
		out.Targets = f.targets[i : i+1]
	}
	if i+1 < len(f.targets) {
		out.NextToken = f.targets[i+1].Id
	}
	return out, nil
}

func (f *fakeRules) PutTargets(_ context.Context, in *eventbridge.PutTargetsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutTargetsOutput, error) {
	if err := f.open("PutTargets", in.Rule); err != nil {
		return nil, err
	}
	out := &eventbridge.PutTargetsOutput{}
	for _, t := range in.Targets {
		if f.refuse != "" {
			out.FailedEntryCount++
			out.FailedEntries = append(out.FailedEntries, types.PutTargetsResultEntry{TargetId: t.Id, ErrorCode: &f.refuse, ErrorMessage: aws.String("refused")})
			continue
		}
		f.remove(*t.Id)
		f.targets = append(f.targets, types.Target{Id: dup(t.Id), Arn: dup(t.Arn), Input: dup(t.Input), DeadLetterConfig: deadLetterCopy(t.DeadLetterConfig)})
	}
	return out, nil
}

func deadLetterCopy(c *types.DeadLetterConfig) *types.DeadLetterConfig {
	if c == nil {
		return nil
	}
	return &types.DeadLetterConfig{Arn: dup(c.Arn)}
}

func (f *fakeRules) RemoveTargets(_ context.Context, in *eventbridge.RemoveTargetsInput, _ ...func(*eventbridge.Options)) (*eventbridge.RemoveTargetsOutput, error) {
	if err := f.open("RemoveTargets", in.Rule); err != nil {
		return nil, err
	}
	out := &eventbridge.RemoveTargetsOutput{}
	for _, id := range in.Ids {
		if f.refuse != "" {
			out.FailedEntryCount++
			out.FailedEntries = append(out.FailedEntries, types.RemoveTargetsResultEntry{TargetId: &id, ErrorCode: &f.refuse, ErrorMessage: aws.String("refused")})
			continue
		}
		f.remove(id)
	}
	return out, nil
}

func (f *fakeRules) remove(id string) {
	f.targets = slices.DeleteFunc(f.targets, func(t types.Target) bool { return *t.Id == id })
}

func (f *fakeRules) ListTagsForResource(_ context.Context, in *eventbridge.ListTagsForResourceInput, _ ...func(*eventbridge.Options)) (*eventbridge.ListTagsForResourceOutput, error) {
	return &eventbridge.ListTagsForResourceOutput{Tags: ruleTags(f.tags)}, f.openARN("ListTagsForResource", in.ResourceARN)
}

func (f *fakeRules) TagResource(_ context.Context, in *eventbridge.TagResourceInput, _ ...func(*eventbridge.Options)) (*eventbridge.TagResourceOutput, error) {
	tags := map[string]string{}
	for _, t := range in.Tags {
		tags[*t.Key] = *t.Value
	}
	if err := cmp.Or(f.openARN("TagResource", in.ResourceARN), refuseTags(tags)); err != nil {
		return nil, err
	}
	maps.Copy(f.tags, tags)
	return &eventbridge.TagResourceOutput{}, nil
}

func (f *fakeRules) UntagResource(_ context.Context, in *eventbridge.UntagResourceInput, _ ...func(*eventbridge.Options)) (*eventbridge.UntagResourceOutput, error) {
	if err := f.openARN("UntagResource", in.ResourceARN); err != nil {
		return nil, err
	}
	maps.DeleteFunc(f.tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
	return &eventbridge.UntagResourceOutput{}, nil
}
