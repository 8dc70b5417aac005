package parts

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

const testAlarmARN = "arn:aws:cloudwatch:eu-west-2:123456789012:alarm:a"

func newAlarm() (*Alarm, *fakeAlarms) {
	api := &fakeAlarms{}
	return &Alarm{
		API: api, Name: "a", ARN: testAlarmARN, Description: "look",
		Metric: Metric{
			Namespace: "AWS/SQS", Name: "Age", Dimensions: map[string]string{"QueueName": "q", "Also": "x"}, Statistic: types.StatisticMaximum,
		},
		Comparison: types.ComparisonOperatorGreaterThanThreshold, Threshold: 900, PeriodSeconds: 300, Periods: 3, Missing: "ignore",
		TopicARN: testTopicARN, Tags: testTags(),
	}, api
}

func TestAlarmLife(t *testing.T) {
	t.Parallel()
	a, api := newAlarm()
	checkLife(t, a, &api.service, "PutMetricAlarm")
	a, api = newAlarm()
	a.TopicARN = ""
	checkLife(t, a, &api.service, "PutMetricAlarm")
}

func TestAlarmDrift(t *testing.T) {
	t.Parallel()
	const (
		watches   = `watches Maximum of AWS/SQS/Age ["Also=x" "QueueName=q"]`
		condition = "GreaterThanThreshold 900 in 3 of 3 periods of 300 s, where a period without data is ignore"
		topic     = `want ["` + testTopicARN + `"]`
	)
	for name, test := range map[string]struct {
		meddle func(*types.MetricAlarm)
		want   string
	}{
		"disabled":    {func(a *types.MetricAlarm) { a.ActionsEnabled = aws.Bool(false) }, "its actions are disabled"},
		"description": {func(a *types.MetricAlarm) { a.AlarmDescription = nil }, "the description differs"},
		"namespace": {
			func(a *types.MetricAlarm) { a.Namespace = aws.String("AWS/SNS") },
			`watches Maximum of AWS/SNS/Age ["Also=x" "QueueName=q"], want` + watches[len("watches"):],
		},
		"metric": {
			func(a *types.MetricAlarm) { a.MetricName = aws.String("Size") },
			`watches Maximum of AWS/SQS/Size ["Also=x" "QueueName=q"], want` + watches[len("watches"):],
		},
		"statistic": {
			func(a *types.MetricAlarm) { a.Statistic = types.StatisticMinimum },
			`watches Minimum of AWS/SQS/Age ["Also=x" "QueueName=q"], want` + watches[len("watches"):],
		},
		"percentile": {
			func(a *types.MetricAlarm) { a.Statistic, a.ExtendedStatistic = "", aws.String("p99") },
			`watches p99 of AWS/SQS/Age ["Also=x" "QueueName=q"], want` + watches[len("watches"):],
		},
		"unit": {
			func(a *types.MetricAlarm) { a.Unit = types.StandardUnitBytes },
			`watches Maximum in Bytes of AWS/SQS/Age ["Also=x" "QueueName=q"], want` + watches[len("watches"):],
		},
		"dimension": {
			func(a *types.MetricAlarm) { a.Dimensions = a.Dimensions[1:] },
			`watches Maximum of AWS/SQS/Age ["QueueName=q"], want` + watches[len("watches"):],
		},
		"expression": {
			func(a *types.MetricAlarm) {
				a.Metrics = []types.MetricDataQuery{{Id: aws.String("e"), Expression: aws.String("0")}}
			},
			"watches an expression, want" + watches[len("watches"):],
		},
		"threshold": {
			func(a *types.MetricAlarm) { a.Threshold = aws.Float64(9000.5) },
			"goes off at GreaterThanThreshold 9000.5 in 3 of 3 periods of 300 s, where a period without data is ignore, want " + condition,
		},
		"comparison": {
			func(a *types.MetricAlarm) { a.ComparisonOperator = types.ComparisonOperatorLessThanThreshold },
			"goes off at LessThanThreshold 900 in 3 of 3 periods of 300 s, where a period without data is ignore, want " + condition,
		},
		"period": {
			func(a *types.MetricAlarm) { a.Period = aws.Int32(60) },
			"goes off at GreaterThanThreshold 900 in 3 of 3 periods of 60 s, where a period without data is ignore, want " + condition,
		},
		"periods": {
			func(a *types.MetricAlarm) { a.EvaluationPeriods = aws.Int32(4) },
			"goes off at GreaterThanThreshold 900 in 4 of 4 periods of 300 s, where a period without data is ignore, want " + condition,
		},
		"data points": {
			func(a *types.MetricAlarm) { a.DatapointsToAlarm = aws.Int32(2) },
			"goes off at GreaterThanThreshold 900 in 2 of 3 periods of 300 s, where a period without data is ignore, want " + condition,
		},
		"missing data": {
			func(a *types.MetricAlarm) { a.TreatMissingData = nil },
			"goes off at GreaterThanThreshold 900 in 3 of 3 periods of 300 s, where a period without data is missing, want " + condition,
		},
		"nobody is told":    {func(a *types.MetricAlarm) { a.AlarmActions = nil }, "tells [] of an alarm, " + topic},
		"the end is silent": {func(a *types.MetricAlarm) { a.OKActions = nil }, "tells [] of its end, " + topic},
		"another is told": {
			func(a *types.MetricAlarm) { a.InsufficientDataActions = []string{"arn:x"} },
			`tells ["arn:x"] of lack of data, want []`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, api := newAlarm()
			mustEnsure(t, a)
			test.meddle(api.alarm)
			checkRepair(t, a, &api.service, []string{test.want}, []string{"PutMetricAlarm"})
		})
	}
}

func TestAlarmTags(t *testing.T) {
	t.Parallel()
	a, api := newAlarm()
	mustEnsure(t, a)
	api.tags["team"] = "others"
	api.tags["stray"] = "x"
	checkRepair(t, a, &api.service, []string{`tag team is "others", want "web"`, `tag stray is "x", want none`}, []string{"TagResource", "UntagResource"})
}

func TestAlarmAccessDenied(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"DescribeAlarms", "PutMetricAlarm"} {
		a, api := newAlarm()
		api.deny(op)
		expectDenied(t, a.Ensure(t.Context()))
	}
	for _, op := range []string{"DescribeAlarms", "DeleteAlarms"} {
		a, api := newAlarm()
		mustEnsure(t, a)
		api.deny(op)
		expectDenied(t, a.Delete(t.Context()))
	}
	for _, op := range []string{"ListTagsForResource", "TagResource", "UntagResource"} {
		a, api := newAlarm()
		mustEnsure(t, a)
		api.tags = map[string]string{"stray": "x"}
		api.deny(op)
		expectDenied(t, a.Ensure(t.Context()))
	}
	a, api := newAlarm()
	mustEnsure(t, a)
	api.deny("DescribeAlarms")
	_, err := a.ReadTags(t.Context())
	expectDenied(t, err)
}
