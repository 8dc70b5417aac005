package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// TestAccCertificate proves that the data source tells what is in force, also
// after a rollback, by the documented policy and in a bucket whose keys are
// closed to its caller.
func TestAccCertificate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	u := a.user(t)
	parts := a.certbotParts("prod")
	spec := certbotstack.Spec{
		Scope:        a.scope(names.KindCertbot),
		Certificates: map[string]certbotstack.Certificate{"browser": {}},
		HostedZoneID: a.zoneID, IAMPath: "/",
	}
	config := u.config(a.certbot(fmt.Sprintf("force_destroy = true\nreader_role_arns = [\"arn:aws:iam::%s:role/reader\"]", a.id)) + browserCertificate)
	var first, second pair
	shows := func(p *pair) []statecheck.StateCheck {
		checks := []statecheck.StateCheck{statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("last_failure"), knownvalue.Null())}
		for attribute, want := range map[string]func() string{
			"version":   func() string { return p.serial },
			"serial":    func() string { return p.serial },
			"not_after": func() string { return p.leaf.NotAfter.UTC().Format("2006-01-02T15:04:05Z") },
			"version_certificate_object_key": func() string {
				return certbot.VersionObject("browser/", p.serial, "cert.pem")
			},
			"bundle_object_key":  func() string { return "browser/bundle.pem" },
			"pointer_object_arn": func() string { return "arn:aws:s3:::" + parts + "/browser/current.json" },
		} {
			checks = append(checks, statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New(attribute), knownvalue.StringFunc(func(got string) error {
				if got != want() {
					return fmt.Errorf("%s is %q, want %q", attribute, got, want())
				}
				return nil
			})))
		}
		return checks
	}
	run := func(payload string) {
		if failed := a.invoke(t, parts, payload); failed != "" {
			t.Fatal(failed)
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				PreConfig: func() { u.allow(t, spec.CallerPolicy()) },
				Config:    config,
			},
			{
				PreConfig: func() {
					first = a.pair(t, parts, "browser/", "*."+a.domain)
					u.cannotRead(t, parts, "browser/key.pem")
					run(`{"force":true,"trigger":"manual"}`)
					second = a.pair(t, parts, "browser/", "*."+a.domain)
				},
				Config: config, ConfigPlanChecks: unchanged, ConfigStateChecks: shows(&second),
			},
			{
				PreConfig: func() { run(`{"rollback":"browser","trigger":"manual"}`) },
				Config:    config, ConfigPlanChecks: unchanged, ConfigStateChecks: shows(&first),
			},
			{ // A run that wrote a status and died before the pointer.
				PreConfig:   func() { a.deleteObject(t, parts, "browser/current.json") },
				Config:      config,
				ExpectError: regexp.MustCompile(`has\s+put\s+none\s+in\s+force`),
			},
			{
				PreConfig: func() { run(`{"trigger":"manual"}`) },
				Config:    config, ConfigPlanChecks: unchanged, ConfigStateChecks: shows(&first),
			},
		},
	})
}

// cannotRead fails the test if the user can read an object.
func (u *user) cannotRead(t *testing.T, bucket, key string) {
	t.Helper()
	config := u.a.aws.Copy()
	config.Credentials = credentials.NewStaticCredentialsProvider(u.accessKey, "test", "")
	api := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := api.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}); err == nil {
		t.Errorf("the caller of Terraform can read %s", key)
	}
}

func (a *account) deleteObject(t *testing.T, bucket, key string) {
	t.Helper()
	if _, err := a.s3().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}); err != nil {
		t.Fatal(err)
	}
}
