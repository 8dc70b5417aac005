package snapshot

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func roles(ctx context.Context, cfg aws.Config, c *collector) error {
	client := iam.NewFromConfig(cfg)
	list := iam.NewListRolesPaginator(client, &iam.ListRolesInput{})
	return pages(ctx, "roles", list, func(page *iam.ListRolesOutput) error {
		for _, r := range page.Roles {
			if err := role(ctx, client, r, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func role(ctx context.Context, client *iam.Client, r types.Role, c *collector) error {
	name := aws.ToString(r.RoleName)
	if err := c.add("iam role", name, r.Path, r.AssumeRolePolicyDocument); err != nil {
		return err
	}
	err := inlinePolicies(ctx, client, name, c)
	if err == nil {
		err = attachedPolicies(ctx, client, name, c)
	}
	// The role was deleted while it was read.
	if is(err, "NoSuchEntity", "NoSuchEntityException") {
		return nil
	}
	return err
}

func inlinePolicies(ctx context.Context, client *iam.Client, role string, c *collector) error {
	list := iam.NewListRolePoliciesPaginator(client, &iam.ListRolePoliciesInput{RoleName: &role})
	return pages(ctx, "inline policies of "+role, list, func(page *iam.ListRolePoliciesOutput) error {
		for _, name := range page.PolicyNames {
			out, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
			if err != nil {
				return fmt.Errorf("reading policy (%s) of role (%s): %w", name, role, err)
			}
			if err := c.add("iam inline policy", role+"/"+name, out.PolicyDocument); err != nil {
				return err
			}
		}
		return nil
	})
}

func attachedPolicies(ctx context.Context, client *iam.Client, role string, c *collector) error {
	list := iam.NewListAttachedRolePoliciesPaginator(client, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	return pages(ctx, "attached policies of "+role, list, func(page *iam.ListAttachedRolePoliciesOutput) error {
		for _, p := range page.AttachedPolicies {
			if err := c.add("iam attached policy", role+"/"+aws.ToString(p.PolicyArn)); err != nil {
				return err
			}
		}
		return nil
	})
}

// policies lists the account's own managed policies.
func policies(ctx context.Context, cfg aws.Config, c *collector) error {
	list := iam.NewListPoliciesPaginator(iam.NewFromConfig(cfg), &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal})
	return pages(ctx, "policies", list, func(page *iam.ListPoliciesOutput) error {
		for _, p := range page.Policies {
			if err := c.add("iam policy", aws.ToString(p.Arn), p.DefaultVersionId); err != nil {
				return err
			}
		}
		return nil
	})
}
