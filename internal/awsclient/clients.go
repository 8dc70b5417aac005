package awsclient

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"github.com/hashicorp/aws-sdk-go-base/v2/endpoints"
)

// Clients are the clients for one region, and where they lead.
type Clients struct {
	// Account is the id of the credentials' account, Partition is such as
	// "aws", Region is such as "eu-west-2".
	Account, Partition, Region string
	// DNSSuffix is the domain of the partition's services, such as
	// "amazonaws.com".
	DNSSuffix string

	S3 *s3.Client
	// SecretS3 is for objects that are secret: nothing of its calls is logged.
	SecretS3 *s3.Client

	SNS     *sns.Client
	Logs    *cloudwatchlogs.Client
	IAM     *iam.Client
	Lambda  *lambda.Client
	Events  *eventbridge.Client
	SQS     *sqs.Client
	Route53 *route53.Client
	SSM     *ssm.Client
	STS     *sts.Client

	// SecretSSM is SSM for requests that hold a secret: it logs none.
	SecretSSM *ssm.Client

	CloudWatch     *cloudwatch.Client
	SecretsManager *secretsmanager.Client
}

// Services are the keys that Config.Endpoints may have.
func Services() []string {
	return []string{"cloudwatch", "events", "iam", "lambda", "logs", "route53", "s3", "secretsmanager", "sns", "sqs", "ssm", "sts"}
}

// For answers the clients for a region; empty stands for the provider's own.
// The region must be in the partition of the credentials. It makes no calls.
func (p *Provider) For(_ context.Context, region string) (*Clients, error) {
	if region == "" {
		region = p.aws.Region
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.regions[region]; ok {
		return c, nil
	}
	suffix, err := checkRegion(region, p.partition)
	if err != nil {
		return nil, err
	}
	c := p.clients(region)
	c.DNSSuffix = suffix
	p.regions[region] = c
	return c, nil
}

func (p *Provider) clients(region string) *Clients {
	cfg := p.aws.Copy()
	cfg.Region = region
	at := p.config.endpoint
	s3Options := func(o *s3.Options) {
		at("s3", &o.BaseEndpoint)
		o.UsePathStyle = pathStyle(p.config.S3UsePathStyle, o.BaseEndpoint)
	}
	return &Clients{
		Account:   p.account,
		Partition: p.partition,
		Region:    region,

		S3:       s3.NewFromConfig(cfg, s3Options),
		SecretS3: s3.NewFromConfig(cfg, s3Options, unloggedS3),

		SNS:     sns.NewFromConfig(cfg, func(o *sns.Options) { at("sns", &o.BaseEndpoint) }),
		Logs:    cloudwatchlogs.NewFromConfig(cfg, func(o *cloudwatchlogs.Options) { at("logs", &o.BaseEndpoint) }),
		IAM:     iam.NewFromConfig(cfg, func(o *iam.Options) { at("iam", &o.BaseEndpoint) }),
		Lambda:  lambda.NewFromConfig(cfg, func(o *lambda.Options) { at("lambda", &o.BaseEndpoint) }),
		Events:  eventbridge.NewFromConfig(cfg, func(o *eventbridge.Options) { at("events", &o.BaseEndpoint) }),
		SQS:     sqs.NewFromConfig(cfg, func(o *sqs.Options) { at("sqs", &o.BaseEndpoint) }),
		Route53: route53.NewFromConfig(cfg, func(o *route53.Options) { at("route53", &o.BaseEndpoint) }),
		SSM:     ssm.NewFromConfig(cfg, func(o *ssm.Options) { at("ssm", &o.BaseEndpoint) }),
		STS:     sts.NewFromConfig(cfg, func(o *sts.Options) { at("sts", &o.BaseEndpoint) }),

		SecretSSM: ssm.NewFromConfig(cfg, func(o *ssm.Options) {
			at("ssm", &o.BaseEndpoint)
			o.APIOptions = append(o.APIOptions, withoutLog)
		}),
		SecretsManager: secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) { at("secretsmanager", &o.BaseEndpoint) }),

		CloudWatch: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) { at("cloudwatch", &o.BaseEndpoint) }),
	}
}

// requestLogger is awsbase's middleware that logs requests and answers.
const requestLogger = "TF_AWS_RequestResponseLogger"

// withoutLog keeps requests out of the log. A call fails where that cannot be
// done.
func withoutLog(s *middleware.Stack) error {
	_, err := s.Deserialize.Remove(requestLogger)
	return err
}

// unloggedS3 is withoutLog for a client that reads secret objects. The log
// leaves the contents of objects out today, but that is not what a private key
// should rely on.
func unloggedS3(o *s3.Options) {
	o.ClientLogMode, o.Logger = 0, logging.Nop{}
	o.APIOptions = append(o.APIOptions, withoutLog)
}

// endpoint puts the configured endpoint of a service, if any, over the one
// that the SDK took from the environment.
func (c Config) endpoint(service string, base **string) {
	if e := c.Endpoints[service]; e != "" {
		*base = aws.String(e)
	}
}

// pathStyle decides where S3 bucket names go. Names below localhost do not
// resolve everywhere, so there they go into the path.
func pathStyle(configured *bool, endpoint *string) bool {
	if configured != nil {
		return *configured
	}
	u, err := url.Parse(aws.ToString(endpoint))
	return err == nil && u.Hostname() == "localhost"
}

func checkRegion(region, partition string) (string, error) {
	found, ok := endpoints.PartitionForRegion(endpoints.DefaultPartitions(), region)
	switch {
	case !ok:
		return "", fmt.Errorf("%q is not an AWS region", region)
	case found.ID() != partition:
		return "", fmt.Errorf("region %q is in the partition %s, but the credentials are for %s", region, found.ID(), partition)
	}
	return found.DNSSuffix(), nil
}

func checkEndpoints(configured map[string]string) error {
	for _, service := range slices.Sorted(maps.Keys(configured)) {
		endpoint := configured[service]
		if !slices.Contains(Services(), service) {
			return fmt.Errorf("there is no endpoint for %q; known are %s", service, strings.Join(Services(), ", "))
		}
		if endpoint == "" {
			continue
		}
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("the endpoint for %s is not an http or https URL: %q", service, endpoint)
		}
	}
	return nil
}
