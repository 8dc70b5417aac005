package taskdnsstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/deployed"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

// Discover reads a resource back from AWS, for import. It answers
// stack.ErrNotFound if its function does not exist. Tags are all tags of the
// function, ours too.
func Discover(ctx context.Context, c *awsclient.Clients, scope names.Scope) (Spec, error) {
	s := Spec{Scope: scope}
	fn, err := deployed.ReadFunction(ctx, c, scope)
	if err != nil {
		return s, err
	}
	s.Architecture, s.KMSKeyARN, s.Artifact.SHA256, s.Tags = fn.Architecture, fn.KMSKeyARN, fn.CodeSHA256, fn.Tags
	var config taskdns.Config
	if err := json.Unmarshal([]byte(fn.Environment[taskdns.EnvConfig]), &config); err != nil {
		return s, fmt.Errorf("decoding the environment of Lambda function (%s): %w", scope.Physical(), err)
	}
	s.setConfig(config)
	role, err := deployed.ReadRole(ctx, c, scope)
	if err != nil {
		return s, err
	}
	s.IAMPath, s.PermissionsBoundary = role.Path, role.PermissionsBoundary
	if s.LogRetentionDays, err = deployed.ReadRetention(ctx, c, s.LogGroup()); err != nil {
		return s, err
	}
	if s.ReconcileInterval, err = s.readInterval(ctx, c.Events); err != nil {
		return s, err
	}
	if s.AlarmTopicARN, err = s.readTopic(ctx, c.CloudWatch); err != nil {
		return s, err
	}
	_, err = s.dashboard(c).Drift(ctx)
	s.Dashboard = err == nil
	if errors.Is(err, stack.ErrNotFound) {
		err = nil
	}
	return s, err
}

// setConfig takes over what the function was told.
func (s *Spec) setConfig(c taskdns.Config) {
	s.Place, s.ClusterARNs, s.TTL = c.Place, c.ClusterARNs, c.TTL
	s.PublishOn, s.TakeOver, s.Limits, s.EventBusARN = c.PublishOn, c.TakeOver, c.Limits, c.EventBus
}

var scheduleRate = regexp.MustCompile(`^rate\((\d+) minutes?\)$`)

// readInterval reads how often the zone is compared. A rule that is gone, or
// bears another schedule, stands for the default: the next plan shows it.
func (s Spec) readInterval(ctx context.Context, api parts.RuleAPI) (time.Duration, error) {
	out, err := api.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(s.ReconcileRule())})
	if awserr.Is(err, "ResourceNotFoundException") {
		return DefaultReconcileInterval, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading EventBridge rule (%s): %w", s.ReconcileRule(), err)
	}
	found := scheduleRate.FindStringSubmatch(aws.ToString(out.ScheduleExpression))
	if found == nil {
		return DefaultReconcileInterval, nil
	}
	minutes, err := strconv.Atoi(found[1])
	if err != nil {
		return 0, fmt.Errorf("reading the schedule of EventBridge rule (%s): %w", s.ReconcileRule(), err)
	}
	return time.Duration(minutes) * time.Minute, nil
}

// readTopic reads which topic the alarms tell.
func (s Spec) readTopic(ctx context.Context, api parts.AlarmAPI) (string, error) {
	name := s.alarmName(alarmNames[0])
	out, err := api.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
	if err != nil {
		return "", fmt.Errorf("reading CloudWatch alarm (%s): %w", name, err)
	}
	for _, a := range out.MetricAlarms {
		if aws.ToString(a.AlarmName) == name && len(a.AlarmActions) > 0 {
			return a.AlarmActions[0], nil
		}
	}
	return "", nil
}
