package provider_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
)

// TestAccCertbot_renamed proves that a certificate outlives its key's and its
// prefix's change without another order, and that it can be rolled back.
func TestAccCertbot_renamed(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	config := func(key, prefix string) string {
		return a.config(fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  force_destroy  = true
  %s
  certificates   = { %s = { domains = [%q], profile = "default", prefix = %q } }
}`, a.zoneID, cloud.Architecture(), acme(), key, a.domain, prefix))
	}
	var first, second pair
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config("browser", "browser/")},
			{
				PreConfig:        func() { first = a.pair(t, parts, "browser/", a.domain) },
				Config:           config("desktop", "desktop/"),
				ConfigPlanChecks: inPlace,
			},
			{
				PreConfig: func() {
					is(t, "the renamed certificate", a.pair(t, parts, "desktop/", a.domain).serial, first.serial)
					is(t, "the status", a.status(t, parts, "prod", "desktop").State, certbot.StateAdopted)
				},
				Config:           config("desktop", "certs/desktop/"),
				ConfigPlanChecks: inPlace,
			},
			{ // Renewals keep three versions; a rollback takes the one before.
				PreConfig: func() {
					is(t, "the moved certificate", a.pair(t, parts, "certs/desktop/", a.domain).serial, first.serial)
					for range 3 {
						second = a.pair(t, parts, "certs/desktop/", a.domain)
						if failed := a.invoke(t, parts, `{"force":true,"trigger":"manual"}`); failed != "" {
							t.Fatal(failed)
						}
					}
					last := a.pair(t, parts, "certs/desktop/", a.domain)
					a.hasVersions(t, parts, "certs/desktop/", last.serial)
					for _, payload := range []string{`{"rollback":"desktop","trigger":"manual"}`, `{"trigger":"schedule"}`} {
						if failed := a.invoke(t, parts, payload); failed != "" {
							t.Fatal(failed)
						}
						is(t, "the certificate that was rolled back", a.pair(t, parts, "certs/desktop/", a.domain).serial, second.serial)
						a.hasVersions(t, parts, "certs/desktop/", second.serial)
					}
				},
				Config:           config("desktop", "certs/desktop/"),
				ConfigPlanChecks: unchanged,
			},
		},
	})
}

// hasVersions checks that three versions are kept of a certificate, and that
// the pointer and what it names are those of a serial number.
func (a *account) hasVersions(t *testing.T, bucket, prefix, serial string) {
	t.Helper()
	text, _, err := a.object(t.Context(), bucket, prefix+certbot.PointerObject)
	if err != nil {
		t.Fatal(err)
	}
	var pointer certbot.Pointer
	if err := json.Unmarshal(text, &pointer); err != nil {
		t.Fatal(err)
	}
	is(t, "the pointer's version", pointer.Version, serial)
	is(t, "the version's pair", a.pair(t, bucket, prefix+certbot.VersionsPrefix+serial+"/", a.domain).serial, serial)
	var want, got []string
	for _, v := range pointer.Versions {
		want = append(want, certbot.VersionObject(prefix, v.Version, certbot.CertificateObject), certbot.VersionObject(prefix, v.Version, certbot.KeyObject))
	}
	for _, key := range a.objects(t, bucket) {
		if strings.HasPrefix(key, prefix+certbot.VersionsPrefix) {
			got = append(got, key)
		}
	}
	if slices.Sort(want); len(want) != 6 || !slices.Equal(got, want) {
		t.Errorf("the bucket keeps %v, want %v", got, want)
	}
}
