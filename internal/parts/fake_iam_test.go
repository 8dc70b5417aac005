package parts

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// fakeRoles is IAM as far as roles go.
type fakeRoles struct {
	service
	roles map[string]*fakeRole
	// page is the most names that one page of a list holds.
	page int
}

type fakeRole struct {
	path, description, trust, boundary string
	inline, tags                       map[string]string
	attached                           []string
}

func newFakeRoles() *fakeRoles { return &fakeRoles{roles: map[string]*fakeRole{}, page: 1} }

func (f *fakeRoles) open(op string, name *string) (*fakeRole, error) {
	if err := f.call(op); err != nil {
		return nil, err
	}
	if r, ok := f.roles[*name]; ok {
		return r, nil
	}
	return nil, answer("NoSuchEntity")
}

// encoded is a policy as IAM answers it: every sign but letters and digits is
// escaped, a space as %20.
func encoded(policy string) *string {
	return aws.String(strings.ReplaceAll(url.QueryEscape(policy), "+", "%20"))
}

func (f *fakeRoles) GetRole(_ context.Context, in *iam.GetRoleInput, _ ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("GetRole", in.RoleName)
	if err != nil {
		return nil, err
	}
	role := &types.Role{RoleName: in.RoleName, Path: aws.String(r.path), AssumeRolePolicyDocument: encoded(r.trust), Tags: roleTags(r.tags)}
	if r.description != "" {
		role.Description = aws.String(r.description)
	}
	if r.boundary != "" {
		role.PermissionsBoundary = &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: aws.String(r.boundary)}
	}
	return &iam.GetRoleOutput{Role: role}, nil
}

func (f *fakeRoles) CreateRole(_ context.Context, in *iam.CreateRoleInput, _ ...func(*iam.Options)) (*iam.CreateRoleOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("CreateRole"); err != nil {
		return nil, err
	}
	if _, ok := f.roles[*in.RoleName]; ok {
		return nil, answer("EntityAlreadyExists")
	}
	if !json.Valid([]byte(*in.AssumeRolePolicyDocument)) {
		return nil, answer("MalformedPolicyDocument")
	}
	if !strings.HasPrefix(*in.Path, "/") || !strings.HasSuffix(*in.Path, "/") || in.PermissionsBoundary != nil && *in.PermissionsBoundary == "" {
		return nil, answer("ValidationError")
	}
	r := &fakeRole{
		path: *in.Path, description: aws.ToString(in.Description), trust: *in.AssumeRolePolicyDocument,
		boundary: aws.ToString(in.PermissionsBoundary), inline: map[string]string{}, tags: roleTagMap(in.Tags),
	}
	f.roles[*in.RoleName] = r
	return &iam.CreateRoleOutput{}, nil
}

func (f *fakeRoles) UpdateRole(_ context.Context, in *iam.UpdateRoleInput, _ ...func(*iam.Options)) (*iam.UpdateRoleOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("UpdateRole", in.RoleName)
	if err != nil {
		return nil, err
	}
	r.description = aws.ToString(in.Description)
	return &iam.UpdateRoleOutput{}, nil
}

