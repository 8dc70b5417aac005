package certbot

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
)

// fakeSecrets is Secrets Manager with the secrets that the function writes
// beside those that it reads.
type fakeSecrets struct {
	fakeSecretsManager

	secrets map[string]*fakeSecret
	// calls are all of them, and puts those that wrote something.
	calls, puts int
	// read is told of each DescribeSecret before it is answered.
	read func()
	// wrote is told of each value that became current.
	wrote func(value string)
}

type fakeSecret struct {
	values map[string]string
	// stages are the labels, each on one version.
	stages  map[string]string
	deleted *time.Time
}

func (f *fakeSecrets) make(name string) *fakeSecret {
	f.secrets[name] = &fakeSecret{values: map[string]string{}, stages: map[string]string{}}
	return f.secrets[name]
}

func (s *fakeSecret) current() string { return s.values[s.stages[stageCurrent]] }

func (f *fakeSecrets) enter(ctx context.Context, action string, name *string) (*fakeSecret, error) {
	f.calls++
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.fail != nil {
		if err := f.fail(action); err != nil {
			return nil, err
		}
	}
	s, ok := f.secrets[*name]
	if !ok {
		return nil, &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: "Secrets Manager can't find the specified secret."}
	}
	return s, nil
}

// DescribeSecret tells of versions that bear a label, as AWS does.
func (f *fakeSecrets) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	s, err := f.enter(ctx, "secretsmanager:DescribeSecret", in.SecretId)
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.DescribeSecretOutput{Name: in.SecretId, DeletedDate: s.deleted, VersionIdsToStages: map[string][]string{}}
	for stage, id := range s.stages {
		out.VersionIdsToStages[id] = append(out.VersionIdsToStages[id], stage)
	}
	if f.read != nil {
		f.read()
	}
	return out, nil
}

func (f *fakeSecrets) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
	s, err := f.enter(ctx, "secretsmanager:PutSecretValue", in.SecretId)
	if err != nil {
		return nil, err
	}
	id, value := aws.ToString(in.ClientRequestToken), aws.ToString(in.SecretString)
	old, known := s.values[id]
	switch {
	case s.deleted != nil:
		return nil, &smithy.GenericAPIError{Code: "InvalidRequestException", Message: "You can't perform this operation on the secret because it was marked for deletion."}
	case len(id) < 32 || len(id) > 64:
		return nil, &smithy.GenericAPIError{Code: "InvalidParameterException", Message: "ClientRequestToken must be 32-64 characters long."}
	case len(value) == 0 || len(value) > 65536 || in.VersionStages != nil:
		return nil, &smithy.GenericAPIError{Code: "InvalidParameterException", Message: "SecretString"}
	case known && old != value:
		return nil, &smithy.GenericAPIError{Code: "ResourceExistsException", Message: "You can't use ClientRequestToken because that value is already in use for a version of the secret."}
	case !known:
		f.puts++
		s.values[id] = value
		s.move(id)
		if f.wrote != nil {
			f.wrote(value)
		}
	}
	out := &secretsmanager.PutSecretValueOutput{Name: in.SecretId, VersionId: &id}
	for _, stage := range slices.Sorted(maps.Keys(s.stages)) {
		if s.stages[stage] == id {
			out.VersionStages = append(out.VersionStages, stage)
		}
	}
	return out, nil
}

// move makes a version the current one.
func (s *fakeSecret) move(id string) {
	if previous := s.stages[stageCurrent]; previous != "" {
		s.stages["AWSPREVIOUS"] = previous
	}
	s.stages[stageCurrent] = id
}
