package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/snapshot"
)

// TestAccCertbot_destroy proves that certificates are not lost by accident:
// the default destroy stops before anything, a retaining one leaves bucket and
// account key, which the next create takes over without issuing anything.
func TestAccCertbot_destroy(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	guarded, retained, forced := a.config(a.certbot("")), a.config(a.certbot("retain_on_destroy = true")), a.config(a.certbot("force_destroy = true"))
	var issued pair
	var keys map[string]int64
	var whole snapshot.Snapshot
	var uri string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: guarded,
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("account_uri"), knownvalue.StringFunc(func(v string) error {
					uri = v
					return nil
				}))},
			},
			{
				PreConfig: func() {
					issued, keys = a.pair(t, parts, "browser/", "*."+a.domain), a.accountKeys(t, "prod")
					whole = a.snapshot(t)
				},
				Config: guarded, Destroy: true,
				ExpectError: regexp.MustCompile(`(?s)still\s+holds\s+objects:.*force_destroy\s+=\s+true.*retain_on_destroy\s+=\s+true`),
			},
			{
				PreConfig: func() {
					for _, line := range whole.Diff(a.snapshot(t)) {
						t.Errorf("the refused destroy changed: %s", line)
					}
				},
				Config: retained, ConfigPlanChecks: inPlace,
			},
			{Config: retained, Destroy: true},
			{
				PreConfig: func() {
					for _, line := range a.leftovers(t) {
						if !strings.Contains(line, " s3 ") && !strings.HasPrefix(line, "+ ssm parameter /"+parts+"/account/") {
							t.Errorf("beside bucket and key there is left: %s", line)
						}
					}
					if now := a.accountKeys(t, "prod"); fmt.Sprint(now) != fmt.Sprint(keys) || len(keys) != 1 {
						t.Errorf("the account keys are %v, were %v", now, keys)
					}
				},
				Config: forced,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionCreate),
				}},
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("account_uri"), knownvalue.StringFunc(func(v string) error {
					if v != uri {
						return fmt.Errorf("the account is %s, was %s", v, uri)
					}
					return nil
				}))},
			},
			{
				PreConfig: func() {
					if now := a.pair(t, parts, "browser/", "*."+a.domain); now.versions != issued.versions {
						t.Errorf("the retained certificate was replaced: versions %v, were %v", now.versions, issued.versions)
					}
				},
				Config: forced, ConfigPlanChecks: unchanged,
			},
		},
	})
}

// TestAccCertbot_existingBucket proves that in a bucket of the user's only
// certificates are left, and that nothing else there is touched.
func TestAccCertbot_existingBucket(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	bucket := "mine-" + a.id
	a.bucket(t, bucket)
	config := a.config(a.certbot(fmt.Sprintf("bucket = %q", bucket)) + browserCertificate)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("bucket_name"), knownvalue.StringExact(bucket)),
					statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("bucket_name"), knownvalue.StringExact(bucket)),
				},
			},
			importedByName(),
			{ // To a bucket of our own, and what was ours is gone from the other.
				PreConfig:        func() { a.pair(t, bucket, "browser/", "*."+a.domain) },
				Config:           a.config(a.certbot("force_destroy = true")),
				ConfigPlanChecks: inPlace,
			},
			{ // And back, which is a destroy of the own bucket.
				PreConfig: func() {
					a.pair(t, parts, "browser/", "*."+a.domain)
					is(t, "objects", strings.Join(a.objects(t, bucket), " "), a.left(t, bucket))
				},
				Config:           a.config(a.certbot(fmt.Sprintf("force_destroy = true\nbucket = %q", bucket))),
				ConfigPlanChecks: inPlace,
			},
		},
	})
	is(t, "objects after the destroy", strings.Join(a.objects(t, bucket), " "), a.left(t, bucket))
	versions, err := a.s3().ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(versions.DeleteMarkers, func(s3types.DeleteMarkerEntry) bool { return true }) {
		t.Errorf("left delete markers: %v", versions.DeleteMarkers)
	}
}

// left are the objects of the user's bucket that stay: a certificate's, and the
// test's own.
func (a *account) left(t *testing.T, bucket string) string {
	t.Helper()
	version := "browser/versions/" + a.pair(t, bucket, "browser/", "*."+a.domain).serial
	return strings.Join([]string{"browser/bundle.pem", "browser/cert.pem", "browser/current.json", "browser/key.pem", version + "/cert.pem", version + "/key.pem", "mine.txt"}, " ")
}

// bucket makes a versioned bucket with an object of the test's own.
func (a *account) bucket(t *testing.T, name string) {
	t.Helper()
	a.plainBucket(t, name)
	ctx, client := t.Context(), a.s3()
	try[*s3.PutBucketVersioningOutput](t)(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled}}))
	try[*s3.PutObjectOutput](t)(client.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: aws.String("mine.txt"), Body: strings.NewReader("mine")}))
}

// plainBucket makes an empty bucket without versions.
func (a *account) plainBucket(t *testing.T, name string) {
	t.Helper()
	try[*s3.CreateBucketOutput](t)(a.s3().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}))
	t.Cleanup(func() {
		a.empty(t, name)
		try[*s3.DeleteBucketOutput](t)(a.s3().DeleteBucket(background(t), &s3.DeleteBucketInput{Bucket: &name}))
	})
}

// TestAccCertbot_nameTaken proves that nothing is touched that belongs to a
// finished resource or to a stranger.
func TestAccCertbot_nameTaken(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	first := a.certbot("issue_on_create = false")
	second := strings.Replace(first, `"test"`, `"second"`, 1)
	stranger := strings.Replace(first, `"prod"`, `"stranger"`, 1)
	var whole snapshot.Snapshot
	untouched := func() {
		for _, line := range whole.Diff(a.snapshot(t)) {
			t.Errorf("the refused create changed: %s", line)
		}
	}
	roles := iam.NewFromConfig(a.aws)
	role := &iam.CreateRoleInput{RoleName: aws.String(a.certbotParts("stranger")), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: a.config(first)},
			{
				PreConfig:   func() { whole = a.snapshot(t) },
				Config:      a.config(first + second),
				ExpectError: regexp.MustCompile(`(?s)` + parts + `.*already exists and\s+belongs to the finished resource certbot/prod.*terraform import fargatedirect_certbot\.<label> prod`),
			},
			{
				PreConfig: func() {
					untouched()
					try[*iam.CreateRoleOutput](t)(roles.CreateRole(t.Context(), role))
					whole = a.snapshot(t)
				},
				Config:      a.config(first + strings.Replace(stranger, `"test"`, `"second"`, 1)),
				ExpectError: regexp.MustCompile(`(?s)role\s+\(` + a.certbotParts("stranger") + `\)\s+already\s+exists\s+and\s+does\s+not\s+bear\s+the\s+tag.*Choose another name`),
			},
			{
				PreConfig: func() {
					untouched()
					try[*iam.DeleteRoleOutput](t)(roles.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: role.RoleName}))
					a.bucket(t, a.certbotParts("stranger"))
					whole = a.snapshot(t)
				},
				Config:      a.config(first + strings.Replace(stranger, `"test"`, `"second"`, 1)),
				ExpectError: regexp.MustCompile(`(?s)bucket\s+\(` + a.certbotParts("stranger") + `\)\s+already\s+exists\s+and\s+does\s+not\s+bear\s+the\s+tag`),
			},
			{PreConfig: untouched, Config: a.config(first), ConfigPlanChecks: unchanged},
		},
	})
}
