package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// RoleAPI is what Role calls of IAM.
type RoleAPI interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	CreateRole(context.Context, *iam.CreateRoleInput, ...func(*iam.Options)) (*iam.CreateRoleOutput, error)
	UpdateRole(context.Context, *iam.UpdateRoleInput, ...func(*iam.Options)) (*iam.UpdateRoleOutput, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput, ...func(*iam.Options)) (*iam.UpdateAssumeRolePolicyOutput, error)
	DeleteRole(context.Context, *iam.DeleteRoleInput, ...func(*iam.Options)) (*iam.DeleteRoleOutput, error)
	ListRolePolicies(context.Context, *iam.ListRolePoliciesInput, ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput, ...func(*iam.Options)) (*iam.PutRolePolicyOutput, error)
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput, ...func(*iam.Options)) (*iam.DeleteRolePolicyOutput, error)
	ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput, ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error)
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput, ...func(*iam.Options)) (*iam.DetachRolePolicyOutput, error)
	PutRolePermissionsBoundary(context.Context, *iam.PutRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutRolePermissionsBoundaryOutput, error)
	DeleteRolePermissionsBoundary(context.Context, *iam.DeleteRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.DeleteRolePermissionsBoundaryOutput, error)
	TagRole(context.Context, *iam.TagRoleInput, ...func(*iam.Options)) (*iam.TagRoleOutput, error)
	UntagRole(context.Context, *iam.UntagRoleInput, ...func(*iam.Options)) (*iam.UntagRoleOutput, error)
}

// rolePolicy is the name of the one inline policy.
const rolePolicy = "function"

// Role is a function's role. It has one inline policy and no others: what else
// is put on it is drift, because it would widen what the function may do.
type Role struct {
	API RoleAPI
	// Name is unique in the account, whatever the path.
	Name string
	// Path is "/" or of the form "/team/".
	Path string
	// Description is for people.
	Description string
	// TrustPolicy tells who may assume the role, Policy what it may do.
	TrustPolicy, Policy iampolicy.Document
	// PermissionsBoundary is the ARN of a policy that limits the role, or empty.
	PermissionsBoundary string
	Tags                Tags

	sleep sleepFunc
}

func (r *Role) String() string { return fmt.Sprintf("role (%s)", r.Name) }

// Ensure creates the role or repairs all but its path, which IAM cannot change.
func (r *Role) Ensure(ctx context.Context) error {
	have, err := r.read(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return r.create(ctx)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", r, err)
	}
	if have.path != r.Path {
		return r.move(ctx, have)
	}
	_, err = repairAll(ctx, r, r.settings(have))
	return err
}

// Drift tells what differs, additional policies included.
func (r *Role) Drift(ctx context.Context) ([]string, error) {
	have, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	path := differs(have.path != r.Path, "path is %s, want %s", have.path, r.Path)
	return append(path, driftOf(r.settings(have))...), nil
}

// Delete removes the role with whatever policies it has.
func (r *Role) Delete(ctx context.Context) error {
	inline, err := r.inline(ctx)
	if isNoRole(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing the policies of %s: %w", r, err)
	}
	attached, err := r.attached(ctx)
	if err != nil && !isNoRole(err) {
		return fmt.Errorf("listing the attached policies of %s: %w", r, err)
	}
	if err := r.removePolicies(ctx, inline, attached); err != nil {
		return fmt.Errorf("removing the policies of %s: %w", r, err)
	}
	// IAM may still count a policy that was removed a moment ago.
	err = retryCodes(ctx, r.sleep, func() error {
		_, err := r.API.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.Name})
		return err
	}, "DeleteConflict", "ConcurrentModification")
	if err != nil && !isNoRole(err) {
		return fmt.Errorf("deleting %s: %w", r, err)
	}
	return nil
}

