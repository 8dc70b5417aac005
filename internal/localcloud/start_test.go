package localcloud_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/freeport"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

func TestStartRefusesAnEndpointWithoutLocalStack(t *testing.T) {
	address, err := freeport.Address("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://"+address)
	if _, err := localcloud.Start(t.Context(), localcloud.Options{}); err == nil || !strings.Contains(err.Error(), "no LocalStack answers") {
		t.Errorf("error is %v, want one that tells what to do", err)
	}
}

// TestStartUsesAnother starts a cloud on the LocalStack of the first; closing
// the second leaves that running.
func TestStartUsesAnother(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", cloud.Endpoint)
	second, err := localcloud.Start(t.Context(), localcloud.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if second.Endpoint != cloud.Endpoint || !second.Strict || second.DirectoryURL == cloud.DirectoryURL || second.DNSAddr == cloud.DNSAddr {
		t.Errorf("the second cloud is %+v", second)
	}
	client := route53.NewFromConfig(cloud.Config())
	zone := newZone(t, client, "another.test")
	if _, err := submit(t, client, zone, change(create, recordSet("a.another.test", types.RRTypeA, "127.0.0.1"))); err != nil {
		t.Fatal(err)
	}
	if got, err := second.Lookup(t.Context(), "a.another.test", "A"); err != nil || len(got) != 1 {
		t.Errorf("the second cloud's DNS server says %q, %v", got, err)
	}
	if err := second.Close(); err != nil {
		t.Errorf("closing the second: %v", err)
	}
	if _, err := client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(zone)}); err != nil {
		t.Errorf("the first cloud after closing the second: %v", err)
	}
}

// TestCatalogIsReady shows that LocalStack found its index of operations: it
// writes one where there is none, before it answers its first request.
func TestCatalogIsReady(t *testing.T) {
	t.Parallel()
	if _, err := route53.NewFromConfig(cloud.Config()).GetHostedZoneCount(t.Context(), &route53.GetHostedZoneCountInput{}); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(cloud.Dir, "localstack", "var", "lib", "localstack", "cache", "service-catalog-*"))
	if err != nil || len(made) != 0 {
		t.Errorf("LocalStack made an index anew: %v, %v", made, err)
	}
	found, err := filepath.Glob(filepath.Join(cloud.Dir, "localstack", "usr", "lib", "localstack", "service-catalog-*"))
	if err != nil || len(found) != 1 {
		t.Errorf("LocalStack has the indexes %v, %v, want one", found, err)
	}
}
