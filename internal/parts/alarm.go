package parts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// AlarmAPI is what Alarm calls of CloudWatch.
type AlarmAPI interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
	PutMetricAlarm(context.Context, *cloudwatch.PutMetricAlarmInput, ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricAlarmOutput, error)
	DeleteAlarms(context.Context, *cloudwatch.DeleteAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DeleteAlarmsOutput, error)
	ListTagsForResource(context.Context, *cloudwatch.ListTagsForResourceInput, ...func(*cloudwatch.Options)) (*cloudwatch.ListTagsForResourceOutput, error)
	TagResource(context.Context, *cloudwatch.TagResourceInput, ...func(*cloudwatch.Options)) (*cloudwatch.TagResourceOutput, error)
	UntagResource(context.Context, *cloudwatch.UntagResourceInput, ...func(*cloudwatch.Options)) (*cloudwatch.UntagResourceOutput, error)
}

// Alarm is a CloudWatch alarm on a plain statistic of one metric.
type Alarm struct {
	API AlarmAPI
	// Name and ARN identify the alarm.
	Name, ARN string
	// Description is for who is woken by it.
	Description string
	// Metric is what is watched.
	Metric Metric
	// Comparison and Threshold tell which values are bad.
	Comparison types.ComparisonOperator
	Threshold  float64
	// PeriodSeconds is the length of one period, and Periods is how many bad
	// ones in a row raise the alarm.
	PeriodSeconds, Periods int32
	// Missing is what a period without values is: "breaching",
	// "notBreaching", or "ignore", which leaves the alarm as it is.
	Missing string
	// TopicARN is told when the alarm goes off and when it is over; empty for
	// nobody.
	TopicARN string
	Tags     Tags
}

// Metric is a statistic of a CloudWatch metric.
type Metric struct {
	Namespace, Name string
	// Dimensions are the metric's dimensions by their names.
	Dimensions map[string]string
	Statistic  types.Statistic
}

func (a *Alarm) String() string { return fmt.Sprintf("CloudWatch alarm (%s)", a.Name) }

// Ensure creates the alarm or brings it and its tags to what is wanted. The
// state of an existing alarm stays as it is.
func (a *Alarm) Ensure(ctx context.Context) error {
	have, err := a.find(ctx)
	switch {
	case errors.Is(err, stack.ErrNotFound):
		return a.put(ctx, alarmTags(a.Tags.Want))
	case err != nil:
		return fmt.Errorf("reading %s: %w", a, err)
	}
	if len(a.drift(have)) > 0 {
		if err := a.put(ctx, nil); err != nil { // on an existing alarm tags are ignored
			return err
		}
	}
	return a.setTags(ctx)
}

// Drift tells how the alarm and its tags differ.
func (a *Alarm) Drift(ctx context.Context) ([]string, error) {
	have, err := a.find(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := a.tags(ctx)
	if err != nil {
		return nil, err
	}
	return append(a.drift(have), a.Tags.Drift(tags)...), nil
}

// Delete removes the alarm.
func (a *Alarm) Delete(ctx context.Context) error {
	_, err := a.find(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return nil
	}
	if err == nil {
		_, err = a.API.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{a.Name}})
	}
	if err != nil {
		return fmt.Errorf("deleting %s: %w", a, err)
	}
	return nil
}

// ReadTags answers the alarm's tags, or stack.ErrNotFound.
func (a *Alarm) ReadTags(ctx context.Context) (map[string]string, error) {
	if _, err := a.find(ctx); err != nil {
		return nil, err
	}
	return a.tags(ctx)
}

// Untag removes one tag.
func (a *Alarm) Untag(ctx context.Context, key string) error {
	return a.untag(ctx, []string{key})
}

// find answers the alarm, or stack.ErrNotFound.
func (a *Alarm) find(ctx context.Context) (types.MetricAlarm, error) {
	out, err := a.API.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: []string{a.Name}, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm},
	})
	if err != nil {
		return types.MetricAlarm{}, err
	}
	for _, m := range out.MetricAlarms {
		if aws.ToString(m.AlarmName) == a.Name {
			return m, nil
		}
	}
	return types.MetricAlarm{}, stack.ErrNotFound
}

func (a *Alarm) tags(ctx context.Context) (map[string]string, error) {
	out, err := a.API.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: &a.ARN})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

