package taskdnsstack

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// In other partitions everything is of that partition.
func TestPartitions(t *testing.T) {
	t.Parallel()
	for _, scope := range []names.Scope{
		{Kind: names.KindTaskDNS, Partition: "aws-cn", Account: "123456789012", Region: "cn-north-1", DNSSuffix: "amazonaws.com.cn", Name: "prod"},
		{Kind: names.KindTaskDNS, Partition: "aws-us-gov", Account: "123456789012", Region: "us-gov-west-1", DNSSuffix: "amazonaws.com", Name: "prod"},
	} {
		t.Run(scope.Partition, func(t *testing.T) {
			t.Parallel()
			s := testSpec()
			s.Scope = scope
			s.ClusterARNs = []string{scope.ARN("ecs", "cluster/web")}
			s.Dashboard = true
			texts := []string{
				s.RolePolicy().JSON(), s.TrustPolicy().JSON(), s.QueuePolicy(s.QueueARN()).JSON(), s.CallerPolicy().JSON(),
				s.patterns()[0], s.FunctionARN(), s.RoleARN(), s.QueueARN(), s.DeadLetterQueueARN(), s.Environment()["CONFIG"],
			}
			all := strings.Join(texts, "\n")
			for _, arn := range regexp.MustCompile(`arn:[^"]*`).FindAllString(all, -1) {
				if !strings.HasPrefix(arn, "arn:"+scope.Partition+":") {
					t.Errorf("%s is of another partition", arn)
				}
			}
			if want := "https://sqs." + scope.Region + "." + scope.DNSSuffix + "/123456789012/" + scope.Physical(); !strings.Contains(all, want) {
				t.Errorf("the function is not told the queue %s", want)
			}
		})
	}
}

// The longest name must fit into whatever is called by it.
func TestNamesFit(t *testing.T) {
	t.Parallel()
	s := testSpec("web")
	s.Scope.Name = strings.Repeat("n", 32)
	if !names.Pattern.MatchString(s.Scope.Name) {
		t.Fatal("the name is not allowed")
	}
	for what, test := range map[string]struct {
		name  string
		limit int
	}{
		"queue":             {s.Scope.Physical(), 80},
		"dead-letter queue": {s.DeadLetterQueueName(), 80},
		"last rule":         {s.ruleName(MaxRules - 1), 64},
		"schedule":          {s.ReconcileRule(), 64},
		"role":              {s.Scope.Physical(), 64},
		"function":          {s.Scope.Physical(), 64},
	} {
		if len(test.name) > test.limit {
			t.Errorf("the name of the %s, %s, has more than %d characters", what, test.name, test.limit)
		}
	}
	// A domain may have 216, Lambda takes 256.
	s.Place.Domain = strings.Repeat("d", 216)
	if d := s.Function(&awsclient.Clients{}).Description; len(d) > 256 {
		t.Errorf("the function's description has %d characters", len(d))
	}
}

// The order of clusters is nobody's choice, so it makes no difference.
func TestClusterOrder(t *testing.T) {
	t.Parallel()
	a, b := testSpec("x", "y", "z"), testSpec("z", "x", "y")
	if a.RolePolicy().JSON() != b.RolePolicy().JSON() || !slices.Equal(a.patterns(), b.patterns()) || a.Environment()["CONFIG"] != b.Environment()["CONFIG"] {
		t.Error("the order of the clusters makes a difference")
	}
}

