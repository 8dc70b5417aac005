// Package awsclient makes AWS clients from the provider's configuration, with
// the same sources of credentials as HashiCorp's AWS provider.
//
// Clients log the bodies of requests and answers at debug level, except S3
// objects. A call that carries a secret in its body, or is answered by one, needs
// a client without that: see Clients.SecretSSM and Clients.SecretS3.
package awsclient

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/aws-sdk-go-base/v2/diag"
	"github.com/hashicorp/aws-sdk-go-base/v2/logging"
)

// defaultMaxRetries keeps a wrong endpoint or a long throttling from looking
// like a provider that hangs.
const defaultMaxRetries = 10

const documentationURL = "https://github.com/fargatedirect/terraform-provider-fargatedirect"

// Config is the provider's configuration. Whatever is left zero comes from the
// environment and the shared files, as in the AWS command line.
type Config struct {
	Region, Profile, AccessKey, SecretKey, Token string

	SharedConfigFiles, SharedCredentialsFiles []string

	AssumeRole                *AssumeRole
	AssumeRoleWithWebIdentity *AssumeRoleWithWebIdentity

	// AllowedAccountIDs are the only accounts to work in, where there are
	// any; in ForbiddenAccountIDs never.
	AllowedAccountIDs, ForbiddenAccountIDs []string

	// MaxRetries is how often a call is tried; 0 for 10.
	MaxRetries int
	// RetryMode is "standard" or "adaptive".
	RetryMode string

	HTTPProxy, HTTPSProxy, NoProxy string
	// CustomCABundle is the path of a PEM file.
	CustomCABundle string

	Insecure, UseFIPS, UseDualStack bool

	SkipCredentialsValidation, SkipRequestingAccountID, SkipMetadataAPICheck bool

	// S3UsePathStyle puts bucket names into the path; nil decides by the
	// endpoint.
	S3UsePathStyle *bool
	// Endpoints replace those of the services that Services names. They win
	// over AWS_ENDPOINT_URL and its kind.
	Endpoints map[string]string

	// TerraformVersion and ProviderVersion are told to AWS in the user agent.
	TerraformVersion, ProviderVersion string
}

// AssumeRole is a role to work as.
type AssumeRole struct {
	RoleARN, SessionName, ExternalID string
	Duration                         time.Duration
	Policy                           string
	PolicyARNs                       []string
	Tags                             map[string]string
	TransitiveTagKeys                []string
	SourceIdentity                   string
}

// AssumeRoleWithWebIdentity is a role to work as, proved by a token of an
// OpenID Connect provider.
type AssumeRoleWithWebIdentity struct {
	RoleARN, SessionName string
	Duration             time.Duration
	Policy               string
	PolicyARNs           []string
	// WebIdentityToken or WebIdentityTokenFile holds the token.
	WebIdentityToken, WebIdentityTokenFile string
}

// Warning is something that the user should know and that stops nothing.
type Warning struct{ Summary, Detail string }

// Provider makes and keeps the clients of each region.
type Provider struct {
	account, partition string
	config             Config
	aws                aws.Config

	mu      sync.Mutex
	regions map[string]*Clients
}

// New resolves credentials and asks AWS for the account that they belong to.
// Warnings come with or without an error.
func New(ctx context.Context, config Config) (*Provider, []Warning, error) {
	if err := checkEndpoints(config.Endpoints); err != nil {
		return nil, nil, err
	}
	base, err := config.base()
	if err != nil {
		return nil, nil, err
	}
	// Asking for the account validates the credentials too; awsbase would ask
	// once for each.
	base.SkipCredsValidation = true
	ctx, resolved, found := awsbase.GetAwsConfig(ctx, base)
	if found.HasError() {
		return nil, warnings(found), problems(found)
	}
	if resolved.Region == "" {
		return nil, warnings(found), errors.New("no region is configured; set region in the provider's configuration, or AWS_REGION")
	}
	base.SkipCredsValidation = config.SkipCredentialsValidation
	account, partition, more := awsbase.GetAwsAccountIDAndPartition(ctx, resolved, base)
	found = found.Append(more...)
	if found.HasError() {
		return nil, warnings(found), problems(found)
	}
	if account == "" {
		return nil, warnings(found), errors.New("the AWS account id is not known, and without it ARNs cannot be built; take skip_requesting_account_id out of the provider's configuration")
	}
	if err := base.VerifyAccountIDAllowed(account); err != nil {
		return nil, warnings(found), err
	}
	p := &Provider{account: account, partition: partition, config: config, aws: resolved, regions: map[string]*Clients{}}
	if _, err := p.For(ctx, resolved.Region); err != nil {
		return nil, warnings(found), err
	}
	return p, warnings(found), nil
}

