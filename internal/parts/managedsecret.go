package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// ManagedSecretAPI is what ManagedSecret calls of Secrets Manager. None of it reads or writes
// a value.
type ManagedSecretAPI interface {
	CreateSecret(context.Context, *secretsmanager.CreateSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error)
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	UpdateSecret(context.Context, *secretsmanager.UpdateSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretOutput, error)
	DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error)
	RestoreSecret(context.Context, *secretsmanager.RestoreSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.RestoreSecretOutput, error)
	GetResourcePolicy(context.Context, *secretsmanager.GetResourcePolicyInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetResourcePolicyOutput, error)
	PutResourcePolicy(context.Context, *secretsmanager.PutResourcePolicyInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutResourcePolicyOutput, error)
	DeleteResourcePolicy(context.Context, *secretsmanager.DeleteResourcePolicyInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteResourcePolicyOutput, error)
	TagResource(context.Context, *secretsmanager.TagResourceInput, ...func(*secretsmanager.Options)) (*secretsmanager.TagResourceOutput, error)
	UntagResource(context.Context, *secretsmanager.UntagResourceInput, ...func(*secretsmanager.Options)) (*secretsmanager.UntagResourceOutput, error)
}

// ManagedSecret is a secret in Secrets Manager, without its value: somebody else
// writes that.
type ManagedSecret struct {
	API ManagedSecretAPI
	// Name identifies the secret.
	Name string
	// Description is for people.
	Description string
	// KMSKeyARN encrypts the value; empty for the account's default key.
	KMSKeyARN string
	// Policy is the whole resource policy.
	Policy iampolicy.Document
	Tags   Tags

	sleep sleepFunc
}

// defaultSecretKey names the key that is used where none is named. AWS mostly
// does not tell it.
const defaultSecretKey = "alias/aws/secretsmanager"

func (s *ManagedSecret) String() string { return fmt.Sprintf("secret (%s)", s.Name) }

// Ensure creates the secret, restores one whose deletion is scheduled, or
// repairs key, description, policy and tags.
func (s *ManagedSecret) Ensure(ctx context.Context) error {
	var found *secretsmanager.DescribeSecretOutput
	err := retryLimited(ctx, s.sleep, isUnsettled, func() error {
		var err error
		found, err = s.obtain(ctx)
		return err
	})
	if err != nil {
		return err
	}
	settings, err := s.settings(ctx, found)
	if err != nil {
		return fmt.Errorf("reading %s: %w", s, err)
	}
	_, err = repairAll(ctx, s, settings)
	return err
}

// Drift tells how key, description, policy and tags differ. A secret whose
// deletion is scheduled can be read by nobody, but it is not gone.
func (s *ManagedSecret) Drift(ctx context.Context) ([]string, error) {
	found, err := s.find(ctx)
	if err != nil {
		return nil, err
	}
	if found.DeletedDate != nil {
		return []string{"its deletion is scheduled, want none"}, nil
	}
	settings, err := s.settings(ctx, found)
	return driftOf(settings), err
}

// Delete removes the secret with its value at once: without a time in which it
// could be restored, in which its name could not be used either.
func (s *ManagedSecret) Delete(ctx context.Context) error {
	_, err := s.API.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: &s.Name, ForceDeleteWithoutRecovery: aws.Bool(true)})
	if err != nil && !isNoSecret(err) {
		return fmt.Errorf("deleting %s: %w", s, err)
	}
	return nil
}

// ReadTags answers the secret's tags, or stack.ErrNotFound. A secret of the
// same owner whose deletion is scheduled counts as gone: a create takes it over.
func (s *ManagedSecret) ReadTags(ctx context.Context) (map[string]string, error) {
	found, err := s.find(ctx)
	if err != nil {
		return nil, err
	}
	tags := secretTags(found.Tags)
	if found.DeletedDate != nil && tags[stack.OwnerTag] == s.Tags.Want[stack.OwnerTag] {
		return nil, stack.ErrNotFound
	}
	return tags, nil
}

// Untag removes one tag.
func (s *ManagedSecret) Untag(ctx context.Context, key string) error {
	return s.untag(ctx, []string{key})
}

// ReadARN answers the secret's ARN, whose last six characters AWS chose, or
// stack.ErrNotFound.
func (s *ManagedSecret) ReadARN(ctx context.Context) (string, error) {
	found, err := s.find(ctx)
	if err != nil {
		return "", err
	}
	return aws.ToString(found.ARN), nil
}