func TestStack(t *testing.T) {
	t.Parallel()
	s := testSpec(manyClusters(100)...)
	s.Tags = map[string]string{"team": "browsers", stack.OwnerTag: "somebody"}
	s.Creating, s.Dashboard = true, true
	got := s.Stack(&awsclient.Clients{})
	name := s.Scope.Physical()
	want := [][]string{
		{"SQS queue (" + name + "-dead-letters)", "log group (/aws/lambda/" + name + ")", "role (" + name + ")"},
		{"SQS queue (" + name + ")"},
		{"Lambda function (" + name + ")"},
		{"claim (" + name + ")", "permission (schedule of function " + name + ")"},
		{"event source mapping (" + s.QueueARN() + " to " + name + ")"},
	}
	for _, end := range []string{"dead-letters", "queue-age", "errors", "not-reconciled", "held"} {
		want[3] = append(want[3], "CloudWatch alarm ("+name+"-"+end+")")
	}
	want[3] = append(want[3], "CloudWatch dashboard ("+name+")")
	for n := range s.patterns() {
		want[4] = append(want[4], "EventBridge rule ("+s.ruleName(n)+")")
	}
	want[4] = append(want[4], "EventBridge rule ("+name+"-sync)")
	if got.Owner != "task_dns/prod" || len(got.Stages) != len(want) {
		t.Fatalf("the stack is %v of %s", got.Stages, got.Owner)
	}
	for n, stage := range got.Stages {
		var parts []string
		for _, p := range stage {
			parts = append(parts, p.String())
		}
		if !slices.Equal(parts, want[n]) {
			t.Errorf("stage %d is %q, want %q", n, parts, want[n])
		}
	}
	queue, ok := got.Stages[1][0].(*parts.Queue)
	if !ok || queue.Tags.Want["team"] != "browsers" || queue.Tags.Want[stack.OwnerTag] != "task_dns/prod" || queue.Tags.Want[stack.CreatingTag] == "" {
		t.Errorf("the queue is %+v", got.Stages[1][0])
	}
	if s.Tags[stack.OwnerTag] != "somebody" {
		t.Error("the user's tags were changed")
	}
	// An update back to few clusters, no dashboard and another domain leaves
	// the other rules and the dashboard behind. It does not leave the claim: to
	// delete that part is to remove all names.
	few := testSpec("web")
	few.Place.Domain = "other.example.com"
	rest := got.Without(few.Stack(&awsclient.Clients{}))
	if len(rest.Stages) != 2 || len(rest.Stages[0]) != 1 || rest.Stages[0][0].String() != "CloudWatch dashboard ("+name+")" || len(rest.Stages[1]) != len(s.patterns())-1 {
		t.Errorf("left behind are %v", rest.Stages)
	}
}

// zones answers GetHostedZone.
type zones struct {
	name string
	err  error
}

func (z zones) GetHostedZone(_ context.Context, in *route53.GetHostedZoneInput, _ ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error) {
	if z.err != nil {
		return nil, z.err
	}
	return &route53.GetHostedZoneOutput{HostedZone: &types.HostedZone{Id: aws.String("/hostedzone/" + aws.ToString(in.Id)), Name: &z.name}}, nil
}

func TestCheckZone(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		api                zones
		attribute, problem string
		err                error
	}{
		"the zone itself":      {api: zones{name: "tasks.example.com."}},
		"below the zone":       {api: zones{name: "example.com."}},
		"in upper case":        {api: zones{name: "Example.COM."}},
		"above the zone":       {api: zones{name: "eu.tasks.example.com."}, attribute: "domain", problem: `"tasks.example.com" is outside of hosted zone Z0123456789 (eu.tasks.example.com)`},
		"no label's border":    {api: zones{name: "sks.example.com."}, attribute: "domain", problem: "is outside of hosted zone"},
		"missing":              {api: zones{err: &types.NoSuchHostedZone{}}, attribute: "hosted_zone_id", problem: "there is no hosted zone Z0123456789"},
		"of another account":   {api: zones{err: &smithy.GenericAPIError{Code: "AccessDenied"}}},
		"cannot be looked for": {api: zones{err: broken}, err: broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attribute, problem, err := testSpec("web").CheckZone(t.Context(), test.api)
			if attribute != test.attribute || !strings.Contains(problem, test.problem) || (problem == "") != (test.problem == "") || !errors.Is(err, test.err) {
				t.Errorf("got %q, %q, %v", attribute, problem, err)
			}
		})
	}
}
