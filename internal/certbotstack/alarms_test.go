package certbotstack

import (
	"strings"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
)

// alarmsOf are the alarms by the ends of their names.
func alarmsOf(t *testing.T, s Spec) map[string]*parts.Alarm {
	t.Helper()
	found := map[string]*parts.Alarm{}
	for _, p := range s.alarms(&awsclient.Clients{}) {
		a, ok := p.(*parts.Alarm)
		if !ok {
			t.Fatalf("%s is no alarm", p)
		}
		found[strings.TrimPrefix(a.Name, s.Scope.Physical()+"-")] = a
	}
	return found
}

func TestAlarms(t *testing.T) {
	t.Parallel()
	own := testSpec()
	own.Scope.Name = strings.Repeat("n", 32)
	own.ScheduleExpression = own.DefaultSchedule()
	given := own
	given.SuccessTopicARN, given.FailureTopicARN = "arn:aws:sns:eu-west-2:123456789012:good", "arn:aws:sns:eu-west-2:123456789012:bad"
	for _, s := range []Spec{own, given} {
		topic := s.TopicARN()
		if s.FailureTopicARN != "" {
			topic = s.FailureTopicARN
		}
		alarms := alarmsOf(t, s)
		for end, want := range map[string]struct {
			metric, missing string
			bad, good       float64
		}{
			"failing":     {"Failures Maximum", "ignore", 1, 0},
			"expiring":    {"FractionLeft Minimum", "ignore", 0.19, 0.25},
			"did-not-run": {"Runs Sum", "breaching", 0, 1},
		} {
			a := alarms[end]
			if a == nil {
				t.Errorf("there is no alarm %s", end)
				continue
			}
			if got := a.Metric.Name + " " + string(a.Metric.Statistic); got != want.metric || a.Metric.Namespace != "Fargatedirect/Certbot" ||
				len(a.Metric.Dimensions) != 1 || a.Metric.Dimensions["Name"] != s.Scope.Name || a.Missing != want.missing {
				t.Errorf("%s is %+v", end, a)
			}
			fires := func(v float64) bool {
				return a.Comparison == "GreaterThanThreshold" && v > a.Threshold || a.Comparison == "LessThanThreshold" && v < a.Threshold
			}
			if !fires(want.bad) || fires(want.good) {
				t.Errorf("%s at %g: %v, at %g: %v", end, want.bad, fires(want.bad), want.good, fires(want.good))
			}
			if a.TopicARN != topic || a.ARN != s.Scope.ARN("cloudwatch", "alarm:"+a.Name) || len(a.Name) > 255 || len(a.Description) > 1024 {
				t.Errorf("%s is %+v", end, a)
			}
		}
		if len(alarms) != 3 {
			t.Errorf("there are %d alarms", len(alarms))
		}
	}
}

// The alarm of runs that did not come waits for three of them, and is left out
// where CloudWatch cannot look back so far.
func TestDidNotRun(t *testing.T) {
	t.Parallel()
	for expression, test := range map[string]struct{ pause, period time.Duration }{
		"rate(1 minute)":                {time.Minute, 15 * time.Minute},
		"rate(20 minutes)":              {20 * time.Minute, 20 * time.Minute},
		"rate(1 hour)":                  {time.Hour, time.Hour},
		"rate(12 hours)":                {12 * time.Hour, 12 * time.Hour},
		"rate(56 hours)":                {56 * time.Hour, 56 * time.Hour},
		"rate(57 hours)":                {57 * time.Hour, 0},
		"rate(2 days)":                  {48 * time.Hour, 48 * time.Hour},
		"rate(3 days)":                  {72 * time.Hour, 0},
		"rate(99999999999999 days)":     {0, 0},
		"cron(17 3/6 * * ? *)":          {6 * time.Hour, 6 * time.Hour},
		"cron(32 */6 * * ? *)":          {6 * time.Hour, 6 * time.Hour},
		"cron(5 5/6 * * ? *)":           {6 * time.Hour, 6 * time.Hour},
		"cron(0 4/7 * * ? *)":           {10 * time.Hour, 10 * time.Hour},
		"cron(7 3 * * ? *)":             {24 * time.Hour, 24 * time.Hour},
		"cron(0/15 * ? * * *)":          {15 * time.Minute, 15 * time.Minute},
		"cron(7,40 8-18 ? * MON-FRI *)": {(24+24+13)*time.Hour + 27*time.Minute, 0},
		"cron(0 9,21 ? * MON-SAT *)":    {36 * time.Hour, 36 * time.Hour},
		"cron(0 0 ? * 2,4,6 *)":         {72 * time.Hour, 0},
		"cron(0 0 ? * SUN *)":           {7 * 24 * time.Hour, 0},
		"cron(0 0 1 * ? *)":             {0, 0},
		"cron(0 0 * 1-6 ? *)":           {0, 0},
		"cron(0 0 * * ? 2030)":          {0, 0},
		"cron(0 0 ? * 6L *)":            {0, 0},
		"cron(0 0 ? * 2#1 *)":           {0, 0},
		"cron(0 25 * * ? *)":            {0, 0},
		"cron(0 5-3 * * ? *)":           {0, 0},
		"cron(0/0 * * * ? *)":           {0, 0},
		"daily":                         {0, 0},
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			if got := longestPause(expression); got != test.pause {
				t.Errorf("the longest pause is %s, want %s", got, test.pause)
			}
			s := testSpec()
			s.ScheduleExpression = expression
			a := alarmsOf(t, s)["did-not-run"]
			if test.period == 0 {
				if a != nil {
					t.Errorf("there is an alarm: %+v", a)
				}
				return
			}
			if a == nil || a.PeriodSeconds != int32(test.period/time.Second) || a.Periods != 3 {
				t.Fatalf("the alarm is %+v, want a period of %s", a, test.period)
			}
			// CloudWatch's limits, by the length of the period.
			if limit := int32(604800); a.PeriodSeconds*a.Periods > limit || a.PeriodSeconds < 3600 && a.PeriodSeconds*a.Periods > 86400 || a.PeriodSeconds%60 != 0 {
				t.Errorf("CloudWatch refuses %d periods of %d s", a.Periods, a.PeriodSeconds)
			}
		})
	}
}
