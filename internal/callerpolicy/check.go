package callerpolicy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// IAMAPI is what Missing calls of IAM.
type IAMAPI interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	SimulatePrincipalPolicy(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error)
}

// STSAPI is what Missing calls of STS.
type STSAPI interface {
	GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
}

// Permission is one action on one resource.
type Permission struct{ Action, Resource string }

func (p Permission) String() string { return p.Action + " on " + p.Resource }

// Missing answers which permissions for a create the caller lacks for certain,
// as IAM simulates its policies. It is a courtesy, so whatever leaves a doubt
// counts as allowed: a policy that depends on what the simulation cannot know,
// callers that are neither a user nor a role, a caller that may not ask. The
// error tells why some of it was not checked; the answer holds nevertheless.
func Missing(ctx context.Context, identities STSAPI, policies IAMAPI, grants []Grant) ([]Permission, error) {
	principal, err := principal(ctx, identities, policies)
	if err != nil || principal == "" {
		return nil, err
	}
	var missing []Permission
	var errs []error
	for _, g := range grants {
		if len(g.Create) == 0 {
			continue
		}
		denied, err := simulate(ctx, policies, principal, g)
		if awserr.IsAccessDenied(err) || ctx.Err() != nil {
			return missing, errors.Join(append(errs, err)...)
		}
		errs = append(errs, err)
		missing = append(missing, denied...)
	}
	return missing, errors.Join(errs...)
}

// principal is the ARN of the user or role whose policies are the caller's;
// empty if there is none: the root user may do anything, and a federated user
// has policies that IAM does not keep.
func principal(ctx context.Context, identities STSAPI, policies IAMAPI) (string, error) {
	who, err := identities.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("reading the caller's identity: %w", err)
	}
	caller, err := arn.Parse(aws.ToString(who.Arn))
	if err != nil {
		return "", fmt.Errorf("reading the caller's identity: %w", err)
	}
	kind, rest, _ := strings.Cut(caller.Resource, "/")
	switch {
	case caller.Service == "iam" && kind == "user":
		return caller.String(), nil
	case caller.Service == "sts" && kind == "assumed-role":
		// Only the role itself tells its path.
		name, _, _ := strings.Cut(rest, "/")
		role, err := policies.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
		if err != nil {
			return "", fmt.Errorf("reading the caller's role (%s): %w", name, err)
		}
		return aws.ToString(role.Role.Arn), nil
	}
	return "", nil
}

// simulate answers what of a grant's Create the principal may not do.
func simulate(ctx context.Context, policies IAMAPI, principal string, g Grant) ([]Permission, error) {
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &principal, ActionNames: g.Create, ContextEntries: contextEntries(g.Condition)}
	written := map[string]string{}
	for _, r := range g.Resources {
		written[sample(r)] = r
		in.ResourceArns = append(in.ResourceArns, sample(r))
	}
	denied := map[string][]Permission{}
	pages := iam.NewSimulatePrincipalPolicyPaginator(policies, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("simulating the policies of %s: %w", principal, err)
		}
		for _, result := range page.EvaluationResults {
			for _, resource := range deniedResources(result) {
				action := aws.ToString(result.EvalActionName)
				denied[action] = append(denied[action], Permission{action, cmp.Or(written[resource], resource)})
			}
		}
	}
	var missing []Permission
	for _, action := range g.Create {
		found := denied[action]
		switch {
		case !g.Spellings:
			missing = append(missing, found...)
		case len(found) == len(g.Resources):
			missing = append(missing, found[0])
		}
	}
	return missing, nil
}

// deniedResources are the resources of a result for which the answer is a
// plain no. IAM answers each resource by itself or all below one result.
func deniedResources(result types.EvaluationResult) []string {
	if len(result.ResourceSpecificResults) == 0 {
		if result.EvalDecision == types.PolicyEvaluationDecisionTypeAllowed || len(result.MissingContextValues) > 0 {
			return nil
		}
		return []string{aws.ToString(result.EvalResourceName)}
	}
	var denied []string
	for _, r := range result.ResourceSpecificResults {
		if r.EvalResourceDecision != types.PolicyEvaluationDecisionTypeAllowed && len(r.MissingContextValues) == 0 && len(result.MissingContextValues) == 0 {
			denied = append(denied, aws.ToString(r.EvalResourceName))
		}
	}
	return denied
}

// sample is a resource that a pattern means.
func sample(pattern string) string {
	if pattern == "*" {
		return pattern
	}
	return strings.ReplaceAll(pattern, "*", "example")
}

// contextEntries are what the caller's requests have to meet a condition.
func contextEntries(c iampolicy.Condition) []types.ContextEntry {
	var entries []types.ContextEntry
	for _, operator := range slices.Sorted(maps.Keys(c)) {
		// It asks whether there is a key, of which other operators tell more.
		if operator == "Null" {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(c[operator])) {
			kind := types.ContextKeyTypeEnumString
			switch {
			case operator == "Bool":
				kind = types.ContextKeyTypeEnumBoolean
			case strings.HasPrefix(operator, "ForAllValues:"):
				kind = types.ContextKeyTypeEnumStringList
			}
			entries = append(entries, types.ContextEntry{ContextKeyName: &key, ContextKeyType: kind, ContextKeyValues: c[operator][key]})
		}
	}
	return entries
}
