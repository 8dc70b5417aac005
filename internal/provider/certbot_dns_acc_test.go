//go:build unix

package provider_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// refusal is part of what the authority says when it cannot look a name up.
const refusal = "Error retrieving TXT records for DNS challenge"

// TestAccCertbot_unreachableDNS proves that a certificate which cannot be
// issued is told everywhere, harms nothing, and comes with the next apply.
func TestAccCertbot_unreachableDNS(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	topicARN := a.topic(t, "failures")
	inbox := a.inbox(t, "told")
	inbox.subscribe(t, topicARN)
	body := a.certbot("force_destroy = true\nfailure_topic_arn = \"" + topicARN + "\"")
	tf := newCLI(t)
	tf.configure(a.config(body + browserCertificate))

	cloud.BreakDNS(a.domain, localcloud.DNSServerFailure)
	defer cloud.MendDNS(a.domain)
	applied := tf.apply()
	if got := applied.warnings(); !strings.Contains(got, "No certificate from "+cloud.DirectoryURL) || !strings.Contains(got, refusal) {
		t.Errorf("the apply warned:\n%s\nwant the authority's words", got)
	} else if !strings.Contains(got, "The next terraform apply tries again") {
		t.Errorf("the apply warned:\n%s\nwant to know that an apply tries again", got)
	}
	if got := applied.problems(); applied.err == nil || !strings.Contains(got, `No certificate "browser" of fargatedirect_certbot (prod)`) || !strings.Contains(got, refusal) {
		t.Errorf("the data source said:\n%s\nwant an error with the authority's words", got)
	}
	if r, ok := tf.state()[certbotAddress]; !ok || r.Tainted {
		t.Errorf("in the state: %t, tainted: %t; want it there and sound", ok, r.Tainted)
	}
	failureTold(t, inbox, "The bucket holds no certificate that can be used.")
	a.noChallenges(t)
	if failed := a.invoke(t, parts, `{"trigger":"schedule"}`); failed != "" {
		t.Errorf("a scheduled run right after the failure ended with %q, want it to wait quietly", failed)
	}

	// Without the data source the plan shows what is to be repaired.
	tf.configure(a.config(body))
	want := "certificate (browser): never issued: "
	if got := tf.plan()[certbotAddress]; got.actions != "update" || !slices.ContainsFunc(got.drift, func(d string) bool {
		return strings.HasPrefix(d, want) && strings.Contains(d, refusal)
	}) {
		t.Errorf("the plan has %+v, want an update for the drift %q", got, want)
	}
	cloud.MendDNS(a.domain)
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Errorf("the second apply warned:\n%s", got)
	}
	first := a.pair(t, parts, "browser/", "*."+a.domain)
	tf.configure(a.config(body + browserCertificate))
	tf.must(tf.apply())
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after the repair the plan has %+v", got)
	}

	// A renewal that fails leaves the certificate that works.
	cloud.BreakDNS(a.domain, localcloud.DNSServerFailure)
	if failed := a.invoke(t, parts, `{"force":true,"trigger":"manual"}`); !strings.Contains(failed, refusal) {
		t.Errorf("a forced run ended with %q, want a failed invocation", failed)
	}
	if now := a.pair(t, parts, "browser/", "*."+a.domain); now.versions != first.versions {
		t.Errorf("a failed run changed the versions %v to %v", first.versions, now.versions)
	}
	failureTold(t, inbox, "The certificate in the bucket was not touched.")
	a.noChallenges(t)
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after a failed renewal the plan has %+v", got)
	}
	tf.must(tf.apply())
	if got, _ := tf.state()[certificateAddress].Values["last_failure"].(string); !strings.Contains(got, refusal) {
		t.Errorf("last_failure is %q", got)
	}
	if st := a.status(t, parts, "prod", "browser"); st.State != certbot.StateFailed || st.Stored == nil || st.Stored.Serial != first.serial {
		t.Errorf("the status is %+v, want failed with the stored certificate", st)
	}

	// Neither do names that the authority refuses go unnoticed.
	tf.configure(a.config(strings.Replace(body, `"*.`+a.domain+`"`, `"*.`+a.domain+`", "`+a.domain+`"`, 1)))
	if got := tf.must(tf.apply()).warnings(); !strings.Contains(got, refusal) {
		t.Errorf("the apply of another name warned:\n%s", got)
	}
	want = fmt.Sprintf("certificate (browser): is for *.%[1]s, want *.%[1]s, %[1]s: ", a.domain)
	if got := tf.plan()[certbotAddress]; got.actions != "update" || len(got.drift) != 1 || !strings.HasPrefix(got.drift[0], want) {
		t.Errorf("the plan has %+v, want an update for the drift %q", got, want)
	}
	cloud.MendDNS(a.domain)
	tf.must(tf.apply())
	a.pair(t, parts, "browser/", "*."+a.domain, a.domain)
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("at last the plan has %+v", got)
	}

	// Where what is stored can still be used there is nothing to apply again.
	tf.configure(a.config(strings.NewReplacer(`"*.`+a.domain+`"`, `"*.`+a.domain+`", "`+a.domain+`"`, `"default"`, `"nosuch"`).Replace(body)))
	if got := tf.must(tf.apply()).warnings(); !strings.Contains(got, "(nosuch)") || strings.Contains(got, "apply tries again") || !strings.Contains(got, `invoke Lambda function `+parts) {
		t.Errorf("the apply of another profile warned:\n%s", got)
	}
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("with a profile that there is not the plan has %+v", got)
	}
	tf.must(tf.destroy())
}

// failureTold fails the test unless the inbox receives a failure that says so.
func failureTold(t *testing.T, inbox inbox, says string) {
	t.Helper()
	subject, text := inbox.take(t)
	if subject != "Certificate Issue Failure: prod/browser" || !strings.Contains(text, refusal) || !strings.Contains(text, says) {
		t.Errorf("told %q:\n%s\nwant the failure, the authority's words and %q", subject, text, says)
	}
}

// status is what the function last told of a certificate.
func (a *account) status(t *testing.T, bucket, name, key string) certbot.Status {
	t.Helper()
	body, _, err := a.object(t.Context(), bucket, certbot.StatusObject(name, key))
	if err != nil {
		t.Fatal(err)
	}
	var st certbot.Status
	if err := json.Unmarshal(body, &st); err != nil {
		t.Fatal(err)
	}
	return st
}