// Region is the provider's own region, for resources that name none.
func (p *Provider) Region() string { return p.aws.Region }

// Context makes the calls that are done under ctx appear in Terraform's log.
// Terraform gives each operation a context of its own, so each needs this.
func (p *Provider) Context(ctx context.Context) context.Context {
	ctx, logger := logging.NewTfLogger(ctx)
	return logging.RegisterLogger(ctx, logger)
}

func (c Config) base() (*awsbase.Config, error) {
	base := &awsbase.Config{
		Region:                        c.Region,
		Profile:                       c.Profile,
		AccessKey:                     c.AccessKey,
		SecretKey:                     c.SecretKey,
		Token:                         c.Token,
		SharedConfigFiles:             c.SharedConfigFiles,
		SharedCredentialsFiles:        c.SharedCredentialsFiles,
		AllowedAccountIds:             c.AllowedAccountIDs,
		ForbiddenAccountIds:           c.ForbiddenAccountIDs,
		MaxRetries:                    c.MaxRetries,
		HTTPProxy:                     optional(c.HTTPProxy),
		HTTPSProxy:                    optional(c.HTTPSProxy),
		NoProxy:                       c.NoProxy,
		CustomCABundle:                c.CustomCABundle,
		Insecure:                      c.Insecure,
		UseFIPSEndpoint:               c.UseFIPS,
		UseDualStackEndpoint:          c.UseDualStack,
		SkipRequestingAccountId:       c.SkipRequestingAccountID,
		EC2MetadataServiceEnableState: imds.ClientDefaultEnableState,
		StsEndpoint:                   c.authEndpoint("sts", "AWS_ENDPOINT_URL_STS"),
		IamEndpoint:                   c.authEndpoint("iam", "AWS_ENDPOINT_URL_IAM"),
		CallerName:                    "fargatedirect provider",
		CallerDocumentationURL:        documentationURL,
		Logger:                        logging.TfLogger(""),
		UserAgent: awsbase.UserAgentProducts{
			{Name: "Terraform", Version: c.TerraformVersion, Comment: "+https://www.terraform.io"},
			{Name: "terraform-provider-fargatedirect", Version: c.ProviderVersion, Comment: "+" + documentationURL},
		},
	}
	if c.MaxRetries == 0 {
		base.MaxRetries = defaultMaxRetries
	}
	if c.SkipMetadataAPICheck {
		base.EC2MetadataServiceEnableState = imds.ClientDisabled
	}
	if c.RetryMode != "" {
		mode, err := aws.ParseRetryMode(c.RetryMode)
		if err != nil {
			return nil, fmt.Errorf("reading the retry mode: %w", err)
		}
		base.RetryMode = mode
	}
	if r := c.AssumeRole; r != nil {
		base.AssumeRole = []awsbase.AssumeRole{{
			RoleARN: r.RoleARN, SessionName: r.SessionName, ExternalID: r.ExternalID, Duration: r.Duration,
			Policy: r.Policy, PolicyARNs: r.PolicyARNs, Tags: r.Tags, TransitiveTagKeys: r.TransitiveTagKeys,
			SourceIdentity: r.SourceIdentity,
		}}
	}
	if r := c.AssumeRoleWithWebIdentity; r != nil {
		base.AssumeRoleWithWebIdentity = &awsbase.AssumeRoleWithWebIdentity{
			RoleARN: r.RoleARN, SessionName: r.SessionName, Duration: r.Duration, Policy: r.Policy, PolicyARNs: r.PolicyARNs,
			WebIdentityToken: r.WebIdentityToken, WebIdentityTokenFile: r.WebIdentityTokenFile,
		}
	}
	return base, nil
}

// authEndpoint is where awsbase asks for the account and for roles. It looks
// into the environment as the SDK does, because awsbase assumes roles through
// a resolver that does not.
func (c Config) authEndpoint(service, variable string) string {
	if url := c.Endpoints[service]; url != "" {
		return url
	}
	if os.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true" {
		return ""
	}
	if url := os.Getenv(variable); url != "" {
		return url
	}
	return os.Getenv("AWS_ENDPOINT_URL")
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func warnings(found diag.Diagnostics) []Warning {
	var list []Warning
	for _, d := range found.Warnings() {
		list = append(list, Warning{Summary: d.Summary(), Detail: d.Detail()})
	}
	return list
}

func problems(found diag.Diagnostics) error {
	var errs []error
	for _, d := range found.Errors() {
		if d.Detail() == "" {
			errs = append(errs, errors.New(d.Summary()))
		} else {
			errs = append(errs, fmt.Errorf("%s: %s", d.Summary(), d.Detail()))
		}
	}
	return errors.Join(errs...)
}
