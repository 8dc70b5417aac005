package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// taskDNSAlarms are the ends of the alarms' names.
var taskDNSAlarms = []string{"dead-letters", "errors", "held", "not-reconciled", "queue-age"}

func (i *intruder) alarm(end string) string { return "CloudWatch alarm (" + i.name + "-" + end + ")" }

func (i *intruder) permission() string { return "permission (schedule of function " + i.name + ")" }

// changeAlarms alters alarms, and the schedule of the reconciliation.
func (i *intruder) changeAlarms() {
	ctx, client := i.t.Context(), cloudwatch.NewFromConfig(i.a.aws)
	i.do(client.DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{i.name + "-held"}}))
	i.expect(i.alarm("held"), "its actions are disabled")
	i.do(client.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{i.name + "-dead-letters"}}))
	i.expect(i.alarm("dead-letters"), "missing")
	i.do(client.TagResource(ctx, &cloudwatch.TagResourceInput{
		ResourceARN: aws.String(i.a.taskDNSScope("prod").ARN("cloudwatch", "alarm:"+i.name+"-errors")),
		Tags:        []cloudwatchtypes.Tag{{Key: aws.String("stray"), Value: aws.String("x")}},
	}))
	i.expect(i.alarm("errors"), `tag stray is "x", want none`)

	events := eventbridge.NewFromConfig(i.a.aws)
	rule := i.name + "-sync"
	i.do(events.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: &rule, ScheduleExpression: aws.String("rate(1 day)"), State: eventstypes.RuleStateEnabled,
		Description: aws.String("Compares the zone with the running tasks, for fargatedirect_task_dns prod"),
	}))
	i.do(events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &rule, Targets: []eventstypes.Target{
		{Id: aws.String("function"), Arn: aws.String(i.functionARN()), Input: aws.String(`{"do":"reconcile","unguarded":true}`)},
	}}))
	i.expect("EventBridge rule ("+rule+")", `schedule is "rate(1 day)", want "rate(5 minutes)"`, "the input of target function differs")
}

func (i *intruder) removeAlarms() {
	var all []string
	for _, end := range taskDNSAlarms {
		all = append(all, i.name+"-"+end)
		i.expect(i.alarm(end), "missing")
	}
	i.do(cloudwatch.NewFromConfig(i.a.aws).DeleteAlarms(i.t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: all}))
}

// Alarms tell the topic, the dashboard comes and goes, and what is changed of
// either is seen and repaired.
func TestAccTaskDNS_alarms(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	name := a.taskDNSScope("prod").Physical()
	topic := fmt.Sprintf("arn:aws:sns:%s:%s:ops", cloud.Region, a.id)
	watched := a.config(a.taskDNS(fmt.Sprintf("alarm_topic_arn = %q\ndashboard = true\nreconcile_interval = \"1h\"", topic)))
	client := cloudwatch.NewFromConfig(a.aws)
	update := plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: watched,
				Check: during(func() {
					a.wantAlarms(t, name, topic)
					if got := a.dashboards(t); !slices.Equal(got, []string{name}) {
						t.Errorf("there are the dashboards %q", got)
					}
				}),
			},
			{
				ResourceName: testTaskDNS, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"timeouts"},
			},
			{
				PreConfig: func() {
					if _, err := client.PutDashboard(t.Context(), &cloudwatch.PutDashboardInput{DashboardName: &name, DashboardBody: aws.String(`{"widgets":[]}`)}); err != nil {
						t.Fatal(err)
					}
				},
				Config: watched,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					&wantDrift{lines: []string{"CloudWatch dashboard (" + name + "): the content differs"}}, update,
				}},
			},
			{
				Config:           a.config(a.taskDNS("")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{update}},
				Check: during(func() {
					a.wantAlarms(t, name, "")
					if got := a.dashboards(t); len(got) > 0 {
						t.Errorf("there are still the dashboards %q", got)
					}
				}),
			},
		},
	})
}

// wantAlarms fails unless the account has exactly the alarms of a resource,
// and they tell this topic, or nobody.
func (a *account) wantAlarms(t *testing.T, name, topic string) {
	t.Helper()
	out, err := cloudwatch.NewFromConfig(a.aws).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var want, tells []string
	if topic != "" {
		tells = []string{topic}
	}
	for _, end := range taskDNSAlarms {
		want = append(want, name+"-"+end)
	}
	var got []string
	for _, alarm := range out.MetricAlarms {
		got = append(got, aws.ToString(alarm.AlarmName))
		if !slices.Equal(alarm.AlarmActions, tells) || !slices.Equal(alarm.OKActions, tells) || len(alarm.Metrics) > 0 {
			t.Errorf("the alarm is %+v", alarm)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("there are the alarms %q, want %q", got, want)
	}
}

func (a *account) dashboards(t *testing.T) []string {
	t.Helper()
	out, err := cloudwatch.NewFromConfig(a.aws).ListDashboards(t.Context(), &cloudwatch.ListDashboardsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range out.DashboardEntries {
		names = append(names, aws.ToString(d.DashboardName))
	}
	return names
}
