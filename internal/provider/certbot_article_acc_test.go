package provider_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// TestAccCertbot_fromTheArticle goes the way of the guide of that name: another
// program's key.pem and cert.pem, and the key of its account, are taken over,
// and nothing is issued until the certificate is due.
func TestAccCertbot_fromTheArticle(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	bucket := "certs-" + a.id
	a.bucket(t, bucket)
	resourceCalled := func(name, more string) string {
		return fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = %q
  hosted_zone_id = %q
  architecture   = %q
  %s
  certificates   = { browser = { domains = [%q], key_type = "RSA2048", profile = "default" } }
  %s
}`, name, a.zoneID, cloud.Architecture(), acme(), a.domain, more)
	}
	taken := a.config(resourceCalled("prod", fmt.Sprintf("bucket = %q", bucket)) + browserCertificate)
	spec := certbotstack.Spec{Scope: a.scope(names.KindCertbot), DirectoryURL: cloud.DirectoryURL}
	var first pair
	shown := func(right func(serial string) bool) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("version"), knownvalue.StringFunc(func(v string) error {
			if !right(v) {
				return fmt.Errorf("in force is %s; the first one was %s", v, first.serial)
			}
			return nil
		}))}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: a.config(resourceCalled("article", "force_destroy = true"))},
			{
				PreConfig: func() {
					first = a.pair(t, a.certbotParts("article"), "browser/", a.domain)
					a.asTheArticle(t, a.certbotParts("article"), bucket)
					a.putAccountKey(t, spec.KeyParameter())
				},
				Config:            taken,
				ConfigStateChecks: shown(func(serial string) bool { return serial == first.serial }),
			},
			{ // The first renewal is with the account of old.
				PreConfig: func() {
					is(t, "what the first run did", a.status(t, bucket, "prod", "browser").State, certbot.StateKept)
					is(t, "the pair", a.pair(t, bucket, "browser/", a.domain).serial, first.serial)
					keys := fmt.Sprint(a.accountKeys(t, "prod"))
					if failed := a.invoke(t, a.certbotParts("prod"), `{"force":true,"trigger":"manual"}`); failed != "" {
						t.Fatal(failed)
					}
					is(t, "the account keys", fmt.Sprint(a.accountKeys(t, "prod")), keys)
				},
				Config:            taken,
				ConfigStateChecks: shown(func(serial string) bool { return serial != first.serial }),
			},
		},
	})
}

// asTheArticle puts a certificate into a bucket as the article's function
// stored it, with the key in PKCS #1, and says whose it is as the guide does.
func (a *account) asTheArticle(t *testing.T, from, bucket string) {
	t.Helper()
	key, _, err := a.object(t.Context(), from, "browser/key.pem")
	if err != nil {
		t.Fatal(err)
	}
	chain, _, err := a.object(t.Context(), from, "browser/cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(key)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for object, text := range map[string][]byte{"key.pem": pkcs1(parsed.(*rsa.PrivateKey)), "cert.pem": chain} {
		_, err := a.s3().PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: &bucket, Key: aws.String("browser/" + object), Body: bytes.NewReader(text),
			Metadata: map[string]string{certbot.MetadataDirectory: cloud.DirectoryURL, certbot.MetadataProfile: "default"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// putAccountKey stores a key of an account as the guide moves the article's.
func (a *account) putAccountKey(t *testing.T, parameter string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ssm.NewFromConfig(a.aws).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: &parameter, Value: aws.String(string(pkcs1(key))), Type: ssmtypes.ParameterTypeSecureString,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func pkcs1(key *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}