func (f *fakeRoles) UpdateAssumeRolePolicy(_ context.Context, in *iam.UpdateAssumeRolePolicyInput, _ ...func(*iam.Options)) (*iam.UpdateAssumeRolePolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("UpdateAssumeRolePolicy", in.RoleName)
	if err != nil {
		return nil, err
	}
	if !json.Valid([]byte(*in.PolicyDocument)) {
		return nil, answer("MalformedPolicyDocument")
	}
	r.trust = *in.PolicyDocument
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

func (f *fakeRoles) DeleteRole(_ context.Context, in *iam.DeleteRoleInput, _ ...func(*iam.Options)) (*iam.DeleteRoleOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("DeleteRole", in.RoleName)
	if err != nil {
		return nil, err
	}
	if len(r.inline) > 0 || len(r.attached) > 0 {
		return nil, answer("DeleteConflict")
	}
	delete(f.roles, *in.RoleName)
	return &iam.DeleteRoleOutput{}, nil
}

// pageOf cuts a page out of a list and answers the marker of the next one.
func (f *fakeRoles) pageOf(all []string, marker *string) ([]string, *string) {
	from := 0
	if marker != nil {
		from, _ = strconv.Atoi(*marker)
	}
	to := min(from+f.page, len(all))
	if to == len(all) {
		return all[from:to], nil
	}
	return all[from:to], aws.String(strconv.Itoa(to))
}

func (f *fakeRoles) ListRolePolicies(_ context.Context, in *iam.ListRolePoliciesInput, _ ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("ListRolePolicies", in.RoleName)
	if err != nil {
		return nil, err
	}
	names, marker := f.pageOf(slices.Sorted(maps.Keys(r.inline)), in.Marker)
	return &iam.ListRolePoliciesOutput{PolicyNames: names, Marker: marker, IsTruncated: marker != nil}, nil
}

func (f *fakeRoles) GetRolePolicy(_ context.Context, in *iam.GetRolePolicyInput, _ ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("GetRolePolicy", in.RoleName)
	if err != nil {
		return nil, err
	}
	policy, ok := r.inline[*in.PolicyName]
	if !ok {
		return nil, answer("NoSuchEntity")
	}
	return &iam.GetRolePolicyOutput{PolicyDocument: encoded(policy)}, nil
}

func (f *fakeRoles) PutRolePolicy(_ context.Context, in *iam.PutRolePolicyInput, _ ...func(*iam.Options)) (*iam.PutRolePolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("PutRolePolicy", in.RoleName)
	if err != nil {
		return nil, err
	}
	if !json.Valid([]byte(*in.PolicyDocument)) {
		return nil, answer("MalformedPolicyDocument")
	}
	r.inline[*in.PolicyName] = *in.PolicyDocument
	return &iam.PutRolePolicyOutput{}, nil
}

func (f *fakeRoles) DeleteRolePolicy(_ context.Context, in *iam.DeleteRolePolicyInput, _ ...func(*iam.Options)) (*iam.DeleteRolePolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("DeleteRolePolicy", in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, ok := r.inline[*in.PolicyName]; !ok {
		return nil, answer("NoSuchEntity")
	}
	delete(r.inline, *in.PolicyName)
	return &iam.DeleteRolePolicyOutput{}, nil
}

func (f *fakeRoles) ListAttachedRolePolicies(_ context.Context, in *iam.ListAttachedRolePoliciesInput, _ ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("ListAttachedRolePolicies", in.RoleName)
	if err != nil {
		return nil, err
	}
	arns, marker := f.pageOf(r.attached, in.Marker)
	out := &iam.ListAttachedRolePoliciesOutput{Marker: marker, IsTruncated: marker != nil}
	for _, arn := range arns {
		out.AttachedPolicies = append(out.AttachedPolicies, types.AttachedPolicy{PolicyArn: aws.String(arn)})
	}
	return out, nil
}

func (f *fakeRoles) DetachRolePolicy(_ context.Context, in *iam.DetachRolePolicyInput, _ ...func(*iam.Options)) (*iam.DetachRolePolicyOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("DetachRolePolicy", in.RoleName)
	if err != nil {
		return nil, err
	}
	i := slices.Index(r.attached, *in.PolicyArn)
	if i < 0 {
		return nil, answer("NoSuchEntity")
	}
	r.attached = slices.Delete(slices.Clone(r.attached), i, i+1)
	return &iam.DetachRolePolicyOutput{}, nil
}

func (f *fakeRoles) PutRolePermissionsBoundary(_ context.Context, in *iam.PutRolePermissionsBoundaryInput, _ ...func(*iam.Options)) (*iam.PutRolePermissionsBoundaryOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("PutRolePermissionsBoundary", in.RoleName)
	if err != nil {
		return nil, err
	}
	r.boundary = *in.PermissionsBoundary
	return &iam.PutRolePermissionsBoundaryOutput{}, nil
}

func (f *fakeRoles) DeleteRolePermissionsBoundary(_ context.Context, in *iam.DeleteRolePermissionsBoundaryInput, _ ...func(*iam.Options)) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("DeleteRolePermissionsBoundary", in.RoleName)
	if err != nil {
		return nil, err
	}
	if r.boundary == "" {
		return nil, answer("NoSuchEntity")
	}
	r.boundary = ""
	return &iam.DeleteRolePermissionsBoundaryOutput{}, nil
}

func (f *fakeRoles) TagRole(_ context.Context, in *iam.TagRoleInput, _ ...func(*iam.Options)) (*iam.TagRoleOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("TagRole", in.RoleName)
	if err != nil {
		return nil, err
	}
	maps.Copy(r.tags, roleTagMap(in.Tags))
	return &iam.TagRoleOutput{}, nil
}

func (f *fakeRoles) UntagRole(_ context.Context, in *iam.UntagRoleInput, _ ...func(*iam.Options)) (*iam.UntagRoleOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.open("UntagRole", in.RoleName)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(r.tags, k)
	}
	return &iam.UntagRoleOutput{}, nil
}
