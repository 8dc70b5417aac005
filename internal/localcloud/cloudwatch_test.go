package localcloud_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/snapshot"
)

func alarm(name string, threshold float64) *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, Namespace: aws.String("n"), MetricName: aws.String("m"), Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: &threshold,
		Statistic: types.StatisticSum, ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("notBreaching"),
		Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
	}
}

func TestCloudWatchAlarms(t *testing.T) {
	t.Parallel()
	const account = "210987654371"
	client := cloudwatch.NewFromConfig(cloud.Account(account))
	put := func(in *cloudwatch.PutMetricAlarmInput) error {
		_, err := client.PutMetricAlarm(t.Context(), in)
		return err
	}
	for _, name := range []string{"c", "a", "b"} {
		if err := put(alarm(name, 1)); err != nil {
			t.Fatal(err)
		}
	}
	first, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(2)})
	if err != nil || len(first.MetricAlarms) != 2 || aws.ToString(first.MetricAlarms[0].AlarmName) != "a" || first.NextToken == nil {
		t.Fatalf("the first page is %+v, %v", first, err)
	}
	second, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(2), NextToken: first.NextToken})
	if err != nil || len(second.MetricAlarms) != 1 || aws.ToString(second.MetricAlarms[0].AlarmName) != "c" || second.NextToken != nil {
		t.Errorf("the second page is %+v, %v", second, err)
	}
	stateOf := func(name string) types.StateValue {
		t.Helper()
		if err := cloud.EvaluateAlarms(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		out, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
		if err != nil || len(out.MetricAlarms) != 1 {
			t.Fatalf("the alarm is %+v, %v", out, err)
		}
		return out.MetricAlarms[0].StateValue
	}
	state := func() types.StateValue { t.Helper(); return stateOf("a") }
	newest := alarm("newest", 1)
	newest.MetricName = aws.String("newest")
	if err := put(newest); err != nil {
		t.Fatal(err)
	}
	for value, at := range map[float64]time.Time{2: time.Now().Add(-90 * time.Second), 0: time.Now()} {
		if _, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("n"), MetricData: []types.MetricDatum{{MetricName: newest.MetricName, Value: &value, Timestamp: &at}}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := stateOf("newest"); got != types.StateValueOk {
		t.Errorf("with a good value in its only period the alarm is %s", got)
	}
	if got := state(); got != types.StateValueOk {
		t.Errorf("without data the alarm is %s", got)
	}
	if _, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("n"), MetricData: []types.MetricDatum{{MetricName: aws.String("m"), Value: aws.Float64(2)}}}); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != types.StateValueAlarm {
		t.Errorf("above the threshold the alarm is %s", got)
	}
	changed := alarm("a", 5)
	changed.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("ignored")}}
	if err := put(changed); err != nil {
		t.Fatal(err)
	}
	out, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"a"}})
	if err != nil || aws.ToFloat64(out.MetricAlarms[0].Threshold) != 5 {
		t.Fatalf("the changed alarm is %+v, %v", out, err)
	}
	if got := state(); got != types.StateValueOk {
		t.Errorf("below the new threshold the alarm is %s", got)
	}
	tags := func() (string, error) {
		out, err := client.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: out.MetricAlarms[0].AlarmArn})
		if err != nil || len(out.Tags) != 1 {
			return "", err
		}
		return aws.ToString(out.Tags[0].Value), nil
	}
	if got, err := tags(); err != nil || got != "b" {
		t.Errorf("the changed alarm's tag is %q, %v", got, err)
	}
	_, err = client.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"a", "none"}})
	wantError(t, err, "ResourceNotFound", "")
	if _, err := client.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	_, err = tags()
	wantError(t, err, "ResourceNotFoundException", "")
	long := alarm("long", 1)
	long.EvaluationPeriods = aws.Int32(1441)
	wantError(t, put(long), "ValidationError", "86400")
	long.Period, long.EvaluationPeriods = aws.Int32(3600), aws.Int32(168)
	if err := put(long); err != nil {
		t.Errorf("an alarm over a week of hours: %v", err)
	}
}

func TestCloudWatchDashboards(t *testing.T) {
	t.Parallel()
	client := cloudwatch.NewFromConfig(cloud.Account("210987654372"))
	get := func() error {
		_, err := client.GetDashboard(t.Context(), &cloudwatch.GetDashboardInput{DashboardName: aws.String("d")})
		return err
	}
	remove := func() error {
		_, err := client.DeleteDashboards(t.Context(), &cloudwatch.DeleteDashboardsInput{DashboardNames: []string{"d"}})
		return err
	}
	wantError(t, get(), "ResourceNotFound", "Dashboard d does not exist")
	wantError(t, remove(), "ResourceNotFound", "Dashboard d does not exist")
	if _, err := client.PutDashboard(t.Context(), &cloudwatch.PutDashboardInput{DashboardName: aws.String("d"), DashboardBody: aws.String(`{"widgets":[]}`)}); err != nil {
		t.Fatal(err)
	}
	if err := get(); err != nil {
		t.Error(err)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
}

// TestSnapshotSeesLeftovers makes one thing of each kind beside the others and
// finds all of them in what a snapshot has more than before.
func TestSnapshotSeesLeftovers(t *testing.T) {
	t.Parallel()
	config := cloud.Account("210987654373")
	take := func() snapshot.Snapshot {
		t.Helper()
		s, err := snapshot.Take(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := take()
	watch, events, names := cloudwatch.NewFromConfig(config), eventbridge.NewFromConfig(config), route53.NewFromConfig(config)
	zone := newZone(t, names, "leftovers.test")
	if _, err := submit(t, names, zone, change(create, recordSet("a.leftovers.test", route53types.RRTypeA, "127.0.0.1"))); err != nil {
		t.Fatal(err)
	}
	if _, err := watch.PutMetricAlarm(t.Context(), alarm("left", 1)); err != nil {
		t.Fatal(err)
	}
	board := func(body string) {
		t.Helper()
		if _, err := watch.PutDashboard(t.Context(), &cloudwatch.PutDashboardInput{DashboardName: aws.String("left"), DashboardBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	board(`{"widgets":[]}`)
	if _, err := events.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("left")}); err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("left"), EventBusName: aws.String("left"), EventPattern: aws.String(`{"source":["a"]}`)}); err != nil {
		t.Fatal(err)
	}
	after := take()
	want := []string{
		"+ cloudwatch alarm left", "+ cloudwatch dashboard left", "+ event bus left", "+ event rule left/left", "+ route53 hosted zone " + zone,
		"+ route53 record set " + zone + " a.leftovers.test. A", "+ route53 record set " + zone + " leftovers.test. NS", "+ route53 record set " + zone + " leftovers.test. SOA",
	}
	if got := before.Diff(after); !slices.Equal(got, want) {
		t.Errorf("what is left is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	board(`{"widgets":{}}`)
	if got := after.Diff(take()); !slices.Equal(got, []string{"~ cloudwatch dashboard left"}) {
		t.Errorf("what changed is %q", got)
	}
}
