//go:build unix

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// TestAccCertbot_oneOfThree proves that a certificate which cannot be issued
// keeps no other one from its turn, that it alone is tried again, that all use
// one account, that other names are issued at once, and all that although the
// authority rejects good nonces. One certificate is for apex and wildcard, and
// they are of both profiles.
func TestAccCertbot_oneOfThree(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	api, bad, both := "api."+a.domain, "bad."+a.domain, []string{a.domain, "*." + a.domain}
	config := func(apiNames ...string) string {
		return a.config(fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  force_destroy  = true
  %s
  certificates = {
    api  = { domains = ["%s"], profile = "shortlived" }
    bad  = { domains = [%q], profile = "default" }
    both = { domains = ["%s"], profile = "default" }
  }
}`, a.zoneID, cloud.Architecture(), acme(), strings.Join(apiNames, `", "`), bad, strings.Join(both, `", "`)))
	}
	tf := newCLI(t)
	tf.configure(config(api))

	cloud.BreakDNS(bad, localcloud.DNSServerFailure)
	defer cloud.MendDNS(bad)
	if got := tf.must(tf.apply()).warnings(); !strings.Contains(got, `Certificate "bad": `) || !strings.Contains(got, refusal) || strings.Contains(got, `Certificate "api"`) || strings.Contains(got, `Certificate "both"`) {
		t.Errorf("the apply warned:\n%s\nwant a warning of the certificate bad alone", got)
	}
	first := map[string]pair{"api": a.pair(t, parts, "api/", api), "both": a.pair(t, parts, "both/", both...)}
	a.noChallenges(t)
	for key, want := range map[string]string{"api": certbot.StateIssued, "bad": certbot.StateFailed, "both": certbot.StateIssued} {
		is(t, "the state of "+key, a.status(t, parts, "prod", key).State, want)
	}
	if got := tf.plan()[certbotAddress]; got.actions != "update" || len(got.drift) != 1 || !strings.HasPrefix(got.drift[0], "certificate (bad): never issued: ") {
		t.Errorf("the plan has %+v, want an update for the certificate bad", got)
	}

	cloud.MendDNS(bad)
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Errorf("the second apply warned:\n%s", got)
	}
	a.pair(t, parts, "bad/", bad)
	for key, names := range map[string][]string{"api": {api}, "both": both} {
		if now := a.pair(t, parts, key+"/", names...); now.versions != first[key].versions {
			t.Errorf("the repair of another certificate renewed %s", key)
		}
	}
	var accounts []string
	for _, key := range []string{"api", "bad", "both"} {
		accounts = append(accounts, a.status(t, parts, "prod", key).AccountURI)
	}
	if held := a.accountKeys(t, "prod"); accounts[0] == "" || len(slices.Compact(accounts)) != 1 || len(held) != 1 {
		t.Errorf("the certificates are of the accounts %q, whose keys are %v; want one", accounts, held)
	}

	more := "more." + a.domain
	tf.configure(config(api, more))
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Errorf("the apply of another name warned:\n%s", got)
	}
	if now := a.pair(t, parts, "api/", api, more); now.serial == first["api"].serial || now.leaf.NotAfter.Sub(now.leaf.NotBefore).Hours() > 7*24 {
		t.Errorf("the certificate for another name is %s, valid until %s", now.serial, now.leaf.NotAfter)
	}
	if now := a.pair(t, parts, "both/", both...); now.versions != first["both"].versions {
		t.Error("another certificate's change renewed this one")
	}
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("at last the plan has %+v", got)
	}
	// Of some forty requests the authority rejected a fifth.
	if got := a.functionLog(t, parts); !strings.Contains(got, "urn:ietf:params:acme:error:badNonce") {
		t.Errorf("no nonce was rejected:\n%s", got)
	}
	tf.must(tf.destroy())
}

// functionLog is all that a function logged.
func (a *account) functionLog(t *testing.T, function string) string {
	t.Helper()
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(cloudwatchlogs.NewFromConfig(a.aws), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + function)})
	var lines strings.Builder
	for pages.HasMorePages() {
		for _, e := range try[*cloudwatchlogs.FilterLogEventsOutput](t)(pages.NextPage(t.Context())).Events {
			lines.WriteString(aws.ToString(e.Message) + "\n")
		}
	}
	return lines.String()
}
