package parts

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const (
	testRuleARN = "arn:aws:events:eu-west-2:123456789012:rule/r"
	testPattern = `{"source":["aws.ecs"],"detail":{"lastStatus":["RUNNING","STOPPED"]}}`
)

func newRule() (*Rule, *fakeRules) {
	api := &fakeRules{}
	return &Rule{
		API: api, Name: "r", ARN: testRuleARN, Description: "d", EventPattern: testPattern,
		Target: Target{ID: "queue", ARN: testQueueARN, DeadLetterARN: deadLetterARN}, Tags: testTags(), Sleep: never,
	}, api
}

func newSchedule() (*Rule, *fakeRules) {
	api := &fakeRules{}
	return &Rule{
		API: api, Name: "r", ARN: testRuleARN, Description: "d", ScheduleExpression: "rate(1 day)",
		Target: Target{ID: "function", ARN: testFunctionARN, Input: `{"trigger":"schedule"}`}, Tags: testTags(), Sleep: never,
	}, api
}

func createdRule(t *testing.T) (*Rule, *fakeRules) {
	t.Helper()
	r, api := newRule()
	mustEnsure(t, r)
	return r, api
}

func TestRuleLife(t *testing.T) {
	t.Parallel()
	r, api := newRule()
	checkLife(t, r, &api.service, "PutRule", "PutTargets")
	r, api = newSchedule()
	checkLife(t, r, &api.service, "PutRule", "PutTargets")
}

func TestRuleDrift(t *testing.T) {
	t.Parallel()
	rule, target := []string{"PutRule"}, []string{"PutTargets"}
	tests := map[string]struct {
		meddle  func(*fakeRules)
		want    []string
		changes []string
	}{
		"disabled":    {func(f *fakeRules) { f.rule.State = types.RuleStateDisabled }, []string{"the rule is disabled"}, rule},
		"description": {func(f *fakeRules) { f.rule.Description = nil }, []string{`description is "", want "d"`}, rule},
		"pattern":     {func(f *fakeRules) { f.rule.EventPattern = aws.String(`{"source":["aws.ecs"]}`) }, []string{"the event pattern differs"}, rule},
		"schedule": {
			func(f *fakeRules) { f.rule.ScheduleExpression = aws.String("rate(1 minute)") },
			[]string{`schedule is "rate(1 minute)", want ""`},
			rule,
		},
		"no target": {func(f *fakeRules) { f.targets = nil }, []string{"target queue is missing"}, target},
		"other target": {
			func(f *fakeRules) { f.targets[0].Arn = aws.String("x") },
			[]string{"target queue is x, want " + testQueueARN},
			target,
		},
		"input":      {func(f *fakeRules) { f.targets[0].Input = aws.String(`{}`) }, []string{"the input of target queue differs"}, target},
		"input path": {func(f *fakeRules) { f.targets[0].InputPath = aws.String("$.x") }, []string{"the input of target queue differs"}, target},
		"input transformer": {
			func(f *fakeRules) { f.targets[0].InputTransformer = &types.InputTransformer{} },
			[]string{"the input of target queue differs"},
			target,
		},
		"dead letter": {
			func(f *fakeRules) { f.targets[0].DeadLetterConfig = nil },
			[]string{`the dead-letter queue of target queue is "", want "` + deadLetterARN + `"`},
			target,
		},
		"retries": {
			func(f *fakeRules) { f.targets[0].RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)} },
			[]string{"the retry policy of target queue differs"},
			target,
		},
		"age": {
			func(f *fakeRules) {
				f.targets[0].RetryPolicy = &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(60)}
			},
			[]string{"the retry policy of target queue differs"},
			target,
		},
		"targets too many": {
			func(f *fakeRules) {
				f.targets = append(f.targets, types.Target{Id: aws.String("y"), Arn: aws.String("y")}, types.Target{Id: aws.String("x"), Arn: aws.String("x")})
			},
			[]string{"target x is not wanted", "target y is not wanted"},
			[]string{"RemoveTargets"},
		},
		"tags": {
			func(f *fakeRules) { f.tags = map[string]string{"x": "y", "team": "web"} },
			[]string{`tag fargatedirect:resource is missing, want "` + testOwner + `"`, `tag x is "y", want none`},
			[]string{"TagResource", "UntagResource"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, api := createdRule(t)
			test.meddle(api)
			checkRepair(t, r, &api.service, test.want, test.changes)
		})
	}
}

func TestRuleFormsThatAreNoDrift(t *testing.T) {
	t.Parallel()
	r, api := createdRule(t)
	api.rule.EventPattern = aws.String(`{ "detail": {"lastStatus": ["RUNNING", "STOPPED"]}, "source": ["aws.ecs"] }`)
	api.targets[0].RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(185), MaximumEventAgeInSeconds: aws.Int32(86400)}
	mustDrift(t, r)

	r, api = newSchedule()
	mustEnsure(t, r)
	api.targets[0].Input = aws.String(`{ "trigger": "schedule" }`)
	mustDrift(t, r)
}

func TestRuleTurnsFromPatternToSchedule(t *testing.T) {
	t.Parallel()
	_, api := createdRule(t)
	r, _ := newSchedule()
	r.API = api
	checkRepair(t, r, &api.service, []string{
		`schedule is "", want "rate(1 day)"`, "the event pattern differs", "target function is missing", "target queue is not wanted",
	}, []string{"PutRule", "PutTargets", "RemoveTargets"})
}

func TestRuleTellsTargetsThatWereRefused(t *testing.T) {
	t.Parallel()
	r, api := newRule()
	api.refuse = "LimitExceededException"
	expectError(t, r.Ensure(t.Context()), "writing the target of EventBridge rule (r)", "LimitExceededException: refused")

	r, api = createdRule(t)
	api.refuse = "ConcurrentModificationException"
	expectError(t, r.Delete(t.Context()), "removing target queue of EventBridge rule (r)", "ConcurrentModificationException: refused")
}

func TestRuleDeleteWaitsForItsTargets(t *testing.T) {
	t.Parallel()
	r, api := createdRule(t)
	s := &sleeper{}
	r.Sleep, api.lag = s.sleep, 3
	mustDelete(t, r)
	if len(s.slept) != 3 {
		t.Fatalf("slept %v", s.slept)
	}
	mustBeAbsent(t, r)

	r, api = createdRule(t)
	r.Sleep, api.lag = (&sleeper{endsAt: 5}).sleep, 1000
	err := r.Delete(t.Context())
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "since it has targets") {
		t.Fatalf("Delete: %v", err)
	}
}

func TestRuleAccessDenied(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"DescribeRule", "PutRule", "PutTargets", "ListTargetsByRule"} {
		r, api := newRule()
		api.deny(op)
		expectDenied(t, r.Ensure(t.Context()))
	}
	for _, op := range []string{"ListTagsForResource", "TagResource", "UntagResource", "RemoveTargets"} {
		r, api := createdRule(t)
		api.tags = map[string]string{"x": "y"}
		api.targets = append(api.targets, types.Target{Id: aws.String("x")})
		api.deny(op)
		expectDenied(t, r.Ensure(t.Context()))
	}
	for _, op := range []string{"ListTargetsByRule", "ListTagsForResource"} {
		r, api := createdRule(t)
		api.deny(op)
		_, err := r.Drift(t.Context())
		expectDenied(t, err)
	}
	for _, op := range []string{"ListTargetsByRule", "RemoveTargets", "DeleteRule"} {
		r, api := createdRule(t)
		api.deny(op)
		expectDenied(t, r.Delete(t.Context()))
	}
}
