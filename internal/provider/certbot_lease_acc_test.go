package provider_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
)

// TestAccCertbot_concurrentRuns proves that of two runs of one function at once
// one obtains a certificate and the other uses it, and that a request which
// comes twice at once is done once.
func TestAccCertbot_concurrentRuns(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	tf := newCLI(t)
	tf.configure(a.config(a.certbot("force_destroy = true")))
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Fatal(got)
	}
	first := a.pair(t, parts, "browser/", "*."+a.domain)
	chain, _, err := a.object(t.Context(), parts, "browser/cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	if err := cloud.MoveRenewal(t.Context(), chain, time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got, want := a.invokeTwice(t, parts, `{"trigger":"schedule"}`), []string{certbot.StateIssued, certbot.StateKept}; !slices.Equal(got, want) {
		t.Errorf("two scheduled runs at once ended with %q, want %q", got, want)
	}
	second := a.pair(t, parts, "browser/", "*."+a.domain)
	if got := a.versionsOf(t, parts, "browser/"); second.serial == first.serial || got != 2 {
		t.Errorf("there are %d versions, want 2 and the new one in force", got)
	}
	if got, want := a.invokeTwice(t, parts, `{"trigger":"manual","force":true,"run_id":"once"}`), []string{certbot.StateIssued, certbot.StateIssued}; !slices.Equal(got, want) {
		t.Errorf("a forced request that came twice ended with %q, want %q", got, want)
	}
	if got := a.versionsOf(t, parts, "browser/"); got != 3 {
		t.Errorf("there are %d versions, want 3", got)
	}
	a.noChallenges(t)
	body, _, err := a.object(t.Context(), parts, certbot.LeaseObject("prod"))
	if err != nil || strings.Contains(string(body), "until") {
		t.Errorf("the lease is %s, error %v; want it released", body, err)
	}
	tf.must(tf.destroy())
}

// invokeTwice invokes the function twice at once, and answers in alphabetical
// order what became of its only certificate.
func (a *account) invokeTwice(t *testing.T, function, payload string) []string {
	t.Helper()
	type result struct {
		out *lambda.InvokeOutput
		err error
	}
	results := make(chan result)
	client := lambda.NewFromConfig(a.aws)
	for range 2 {
		go func() {
			out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &function, Payload: []byte(payload)})
			results <- result{out, err}
		}()
	}
	var states []string
	for range 2 {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		var report certbot.Report
		if err := json.Unmarshal(r.out.Payload, &report); err != nil || len(report.Certificates) != 1 {
			t.Fatalf("the function answered %s", r.out.Payload)
		}
		states = append(states, report.Certificates[0].State)
	}
	slices.Sort(states)
	return states
}

// versionsOf counts the versions of the certificate at a prefix.
func (a *account) versionsOf(t *testing.T, bucket, prefix string) int {
	t.Helper()
	versions := 0
	for _, key := range a.objects(t, bucket) {
		if strings.HasPrefix(key, prefix+certbot.VersionsPrefix) && strings.HasSuffix(key, "/"+certbot.CertificateObject) {
			versions++
		}
	}
	return versions
}
