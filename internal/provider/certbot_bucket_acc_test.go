package provider_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
)

// TestAccCertbot_sweep proves that the function may delete what a certificate
// of before left behind in its bucket, all versions included, and no more.
func TestAccCertbot_sweep(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	config := a.config(a.certbot("force_destroy = true"))
	var issued pair
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					issued = a.pair(t, parts, "browser/", "*."+a.domain)
					a.expired(t, parts, "old/", 31*24*time.Hour)
					a.expired(t, parts, "young/", 29*24*time.Hour)
					if failed := a.invoke(t, parts, `{"trigger":"schedule"}`); failed != "" {
						t.Fatal(failed)
					}
					is(t, "what is left of the old one", strings.Join(a.allVersions(t, parts, "old/"), " "), "")
					if got := a.allVersions(t, parts, "young/"); len(got) != 6 {
						t.Errorf("of the younger one there are %q", got)
					}
					if now := a.pair(t, parts, "browser/", "*."+a.domain); now.versions != issued.versions {
						t.Errorf("the sweep changed the certificate that is wanted")
					}
				},
				Config: config, ConfigPlanChecks: unchanged,
			},
		},
	})
}

// TestAccCertbot_unversionedBucket proves that versions beyond the last three
// go in a bucket of the user's that keeps no versions itself.
func TestAccCertbot_unversionedBucket(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts, bucket := a.certbotParts("prod"), "mine-"+a.id
	a.plainBucket(t, bucket)
	config := a.config(strings.Replace(a.certbot(fmt.Sprintf("bucket = %q", bucket)), "*."+a.domain, a.domain, 1))
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					for range 3 {
						if failed := a.invoke(t, parts, `{"force":true,"trigger":"manual"}`); failed != "" {
							t.Fatal(failed)
						}
					}
					a.hasVersions(t, bucket, "browser/", a.pair(t, bucket, "browser/", a.domain).serial)
				},
				Config: config, ConfigPlanChecks: unchanged,
			},
		},
	})
}

// expired writes what a certificate leaves behind that expired so long ago. Its
// objects have two versions each, but for those of the version.
func (a *account) expired(t *testing.T, bucket, prefix string, ago time.Duration) {
	t.Helper()
	pointer, err := json.Marshal(certbot.Pointer{Version: "1f", NotAfter: time.Now().Add(-ago)})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{"key.pem", "current.json", "key.pem", "current.json", "versions/1f/key.pem", "versions/1f/cert.pem"} {
		_, err := a.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(prefix + object), Body: strings.NewReader(string(pointer))})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// allVersions are the keys of all versions and delete markers below a prefix.
func (a *account) allVersions(t *testing.T, bucket, prefix string) []string {
	t.Helper()
	out, err := a.s3().ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &bucket, Prefix: &prefix})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, v := range out.Versions {
		keys = append(keys, aws.ToString(v.Key))
	}
	for _, v := range out.DeleteMarkers {
		keys = append(keys, aws.ToString(v.Key))
	}
	return keys
}
