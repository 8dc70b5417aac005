//go:build unix

package provider_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// boundConfig is a configuration of a certbot "prod" with one certificate
// "web" at an authority that wants accounts bound.
func (a *account) boundConfig(directory, eab string) string {
	return a.config(a.bound(directory, eab, ""))
}

// bound is the same without a provider, and with more arguments of "web".
func (a *account) bound(directory, eab, more string) string {
	return fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  force_destroy  = true
  acme = {
    directory_url      = %q
    ca_certificate_pem = %q
    eab                = { %s }
  }
  certificates = {
    web = { domains = [%q], profile = "default"%s }
  }
}

output "account" {
  value = fargatedirect_certbot.test.account_uri
}`, a.zoneID, cloud.Architecture(), directory, cloud.DirectoryCAPEM, eab, "www."+a.domain, more)
}

// TestAccCertbot_externalAccount proves that an account is bound by an HMAC
// key of the configuration and by one in Secrets Manager, that a wrong one is
// told and corrected by raising its version, and that Terraform keeps none.
func TestAccCertbot_externalAccount(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	parameter := "/" + parts + "/eab"
	authority, err := cloud.StartBindingAuthority(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	right, wrong := authority.Keys["kid-1"], strings.Repeat("d3Jvbmct", 8)
	byKey := func(key string, version int) string {
		return a.boundConfig(authority.DirectoryURL, fmt.Sprintf(`key_id = "kid-1", hmac_key_wo = %q, hmac_key_wo_version = %d`, key, version))
	}
	tf := newCLI(t)

	tf.configure(byKey(wrong, 1))
	if got := tf.must(tf.apply()).warnings(); !strings.Contains(got, "external account binding JWS verification error") || !strings.Contains(got, "raise hmac_key_wo_version") {
		t.Errorf("with a wrong HMAC key the apply warned:\n%s", got)
	}
	if got := tf.plan()[certbotAddress]; got.actions != "update" || !strings.Contains(fmt.Sprint(got.drift), "certificate (web): never issued") {
		t.Errorf("after that the plan has %+v", got)
	}
	tf.configure(byKey(right, 2))
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Errorf("with the right HMAC key the apply warned:\n%s", got)
	}
	if st := a.status(t, parts, "prod", "web"); st.State != certbot.StateIssued {
		t.Errorf("after that the status is %+v", st)
	}
	is(t, "the parameter's HMAC key", a.secretParameter(t, parameter), right)
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after that the plan has %+v", got)
	}
	first := a.status(t, parts, "prod", "web").AccountURI

	imported := newCLI(t)
	imported.configure(byKey(right, 2))
	imported.must(imported.start("import", "-no-color", certbotAddress, "prod").wait())
	known := fmt.Sprint(imported.state()[certbotAddress].Values["acme"])
	if !strings.Contains(known, "eab:map[hmac_key_secret_arn:<nil> hmac_key_wo:<nil> hmac_key_wo_version:2 key_id:kid-1]") {
		t.Errorf("an import knows %s", known)
	}
	if got := imported.plan()[certbotAddress]; len(got.drift) != 0 {
		t.Errorf("after the import the plan has %+v", got)
	}

	// Nothing is written for another key unless its version is raised.
	tf.configure(byKey(wrong, 2))
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("with another key and the same version the plan has %+v", got)
	}
	// The account is there, so a lost parameter keeps no certificate back.
	client := ssm.NewFromConfig(a.aws)
	try[*ssm.DeleteParameterOutput](t)(client.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: &parameter}))
	if failed := a.invoke(t, parts, `{"force":true,"trigger":"manual"}`); failed != "" {
		t.Error(failed)
	}
	tf.configure(byKey(right, 2))
	if got := tf.plan()[certbotAddress]; !slices.Equal(got.drift, []string{"SSM parameter (" + parameter + "): missing"}) {
		t.Errorf("without the parameter the plan has %+v", got)
	}
	tf.must(tf.apply())
	is(t, "the parameter's HMAC key", a.secretParameter(t, parameter), right)

	secret := a.secret(t, "eab", authority.Keys["kid-2"]+"\n")
	tf.configure(a.boundConfig(authority.DirectoryURL, fmt.Sprintf(`key_id = "kid-2", hmac_key_secret_arn = %q`, secret)))
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Errorf("with a secret the apply warned:\n%s", got)
	}
	if got := a.status(t, parts, "prod", "web").AccountURI; got == first || got == "" {
		t.Errorf("with another external account the account is %s, was %s", got, first)
	}
	is(t, "the parameter's HMAC key", a.secretParameter(t, parameter), "")
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after that the plan has %+v", got)
	}
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		state := try[[]byte](t)(os.ReadFile(filepath.Join(tf.dir, name)))
		for _, key := range append(slices.Collect(maps.Values(authority.Keys)), wrong) {
			if strings.Contains(string(state), key) {
				t.Errorf("%s holds an HMAC key", name)
			}
		}
	}
	tf.must(tf.destroy())
}

// TestAccPermissions_boundCertbot proves that the documented policy is enough
// with an HMAC key and a secret, in all that happens to them: a new key, other
// tags, a loss, an import, and the end.
func TestAccPermissions_boundCertbot(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	u := a.user(t)
	parameter := "/" + a.certbotParts("prod") + "/eab"
	authority, err := cloud.StartBindingAuthority(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole := certbotstack.Spec{
		Scope:        a.scope(names.KindCertbot),
		Certificates: map[string]certbotstack.Certificate{"web": {SecretsManager: true}},
		HostedZoneID: a.zoneID, IAMPath: "/", EAB: certbotstack.EAB{KeyID: "kid-1"},
	}.CallerPolicy()
	config := func(version int, tag string) string {
		eab := fmt.Sprintf(`key_id = "kid-1", hmac_key_wo = %q, hmac_key_wo_version = %d`, authority.Keys["kid-1"], version)
		text := a.bound(authority.DirectoryURL, eab, ", secrets_manager = true")
		return u.config(strings.Replace(text, `"prod"`, fmt.Sprintf("\"prod\"\n  tags = { %s = \"a\" }", tag), 1))
	}
	last := config(2, "group")
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{PreConfig: func() { u.allow(t, whole) }, Config: config(1, "team")},
			{Config: last},
			{
				PreConfig: func() {
					client := ssm.NewFromConfig(a.aws)
					try[*ssm.DeleteParameterOutput](t)(client.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: &parameter}))
				},
				Config: last,
			},
			{Config: last, ConfigPlanChecks: unchanged},
			{
				Config: last, ResourceName: certbotAddress, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
				ImportStateVerifyIgnore: []string{"timeouts", "force_destroy"},
			},
		},
	})
}

// secretParameter is a parameter's value; "" if there is none.
func (a *account) secretParameter(t *testing.T, name string) string {
	t.Helper()
	out := try[*ssm.GetParametersOutput](t)(ssm.NewFromConfig(a.aws).GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{name}, WithDecryption: aws.Bool(true)}))
	if len(out.Parameters) == 0 {
		return ""
	}
	return aws.ToString(out.Parameters[0].Value)
}

// secret makes a secret and answers its ARN.
func (a *account) secret(t *testing.T, name, value string) string {
	t.Helper()
	client := secretsmanager.NewFromConfig(a.aws)
	out := try[*secretsmanager.CreateSecretOutput](t)(client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value}))
	t.Cleanup(func() {
		if _, err := client.DeleteSecret(background(t), &secretsmanager.DeleteSecretInput{SecretId: out.ARN, ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
			t.Error(err)
		}
	})
	return aws.ToString(out.ARN)
}
