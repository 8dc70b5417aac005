package awsclient

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/aws-sdk-go-base/v2/logging"
)

func testConfig() Config {
	return Config{
		Region: "eu-west-2", AccessKey: "AKID", SecretKey: "s", MaxRetries: 1, SkipMetadataAPICheck: true,
		TerraformVersion: "1.11.4", ProviderVersion: "0.1.0",
	}
}

func identity(partition string) string {
	return "arn:" + partition + ":sts::" + testAccount + ":assumed-role/r/s"
}

// listQueues makes one call of SQS.
func listQueues(ctx context.Context, c *Clients) error {
	_, err := c.SQS.ListQueues(ctx, &sqs.ListQueuesInput{})
	return err
}

func TestEndpointPrecedence(t *testing.T) {
	tests := map[string]struct {
		environment []string
		configured  bool
		want        string
	}{
		"configured wins over all":                {[]string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SQS"}, true, "configured"},
		"a service's variable wins over the rest": {[]string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SQS"}, false, "service"},
		"the variable for all":                    {[]string{"AWS_ENDPOINT_URL"}, false, "all"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			servers := map[string]*fakeAWS{}
			for _, s := range []string{"configured", "service", "all"} {
				servers[s] = newFakeAWS(t, identity("aws"))
			}
			for _, variable := range test.environment {
				server := servers["service"]
				if variable == "AWS_ENDPOINT_URL" {
					server = servers["all"]
				}
				t.Setenv(variable, server.URL)
			}
			config := testConfig()
			if test.configured {
				config.Endpoints = map[string]string{"sts": servers["configured"].URL, "sqs": servers["configured"].URL}
			}
			p, _, err := New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			c, err := p.For(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if err := listQueues(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			for name, server := range servers {
				want := 0
				if name == test.want {
					want = 1
				}
				if sts, queues := server.asked("GetCallerIdentity"), server.asked("ListQueues"); sts != want || queues != want {
					t.Errorf("endpoint %q was asked %d times for the identity and %d times for queues, want %d", name, sts, queues, want)
				}
			}
		})
	}
}

func TestRoleIsAssumedAtTheConfiguredEndpoint(t *testing.T) {
	for _, by := range []string{"configuration", "environment", "credentials in the environment"} {
		t.Run(by, func(t *testing.T) {
			isolate(t)
			server := newFakeAWS(t, identity("aws"))
			config := testConfig()
			config.AssumeRole = &AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/deploy", SessionName: "s", ExternalID: "ext-1"}
			switch by {
			case "configuration":
				config.Endpoints = map[string]string{"sts": server.URL}
			case "credentials in the environment":
				config.AccessKey, config.SecretKey = "", ""
				t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
				t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
				t.Setenv("AWS_ENDPOINT_URL", server.URL)
			default:
				t.Setenv("AWS_ENDPOINT_URL", server.URL)
			}
			if _, _, err := New(t.Context(), config); err != nil {
				t.Fatal(err)
			}
			if server.asked("ExternalId=ext-1") == 0 {
				t.Fatalf("the role was not assumed: %q", server.bodies)
			}
		})
	}
}

func TestRegions(t *testing.T) {
	isolate(t)
	server := newFakeAWS(t, identity("aws"))
	config := testConfig()
	config.Endpoints = map[string]string{"sts": server.URL}
	p, _, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	home, err := p.For(t.Context(), "")
	if err != nil || home.Region != "eu-west-2" || home.Account != testAccount || home.Partition != "aws" || p.Region() != "eu-west-2" {
		t.Fatalf("For: %+v, %v", home, err)
	}
	other, err := p.For(t.Context(), "us-east-1")
	if err != nil || other.Region != "us-east-1" || other.Lambda.Options().Region != "us-east-1" {
		t.Fatalf("For(us-east-1): %+v, %v", other, err)
	}
	if again, _ := p.For(t.Context(), "us-east-1"); again != other {
		t.Error("the clients of a region are made twice")
	}
	for region, want := range map[string]string{
		"cn-north-1":    "partition aws-cn",
		"us-gov-west-1": "partition aws-us-gov",
		"eu-west2":      "is not an AWS region",
		"London":        "is not an AWS region",
	} {
		if _, err := p.For(t.Context(), region); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("For(%s): %v, want %q", region, err, want)
		}
	}
}

func TestPartitionOfTheProvidersOwnRegion(t *testing.T) {
	isolate(t)
	server := newFakeAWS(t, identity("aws-cn"))
	config := testConfig()
	config.Endpoints = map[string]string{"sts": server.URL}
	if _, _, err := New(t.Context(), config); err == nil || !strings.Contains(err.Error(), "the credentials are for aws-cn") {
		t.Fatalf("New with credentials for China: %v", err)
	}
	config.Region = "cn-north-1"
	if _, _, err := New(t.Context(), config); err != nil {
		t.Fatalf("New in China: %v", err)
	}
}

func TestPathStyle(t *testing.T) {
	tests := map[string]struct {
		configured  *bool
		endpoint    string
		environment string
		want        bool
	}{
		"AWS":                        {want: false},
		"localhost":                  {endpoint: "http://localhost:4566", want: true},
		"localhost from environment": {environment: "http://localhost:4566", want: true},
		"another host":               {endpoint: "http://s3.localhost.localstack.cloud:4566", want: false},
		"configured on":              {configured: aws.Bool(true), want: true},
		"configured off":             {configured: aws.Bool(false), endpoint: "http://localhost:4566", want: false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			server := newFakeAWS(t, identity("aws"))
			config := testConfig()
			config.S3UsePathStyle = test.configured
			config.Endpoints = map[string]string{"sts": server.URL, "s3": test.endpoint}
			if test.environment != "" {
				t.Setenv("AWS_ENDPOINT_URL_S3", test.environment)
			}
			p, _, err := New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			c, err := p.For(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if got := c.S3.Options().UsePathStyle; got != test.want {
				t.Fatalf("path style is %t, want %t", got, test.want)
			}
		})
	}
}

func TestAccounts(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"allowed":                {func(c *Config) { c.AllowedAccountIDs = []string{testAccount} }, ""},
		"not allowed":            {func(c *Config) { c.AllowedAccountIDs = []string{"999999999999"} }, "AWS account ID not allowed: " + testAccount},
		"forbidden":              {func(c *Config) { c.ForbiddenAccountIDs = []string{testAccount} }, "AWS account ID not allowed: " + testAccount},
		"unknown":                {func(c *Config) { c.SkipCredentialsValidation, c.SkipRequestingAccountID = true, true }, "ARNs cannot be built"},
		"asked for nevertheless": {func(c *Config) { c.SkipCredentialsValidation = true }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			server := newFakeAWS(t, identity("aws"))
			config := testConfig()
			config.Endpoints = map[string]string{"sts": server.URL, "iam": server.URL}
			test.change(&config)
			p, _, err := New(t.Context(), config)
			if test.want == "" {
				if err != nil || p.account != testAccount {
					t.Fatalf("New: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("New: %v, want %q", err, test.want)
			}
		})
	}
}

func TestBadConfiguration(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"unknown service": {func(c *Config) { c.Endpoints = map[string]string{"dynamodb": "http://localhost"} }, `no endpoint for "dynamodb"`},
		"no scheme":       {func(c *Config) { c.Endpoints = map[string]string{"s3": "localhost:4566"} }, "not an http or https URL"},
		"no host":         {func(c *Config) { c.Endpoints = map[string]string{"s3": "http://"} }, "not an http or https URL"},
		"no region":       {func(c *Config) { c.Region = "" }, "no region is configured"},
		"retry mode":      {func(c *Config) { c.RetryMode = "often" }, "reading the retry mode"},
		"no credentials":  {func(c *Config) { c.AccessKey, c.SecretKey = "", "" }, "No valid credential sources found"},
		"role refused": {func(c *Config) {
			c.AssumeRoleWithWebIdentity = &AssumeRoleWithWebIdentity{}
			c.AccessKey, c.SecretKey = "", ""
		}, "Role ARN was not set"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			config := testConfig()
			test.change(&config)
			if _, _, err := New(t.Context(), config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("New: %v, want %q", err, test.want)
			}
		})
	}
}

