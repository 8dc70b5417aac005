//go:build unix

package provider_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
)

// chainConfig is a configuration of a certbot "prod" with one certificate
// "web" that prefers a chain.
func (a *account) chainConfig(chain, contact string) string {
	return a.config(fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  force_destroy  = true
  acme           = { directory_url = %q, ca_certificate_pem = %q, contact_email = %q }
  certificates = {
    web = { domains = [%q], profile = "default", preferred_chain = %q }
  }
}`, a.zoneID, cloud.Architecture(), cloud.DirectoryURL, cloud.DirectoryCAPEM, contact, "www."+a.domain, chain))
}

// TestAccCertbot_preferredChain proves that the preferred one of the
// authority's chains is stored, that a preference that it cannot meet is a
// warning, and that it does not issue for it again and again.
func TestAccCertbot_preferredChain(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	var roots [2]*x509.Certificate
	for n := range roots {
		text, err := cloud.Root(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		roots[n] = try[*x509.Certificate](t)(x509.ParseCertificate(block.Bytes))
	}
	tf := newCLI(t)

	tf.configure(a.chainConfig(roots[1].Subject.CommonName, "ops@example.org"))
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Errorf("an alternate chain is preferred, and the apply warned:\n%s", got)
	}
	alternate := a.leadsTo(t, parts, "web/", roots[1])
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after that the plan has %+v", got)
	}

	tf.configure(a.chainConfig("No Such Root", "ops@example.org"))
	warned := tf.must(tf.apply()).warnings()
	for _, want := range []string{`Certificate "web"`, `no chain that has the issuer "No Such Root"`, roots[0].Subject.CommonName, roots[1].Subject.CommonName} {
		if !strings.Contains(warned, want) {
			t.Errorf("the apply warned:\n%s\nwant %q in it", warned, want)
		}
	}
	standard := a.leadsTo(t, parts, "web/", roots[0])
	if standard == alternate {
		t.Error("the certificate of the alternate chain is still there")
	}
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after that the plan has %+v", got)
	}

	tf.configure(a.chainConfig("No Such Root", "other@example.org"))
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Errorf("with another contact the apply warned:\n%s", got)
	}
	if failed := a.invoke(t, parts, `{"trigger":"manual"}`); failed != "" {
		t.Error(failed)
	}
	if got := a.leadsTo(t, parts, "web/", roots[0]); got != standard {
		t.Errorf("the certificate is %s, want still %s", got, standard)
	}
	tf.must(tf.destroy())
}

// leadsTo fails the test unless the stored chain leads to that root, and
// answers the certificate's serial number.
func (a *account) leadsTo(t *testing.T, bucket, prefix string, root *x509.Certificate) string {
	t.Helper()
	text, _, err := a.object(t.Context(), bucket, prefix+"cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	chain := try[[]*x509.Certificate](t)(parseChain(text))
	trusted, between := x509.NewCertPool(), x509.NewCertPool()
	trusted.AddCert(root)
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: trusted, Intermediates: between}); err != nil {
		t.Errorf("the stored chain does not lead to %s: %v", root.Subject, err)
	}
	return fmt.Sprintf("%x", chain[0].SerialNumber)
}
