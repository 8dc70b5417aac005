package certbotstack

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/callerpolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// SecretName is the name of the secret that holds a copy of a key's
// certificate; empty where it is to have none. The end keeps keys such as
// "web-server" from giving a name that ends like the ARN of another secret: in
// a hyphen and six characters.
func (s Spec) SecretName(key string) string {
	if !s.Certificates[key].SecretsManager {
		return ""
	}
	return s.Scope.Physical() + "/" + key + "/certificate"
}

// SecretKeys are the keys of the certificates that have a secret, sorted.
func (s Spec) SecretKeys() []string {
	var keys []string
	for _, key := range s.Keys() {
		if s.Certificates[key].SecretsManager {
			keys = append(keys, key)
		}
	}
	return keys
}

// secret is the secret of a key's certificate. It is deleted for good with the
// resource, or when it is not wanted any more: the bucket holds all that it
// holds, even if the resource's creation never finished.
func (s Spec) secret(c *awsclient.Clients, key string) *parts.ManagedSecret {
	return &parts.ManagedSecret{
		API: c.SecretsManager, Name: s.SecretName(key), Description: "Certificate " + key + " of fargatedirect_certbot " + s.Scope.Name,
		KMSKeyARN: s.KMSKeyARN, Policy: s.SecretPolicy(), Tags: s.tags(),
	}
}

func (s Spec) secrets(c *awsclient.Clients) []stack.Part {
	var list []stack.Part
	for _, key := range s.SecretKeys() {
		list = append(list, s.secret(c, key))
	}
	return list
}

// SecretARNs reads the ARNs of the secrets that exist, by key.
func (s Spec) SecretARNs(ctx context.Context, c *awsclient.Clients) (map[string]string, error) {
	arns := map[string]string{}
	for _, key := range s.SecretKeys() {
		arn, err := s.secret(c, key).ReadARN(ctx)
		if errors.Is(err, stack.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading secret (%s): %w", s.SecretName(key), err)
		}
		arns[key] = arn
	}
	return arns, nil
}

// DescribeSecretAPI is what Undelivered calls of Secrets Manager.
type DescribeSecretAPI interface {
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
}

// Undelivered tells which secrets do not hold the version in force, in the
// words of a drift. It reads no secret's value: the ids of its versions tell.
// A secret that cannot be written at all is for the drift of the part to tell.
func (s Spec) Undelivered(ctx context.Context, store StoreAPI, api DescribeSecretAPI) ([]string, error) {
	var undelivered []string
	for _, key := range s.SecretKeys() {
		pointer, err := ReadPointer(ctx, store, s, key)
		if errors.Is(err, ErrNoPointer) {
			continue
		}
		if err != nil {
			return nil, err
		}
		name := s.SecretName(key)
		out, err := api.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
		if awserr.Is(err, "ResourceNotFoundException") {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading secret (%s): %w", name, err)
		}
		if out.DeletedDate == nil && !pointer.InSecret(certbot.CurrentSecret(out.VersionIdsToStages)) {
			undelivered = append(undelivered, fmt.Sprintf("certificate (%s): secret %s does not hold version %s, which is in force", key, name, pointer.Version))
		}
	}
	return undelivered, nil
}

// secretARN is what the ARN of a key's secret looks like: AWS ends it in six
// characters of its own.
func (s Spec) secretARN(key string) string {
	return s.Scope.ARN("secretsmanager", "secret:"+s.SecretName(key)+"-??????")
}

// secretStatements let the function write the secrets, which it cannot read.
func (s Spec) secretStatements() []iampolicy.Statement {
	var arns []string
	for _, key := range s.SecretKeys() {
		arns = append(arns, s.secretARN(key))
	}
	if len(arns) == 0 {
		return nil
	}
	return []iampolicy.Statement{{
		Sid: "Deliver", Effect: iampolicy.Allow, Action: []string{"secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"}, Resource: arns,
	}}
}

// SecretPolicy leaves writing a secret to the function, and reading it to the
// readers where they are named. There is no statement about TLS: Secrets
// Manager listens to nothing else.
func (s Spec) SecretPolicy() iampolicy.Document {
	anybody, all := map[string][]string{"AWS": {"*"}}, []string{"*"}
	statements := []iampolicy.Statement{{
		Sid: sidWriter, Effect: iampolicy.Deny, Principal: anybody,
		Action:   []string{"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret", "secretsmanager:UpdateSecretVersionStage", "secretsmanager:RotateSecret"},
		Resource: all, Condition: iampolicy.Condition{"ArnNotEquals": {"aws:PrincipalArn": {s.RoleARN()}}},
	}}
	if len(s.ReaderRoleARNs) > 0 {
		statements = append(statements, iampolicy.Statement{
			Sid: sidReaders, Effect: iampolicy.Deny, Principal: anybody, Action: []string{"secretsmanager:GetSecretValue"},
			Resource: all, Condition: iampolicy.Condition{"ArnNotEquals": {"aws:PrincipalArn": s.readers()}},
		})
	}
	return iampolicy.New(statements...)
}

// ExecutionPolicy is what the execution role of a task needs so that ECS gives
// the task's containers the secret with this ARN.
func (s Spec) ExecutionPolicy(arn string) iampolicy.Document {
	statements := []iampolicy.Statement{{Sid: "Read", Effect: iampolicy.Allow, Action: []string{"secretsmanager:GetSecretValue"}, Resource: []string{arn}}}
	if s.KMSKeyARN != "" {
		statements = append(statements, iampolicy.Statement{
			Sid: "Key", Effect: iampolicy.Allow, Action: []string{"kms:Decrypt"}, Resource: []string{s.KMSKeyARN},
			// The same key encrypts the bucket and the account key.
			Condition: iampolicy.Condition{"StringEquals": {"kms:EncryptionContext:SecretARN": {arn}}},
		})
	}
	return iampolicy.New(statements...)
}

// secretGrants are what the caller needs for the secrets. Of one that does not
// exist, AWS knows the name alone.
func (s Spec) secretGrants() []callerpolicy.Grant {
	var grants []callerpolicy.Grant
	for i, key := range s.SecretKeys() {
		grants = append(grants, callerpolicy.Grant{
			Sid: fmt.Sprintf("Secret%d", i+1),
			Create: []string{
				"secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy",
				"secretsmanager:PutResourcePolicy", "secretsmanager:TagResource", "secretsmanager:UntagResource",
			},
			Other: []string{
				"secretsmanager:DeleteResourcePolicy", "secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret", "secretsmanager:UpdateSecret",
			},
			Resources: []string{s.Scope.ARN("secretsmanager", "secret:"+s.SecretName(key)), s.secretARN(key)},
			Spellings: true,
		})
	}
	return grants
}
