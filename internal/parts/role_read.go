package parts

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// roleState is what IAM answers of a role.
type roleState struct {
	path, description, boundary string
	// trust and policy are JSON; policy is empty where there is none.
	trust, policy string
	// inline are the names of the inline policies, attached the ARNs of the
	// others.
	inline, attached []string
	tags             map[string]string
}

// read asks for everything at once. It answers stack.ErrNotFound if there is
// no role.
func (r *Role) read(ctx context.Context) (roleState, error) {
	var have roleState
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.readRole(groupCtx, &have) })
	group.Go(func() error {
		var err error
		have.policy, err = r.policy(groupCtx)
		return err
	})
	group.Go(func() error {
		var err error
		have.inline, err = r.inline(groupCtx)
		return err
	})
	group.Go(func() error {
		var err error
		have.attached, err = r.attached(groupCtx)
		return err
	})
	err := group.Wait()
	if isNoRole(err) {
		return roleState{}, stack.ErrNotFound
	}
	if err != nil {
		return roleState{}, err
	}
	return have, nil
}

func (r *Role) readRole(ctx context.Context, have *roleState) error {
	role, err := r.get(ctx)
	if err != nil {
		return err
	}
	have.trust, err = decodePolicy(role.AssumeRolePolicyDocument)
	if err != nil {
		return err
	}
	have.path = aws.ToString(role.Path)
	have.description = aws.ToString(role.Description)
	have.tags = roleTagMap(role.Tags)
	if role.PermissionsBoundary != nil {
		have.boundary = aws.ToString(role.PermissionsBoundary.PermissionsBoundaryArn)
	}
	return nil
}

func (r *Role) get(ctx context.Context) (*types.Role, error) {
	out, err := r.API.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.Name})
	if err != nil {
		return nil, err
	}
	return out.Role, nil
}

// policy answers the inline policy, or nothing where it is missing. The code
// is the same where the role is, which the other calls tell.
func (r *Role) policy(ctx context.Context) (string, error) {
	out, err := r.API.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &r.Name, PolicyName: aws.String(rolePolicy)})
	if isNoRole(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return decodePolicy(out.PolicyDocument)
}

func (r *Role) inline(ctx context.Context) ([]string, error) {
	var names []string
	pages := iam.NewListRolePoliciesPaginator(r.API, &iam.ListRolePoliciesInput{RoleName: &r.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		names = append(names, page.PolicyNames...)
	}
	return names, nil
}

func (r *Role) attached(ctx context.Context) ([]string, error) {
	var arns []string
	pages := iam.NewListAttachedRolePoliciesPaginator(r.API, &iam.ListAttachedRolePoliciesInput{RoleName: &r.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.AttachedPolicies {
			arns = append(arns, aws.ToString(p.PolicyArn))
		}
	}
	return arns, nil
}

// decodePolicy undoes the URL encoding in which IAM answers policies.
func decodePolicy(encoded *string) (string, error) {
	text, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil {
		return "", fmt.Errorf("decoding a policy: %w", err)
	}
	return text, nil
}

func roleTagMap(tags []types.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}
