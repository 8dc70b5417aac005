package parts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// PermissionAPI is what Permission calls of Lambda.
type PermissionAPI interface {
	GetPolicy(context.Context, *lambda.GetPolicyInput, ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error)
	AddPermission(context.Context, *lambda.AddPermissionInput, ...func(*lambda.Options)) (*lambda.AddPermissionOutput, error)
	RemovePermission(context.Context, *lambda.RemovePermissionInput, ...func(*lambda.Options)) (*lambda.RemovePermissionOutput, error)
}

const permissionAction = "lambda:InvokeFunction"

// Permission lets an AWS service invoke a function on behalf of one object of
// one account, and of nothing else. It is a statement of the function's
// policy; other statements are left alone. Lambda loses statements that are
// added to one function at the same time, so the permissions of one function
// belong into different stages.
type Permission struct {
	API PermissionAPI
	// Function is the function's name.
	Function string
	// StatementID names the statement.
	StatementID string
	// Principal is a service, such as "events.amazonaws.com".
	Principal string
	// SourceARN and SourceAccount are the object and the account on whose
	// behalf the service may call.
	SourceARN, SourceAccount string
}

func (p *Permission) String() string {
	return fmt.Sprintf("permission (%s of function %s)", p.StatementID, p.Function)
}

// Ensure adds the statement. One that differs is replaced, as Lambda cannot
// change it.
func (p *Permission) Ensure(ctx context.Context) error {
	have, err := p.find(ctx)
	switch {
	case errors.Is(err, stack.ErrNotFound):
		return p.add(ctx)
	case err != nil:
		return fmt.Errorf("reading %s: %w", p, err)
	case p.matches(have):
		return nil
	}
	if err := p.Delete(ctx); err != nil {
		return err
	}
	return p.add(ctx)
}

// Drift tells whether the statement differs.
func (p *Permission) Drift(ctx context.Context) ([]string, error) {
	have, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	if p.matches(have) {
		return nil, nil
	}
	return []string{"the permission differs"}, nil
}

// Delete removes the statement.
func (p *Permission) Delete(ctx context.Context) error {
	_, err := p.API.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: &p.Function, StatementId: &p.StatementID})
	if err != nil && !awserr.Is(err, lambdaNotFound) {
		return fmt.Errorf("removing %s: %w", p, err)
	}
	return nil
}

func (p *Permission) add(ctx context.Context) error {
	_, err := p.API.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName:  &p.Function,
		StatementId:   &p.StatementID,
		Action:        aws.String(permissionAction),
		Principal:     &p.Principal,
		SourceArn:     &p.SourceARN,
		SourceAccount: &p.SourceAccount,
	})
	if err != nil {
		return fmt.Errorf("adding %s: %w", p, err)
	}
	return nil
}

// find answers the statement's JSON, or stack.ErrNotFound when the function,
// its policy or the statement is absent.
func (p *Permission) find(ctx context.Context) (string, error) {
	out, err := p.API.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &p.Function})
	if awserr.Is(err, lambdaNotFound) {
		return "", stack.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	var policy struct{ Statement []json.RawMessage }
	if err := json.Unmarshal([]byte(aws.ToString(out.Policy)), &policy); err != nil {
		return "", fmt.Errorf("parsing the policy: %w", err)
	}
	for _, raw := range policy.Statement {
		var s struct{ Sid string }
		if json.Unmarshal(raw, &s) == nil && s.Sid == p.StatementID {
			return string(raw), nil
		}
	}
	return "", stack.ErrNotFound
}

// matches compares all of the statement but its resource, which can only be
// the function that it was read from, or a version of it.
func (p *Permission) matches(have string) bool {
	var got map[string]json.RawMessage
	if json.Unmarshal([]byte(have), &got) != nil {
		return false
	}
	var resource string
	if json.Unmarshal(got["Resource"], &resource) != nil || !strings.HasSuffix(resource, ":function:"+p.Function) {
		return false
	}
	delete(got, "Resource")
	rest, err := json.Marshal(got)
	if err != nil {
		return false
	}
	want, err := json.Marshal(iampolicy.Statement{
		Sid:       p.StatementID,
		Effect:    iampolicy.Allow,
		Principal: map[string][]string{"Service": {p.Principal}},
		Action:    []string{permissionAction},
		Condition: iampolicy.Condition{
			"ArnLike":      {"AWS:SourceArn": {p.SourceARN}},
			"StringEquals": {"AWS:SourceAccount": {p.SourceAccount}},
		},
	})
	return err == nil && iampolicy.Equivalent(string(rest), string(want))
}
