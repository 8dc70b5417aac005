package callerpolicy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

const (
	userARN = "arn:aws:iam::123456789012:user/ci/deployer"
	roleARN = "arn:aws:iam::123456789012:role/ci/deployer"
)

// fakeAWS answers for one caller. Its simulation says yes but to what denied
// holds, and takes nothing that IAM would not take.
type fakeAWS struct {
	caller string
	// denied is "<action> <resource>"; the value is the context that is
	// missing to tell for certain.
	denied map[string][]string
	// perResource has the answers for resources below one result per action.
	perResource bool
	roleErr     error
	// simulateErr is by the first action of a call.
	simulateErr map[string]error

	calls   int
	context []types.ContextEntry
}

func (f *fakeAWS) GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{Arn: &f.caller}, nil
}

func (f *fakeAWS) GetRole(_ context.Context, in *iam.GetRoleInput, _ ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	if aws.ToString(in.RoleName) != "deployer" {
		return nil, &smithy.GenericAPIError{Code: "NoSuchEntity", Message: aws.ToString(in.RoleName)}
	}
	return &iam.GetRoleOutput{Role: &types.Role{Arn: aws.String(roleARN)}}, f.roleErr
}

func (f *fakeAWS) SimulatePrincipalPolicy(_ context.Context, in *iam.SimulatePrincipalPolicyInput, _ ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error) {
	f.calls++
	invalid := func(format string, args ...any) error {
		return &smithy.GenericAPIError{Code: "InvalidInput", Message: fmt.Sprintf(format, args...)}
	}
	if source := aws.ToString(in.PolicySourceArn); source != userARN && source != roleARN {
		return nil, invalid("no user and no role: %s", source)
	}
	if len(in.ActionNames) == 0 || len(in.ResourceArns) == 0 {
		return nil, invalid("nothing to simulate")
	}
	if err := f.simulateErr[in.ActionNames[0]]; err != nil {
		return nil, err
	}
	for _, r := range in.ResourceArns {
		if r != "*" && (strings.ContainsAny(r, "*?") || !strings.HasPrefix(r, "arn:")) {
			return nil, invalid("no resource: %s", r)
		}
	}
	f.context = append(f.context, in.ContextEntries...)
	results := f.results(in)
	// One result on a page.
	page := 0
	if in.Marker != nil {
		page = slices.IndexFunc(results, func(r types.EvaluationResult) bool { return resultID(r) == *in.Marker })
	}
	out := &iam.SimulatePrincipalPolicyOutput{EvaluationResults: results[page : page+1]}
	if page+1 < len(results) {
		out.IsTruncated, out.Marker = true, aws.String(resultID(results[page+1]))
	}
	return out, nil
}

func resultID(r types.EvaluationResult) string {
	return aws.ToString(r.EvalActionName) + " " + aws.ToString(r.EvalResourceName)
}

func (f *fakeAWS) results(in *iam.SimulatePrincipalPolicyInput) []types.EvaluationResult {
	var results []types.EvaluationResult
	for _, action := range in.ActionNames {
		whole := types.EvaluationResult{EvalActionName: &action, EvalResourceName: aws.String("*"), EvalDecision: types.PolicyEvaluationDecisionTypeAllowed}
		for _, resource := range in.ResourceArns {
			decision := types.PolicyEvaluationDecisionTypeAllowed
			missing, denied := f.denied[action+" "+resource]
			if denied {
				decision = types.PolicyEvaluationDecisionTypeImplicitDeny
				whole.EvalDecision = decision
			}
			whole.ResourceSpecificResults = append(whole.ResourceSpecificResults, types.ResourceSpecificResult{
				EvalResourceName: &resource, EvalResourceDecision: decision, MissingContextValues: missing,
			})
			if !f.perResource {
				results = append(results, types.EvaluationResult{EvalActionName: &action, EvalResourceName: &resource, EvalDecision: decision, MissingContextValues: missing})
			}
		}
		if f.perResource {
			results = append(results, whole)
		}
	}
	return results
}

var testGrants = []Grant{
	{Sid: "Queues", Create: []string{"sqs:CreateQueue", "sqs:TagQueue"}, Other: []string{"sqs:DeleteQueue"}, Resources: []string{"arn:aws:sqs:r:a:one", "arn:aws:sqs:r:a:two"}},
	{Sid: "Logs", Create: []string{"logs:CreateLogGroup"}, Resources: []string{"arn:aws:logs:r:a:log-group:g", "arn:aws:logs:r:a:log-group:g:*"}, Spellings: true},
	{Sid: "Later", Other: []string{"sns:Unsubscribe"}, Resources: []string{"*"}},
	{
		Sid: "Pass", Create: []string{"iam:PassRole"}, Resources: []string{"arn:aws:iam::a:role/r"},
		Condition: iampolicy.Condition{"StringEquals": {"iam:PassedToService": {"lambda.amazonaws.com"}}},
	},
}

