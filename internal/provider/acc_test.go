package provider_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	tfaddr "github.com/hashicorp/terraform-registry-address"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/provider"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/snapshot"
)

// cloud is where the acceptance tests run; nil in a run without TF_ACC.
var cloud *localcloud.Cloud

func TestMain(m *testing.M) {
	if os.Getenv(pluginCookie) != "" {
		servePlugin()
		return
	}
	if os.Getenv(resource.EnvTfAcc) == "" {
		os.Exit(m.Run())
	}
	started, err := localcloud.Start(context.Background(), localcloud.Options{Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cloud = started
	spareCollections()
	code := m.Run()
	if err := cloud.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// spareCollections has the hundreds of Terraforms that the tests start seldom
// collect garbage: none lives for long, nor needs much memory.
func spareCollections() {
	if os.Getenv("GOGC") == "" {
		_ = os.Setenv("GOGC", "400")
	}
}

// pluginCookie is what Terraform sets in the environment of a provider.
const pluginCookie = "TF_PLUGIN_MAGIC_COOKIE"

// servePlugin makes the test program the provider. So a test can have one in a
// process of its own, which can be killed, without building it.
func servePlugin() {
	err := providerserver.Serve(context.Background(), provider.New("test", ""), providerserver.ServeOpts{
		Address: tfaddr.NewProvider(tfaddr.DefaultProviderRegistryHost, "hashicorp", "fargatedirect").String(),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"fargatedirect": providerserver.NewProtocol6WithError(provider.New("test", "")()),
}

// account is an AWS account of a test's own in the local cloud.
type account struct {
	id string
	// aws makes clients of the account.
	aws aws.Config
	// zoneID and domain are of a hosted zone that exists from the start.
	zoneID, domain string
	// clusterARN is of a cluster that exists from the start.
	clusterARN string
	// before is what the account held before the test made anything.
	before snapshot.Snapshot
}

// newAccount makes an account with a hosted zone and a cluster. When the test
// ends it fails if anything else is left in the account.
func newAccount(t *testing.T) *account {
	t.Helper()
	if cloud == nil {
		t.Skip("acceptance tests run with TF_ACC=1; make testacc sets it")
	}
	id := fmt.Sprintf("%012d", 100000000000+rand.Int64N(899999999999))
	a := &account{id: id, aws: cloud.Account(id), domain: "d" + id + ".example.com"}
	t.Cleanup(func() { cloud.Forget(id) })
	ctx := t.Context()
	zone, err := route53.NewFromConfig(a.aws).CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String(a.domain), CallerReference: aws.String(id)})
	if err != nil {
		t.Fatal(err)
	}
	a.zoneID = strings.TrimPrefix(aws.ToString(zone.HostedZone.Id), "/hostedzone/")
	cluster, err := ecs.NewFromConfig(a.aws).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("browsers")})
	if err != nil {
		t.Fatal(err)
	}
	a.clusterARN = aws.ToString(cluster.Cluster.ClusterArn)
	a.before = a.snapshot(t)
	t.Cleanup(func() {
		for _, line := range a.leftovers(t) {
			t.Errorf("left in the account: %s", line)
		}
	})
	return a
}

// snapshot lists the account by code that knows nothing of the provider's.
func (a *account) snapshot(t *testing.T) snapshot.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	s, err := snapshot.Take(ctx, a.aws)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// leftovers is how the account differs from what it was at first.
func (a *account) leftovers(t *testing.T) []string { return a.before.Diff(a.snapshot(t)) }

// config is a configuration with the provider's block for the account.
func (a *account) config(body string) string { return a.configWith("", body) }

// configWith puts more arguments into the provider's block.
func (a *account) configWith(provider, body string) string {
	return a.configFor(cloud.Endpoint, provider, body)
}

// configAt is a configuration that reaches AWS by another URL.
func (a *account) configAt(endpoint, body string) string { return a.configFor(endpoint, "", body) }

func (a *account) configFor(endpoint, provider, body string) string {
	return fmt.Sprintf(`
provider "fargatedirect" {
  region     = %q
  access_key = %q
  secret_key = "test"
  endpoints  = { for s in ["cloudwatch", "events", "iam", "lambda", "logs", "route53", "s3", "secretsmanager", "sns", "sqs", "ssm", "sts"] : s => %q }
  skip_metadata_api_check = true
  nameservers             = [%q]
  %s
}
%s`, cloud.Region, a.id, endpoint, cloud.DNSAddr, provider, body)
}

// acme is the acme argument for the local authority.
func acme() string {
	return fmt.Sprintf("acme = {\n directory_url = %q\n ca_certificate_pem = %q\n }", cloud.DirectoryURL, cloud.DirectoryCAPEM)
}

// certbot is a configuration of a certbot called "prod" with one certificate
// "browser" for *.<domain>, and whatever more says.
func (a *account) certbot(more string) string {
	return fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  %s
  certificates = {
    browser = { domains = [%q], profile = "default" }
  }
  %s
}`, a.zoneID, cloud.Architecture(), acme(), "*."+a.domain, more)
}

// taskDNS is a configuration of a task_dns called "prod" and whatever more
// says.
func (a *account) taskDNS(more string) string {
	return fmt.Sprintf(`
resource "fargatedirect_task_dns" "test" {
  name           = "prod"
  domain         = %q
  hosted_zone_id = %q
  cluster_arns   = [%q]
  architecture   = %q
  %s
}`, a.domain, a.zoneID, a.clusterARN, cloud.Architecture(), more)
}

// eventually tries until what holds, and fails the test if it never does.
func eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	within(t, time.Minute, what, holds)
}

// within is eventually with a patience of its own.
func within(t *testing.T, patience time.Duration, what string, holds func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if err = holds(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// terraform is the path of the CLI, for tests that run it by themselves.
func terraform(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if path == "" {
		t.Skip("TF_ACC_TERRAFORM_PATH names no Terraform; make testacc sets it")
	}
	return filepath.Clean(path)
}