// ReadTags answers the role's tags, or stack.ErrNotFound.
func (r *Role) ReadTags(ctx context.Context) (map[string]string, error) {
	role, err := r.get(ctx)
	if isNoRole(err) {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return roleTagMap(role.Tags), nil
}

// Untag removes one tag.
func (r *Role) Untag(ctx context.Context, key string) error {
	return r.untag(ctx, []string{key})
}

func (r *Role) create(ctx context.Context) error {
	in := &iam.CreateRoleInput{
		RoleName: &r.Name, Path: &r.Path, Description: &r.Description,
		AssumeRolePolicyDocument: aws.String(r.TrustPolicy.JSON()),
		Tags:                     roleTags(r.Tags.Want),
	}
	// A boundary must be there from the start: a caller's own permissions may
	// allow it to create only limited roles.
	if r.PermissionsBoundary != "" {
		in.PermissionsBoundary = &r.PermissionsBoundary
	}
	if _, err := r.API.CreateRole(ctx, in); err != nil {
		return fmt.Errorf("creating %s: %w", r, err)
	}
	if err := r.putPolicy(ctx); err != nil {
		return fmt.Errorf("setting the policy of %s: %w", r, err)
	}
	return nil
}

// move replaces a role that lies under another path if an unfinished create
// left it there. Any other may be in use.
func (r *Role) move(ctx context.Context, have roleState) error {
	_, creating := have.tags[stack.CreatingTag]
	if !creating || have.tags[stack.OwnerTag] != r.Tags.Want[stack.OwnerTag] {
		return fmt.Errorf("%s has the path %s, want %s: IAM cannot change it; delete the role and apply again", r, have.path, r.Path)
	}
	if err := r.Delete(ctx); err != nil {
		return err
	}
	return r.create(ctx)
}

// settings compares what the role has with what is wanted. What limits the
// role comes first.
func (r *Role) settings(have roleState) []setting {
	extraInline := slices.DeleteFunc(slices.Clone(have.inline), func(name string) bool { return name == rolePolicy })
	var extra []string
	for _, name := range slices.Concat(extraInline, have.attached) {
		extra = append(extra, "has the additional policy "+name)
	}
	var policy []string
	switch {
	case have.policy == "":
		policy = []string{"the policy is missing"}
	case !iampolicy.Equivalent(have.policy, r.Policy.JSON()):
		policy = []string{"the policy differs"}
	}
	return []setting{
		{"permissions boundary", differs(have.boundary != r.PermissionsBoundary, "permissions boundary is %q, want %q", have.boundary, r.PermissionsBoundary), r.setBoundary},
		{"trust policy", differs(!iampolicy.Equivalent(have.trust, r.TrustPolicy.JSON()), "the trust policy differs"), r.setTrustPolicy},
		{"policies", extra, func(ctx context.Context) error { return r.removePolicies(ctx, extraInline, have.attached) }},
		{"policy", policy, r.putPolicy},
		{"description", differs(have.description != r.Description, "description is %q, want %q", have.description, r.Description), r.setDescription},
		{"tags", r.Tags.Drift(have.tags), func(ctx context.Context) error { return r.setTags(ctx, have.tags) }},
	}
}

func (r *Role) setBoundary(ctx context.Context) error {
	if r.PermissionsBoundary == "" {
		_, err := r.API.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &r.Name})
		return err
	}
	_, err := r.API.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &r.Name, PermissionsBoundary: &r.PermissionsBoundary})
	return err
}

func (r *Role) setTrustPolicy(ctx context.Context) error {
	_, err := r.API.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &r.Name, PolicyDocument: aws.String(r.TrustPolicy.JSON())})
	return err
}

func (r *Role) setDescription(ctx context.Context) error {
	_, err := r.API.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: &r.Name, Description: &r.Description})
	return err
}

// putPolicy writes the inline policy. IAM may deny for a moment that a new
// role exists.
func (r *Role) putPolicy(ctx context.Context) error {
	return retryCodes(ctx, r.sleep, func() error {
		_, err := r.API.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &r.Name, PolicyName: aws.String(rolePolicy), PolicyDocument: aws.String(r.Policy.JSON())})
		return err
	}, "NoSuchEntity", "ConcurrentModification")
}

func (r *Role) removePolicies(ctx context.Context, inline, attached []string) error {
	for _, name := range inline {
		_, err := r.API.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &r.Name, PolicyName: &name})
		if err != nil && !isNoRole(err) {
			return err
		}
	}
	for _, arn := range attached {
		_, err := r.API.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &r.Name, PolicyArn: &arn})
		if err != nil && !isNoRole(err) {
			return err
		}
	}
	return nil
}

func (r *Role) setTags(ctx context.Context, have map[string]string) error {
	set, remove := r.Tags.Diff(have)
	if len(set) > 0 {
		if _, err := r.API.TagRole(ctx, &iam.TagRoleInput{RoleName: &r.Name, Tags: roleTags(set)}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		return r.untag(ctx, remove)
	}
	return nil
}

func (r *Role) untag(ctx context.Context, keys []string) error {
	_, err := r.API.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &r.Name, TagKeys: keys})
	return err
}

func roleTags(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}

// isNoRole tells whether IAM answered that the role, or a policy of it, does
// not exist.
func isNoRole(err error) bool { return awserr.Is(err, "NoSuchEntity") }