func TestCredentialsThatAWSRefuses(t *testing.T) {
	isolate(t)
	server := newFakeAWS(t, "")
	config := testConfig()
	config.Endpoints = map[string]string{"sts": server.URL}
	_, _, err := New(t.Context(), config)
	if err == nil || !strings.Contains(err.Error(), "AccessDenied: not you") {
		t.Fatalf("New: %v", err)
	}
	if strings.Contains(err.Error(), "SecretKey") {
		t.Fatalf("the error tells too much: %v", err)
	}
}

func TestWarnings(t *testing.T) {
	isolate(t)
	server := newFakeAWS(t, identity("aws"))
	config := testConfig()
	config.Endpoints = map[string]string{"sts": server.URL}
	config.HTTPProxy, config.NoProxy = "http://127.0.0.1:1", "127.0.0.1"
	_, warnings, err := New(t.Context(), config)
	if err != nil || len(warnings) != 1 || warnings[0].Summary != "Missing HTTPS Proxy" || warnings[0].Detail == "" {
		t.Fatalf("New: %+v, %v", warnings, err)
	}
}

func TestUserAgent(t *testing.T) {
	isolate(t)
	server := newFakeAWS(t, identity("aws"))
	config := testConfig()
	config.Endpoints = map[string]string{"sts": server.URL}
	if _, _, err := New(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Terraform/1.11.4", "terraform-provider-fargatedirect/0.1.0"} {
		if len(server.agents) != 1 || !strings.Contains(server.agents[0], want) {
			t.Errorf("user agents %q do not tell %q", server.agents, want)
		}
	}
}

