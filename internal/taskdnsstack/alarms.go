package taskdnsstack

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// What AWS calls its metrics.
const (
	sqsNamespace    = "AWS/SQS"
	lambdaNamespace = "AWS/Lambda"
	queueDimension  = "QueueName"
	lambdaDimension = "FunctionName"

	metricVisible   = "ApproximateNumberOfMessagesVisible"
	metricOldest    = "ApproximateAgeOfOldestMessage"
	metricErrors    = "Errors"
	maxQueueSeconds = 900
)

// What a period without data is.
const (
	missingIsBad  = "breaching"
	missingIsGood = "notBreaching"
	// missingIsNone leaves the alarm as it is. SQS tells nothing of queues that
	// nobody uses for six hours, and then what lies in them still does.
	missingIsNone = "ignore"
)

// alarmNames are the ends of the alarms' names.
var alarmNames = []string{"dead-letters", "queue-age", "errors", "not-reconciled", "held"}

func (s Spec) alarmName(end string) string { return s.Scope.Physical() + "-" + end }

func (s Spec) alarmARN(end string) string {
	return s.Scope.ARN("cloudwatch", "alarm:"+s.alarmName(end))
}

// alarms are on one metric and a plain statistic each.
func (s Spec) alarms(c *awsclient.Clients) []stack.Part {
	name := s.Scope.Name
	own := func(metric string, statistic types.Statistic) parts.Metric {
		return parts.Metric{Namespace: taskdns.Namespace, Name: metric, Dimensions: map[string]string{taskdns.DimensionName: name}, Statistic: statistic}
	}
	queue := func(queue, metric string) parts.Metric {
		return parts.Metric{Namespace: sqsNamespace, Name: metric, Dimensions: map[string]string{queueDimension: queue}, Statistic: types.StatisticMaximum}
	}
	above, below := types.ComparisonOperatorGreaterThanThreshold, types.ComparisonOperatorLessThanThreshold
	interval := s.reconcilePeriod()
	alarms := []*parts.Alarm{
		{
			Description: "Messages about tasks could not be worked off; the function's log says why. See the guide of fargatedirect_task_dns.",
			Metric:      queue(s.DeadLetterQueueName(), metricVisible),
			Comparison:  above, PeriodSeconds: 300, Periods: 1, Missing: missingIsNone,
		},
		{
			Description: fmt.Sprintf("A message about a task has waited for more than %d minutes; names are late.", maxQueueSeconds/60),
			Metric:      queue(s.Scope.Physical(), metricOldest),
			Comparison:  above, Threshold: maxQueueSeconds, PeriodSeconds: 300, Periods: 1, Missing: missingIsNone,
		},
		{
			Description: "The function failed; its log says why.",
			Metric: parts.Metric{
				Namespace: lambdaNamespace, Name: metricErrors, Dimensions: map[string]string{lambdaDimension: s.Scope.Physical()}, Statistic: types.StatisticSum,
			},
			Comparison: above, PeriodSeconds: 300, Periods: 1, Missing: missingIsGood,
		},
		{
			Description: "The zone was not compared with the running tasks for three intervals; names may be missing or left over.",
			Metric:      own(taskdns.MetricReconciled, types.StatisticSum),
			Comparison:  below, Threshold: 1, PeriodSeconds: interval, Periods: 3, Missing: missingIsBad,
		},
		{
			Description: "So many names seem to be left over that they were kept until somebody looks: ECS may have answered too little.",
			Metric:      own(taskdns.MetricHeld, types.StatisticMaximum),
			Comparison:  above, PeriodSeconds: interval, Periods: 1, Missing: missingIsGood,
		},
	}
	var list []stack.Part
	for i, a := range alarms {
		a.API, a.Name, a.ARN = c.CloudWatch, s.alarmName(alarmNames[i]), s.alarmARN(alarmNames[i])
		a.Description = fmt.Sprintf("fargatedirect_task_dns %s: %s", name, a.Description)
		a.TopicARN, a.Tags = s.AlarmTopicARN, s.tags()
		list = append(list, a)
	}
	return list
}

// minReconcilePeriod keeps three periods from being less than a quarter of an
// hour: metrics come from the log, and that may be late.
const minReconcilePeriod = 5 * time.Minute

// reconcilePeriod is the period in seconds in which the zone is compared at
// least once.
func (s Spec) reconcilePeriod() int32 {
	return int32(max(s.reconcileInterval(), minReconcilePeriod) / time.Second) //nolint:gosec // at most a day
}

func (s Spec) reconcileInterval() time.Duration {
	return cmp.Or(s.ReconcileInterval, DefaultReconcileInterval)
}

// reconcileSchedule is the interval as EventBridge takes it.
func (s Spec) reconcileSchedule() string {
	if minutes := int(s.reconcileInterval() / time.Minute); minutes > 1 {
		return fmt.Sprintf("rate(%d minutes)", minutes)
	}
	return "rate(1 minute)"
}