func TestMissing(t *testing.T) {
	t.Parallel()
	const assumed = "arn:aws:sts::123456789012:assumed-role/deployer/session"
	denyAll := map[string][]string{
		"sqs:CreateQueue arn:aws:sqs:r:a:one": nil, "sqs:TagQueue arn:aws:sqs:r:a:two": nil, "sqs:DeleteQueue arn:aws:sqs:r:a:one": nil,
		"sns:Unsubscribe *": nil, "iam:PassRole arn:aws:iam::a:role/r": nil,
	}
	refused := &smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized"}
	tests := map[string]struct {
		aws       fakeAWS
		want      []string
		wantErr   string
		wantCalls int
	}{
		"all allowed": {aws: fakeAWS{caller: userARN}, wantCalls: 7},
		"some missing to a user": {
			aws:  fakeAWS{caller: userARN, denied: denyAll},
			want: []string{"sqs:CreateQueue on arn:aws:sqs:r:a:one", "sqs:TagQueue on arn:aws:sqs:r:a:two", "iam:PassRole on arn:aws:iam::a:role/r"}, wantCalls: 7,
		},
		"some missing to a role": {
			aws:  fakeAWS{caller: assumed, denied: denyAll, perResource: true},
			want: []string{"sqs:CreateQueue on arn:aws:sqs:r:a:one", "sqs:TagQueue on arn:aws:sqs:r:a:two", "iam:PassRole on arn:aws:iam::a:role/r"}, wantCalls: 4,
		},
		"one spelling is enough": {
			aws: fakeAWS{caller: userARN, denied: map[string][]string{"logs:CreateLogGroup arn:aws:logs:r:a:log-group:g": nil}}, wantCalls: 7,
		},
		"no spelling": {
			aws:  fakeAWS{caller: userARN, denied: map[string][]string{"logs:CreateLogGroup arn:aws:logs:r:a:log-group:g": nil, "logs:CreateLogGroup arn:aws:logs:r:a:log-group:g:example": nil}},
			want: []string{"logs:CreateLogGroup on arn:aws:logs:r:a:log-group:g"}, wantCalls: 7,
		},
		"depends on what is not known": {
			aws: fakeAWS{caller: userARN, denied: map[string][]string{"sqs:CreateQueue arn:aws:sqs:r:a:one": {"aws:SourceIp"}}}, wantCalls: 7,
		},
		"depends on what is not known, by resource": {
			aws: fakeAWS{caller: userARN, perResource: true, denied: map[string][]string{"sqs:CreateQueue arn:aws:sqs:r:a:one": {"aws:SourceIp"}}}, wantCalls: 4,
		},
		"root":               {aws: fakeAWS{caller: "arn:aws:iam::123456789012:root", denied: denyAll}},
		"federated user":     {aws: fakeAWS{caller: "arn:aws:sts::123456789012:federated-user/somebody", denied: denyAll}},
		"no ARN":             {aws: fakeAWS{caller: "somebody"}, wantErr: "reading the caller's identity"},
		"role not readable":  {aws: fakeAWS{caller: assumed, denied: denyAll, roleErr: refused}, wantErr: "reading the caller's role (deployer)"},
		"may not simulate":   {aws: fakeAWS{caller: userARN, denied: denyAll, simulateErr: map[string]error{"sqs:CreateQueue": refused}}, wantErr: "not authorized", wantCalls: 1},
		"one cannot be told": {aws: fakeAWS{caller: userARN, denied: denyAll, simulateErr: map[string]error{"sqs:CreateQueue": errors.New("throttled")}}, want: []string{"iam:PassRole on arn:aws:iam::a:role/r"}, wantErr: "throttled", wantCalls: 4},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			got, err := Missing(t.Context(), &tt.aws, &tt.aws, testGrants)
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("error is %v, want %q", err, tt.wantErr)
			}
			var texts []string
			for _, p := range got {
				texts = append(texts, p.String())
			}
			if !slices.Equal(texts, tt.want) {
				t.Errorf("missing %q, want %q", texts, tt.want)
			}
			if tt.aws.calls != tt.wantCalls {
				t.Errorf("%d calls, want %d", tt.aws.calls, tt.wantCalls)
			}
		})
	}
}

// What a grant's condition asks is what the caller's requests have.
func TestMissingTellsTheConditionsMet(t *testing.T) {
	t.Parallel()
	cloud := &fakeAWS{caller: userARN}
	if _, err := Missing(t.Context(), cloud, cloud, testGrants[3:]); err != nil {
		t.Fatal(err)
	}
	if len(cloud.context) != 1 {
		t.Fatalf("context is %v, want one entry", cloud.context)
	}
	e := cloud.context[0]
	if aws.ToString(e.ContextKeyName) != "iam:PassedToService" || e.ContextKeyType != types.ContextKeyTypeEnumString || !slices.Equal(e.ContextKeyValues, []string{"lambda.amazonaws.com"}) {
		t.Errorf("context is %v", e)
	}
}

// Keys with several values are told as lists, and whether there is a key is
// not told as its value.
func TestContextEntriesOfLists(t *testing.T) {
	t.Parallel()
	entries := contextEntries(iampolicy.Condition{
		"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsActions": {"CREATE", "DELETE"}},
		"Null":                      {"route53:ChangeResourceRecordSetsActions": {"false"}},
		"Bool":                      {"kms:GrantIsForAWSResource": {"true"}},
	})
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%s %s %v", aws.ToString(e.ContextKeyName), e.ContextKeyType, e.ContextKeyValues))
	}
	want := []string{"kms:GrantIsForAWSResource boolean [true]", "route53:ChangeResourceRecordSetsActions stringList [CREATE DELETE]"}
	if !slices.Equal(got, want) {
		t.Errorf("entries are %q, want %q", got, want)
	}
}

// The policy holds what is checked and what is not, each action once.
func TestDocument(t *testing.T) {
	t.Parallel()
	grants := []Grant{{Sid: "A", Create: []string{"s3:PutObject", "s3:GetObject"}, Other: []string{"s3:GetObject", "s3:DeleteObject"}, Resources: []string{"*"}}}
	const want = `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:DeleteObject","s3:GetObject","s3:PutObject"],"Resource":["*"]}]}`
	if got := Document(grants).JSON(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
