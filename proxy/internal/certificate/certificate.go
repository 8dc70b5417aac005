// Package certificate finds the certificate that a proxy is to serve.
package certificate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

// Source is where the certificate lies. It asks AWS for nothing yet; with a
// secret from the environment nobody ever does.
func Source(ctx context.Context, s settings.Settings) (certreader.Source, error) {
	if s.Secret != "" {
		return certreader.FromValue(s.Secret), nil
	}
	region, err := regionOf(s)
	if err != nil {
		return nil, err
	}
	state, err := instanceRole()
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, configure(region, state))
	if err != nil {
		return nil, fmt.Errorf("configuring the AWS clients: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("configuring the AWS clients: no region is known: set -region; Fargate sets AWS_REGION")
	}
	if s.SecretARN != "" {
		return certreader.FromSecret(secretsmanager.NewFromConfig(cfg), s.SecretARN), nil
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		// Of objects without a checksum it would tell in lines that are no JSON.
		// The reader has a sum of its own.
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	return certreader.FromBucket(client, s.Bucket, s.Prefix), nil
}

// roleTimeout is for how long the endpoint with the role's credentials may take
// to answer. It is asked three times within a look.
const roleTimeout = 5 * time.Second

// configure sets what the environment does not say, and a limit to the time for
// the role's credentials. The SDK has none, and once it waits for them all who
// ask later wait for the same answer: an endpoint that took one request and
// said nothing would end renewals for good.
func configure(region string, state imds.ClientEnableState) func(*config.LoadOptions) error {
	return func(o *config.LoadOptions) error {
		if region != "" {
			o.Region = region
		}
		o.EC2IMDSClientEnableState = state
		o.EndpointCredentialOptions = func(role *endpointcreds.Options) {
			role.HTTPClient = awshttp.NewBuildableClient().WithTimeout(roleTimeout)
		}
		return nil
	}
}

// regionOf is the region that the settings say, or that the secret is in; empty
// for the task's own.
func regionOf(s settings.Settings) (string, error) {
	if s.SecretARN == "" {
		return s.Region, nil
	}
	secret, err := arn.Parse(s.SecretARN)
	if err != nil || secret.Service != "secretsmanager" || secret.Region == "" || !strings.HasPrefix(secret.Resource, "secret:") {
		return "", fmt.Errorf("reading -secret-arn: %q is not the ARN of a secret, such as secret_arns of fargatedirect_certbot tells", s.SecretARN)
	}
	if s.Region != "" {
		return s.Region, nil
	}
	return secret.Region, nil
}

// credentialVariables are those by which a container gets credentials.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
var credentialVariables = []string{
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE",
}

// instanceRole tells whether the role of an EC2 instance may be asked for. On
// Fargate there is none, and whoever asks waits for an answer; so a task
// without a role is told so at once.
func instanceRole() (imds.ClientEnableState, error) {
	if os.Getenv("AWS_EXECUTION_ENV") != "AWS_ECS_FARGATE" {
		return imds.ClientDefaultEnableState, nil
	}
	if !slices.ContainsFunc(credentialVariables, func(name string) bool { return os.Getenv(name) != "" }) {
		return 0, errors.New("finding AWS credentials: the task has no role. Set the task definition's taskRoleArn to one with the certificate's reader_policy_json" +
			" (or execution_policy_json, for a secret), or have the execution role give the secret to the container as the variable FARGATEDIRECT_SECRET")
	}
	return imds.ClientDisabled, nil
}

// Options are how a reader looks, and what it accepts. With a domain and no
// names of its own the certificate must be the domain's wildcard, which all
// tasks' names are below.
func Options(s settings.Settings, log *slog.Logger) certreader.Options {
	names := s.Names
	if len(names) == 0 && s.Domain != "" {
		names = []string{"*." + strings.TrimSuffix(s.Domain, ".")}
	}
	return certreader.Options{Names: names, Interval: s.Interval, Timeout: s.CertificateTimeout, Logger: log}
}
