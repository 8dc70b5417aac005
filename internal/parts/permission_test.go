package parts

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// fakePermissions is the policy of the function f. Statements are written as
// Lambda writes them.
type fakePermissions struct {
	service
	statements map[string]string
	noFunction bool
}

func (f *fakePermissions) open(op string, function *string) error {
	if err := f.call(op); err != nil {
		return err
	}
	if f.noFunction || aws.ToString(function) != "f" {
		return fault("ResourceNotFoundException", "Function not found: "+aws.ToString(function))
	}
	return nil
}

func (f *fakePermissions) GetPolicy(_ context.Context, in *lambda.GetPolicyInput, _ ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error) {
	if err := f.open("GetPolicy", in.FunctionName); err != nil {
		return nil, err
	}
	if len(f.statements) == 0 {
		return nil, fault("ResourceNotFoundException", "The resource you requested does not exist.")
	}
	var list []string
	for _, id := range slices.Sorted(maps.Keys(f.statements)) {
		list = append(list, f.statements[id])
	}
	return &lambda.GetPolicyOutput{Policy: aws.String(`{"Version":"2012-10-17","Id":"default","Statement":[` + strings.Join(list, ",") + `]}`)}, nil
}

func (f *fakePermissions) AddPermission(_ context.Context, in *lambda.AddPermissionInput, _ ...func(*lambda.Options)) (*lambda.AddPermissionOutput, error) {
	if err := f.open("AddPermission", in.FunctionName); err != nil {
		return nil, err
	}
	if _, ok := f.statements[*in.StatementId]; ok {
		return nil, fault("ResourceConflictException", "The statement id (events) provided already exists.")
	}
	statement := fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Principal":{"Service":%q},"Action":%q,"Resource":%q,`+
		`"Condition":{"StringEquals":{"AWS:SourceAccount":%q},"ArnLike":{"AWS:SourceArn":%q}}}`,
		*in.StatementId, *in.Principal, *in.Action, testFunctionARN, *in.SourceAccount, *in.SourceArn)
	f.statements[*in.StatementId] = statement
	return &lambda.AddPermissionOutput{Statement: &statement}, nil
}

func (f *fakePermissions) RemovePermission(_ context.Context, in *lambda.RemovePermissionInput, _ ...func(*lambda.Options)) (*lambda.RemovePermissionOutput, error) {
	if err := f.open("RemovePermission", in.FunctionName); err != nil {
		return nil, err
	}
	if _, ok := f.statements[*in.StatementId]; !ok {
		return nil, fault("ResourceNotFoundException", "Statement events is not found in resource policy.")
	}
	delete(f.statements, *in.StatementId)
	return &lambda.RemovePermissionOutput{}, nil
}

func newPermission() (*Permission, *fakePermissions) {
	api := &fakePermissions{statements: map[string]string{}}
	return &Permission{
		API: api, Function: "f", StatementID: "events", Principal: "events.amazonaws.com",
		SourceARN: testRuleARN, SourceAccount: testAccount,
	}, api
}

func TestPermissionLife(t *testing.T) {
	t.Parallel()
	p, api := newPermission()
	checkLife(t, p, &api.service, "AddPermission")

	p, api = newPermission()
	api.statements["other"] = `{"Sid":"other","Effect":"Allow"}`
	checkLife(t, p, &api.service, "AddPermission")
	if len(api.statements) != 1 {
		t.Fatalf("the other statement is gone: %v", api.statements)
	}

	api.noFunction = true
	mustBeAbsent(t, p)
	mustDelete(t, p)
}

func TestPermissionDrift(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ old, now string }{
		"effect":    {`"Allow"`, `"Deny"`},
		"principal": {`"events.amazonaws.com"`, `"sns.amazonaws.com"`},
		"anybody":   {`{"Service":"events.amazonaws.com"}`, `"*"`},
		"action":    {`"lambda:InvokeFunction"`, `"lambda:*"`},
		"resource":  {testFunctionARN, testFunctionARN + ":1"},
		"rule":      {testRuleARN, testRuleARN + "*"},
		"account":   {testAccount + `"}`, `999999999999"}`},
		"no rule":   {`,"ArnLike":{"AWS:SourceArn":"` + testRuleARN + `"}`, ""},
		"operator":  {`"ArnLike"`, `"StringLike"`},
		"addition":  {`"Condition":{`, `"Condition":{"Bool":{"aws:SecureTransport":"true"},`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, api := newPermission()
			mustEnsure(t, p)
			before := api.statements["events"]
			api.statements["events"] = strings.Replace(before, test.old, test.now, 1)
			if api.statements["events"] == before || !json.Valid([]byte(api.statements["events"])) {
				t.Fatalf("the test changes nothing: %s", before)
			}
			checkRepair(t, p, &api.service, []string{"the permission differs"}, []string{"RemovePermission", "AddPermission"})
		})
	}
}

func TestPermissionIsAddedAgain(t *testing.T) {
	t.Parallel()
	p, api := newPermission()
	mustEnsure(t, p)
	api.statements = map[string]string{}
	mustBeAbsent(t, p)
	mustEnsure(t, p)
	mustDrift(t, p)
}

func TestPermissionPolicyThatIsNoJSON(t *testing.T) {
	t.Parallel()
	p, api := newPermission()
	api.statements["events"] = "{"
	expectError(t, p.Ensure(t.Context()), "reading permission (events of function f)", "parsing the policy")
}

func TestPermissionAccessDenied(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"GetPolicy", "AddPermission"} {
		p, api := newPermission()
		api.deny(op)
		expectDenied(t, p.Ensure(t.Context()))
	}
	p, api := newPermission()
	mustEnsure(t, p)
	p.SourceARN = "x"
	api.deny("RemovePermission")
	expectDenied(t, p.Ensure(t.Context()))
	expectDenied(t, p.Delete(t.Context()))
	api.deny("GetPolicy")
	_, err := p.Drift(t.Context())
	expectDenied(t, err)
}
