package provider_test

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// echo puts an ephemeral certificate into the state, to look at it.
const echo = `
ephemeral "fargatedirect_certificate" "browser" {
  certbot    = "prod"
  key        = "browser"
  depends_on = [fargatedirect_certbot.test]
}

provider "echo" {
  data = ephemeral.fargatedirect_certificate.browser
}

resource "echo" "test" {}
`

// TestAccCertificate_ephemeral proves that the ephemeral resource answers the
// pair in force, also after a renewal and a rollback, to who has the documented
// permissions, and tells who has not which are missing.
func TestAccCertificate_ephemeral(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	u := a.user(t)
	parts := a.certbotParts("prod")
	spec := certbotstack.Spec{
		Scope:        a.scope(names.KindCertbot),
		Certificates: map[string]certbotstack.Certificate{"browser": {}},
		HostedZoneID: a.zoneID, IAMPath: "/",
	}
	body := a.certbot("force_destroy = true")
	closed := a.certbot(fmt.Sprintf("force_destroy = true\nreader_role_arns = [\"arn:aws:iam::%s:role/reader\"]", a.id))
	config := u.config(body + echo)
	var first, second pair
	run := func(payload string) {
		if failed := a.invoke(t, parts, payload); failed != "" {
			t.Fatal(failed)
		}
	}
	// The leaf is the chain's first certificate, and the chain has another one.
	parsed := statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data").AtMapKey("certificate_pem"), knownvalue.StringFunc(func(leaf string) error {
		block, rest := pem.Decode([]byte(leaf))
		if block == nil || len(rest) > 0 || string(block.Bytes) != string(first.leaf.Raw) {
			return errors.New("certificate_pem is not the leaf alone")
		}
		return nil
	}))
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"fargatedirect": factories["fargatedirect"],
			"echo":          echoprovider.NewProviderServer(),
		},
		Steps: []resource.TestStep{
			{
				PreConfig: func() { u.allow(t, spec.CallerPolicy()) },
				Config:    u.config(body),
			},
			{ // What the data source needs is not enough for a key.
				Config: config, ExpectError: regexp.MustCompile(`(?s)No private key of certificate "browser".*` +
					words("need s3:GetObject on arn:aws:s3:::"+parts+"/browser/*, as reader_policy_json")),
			},
			{
				PreConfig: func() {
					u.allow(t, spec.CallerPolicy(), spec.ReaderPolicy("browser"))
					first = a.pair(t, parts, "browser/", "*."+a.domain)
				},
				Config:            config,
				ConfigStateChecks: []statecheck.StateCheck{echoes("echo.test", &first), parsed},
			},
			{
				PreConfig: func() {
					run(`{"force":true}`)
					second = a.pair(t, parts, "browser/", "*."+a.domain)
				},
				Config:            config + "\nresource \"echo\" \"second\" {}\n",
				ConfigStateChecks: []statecheck.StateCheck{echoes("echo.second", &second)},
			},
			{
				PreConfig:         func() { run(`{"rollback":"browser"}`) },
				Config:            config + "\nresource \"echo\" \"third\" {}\n",
				ConfigStateChecks: []statecheck.StateCheck{echoes("echo.third", &first)},
			},
			{ // Only the readers may read keys, whatever else is allowed.
				Config:      u.config(closed + echo),
				ExpectError: regexp.MustCompile(`(?s)No private key of certificate "browser".*` + words("If the resource has reader_role_arns, only these roles may read keys")),
			},
			{Config: u.config(body)},
			{
				PreConfig: func() {
					a.overwrite(t, parts, certbot.VersionObject("browser/", first.serial, certbot.KeyObject), "forged")
				},
				Config: config, ExpectError: regexp.MustCompile(words("it is not the one that the pointer names")),
			},
			{
				PreConfig: func() { a.opensExpired(t, parts) },
				Config:    u.config(body),
			},
		},
	})
}

