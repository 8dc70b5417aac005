package provider_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
)

// TestAccCertbot_renewalInformation proves that a scheduled run renews when
// the authority wants it, long before the certificate's age does, and that it
// asks the authority no more often than that allows.
func TestAccCertbot_renewalInformation(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	tf := newCLI(t)
	tf.configure(a.config(a.certbot("force_destroy = true")))
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Fatal(got)
	}
	first := a.pair(t, parts, "browser/", "*."+a.domain)
	runs := func() pair {
		t.Helper()
		if failed := a.invoke(t, parts, `{"trigger":"schedule"}`); failed != "" {
			t.Fatal(failed)
		}
		return a.pair(t, parts, "browser/", "*."+a.domain)
	}

	chain, _, err := a.object(t.Context(), parts, "browser/cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	if err := cloud.MoveRenewal(t.Context(), chain, time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	second := runs()
	if second.serial == first.serial {
		t.Error("the authority's window is over, and the certificate was not renewed")
	}
	if third := runs(); third.versions != second.versions {
		t.Error("the authority's window is weeks away, and the certificate was renewed")
	}

	// Now the authority must not be asked for six hours, whatever it would say.
	if chain, _, err = a.object(t.Context(), parts, "browser/cert.pem"); err != nil {
		t.Fatal(err)
	}
	if err := cloud.MoveRenewal(t.Context(), chain, time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	memory := certbot.MemoryObject("prod", "browser")
	_, before, err := a.object(t.Context(), parts, memory)
	if err != nil {
		t.Fatal(err)
	}
	if fourth := runs(); fourth.versions != second.versions {
		t.Error("the authority was asked before its Retry-After")
	}
	if _, after, err := a.object(t.Context(), parts, memory); err != nil || after != before {
		t.Errorf("a run with nothing to do wrote what it remembers: version %s, was %s, error %v", after, before, err)
	}
	if keys := a.objects(t, parts); !slices.Contains(keys, memory) {
		t.Errorf("the bucket holds %q, want %s", keys, memory)
	}
	tf.must(tf.destroy())
}
