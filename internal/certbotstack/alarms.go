package certbotstack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// The ends of the alarms' names.
const (
	alarmFailing   = "failing"
	alarmExpiring  = "expiring"
	alarmDidNotRun = "did-not-run"
)

// What a period without data is.
const (
	missingIsBad = "breaching"
	// missingIsNone leaves the alarm as it is: between two runs what the last
	// one found still holds.
	missingIsNone = "ignore"
)

const (
	// expiringFraction is below which part of its lifetime a certificate is
	// about to expire. Renewals begin at a third (half of a short lifetime), so
	// they have failed for 12 of 90 days by then, 6 of 45 or 2 of 6, and 18
	// days, 9 days or 32 hours are left for a person to act.
	expiringFraction = 0.2
	// runPeriod is how finely the alarms on what a run found look. Metrics come
	// from the log, and that may be late by minutes.
	runPeriod = 300
	// missedRuns is how many runs in a row must be missing. One alone may have
	// been late.
	missedRuns = 3
	// minMissedPeriod is as long as a run may take.
	minMissedPeriod = timeoutSeconds * time.Second
	// maxWatched is the longest time that an alarm can look at, if its periods
	// are of an hour or more. Those of shorter ones are far from the day that
	// is their limit.
	maxWatched = 7 * 24 * time.Hour
)

func (s Spec) alarmName(end string) string { return s.Scope.Physical() + "-" + end }

func (s Spec) alarmARN(end string) string {
	return s.Scope.ARN("cloudwatch", "alarm:"+s.alarmName(end))
}

// alarms are on one metric and a plain statistic each. Runs that are too far
// apart to be watched leave out the alarm on them.
func (s Spec) alarms(c *awsclient.Clients) []stack.Part {
	metric := func(name string, statistic types.Statistic) parts.Metric {
		return parts.Metric{
			Namespace: certbot.Namespace, Name: name, Dimensions: map[string]string{certbot.DimensionName: s.Scope.Name}, Statistic: statistic,
		}
	}
	above, below := types.ComparisonOperatorGreaterThanThreshold, types.ComparisonOperatorLessThanThreshold
	missed := s.missedPeriod()
	alarms := map[string]*parts.Alarm{
		alarmFailing: {
			Description: "The last run failed for a certificate; the failure's message and the function's log say why.",
			Metric:      metric(certbot.MetricFailures, types.StatisticMaximum),
			Comparison:  above, PeriodSeconds: runPeriod, Periods: 1, Missing: missingIsNone,
		},
		alarmExpiring: {
			Description: "A certificate has less than a fifth of its lifetime left: its renewals have failed for long.",
			Metric:      metric(certbot.MetricFractionLeft, types.StatisticMinimum),
			Comparison:  below, Threshold: expiringFraction, PeriodSeconds: runPeriod, Periods: 1, Missing: missingIsNone,
		},
		alarmDidNotRun: {
			Description: "Nobody has looked at the certificates for three intervals of the schedule; nothing is renewed.",
			Metric:      metric(certbot.MetricRuns, types.StatisticSum),
			Comparison:  below, Threshold: 1, PeriodSeconds: int32(missed / time.Second), Periods: missedRuns, Missing: missingIsBad, //nolint:gosec // at most a week
		},
	}
	if missed == 0 {
		delete(alarms, alarmDidNotRun)
	}
	var list []stack.Part
	for _, end := range slices.Sorted(maps.Keys(alarms)) {
		a := alarms[end]
		a.API, a.Name, a.ARN = c.CloudWatch, s.alarmName(end), s.alarmARN(end)
		a.Description = fmt.Sprintf("fargatedirect_certbot %s: %s See the guide on certificates.", s.Scope.Name, a.Description)
		a.TopicARN, a.Tags = cmp.Or(s.FailureTopicARN, s.TopicARN()), s.tags()
		list = append(list, a)
	}
	return list
}

// missedPeriod is the period in which there is a run at least once; 0 if the
// schedule's runs are too far apart to be watched, or nobody can tell.
func (s Spec) missedPeriod() time.Duration {
	interval := longestPause(s.ScheduleExpression)
	if interval == 0 || missedRuns*interval > maxWatched {
		return 0
	}
	return max(interval, minMissedPeriod)
}
