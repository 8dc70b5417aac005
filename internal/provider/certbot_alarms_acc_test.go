//go:build unix

package provider_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// TestAccCertbot_alarms takes each deployed alarm to ALARM and back to OK by
// what the function wrote into its log: nobody looked at the certificates, a
// certificate came to its end because its renewal failed, and runs that did
// their work. It proves too that events tell of both.
func TestAccCertbot_alarms(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	events := a.certbotEvents(t)
	tf := newCLI(t)
	fleeting := strings.Replace(a.certbot("force_destroy = true\nissue_on_create = false"), `profile = "default"`, `profile = "fleeting"`, 1)
	tf.configure(a.config(fleeting))
	tf.must(tf.apply())
	shorten(t, a, parts)
	a.wantAlarmStates(t, parts, map[string]types.StateValue{
		"did-not-run": types.StateValueAlarm, "failing": types.StateValueInsufficientData, "expiring": types.StateValueInsufficientData,
	})

	if failed := a.invoke(t, parts, `{"trigger":"schedule"}`); failed != "" {
		t.Fatal(failed)
	}
	first := a.pair(t, parts, "browser/", "*."+a.domain)
	seen := a.putMetrics(t, parts, 0)
	good := map[string]types.StateValue{"did-not-run": types.StateValueOk, "failing": types.StateValueOk, "expiring": types.StateValueOk}
	a.wantAlarmStates(t, parts, good)
	if s := events.take(t, certbot.EventTypeIssued).Stored; s == nil || s.Serial != first.serial {
		t.Errorf("the event of the first certificate has %+v, want %s", s, first.serial)
	}

	// Less than a fifth of the certificate is left, and it is not renewed.
	cloud.BreakDNS(a.domain, localcloud.DNSServerFailure)
	defer cloud.MendDNS(a.domain)
	time.Sleep(time.Until(first.leaf.NotBefore.Add(first.leaf.NotAfter.Sub(first.leaf.NotBefore) * 85 / 100)))
	if failed := a.invoke(t, parts, `{"trigger":"schedule"}`); !strings.Contains(failed, refusal) {
		t.Errorf("the run ended with %q, want the authority's refusal", failed)
	}
	seen = a.putMetrics(t, parts, seen)
	a.wantAlarmStates(t, parts, map[string]types.StateValue{"did-not-run": types.StateValueOk, "failing": types.StateValueAlarm, "expiring": types.StateValueAlarm})
	failed := events.take(t, certbot.EventTypeFailed)
	if p := failed.Problem; p == nil || !strings.Contains(p.Text, refusal) || p.Type != "urn:ietf:params:acme:error:unauthorized" || failed.Stored == nil {
		t.Errorf("the event of the failure is %+v", failed)
	}

	cloud.MendDNS(a.domain)
	time.Sleep(shortPeriod + time.Second) // the failure's period must be over
	if failed := a.invoke(t, parts, `{"force":true,"trigger":"manual"}`); failed != "" {
		t.Fatal(failed)
	}
	a.putMetrics(t, parts, seen)
	a.wantAlarmStates(t, parts, good)
	issued := events.take(t, certbot.EventTypeIssued)
	p := a.pair(t, parts, "browser/", "*."+a.domain)
	if s := issued.Stored; s == nil || s.Serial != p.serial || s.DaysLeft < 0 || issued.Problem != nil || issued.Bucket != parts || issued.KeyObject != "browser/key.pem" {
		t.Errorf("the event of the success is %+v", issued)
	}

	// That the test shortened the periods is drift.
	if got := tf.plan()[certbotAddress]; len(got.drift) != 3 || !strings.Contains(fmt.Sprint(got.drift), parts+"-failing): goes off at GreaterThanThreshold 0 in 1 of 1 periods of 10 s") {
		t.Errorf("the plan has %+v", got)
	}
	tf.must(tf.apply())
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after the repair the plan has %+v", got)
	}
	tf.must(tf.destroy())
}

// shortPeriod is what the test makes of the alarms' periods.
const shortPeriod = 10 * time.Second

// shorten has the deployed alarms look at a few seconds only.
func shorten(t *testing.T, a *account, parts string) {
	t.Helper()
	client := cloudwatch.NewFromConfig(a.aws)
	out := try[*cloudwatch.DescribeAlarmsOutput](t)(client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{}))
	var names []string
	for _, m := range out.MetricAlarms {
		names = append(names, aws.ToString(m.AlarmName))
		try[*cloudwatch.PutMetricAlarmOutput](t)(client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
			AlarmName: m.AlarmName, AlarmDescription: m.AlarmDescription, ActionsEnabled: m.ActionsEnabled, AlarmActions: m.AlarmActions, OKActions: m.OKActions,
			Namespace: m.Namespace, MetricName: m.MetricName, Dimensions: m.Dimensions, Statistic: m.Statistic, ComparisonOperator: m.ComparisonOperator,
			Threshold: m.Threshold, EvaluationPeriods: m.EvaluationPeriods, DatapointsToAlarm: m.DatapointsToAlarm, TreatMissingData: m.TreatMissingData, Period: aws.Int32(int32(shortPeriod / time.Second)),
		}))
	}
	slices.Sort(names)
	if want := []string{parts + "-did-not-run", parts + "-expiring", parts + "-failing"}; !slices.Equal(names, want) {
		t.Fatalf("the alarms are %q, want %q", names, want)
	}
}

