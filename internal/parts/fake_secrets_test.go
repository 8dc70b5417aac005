package parts

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

const (
	testSecret    = "fargatedirect-prod-0123456789ab/web/certificate"
	testSecretARN = "arn:aws:secretsmanager:eu-west-2:" + testAccount + ":secret:" + testSecret + "-x7GhT9"
)

// fakeSecrets is a Secrets Manager with one secret's name.
type fakeSecrets struct {
	service
	secret *fakeSecret
	// releases is how many creates are refused after a deletion, and late is
	// how many reads do not see a new secret yet.
	releases, late int
	// lag is how many updates are refused after the policy is gone.
	lag int
}

type fakeSecret struct {
	description, key, policy string
	tags                     map[string]string
	deleted                  *time.Time
}

func newFakeSecrets() *fakeSecrets { return &fakeSecrets{} }

func (f *fakeSecrets) gone() error {
	return fault("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

// open begins an operation on a secret that must not be marked for deletion.
func (f *fakeSecrets) open(op string, id *string) (*fakeSecret, error) {
	if err := f.call(op); err != nil {
		return nil, err
	}
	if f.secret == nil || aws.ToString(id) != testSecret {
		return nil, f.gone()
	}
	if f.secret.deleted != nil && !slices.Contains([]string{"DescribeSecret", "RestoreSecret", "DeleteSecret"}, op) {
		return nil, fault("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	return f.secret, nil
}

func (f *fakeSecrets) CreateSecret(_ context.Context, in *secretsmanager.CreateSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	if err := f.call("CreateSecret"); err != nil {
		return nil, err
	}
	tags := secretTags(in.Tags)
	switch {
	case f.secret != nil && f.secret.deleted != nil, f.releases > 0:
		f.releases--
		return nil, fault("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
	case f.secret != nil:
		return nil, fault("ResourceExistsException", "The operation failed because the secret "+*in.Name+" already exists.")
	case strings.Trim(*in.Name, "abcdefghijklmnopqrstuvwxyz0123456789/_+=.@-") != "" || len(*in.Name) > 512:
		return nil, fault("ValidationException", "Invalid name.")
	case in.SecretString != nil || in.SecretBinary != nil:
		return nil, fault("ValidationException", "the part knows no value")
	case in.KmsKeyId != nil && *in.KmsKeyId == "":
		return nil, fault("ValidationException", "KmsKeyId")
	}
	if err := refuseTags(tags); err != nil {
		return nil, err
	}
	f.secret = &fakeSecret{description: aws.ToString(in.Description), key: aws.ToString(in.KmsKeyId), tags: tags}
	return &secretsmanager.CreateSecretOutput{ARN: aws.String(testSecretARN), Name: in.Name}, nil
}

func (f *fakeSecrets) DescribeSecret(_ context.Context, in *secretsmanager.DescribeSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	s, err := f.open("DescribeSecret", in.SecretId)
	if err == nil && f.late > 0 {
		f.late--
		err = f.gone()
	}
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.DescribeSecretOutput{ARN: aws.String(testSecretARN), Name: in.SecretId, DeletedDate: dup(s.deleted)}
	// What is empty is not answered.
	if s.key != "" {
		out.KmsKeyId = aws.String(s.key)
	}
	if s.description != "" {
		out.Description = aws.String(s.description)
	}
	for _, k := range slices.Sorted(maps.Keys(s.tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(k), Value: aws.String(s.tags[k])})
	}
	return out, nil
}

// UpdateSecret is refused while the policy, which the tests take for the
// function's alone, is in force.
func (f *fakeSecrets) UpdateSecret(_ context.Context, in *secretsmanager.UpdateSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretOutput, error) {
	s, err := f.open("UpdateSecret", in.SecretId)
	if err != nil {
		return nil, err
	}
	if s.policy != "" || f.lag > 0 {
		f.lag--
		return nil, fault("AccessDeniedException", "with an explicit deny in a resource-based policy")
	}
	if in.SecretString != nil || in.SecretBinary != nil {
		return nil, fault("ValidationException", "the part knows no value")
	}
	if in.Description != nil {
		s.description = *in.Description
	}
	if in.KmsKeyId != nil {
		s.key = cmp.Or(*in.KmsKeyId, "alias/aws/secretsmanager")
	}
	return &secretsmanager.UpdateSecretOutput{}, nil
}

// DeleteSecret with force is no error for a secret that does not exist.
func (f *fakeSecrets) DeleteSecret(_ context.Context, in *secretsmanager.DeleteSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error) {
	if in.RecoveryWindowInDays != nil || !aws.ToBool(in.ForceDeleteWithoutRecovery) {
		return nil, fault("InvalidParameterException", "the secret's name would stay in use")
	}
	if _, err := f.open("DeleteSecret", in.SecretId); err != nil && f.always["DeleteSecret"] != nil {
		return nil, err
	}
	f.secret = nil
	return &secretsmanager.DeleteSecretOutput{}, nil
}

func (f *fakeSecrets) RestoreSecret(_ context.Context, in *secretsmanager.RestoreSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.RestoreSecretOutput, error) {
	s, err := f.open("RestoreSecret", in.SecretId)
	if err != nil {
		return nil, err
	}
	s.deleted = nil
	return &secretsmanager.RestoreSecretOutput{}, nil
}

func (f *fakeSecrets) GetResourcePolicy(_ context.Context, in *secretsmanager.GetResourcePolicyInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetResourcePolicyOutput, error) {
	s, err := f.open("GetResourcePolicy", in.SecretId)
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.GetResourcePolicyOutput{}
	if s.policy != "" {
		out.ResourcePolicy = aws.String(s.policy)
	}
	return out, nil
}

func (f *fakeSecrets) PutResourcePolicy(_ context.Context, in *secretsmanager.PutResourcePolicyInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.PutResourcePolicyOutput, error) {
	s, err := f.open("PutResourcePolicy", in.SecretId)
	if err != nil {
		return nil, err
	}
	if !json.Valid([]byte(*in.ResourcePolicy)) {
		return nil, fault("MalformedPolicyDocumentException", "")
	}
	s.policy = *in.ResourcePolicy
	return &secretsmanager.PutResourcePolicyOutput{}, nil
}

func (f *fakeSecrets) DeleteResourcePolicy(_ context.Context, in *secretsmanager.DeleteResourcePolicyInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DeleteResourcePolicyOutput, error) {
	s, err := f.open("DeleteResourcePolicy", in.SecretId)
	if err != nil {
		return nil, err
	}
	s.policy = ""
	return &secretsmanager.DeleteResourcePolicyOutput{}, nil
}

func (f *fakeSecrets) TagResource(_ context.Context, in *secretsmanager.TagResourceInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.TagResourceOutput, error) {
	s, err := f.open("TagResource", in.SecretId)
	if err != nil {
		return nil, err
	}
	tags := secretTags(in.Tags)
	if err := refuseTags(tags); err != nil {
		return nil, err
	}
	maps.Copy(s.tags, tags)
	return &secretsmanager.TagResourceOutput{}, nil
}

func (f *fakeSecrets) UntagResource(_ context.Context, in *secretsmanager.UntagResourceInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.UntagResourceOutput, error) {
	s, err := f.open("UntagResource", in.SecretId)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(s.tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
	return &secretsmanager.UntagResourceOutput{}, nil
}