func TestContextLogs(t *testing.T) {
	t.Parallel()
	if got := logging.RetrieveLogger(t.Context()); got != (logging.NullLogger{}) {
		t.Fatalf("a bare context logs to %T", got)
	}
	if got := logging.RetrieveLogger((&Provider{}).Context(t.Context())); got != logging.TfLogger("") {
		t.Fatalf("the context logs to %T", got)
	}
}

func TestServices(t *testing.T) {
	isolate(t)
	server := newFakeAWS(t, identity("aws"))
	config := testConfig()
	config.Endpoints = map[string]string{}
	for _, s := range Services() {
		config.Endpoints[s] = "http://" + s + ".example.com"
	}
	config.Endpoints["sts"] = server.URL
	p, _, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.For(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*string{
		"cloudwatch": c.CloudWatch.Options().BaseEndpoint,
		"events":     c.Events.Options().BaseEndpoint, "iam": c.IAM.Options().BaseEndpoint,
		"lambda": c.Lambda.Options().BaseEndpoint, "logs": c.Logs.Options().BaseEndpoint, "route53": c.Route53.Options().BaseEndpoint,
		"s3": c.S3.Options().BaseEndpoint, "sns": c.SNS.Options().BaseEndpoint, "sqs": c.SQS.Options().BaseEndpoint,
		"secretsmanager": c.SecretsManager.Options().BaseEndpoint,
		"ssm":            c.SSM.Options().BaseEndpoint, "sts": c.STS.Options().BaseEndpoint,
	}
	for _, s := range Services() {
		if aws.ToString(got[s]) != config.Endpoints[s] {
			t.Errorf("the endpoint of %s is %q, want %q", s, aws.ToString(got[s]), config.Endpoints[s])
		}
	}
	if len(got) != len(Services()) || !slices.IsSorted(Services()) {
		t.Errorf("Services: %q", Services())
	}
}
