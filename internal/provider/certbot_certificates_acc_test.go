package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestAccCertbot_certificates proves that certificates are added, changed and
// removed in place, and that only what changed is issued anew.
func TestAccCertbot_certificates(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	apex, wildcard, api := a.domain, "*."+a.domain, "api."+a.domain
	config := func(certificates string) string {
		return a.config(fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  force_destroy  = true
  %s
  certificates   = {
    %s
  }
}`, a.zoneID, cloud.Architecture(), acme(), certificates))
	}
	browser := fmt.Sprintf(`browser = { domains = [%q], profile = "default" }`, wildcard)
	var first, both, inner pair
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config(browser)},
			{ // One more.
				PreConfig:        func() { first = a.pair(t, parts, "browser/", wildcard) },
				Config:           config(browser + fmt.Sprintf("\n"+`api = { domains = [%q], key_type = "RSA2048", profile = "shortlived", prefix = "certs/api/" }`, api)),
				ConfigPlanChecks: inPlace,
			},
			importedByName(),
			{ // Apex and wildcard have their challenges at one name.
				PreConfig: func() {
					if now := a.pair(t, parts, "browser/", wildcard); now.versions != first.versions {
						t.Error("another certificate's addition renewed this one")
					}
					inner = a.pair(t, parts, "certs/api/", api)
					is(t, "the key", inner.keyKind(), "RSA2048")
					if days := inner.leaf.NotAfter.Sub(inner.leaf.NotBefore).Hours() / 24; days > 7 {
						t.Errorf("the profile shortlived gave %.0f days", days)
					}
				},
				Config: config(fmt.Sprintf(`browser = { domains = [%q, %q], key_type = "P384", profile = "default" }`, apex, wildcard) +
					fmt.Sprintf("\n"+`api = { domains = [%q], key_type = "RSA2048", profile = "shortlived", prefix = "certs/api/" }`, api)),
				ConfigPlanChecks: inPlace,
			},
			{ // One is removed, the other moves.
				PreConfig: func() {
					both = a.pair(t, parts, "browser/", apex, wildcard)
					is(t, "the key", both.keyKind(), "P384")
					if now := a.pair(t, parts, "certs/api/", api); now.versions != inner.versions {
						t.Error("another certificate's change renewed this one")
					}
					a.noChallenges(t)
				},
				Config:           config(fmt.Sprintf(`browser = { domains = [%q, %q], key_type = "P384", profile = "default", prefix = "moved/" }`, apex, wildcard)),
				ConfigPlanChecks: inPlace,
			},
			{ // The plan stays empty.
				PreConfig: func() {
					a.pair(t, parts, "moved/", apex, wildcard)
					a.pair(t, parts, "browser/", apex, wildcard) // servers may still read it there
				},
				Config:           config(fmt.Sprintf(`browser = { domains = [%q, %q], key_type = "P384", profile = "default", prefix = "moved/" }`, apex, wildcard)),
				ConfigPlanChecks: unchanged,
			},
		},
	})
}

// TestAccCertbot_sharedName proves that two functions may answer challenges at
// the same name at the same time, each its own.
func TestAccCertbot_sharedName(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	certbot := func(name, domain string) string {
		return fmt.Sprintf(`
resource "fargatedirect_certbot" %[1]q {
  name           = %[1]q
  hosted_zone_id = %[2]q
  architecture   = %[3]q
  force_destroy  = true
  %[4]s
  certificates   = { web = { domains = [%[5]q], profile = "default" } }
}`, name, a.zoneID, cloud.Architecture(), acme(), domain)
	}
	config := a.config(certbot("apex", a.domain) + certbot("wildcard", "*."+a.domain))
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					apex, wildcard := a.certbotParts("apex"), a.certbotParts("wildcard")
					a.pair(t, apex, "web/", a.domain)
					a.pair(t, wildcard, "web/", "*."+a.domain)
					a.noChallenges(t)
					// Again, at the same time for sure.
					done := make(chan string)
					for _, parts := range []string{apex, wildcard} {
						go func() { done <- a.invoke(t, parts, `{"force":true,"trigger":"manual"}`) }()
					}
					for range 2 {
						if failed := <-done; failed != "" {
							t.Error(failed)
						}
					}
					a.noChallenges(t)
				},
				Config:           config,
				ConfigPlanChecks: unchanged,
			},
		},
	})
}