// put writes the whole alarm: PutMetricAlarm keeps nothing of an existing one
// but its state and its tags.
func (a *Alarm) put(ctx context.Context, tags []types.Tag) error {
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName:          &a.Name,
		AlarmDescription:   &a.Description,
		ActionsEnabled:     aws.Bool(true),
		AlarmActions:       a.actions(),
		OKActions:          a.actions(),
		Namespace:          &a.Metric.Namespace,
		MetricName:         &a.Metric.Name,
		Statistic:          a.Metric.Statistic,
		ComparisonOperator: a.Comparison,
		Threshold:          &a.Threshold,
		Period:             &a.PeriodSeconds,
		EvaluationPeriods:  &a.Periods,
		TreatMissingData:   &a.Missing,
		Tags:               tags,
	}
	for _, name := range slices.Sorted(maps.Keys(a.Metric.Dimensions)) {
		in.Dimensions = append(in.Dimensions, types.Dimension{Name: aws.String(name), Value: aws.String(a.Metric.Dimensions[name])})
	}
	if _, err := a.API.PutMetricAlarm(ctx, in); err != nil {
		return fmt.Errorf("writing %s: %w", a, err)
	}
	return nil
}

func (a *Alarm) actions() []string {
	if a.TopicARN == "" {
		return nil
	}
	return []string{a.TopicARN}
}

func (a *Alarm) setTags(ctx context.Context) error {
	return a.Tags.put(ctx, a, tagCalls{
		read: a.tags,
		set: func(ctx context.Context, tags map[string]string) error {
			_, err := a.API.TagResource(ctx, &cloudwatch.TagResourceInput{ResourceARN: &a.ARN, Tags: alarmTags(tags)})
			return err
		},
		unset: a.untag,
	})
}

func (a *Alarm) untag(ctx context.Context, keys []string) error {
	_, err := a.API.UntagResource(ctx, &cloudwatch.UntagResourceInput{ResourceARN: &a.ARN, TagKeys: keys})
	return err
}

// drift compares everything but the tags.
func (a *Alarm) drift(have types.MetricAlarm) []string {
	diffs := differs(!aws.ToBool(have.ActionsEnabled), "its actions are disabled")
	if got := aws.ToString(have.AlarmDescription); got != a.Description {
		diffs = append(diffs, "the description differs")
	}
	if got, want := describeMetric(have), a.describe(); got != want {
		diffs = append(diffs, fmt.Sprintf("watches %s, want %s", got, want))
	}
	if got, want := describeCondition(have), a.condition(); got != want {
		diffs = append(diffs, fmt.Sprintf("goes off at %s, want %s", got, want))
	}
	for _, actions := range []struct {
		kind string
		have []string
		want []string
	}{
		{"an alarm", have.AlarmActions, a.actions()},
		{"its end", have.OKActions, a.actions()},
		{"lack of data", have.InsufficientDataActions, nil},
	} {
		if !slices.Equal(actions.have, actions.want) {
			diffs = append(diffs, fmt.Sprintf("tells %q of %s, want %q", actions.have, actions.kind, actions.want))
		}
	}
	return diffs
}

// describe is the wanted metric in the words of describeMetric.
func (a *Alarm) describe() string {
	return fmt.Sprintf("%s of %s/%s %q", a.Metric.Statistic, a.Metric.Namespace, a.Metric.Name, dimensionTexts(a.Metric.Dimensions))
}

func describeMetric(have types.MetricAlarm) string {
	if len(have.Metrics) > 0 {
		return "an expression"
	}
	dimensions := map[string]string{}
	for _, d := range have.Dimensions {
		dimensions[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	statistic := string(have.Statistic) + aws.ToString(have.ExtendedStatistic)
	if have.Unit != "" {
		statistic += " in " + string(have.Unit)
	}
	return fmt.Sprintf("%s of %s/%s %q", statistic, aws.ToString(have.Namespace), aws.ToString(have.MetricName), dimensionTexts(dimensions))
}

func dimensionTexts(dimensions map[string]string) []string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		texts = append(texts, name+"="+dimensions[name])
	}
	return texts
}

// condition is the wanted condition in the words of describeCondition.
func (a *Alarm) condition() string {
	return condition(a.Comparison, a.Threshold, a.Periods, a.Periods, a.PeriodSeconds, a.Missing)
}

func describeCondition(have types.MetricAlarm) string {
	// "missing" is what AWS does if it was told nothing.
	missing := cmp.Or(aws.ToString(have.TreatMissingData), "missing")
	periods := aws.ToInt32(have.EvaluationPeriods)
	return condition(have.ComparisonOperator, aws.ToFloat64(have.Threshold), valueOr(have.DatapointsToAlarm, periods), periods, aws.ToInt32(have.Period), missing)
}

func condition(comparison types.ComparisonOperator, threshold float64, bad, periods, seconds int32, missing string) string {
	return fmt.Sprintf("%s %g in %d of %d periods of %d s, where a period without data is %s", comparison, threshold, bad, periods, seconds, missing)
}

func alarmTags(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}