// putMetrics puts what the function wrote into its log, but for the lines that
// were put before, as CloudWatch Logs does: with what the lines say, but as of
// now, because the shortened alarms do not look back far. It answers how many
// lines there are.
func (a *account) putMetrics(t *testing.T, parts string, seen int) int {
	t.Helper()
	logs := cloudwatchlogs.NewFromConfig(a.aws)
	var lines []string
	eventually(t, "metrics in the log", func() error {
		lines = nil
		pages := cloudwatchlogs.NewFilterLogEventsPaginator(logs, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + parts)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				return err
			}
			for _, e := range page.Events {
				if strings.Contains(aws.ToString(e.Message), `"CloudWatchMetrics"`) {
					lines = append(lines, aws.ToString(e.Message))
				}
			}
		}
		if len(lines) <= seen || !strings.Contains(strings.Join(lines[seen:], ""), certbot.MetricRuns) {
			return errors.New("there are none")
		}
		return nil
	})
	client := cloudwatch.NewFromConfig(a.aws)
	for _, line := range lines[seen:] {
		for namespace, data := range metricsOf(t, line) {
			try[*cloudwatch.PutMetricDataOutput](t)(client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: &namespace, MetricData: data}))
		}
	}
	return len(lines)
}

// metricsOf reads a line in the embedded metric format.
func metricsOf(t *testing.T, line string) map[string][]types.MetricDatum {
	t.Helper()
	var fields map[string]json.RawMessage
	var head struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := errors.Join(json.Unmarshal([]byte(line), &fields), json.Unmarshal([]byte(line), &head)); err != nil {
		t.Fatalf("reading %s: %v", line, err)
	}
	found := map[string][]types.MetricDatum{}
	for _, d := range head.AWS.CloudWatchMetrics {
		for _, set := range d.Dimensions {
			var dimensions []types.Dimension
			for _, name := range set {
				var value string
				if err := json.Unmarshal(fields[name], &value); err != nil {
					t.Fatalf("dimension %s of %s: %v", name, line, err)
				}
				dimensions = append(dimensions, types.Dimension{Name: &name, Value: &value})
			}
			for _, m := range d.Metrics {
				var values []float64
				if err := json.Unmarshal(fields[m.Name], &values); err != nil {
					t.Fatalf("metric %s of %s: %v", m.Name, line, err)
				}
				for _, v := range values {
					found[d.Namespace] = append(found[d.Namespace], types.MetricDatum{MetricName: &m.Name, Dimensions: dimensions, Unit: types.StandardUnit(m.Unit), Value: &v})
				}
			}
		}
	}
	return found
}

// wantAlarmStates waits until the alarms have these states.
func (a *account) wantAlarmStates(t *testing.T, parts string, want map[string]types.StateValue) {
	t.Helper()
	client := cloudwatch.NewFromConfig(a.aws)
	eventually(t, fmt.Sprintf("the alarms in the states %v", want), func() error {
		if err := cloud.EvaluateAlarms(t.Context(), a.id); err != nil {
			return err
		}
		out, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &parts})
		if err != nil {
			return err
		}
		got := map[string]types.StateValue{}
		for _, m := range out.MetricAlarms {
			got[strings.TrimPrefix(aws.ToString(m.AlarmName), parts+"-")] = m.StateValue
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("they are %v", got)
		}
		return nil
	})
}

// certbotEvents is a queue that gets the function's events.
type certbotEvents struct {
	client *sqs.Client
	queue  string
}

// certbotEvents listens as if it had from the start.
func (a *account) certbotEvents(t *testing.T) certbotEvents {
	t.Helper()
	ctx := t.Context()
	queues, events := sqs.NewFromConfig(a.aws), eventbridge.NewFromConfig(a.aws)
	queue := try[*sqs.CreateQueueOutput](t)(queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("events")}))
	rule := try[*eventbridge.PutRuleOutput](t)(events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("events"), EventPattern: aws.String(`{"source":["fargatedirect.certbot"]}`)}))
	arn := fmt.Sprintf("arn:aws:sqs:%s:%s:events", cloud.Region, a.id)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, arn, aws.ToString(rule.RuleArn))
	try[*sqs.SetQueueAttributesOutput](t)(queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: queue.QueueUrl, Attributes: map[string]string{"Policy": policy}}))
	try[*eventbridge.PutTargetsOutput](t)(events.PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: aws.String("events"), Targets: []eventbridgetypes.Target{{Id: aws.String("queue"), Arn: &arn}},
	}))
	a.before = a.snapshot(t)
	return certbotEvents{queues, aws.ToString(queue.QueueUrl)}
}

// take waits for the next event, which is to be of a type.
func (e certbotEvents) take(t *testing.T, detailType string) certbot.EventDetail {
	t.Helper()
	var event struct {
		Source     string              `json:"source"`
		DetailType string              `json:"detail-type"`
		Resources  []string            `json:"resources"`
		Detail     certbot.EventDetail `json:"detail"`
	}
	eventually(t, "an event", func() error {
		out, err := e.client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &e.queue, MaxNumberOfMessages: 1, WaitTimeSeconds: 1})
		if err != nil {
			return err
		}
		if len(out.Messages) == 0 {
			return errors.New("none came")
		}
		if err := json.Unmarshal([]byte(aws.ToString(out.Messages[0].Body)), &event); err != nil {
			return err
		}
		_, err = e.client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &e.queue, ReceiptHandle: out.Messages[0].ReceiptHandle})
		return err
	})
	if event.Source != "fargatedirect.certbot" || event.DetailType != detailType || len(event.Resources) != 1 || event.Detail.Name != "prod" || event.Detail.Certificate != "browser" {
		t.Fatalf("the event is %+v, want %q", event, detailType)
	}
	return event.Detail
}
