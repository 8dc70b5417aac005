package snapshot

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// rules lists the rules and targets of all buses. The SDK has no paginators
// for EventBridge.
func rules(ctx context.Context, cfg aws.Config, c *collector) error {
	client := eventbridge.NewFromConfig(cfg)
	in := &eventbridge.ListEventBusesInput{}
	for {
		out, err := client.ListEventBuses(ctx, in)
		if err != nil {
			return fmt.Errorf("listing event buses: %w", err)
		}
		for _, bus := range out.EventBuses {
			if err := c.add("event bus", aws.ToString(bus.Name), bus.Policy); err != nil {
				return err
			}
			if err := busRules(ctx, client, bus.Name, c); err != nil {
				return err
			}
		}
		if out.NextToken == nil {
			return nil
		}
		in.NextToken = out.NextToken
	}
}

func busRules(ctx context.Context, client *eventbridge.Client, bus *string, c *collector) error {
	in := &eventbridge.ListRulesInput{EventBusName: bus}
	for {
		out, err := client.ListRules(ctx, in)
		if err != nil {
			return fmt.Errorf("listing the rules of bus (%s): %w", aws.ToString(bus), err)
		}
		for _, r := range out.Rules {
			id := aws.ToString(bus) + "/" + aws.ToString(r.Name)
			if err := c.add("event rule", id, r.EventPattern, r.ScheduleExpression, r.State, r.RoleArn); err != nil {
				return err
			}
			if err := targets(ctx, client, bus, r.Name, c); err != nil {
				return err
			}
		}
		if out.NextToken == nil {
			return nil
		}
		in.NextToken = out.NextToken
	}
}

func targets(ctx context.Context, client *eventbridge.Client, bus, rule *string, c *collector) error {
	in := &eventbridge.ListTargetsByRuleInput{EventBusName: bus, Rule: rule}
	for {
		out, err := client.ListTargetsByRule(ctx, in)
		if is(err, "ResourceNotFoundException") {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listing the targets of rule (%s): %w", aws.ToString(rule), err)
		}
		for _, t := range out.Targets {
			id := aws.ToString(bus) + "/" + aws.ToString(rule) + "/" + aws.ToString(t.Id)
			if err := c.add("event target", id, t.Arn, t.RoleArn, t.Input, t.DeadLetterConfig); err != nil {
				return err
			}
		}
		if out.NextToken == nil {
			return nil
		}
		in.NextToken = out.NextToken
	}
}

func alarms(ctx context.Context, cfg aws.Config, c *collector) error {
	list := cloudwatch.NewDescribeAlarmsPaginator(cloudwatch.NewFromConfig(cfg), &cloudwatch.DescribeAlarmsInput{
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
	})
	return pages(ctx, "alarms", list, func(page *cloudwatch.DescribeAlarmsOutput) error {
		for _, a := range page.MetricAlarms {
			err := c.add("cloudwatch alarm", aws.ToString(a.AlarmName), a.AlarmDescription, a.Namespace, a.MetricName, a.Dimensions,
				a.Statistic, a.Period, a.EvaluationPeriods, a.DatapointsToAlarm, a.Threshold, a.ComparisonOperator,
				a.TreatMissingData, a.ActionsEnabled, a.AlarmActions, a.OKActions, a.InsufficientDataActions)
			if err != nil {
				return err
			}
		}
		for _, a := range page.CompositeAlarms {
			if err := c.add("cloudwatch composite alarm", aws.ToString(a.AlarmName), a.AlarmRule, a.AlarmActions); err != nil {
				return err
			}
		}
		return nil
	})
}

func dashboards(ctx context.Context, cfg aws.Config, c *collector) error {
	client := cloudwatch.NewFromConfig(cfg)
	list := cloudwatch.NewListDashboardsPaginator(client, &cloudwatch.ListDashboardsInput{})
	return pages(ctx, "dashboards", list, func(page *cloudwatch.ListDashboardsOutput) error {
		for _, d := range page.DashboardEntries {
			name := aws.ToString(d.DashboardName)
			out, err := client.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: &name})
			// The dashboard was deleted while it was read.
			if is(err, "ResourceNotFound", "DashboardNotFoundError") {
				continue
			}
			if err != nil {
				return fmt.Errorf("reading dashboard (%s): %w", name, err)
			}
			if err := c.add("cloudwatch dashboard", name, out.DashboardBody); err != nil {
				return err
			}
		}
		return nil
	})
}