// TestAccCertificate_ephemeralAtCreate proves that a certificate is handed on by
// the apply that makes it, as the example does it: Terraform opens an ephemeral
// resource as soon as its arguments are known, whatever depends_on says, and the
// data source's region is not before the certificate is there.
func TestAccCertificate_ephemeralAtCreate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	config := func(region string) string {
		return a.config(a.certbot("force_destroy = true") + fmt.Sprintf(`
data "fargatedirect_certificate" "browser" {
  certbot = fargatedirect_certbot.test.name
  key     = "browser"
}

ephemeral "fargatedirect_certificate" "browser" {
  certbot    = data.fargatedirect_certificate.browser.certbot
  key        = "browser"
  depends_on = [fargatedirect_certbot.test]
  %s
}

provider "echo" {
  data = ephemeral.fargatedirect_certificate.browser
}

resource "echo" "test" {}
`, region))
	}
	deferred := config("region = data.fargatedirect_certificate.browser.region")
	valid := statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data"), knownvalue.ObjectPartial(map[string]knownvalue.Check{
		"private_key_pem": knownvalue.StringRegexp(regexp.MustCompile("^-----BEGIN PRIVATE KEY-----")),
	}))
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"fargatedirect": factories["fargatedirect"],
			"echo":          echoprovider.NewProviderServer(),
		},
		Steps: []resource.TestStep{
			{Config: config(""), ExpectError: regexp.MustCompile(words("There is no fargatedirect_certbot of the name"))},
			{Config: deferred, ConfigStateChecks: []statecheck.StateCheck{valid}},
			{Config: deferred, ConfigPlanChecks: unchanged},
		},
	})
}

// opensExpired checks that a certificate that has expired is answered all the
// same, with a warning.
func (a *account) opensExpired(t *testing.T, bucket string) {
	t.Helper()
	if failed := a.invoke(t, bucket, `{"force":true}`); failed != "" {
		t.Fatal(failed)
	}
	key := "browser/" + certbot.PointerObject
	body, _, err := a.object(t.Context(), bucket, key)
	if err != nil {
		t.Fatal(err)
	}
	var pointer certbot.Pointer
	if err := json.Unmarshal(body, &pointer); err != nil {
		t.Fatal(err)
	}
	pointer.NotAfter = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if body, err = json.Marshal(pointer); err != nil {
		t.Fatal(err)
	}
	a.overwrite(t, bucket, key, string(body))
	p := a.protocol(t, a.id, cloud.Endpoint)
	const kind = "fargatedirect_certificate"
	schema := p.schemas.EphemeralResourceSchemas[kind]
	resp, err := p.server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: kind, Config: p.config(schema, map[string]tftypes.Value{"certbot": text("prod"), "key": text("browser")}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := problemsOf(resp.Diagnostics); len(got) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning || !strings.Contains(got[0], "It was valid until 2000-01-01T00:00:00Z") {
		t.Fatalf("the problems are %q, want a warning", got)
	}
	var result map[string]tftypes.Value
	var private string
	value, err := resp.Result.Unmarshal(schema.ValueType())
	if err == nil {
		err = value.As(&result)
	}
	if err == nil {
		err = result["private_key_pem"].As(&private)
	}
	if err != nil || !strings.HasPrefix(private, "-----BEGIN PRIVATE KEY-----") {
		t.Errorf("the result has no private key: %v", err)
	}
}

// echoes checks that the pair in the state is one, and the wanted one.
func echoes(address string, want *pair) statecheck.StateCheck {
	var chain, key string
	return statecheck.ExpectKnownValue(address, tfjsonpath.New("data"), knownvalue.ObjectPartial(map[string]knownvalue.Check{
		"serial":          knownvalue.StringFunc(func(v string) error { return equal("serial", v, want.serial) }),
		"chain_pem":       knownvalue.StringFunc(func(v string) error { chain = v; return matching(chain, key, want) }),
		"private_key_pem": knownvalue.StringFunc(func(v string) error { key = v; return matching(chain, key, want) }),
		"not_after": knownvalue.StringFunc(func(v string) error {
			return equal("not_after", v, want.leaf.NotAfter.UTC().Format("2006-01-02T15:04:05Z"))
		}),
	}))
}

func equal(what, got, want string) error {
	if got != want {
		return fmt.Errorf("%s is %q, want %q", what, got, want)
	}
	return nil
}

// matching checks a pair, once both are known.
func matching(chain, key string, want *pair) error {
	if chain == "" || key == "" {
		return nil
	}
	got, err := tls.X509KeyPair([]byte(chain), []byte(key))
	if err != nil {
		return err
	}
	if len(got.Certificate) < 2 || string(got.Certificate[0]) != string(want.leaf.Raw) {
		return fmt.Errorf("chain_pem holds %d certificates, want the leaf in force and its chain", len(got.Certificate))
	}
	return nil
}

// overwrite puts something else in an object's place.
func (a *account) overwrite(t *testing.T, bucket, key, content string) {
	t.Helper()
	if _, err := a.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
}
