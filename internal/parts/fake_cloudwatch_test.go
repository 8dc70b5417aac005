package parts

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// fakeAlarms is a CloudWatch with one alarm's name.
type fakeAlarms struct {
	service
	alarm *types.MetricAlarm
	tags  map[string]string
}

func (f *fakeAlarms) openARN(op string, arn *string) error {
	if err := f.call(op); err != nil {
		return err
	}
	if f.alarm == nil || aws.ToString(arn) != testAlarmARN {
		return fault("ResourceNotFoundException", "no "+aws.ToString(arn))
	}
	return nil
}

func (f *fakeAlarms) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	if err := f.call("DescribeAlarms"); err != nil {
		return nil, err
	}
	out := &cloudwatch.DescribeAlarmsOutput{}
	if f.alarm != nil && slices.Contains(in.AlarmNames, *f.alarm.AlarmName) {
		out.MetricAlarms = []types.MetricAlarm{*f.alarm}
	}
	return out, nil
}

func (f *fakeAlarms) PutMetricAlarm(_ context.Context, in *cloudwatch.PutMetricAlarmInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricAlarmOutput, error) {
	if err := f.call("PutMetricAlarm"); err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range in.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if err := cmp.Or(refuseAlarm(in), refuseTags(tags)); err != nil {
		return nil, err
	}
	if f.alarm == nil {
		f.tags = tags // tags in a request for an existing alarm are ignored
	}
	f.alarm = &types.MetricAlarm{
		AlarmName: dup(in.AlarmName), AlarmDescription: dup(in.AlarmDescription), ActionsEnabled: dup(in.ActionsEnabled),
		AlarmActions: slices.Clone(in.AlarmActions), OKActions: slices.Clone(in.OKActions), InsufficientDataActions: slices.Clone(in.InsufficientDataActions),
		Namespace: dup(in.Namespace), MetricName: dup(in.MetricName), Statistic: in.Statistic, Dimensions: slices.Clone(in.Dimensions),
		ComparisonOperator: in.ComparisonOperator, Threshold: dup(in.Threshold), Period: dup(in.Period),
		EvaluationPeriods: dup(in.EvaluationPeriods), DatapointsToAlarm: dup(in.DatapointsToAlarm), TreatMissingData: dup(in.TreatMissingData),
	}
	if in.ActionsEnabled == nil {
		f.alarm.ActionsEnabled = aws.Bool(true)
	}
	return &cloudwatch.PutMetricAlarmOutput{}, nil
}

// refuseAlarm refuses what CloudWatch refuses.
func refuseAlarm(in *cloudwatch.PutMetricAlarmInput) error {
	invalid := func(text string) error { return fault("ValidationError", text) }
	period, periods := aws.ToInt32(in.Period), aws.ToInt32(in.EvaluationPeriods)
	longest := int32(24 * 3600)
	if period >= 3600 {
		longest = 7 * 24 * 3600
	}
	switch {
	case aws.ToString(in.AlarmName) != "a":
		return invalid("the fake knows one name")
	case in.MetricName == nil || in.Namespace == nil || in.Statistic == "" || in.ComparisonOperator == "" || in.Threshold == nil:
		return invalid("The parameters are incomplete.")
	case period <= 0 || period%60 != 0 && period != 10 && period != 20 && period != 30:
		return invalid("The parameter Period must be 10, 20, 30 or a multiple of 60.")
	case periods < 1 || period*periods > longest:
		return invalid("Metrics cannot be checked across more than a day, or a week.")
	case !slices.Contains([]string{"", "breaching", "notBreaching", "ignore", "missing"}, aws.ToString(in.TreatMissingData)):
		return invalid("TreatMissingData")
	}
	return nil
}

func (f *fakeAlarms) DeleteAlarms(_ context.Context, in *cloudwatch.DeleteAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DeleteAlarmsOutput, error) {
	if err := f.call("DeleteAlarms"); err != nil {
		return nil, err
	}
	if f.alarm == nil || !slices.Equal(in.AlarmNames, []string{*f.alarm.AlarmName}) {
		return nil, fault("ResourceNotFound", "no such alarm")
	}
	f.alarm = nil
	return &cloudwatch.DeleteAlarmsOutput{}, nil
}

func (f *fakeAlarms) ListTagsForResource(_ context.Context, in *cloudwatch.ListTagsForResourceInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.ListTagsForResourceOutput, error) {
	return &cloudwatch.ListTagsForResourceOutput{Tags: alarmTags(f.tags)}, f.openARN("ListTagsForResource", in.ResourceARN)
}

func (f *fakeAlarms) TagResource(_ context.Context, in *cloudwatch.TagResourceInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.TagResourceOutput, error) {
	tags := map[string]string{}
	for _, t := range in.Tags {
		tags[*t.Key] = *t.Value
	}
	if err := cmp.Or(f.openARN("TagResource", in.ResourceARN), refuseTags(tags)); err != nil {
		return nil, err
	}
	maps.Copy(f.tags, tags)
	return &cloudwatch.TagResourceOutput{}, nil
}

func (f *fakeAlarms) UntagResource(_ context.Context, in *cloudwatch.UntagResourceInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.UntagResourceOutput, error) {
	if err := f.openARN("UntagResource", in.ResourceARN); err != nil {
		return nil, err
	}
	maps.DeleteFunc(f.tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
	return &cloudwatch.UntagResourceOutput{}, nil
}

// fakeDashboards is a CloudWatch with one dashboard's name.
type fakeDashboards struct {
	service
	body *string
	// goneCode is the error for an absent dashboard.
	goneCode string
}

func (f *fakeDashboards) open(op string, names ...string) error {
	if err := f.call(op); err != nil {
		return err
	}
	if f.body == nil || !slices.Equal(names, []string{"d"}) {
		return fault(f.goneCode, "Dashboard d does not exist")
	}
	return nil
}

func (f *fakeDashboards) GetDashboard(_ context.Context, in *cloudwatch.GetDashboardInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetDashboardOutput, error) {
	return &cloudwatch.GetDashboardOutput{DashboardBody: dup(f.body)}, f.open("GetDashboard", aws.ToString(in.DashboardName))
}

func (f *fakeDashboards) PutDashboard(_ context.Context, in *cloudwatch.PutDashboardInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.PutDashboardOutput, error) {
	if err := f.call("PutDashboard"); err != nil {
		return nil, err
	}
	var body struct{ Widgets []json.RawMessage }
	if json.Unmarshal([]byte(aws.ToString(in.DashboardBody)), &body) != nil || body.Widgets == nil {
		return nil, fault("InvalidParameterInput", "The field DashboardBody must be a valid JSON object")
	}
	f.body = dup(in.DashboardBody)
	return &cloudwatch.PutDashboardOutput{}, nil
}

func (f *fakeDashboards) DeleteDashboards(_ context.Context, in *cloudwatch.DeleteDashboardsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DeleteDashboardsOutput, error) {
	if err := f.open("DeleteDashboards", in.DashboardNames...); err != nil {
		return nil, err
	}
	f.body = nil
	return &cloudwatch.DeleteDashboardsOutput{}, nil
}