// obtain answers the secret; it creates or restores it first if need be.
func (s *ManagedSecret) obtain(ctx context.Context) (*secretsmanager.DescribeSecretOutput, error) {
	found, err := s.find(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		in := &secretsmanager.CreateSecretInput{Name: &s.Name, Description: &s.Description}
		if s.KMSKeyARN != "" {
			in.KmsKeyId = &s.KMSKeyARN
		}
		for _, k := range slices.Sorted(maps.Keys(s.Tags.Want)) {
			in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(s.Tags.Want[k])})
		}
		if _, err := s.API.CreateSecret(ctx, in); err != nil {
			return nil, fmt.Errorf("creating %s: %w", s, err)
		}
		found, err = s.find(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s, err)
	}
	if found.DeletedDate == nil {
		return found, nil
	}
	_, err = s.API.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: &s.Name})
	if isNoSecret(err) {
		err = stack.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("restoring %s: %w", s, err)
	}
	return found, nil
}

func (s *ManagedSecret) settings(ctx context.Context, found *secretsmanager.DescribeSecretOutput) ([]setting, error) {
	out, err := s.API.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: &s.Name})
	if isNoSecret(err) {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	key := aws.ToString(found.KmsKeyId)
	if strings.HasSuffix(key, defaultSecretKey) {
		key = ""
	}
	tags := secretTags(found.Tags)
	description := aws.ToString(found.Description)
	return []setting{
		{
			"key and description",
			append(differs(key != s.KMSKeyARN, "KMS key is %q, want %q", key, s.KMSKeyARN),
				differs(description != s.Description, "description is %q, want %q", description, s.Description)...),
			s.update,
		},
		{"policy", differs(!iampolicy.Equivalent(aws.ToString(out.ResourcePolicy), s.Policy.JSON()), "the policy differs"), s.putPolicy},
		{"tags", s.Tags.Drift(tags), func(ctx context.Context) error { return s.setTags(ctx, tags) }},
	}, nil
}

// update sets key and description. The call could write a value as well, so
// the policy may leave it to others than us: it goes, and comes back whatever
// comes of the update. With a new key Secrets Manager encrypts the present
// value anew.
func (s *ManagedSecret) update(ctx context.Context) error {
	_, err := s.API.DeleteResourcePolicy(ctx, &secretsmanager.DeleteResourcePolicyInput{SecretId: &s.Name})
	if err != nil {
		return err
	}
	// The policy that is gone may still be in force for a moment.
	err = retryLimited(ctx, s.sleep, awserr.IsAccessDenied, func() error {
		_, err := s.API.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: &s.Name, Description: &s.Description, KmsKeyId: &s.KMSKeyARN})
		return err
	})
	return errors.Join(err, s.putPolicy(context.WithoutCancel(ctx)))
}

func (s *ManagedSecret) putPolicy(ctx context.Context) error {
	_, err := s.API.PutResourcePolicy(ctx, &secretsmanager.PutResourcePolicyInput{SecretId: &s.Name, ResourcePolicy: aws.String(s.Policy.JSON())})
	return err
}

func (s *ManagedSecret) setTags(ctx context.Context, have map[string]string) error {
	set, remove := s.Tags.Diff(have)
	var tags []types.Tag
	for _, k := range slices.Sorted(maps.Keys(set)) {
		tags = append(tags, types.Tag{Key: aws.String(k), Value: aws.String(set[k])})
	}
	if len(tags) > 0 {
		if _, err := s.API.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: &s.Name, Tags: tags}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		return s.untag(ctx, remove)
	}
	return nil
}

func (s *ManagedSecret) untag(ctx context.Context, keys []string) error {
	_, err := s.API.UntagResource(ctx, &secretsmanager.UntagResourceInput{SecretId: &s.Name, TagKeys: keys})
	return err
}

func (s *ManagedSecret) find(ctx context.Context) (*secretsmanager.DescribeSecretOutput, error) {
	out, err := s.API.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.Name})
	if isNoSecret(err) {
		return nil, stack.ErrNotFound
	}
	return out, err
}

func secretTags(list []types.Tag) map[string]string {
	tags := make(map[string]string, len(list))
	for _, tag := range list {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags
}

func isNoSecret(err error) bool { return awserr.Is(err, "ResourceNotFoundException") }

// isUnsettled tells whether a secret was made or deleted just now, which not all
// calls know yet: even one that was deleted at once keeps its name for a moment.
func isUnsettled(err error) bool {
	return errors.Is(err, stack.ErrNotFound) || awserr.Is(err, "ResourceExistsException") || awserr.Says(err, "InvalidRequestException", "deletion")
}
