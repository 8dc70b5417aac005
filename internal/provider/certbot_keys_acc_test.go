package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestAccCertbot_keyTypes proves that an authority takes keys of each kind, and
// that servers can read them.
func TestAccCertbot_keyTypes(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	kinds := []string{"P256", "P384", "RSA2048", "RSA3072", "RSA4096"}
	var certificates strings.Builder
	for _, kind := range kinds {
		key := strings.ToLower(kind)
		fmt.Fprintf(&certificates, "%s = { domains = [%q], key_type = %q, profile = \"default\" }\n", key, key+"."+a.domain, kind)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: a.config(fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  force_destroy  = true
  %s
  certificates = {
    %s
  }
}`, a.zoneID, cloud.Architecture(), acme(), certificates.String())),
			Check: during(func() {
				for _, kind := range kinds {
					key := strings.ToLower(kind)
					is(t, "the key", a.pair(t, a.certbotParts("prod"), key+"/", key+"."+a.domain).keyKind(), kind)
				}
				a.noChallenges(t)
			}),
		}},
	})
}
