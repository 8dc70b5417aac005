//go:build unix

package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// TestAccCertbot_interrupted proves that nobody has to wait for an issuance:
// after an interrupt the resource is there and sound, and the next apply looks
// after the rest.
func TestAccCertbot_interrupted(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	tf := newCLI(t)
	tf.configure(a.config(a.certbot("force_destroy = true")))

	cloud.BreakDNS(a.domain, localcloud.DNSSilence)
	defer cloud.MendDNS(a.domain)
	running := tf.start("apply", "-json", "-auto-approve", "-no-color")
	eventually(t, "the function at work", func() error {
		_, _, err := a.object(t.Context(), parts, certbot.StatusObject("prod", "browser"))
		return err
	})
	if err := running.signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	stopped := running.wait()
	if got := stopped.warnings(); !strings.Contains(got, "Outcome of the issuance unknown") || !strings.Contains(got, "/aws/lambda/"+parts) {
		t.Errorf("the interrupted apply warned:\n%s\nwant where to look", got)
	}
	if r, ok := tf.state()[certbotAddress]; !ok || r.Tainted {
		t.Errorf("in the state: %t, tainted: %t; want it there and sound", ok, r.Tainted)
	}
	if got := tf.plan()[certbotAddress]; got.actions != "update" || !strings.Contains(fmt.Sprint(got.drift), "certificate (browser): never issued") {
		t.Errorf("after the interrupt the plan has %+v", got)
	}

	cloud.MendDNS(a.domain)
	if got := tf.must(tf.apply()).warnings(); got != "" {
		t.Errorf("the next apply warned:\n%s", got)
	}
	a.pair(t, parts, "browser/", "*."+a.domain)
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after the repair the plan has %+v", got)
	}
	// The first run may still be under way, and the bucket's end must not
	// depend on it.
	tf.must(tf.destroy())
}

// TestAccCertbot_killedCreate proves that a create of which Terraform knows
// nothing is taken over by the next one.
func TestAccCertbot_killedCreate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	proxy := newFaultyAWS(t)
	tf := newCLI(t)
	tf.configure(a.configAt(proxy.url, a.certbot("force_destroy = true\nissue_on_create = false")))

	for _, at := range []string{"lambda CreateFunction", "events PutTargets"} {
		reached, release := proxy.hold(at)
		running := tf.start("apply", "-json", "-auto-approve", "-no-color")
		<-reached
		if err := running.signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if running.wait().err == nil {
			t.Errorf("killed at %s, yet it succeeded", at)
		}
		release()
		if got := tf.state(); len(got) != 0 {
			t.Errorf("killed at %s, the state has %v", at, got)
		}
		if len(a.leftovers(t)) == 0 {
			t.Errorf("killed at %s, nothing was made; the test shows nothing", at)
		}
	}
	if got := tf.plan()[certbotAddress]; got.actions != "create" {
		t.Errorf("after the kill the plan has %+v", got)
	}
	tf.must(tf.apply())
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after the recovery the plan has %+v", got)
	}
	tf.must(tf.destroy())
}

// TestAccCertbot_failedCreate proves that a create which fails at any stage is
// repaired by the next apply, and that a certificate which was issued by then
// is not lost.
func TestAccCertbot_failedCreate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	proxy := newFaultyAWS(t)
	plain := a.configAt(proxy.url, a.certbot("issue_on_create = false"))
	issuing := a.configAt(proxy.url, a.certbot("force_destroy = true"))
	fault := func(at string) func() { return func() { proxy.deny(at) } }
	denied := regexp.MustCompile(`(?s)Creating fargatedirect_certbot \(prod\).*The credentials of the provider lack this`)
	var issued pair

	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{PreConfig: fault("s3 PUT ?policy"), Config: plain, ExpectError: denied},
			{PreConfig: fault("sns CreateTopic"), Config: plain, ExpectError: denied},
			{PreConfig: fault("iam PutRolePolicy"), Config: plain, ExpectError: denied},
			{PreConfig: fault("lambda CreateFunction"), Config: plain, ExpectError: denied},
			{PreConfig: fault("events PutTargets"), Config: plain, ExpectError: denied},
			{ // The very last step, after the certificate was issued.
				PreConfig:   fault("iam UntagRole"),
				Config:      issuing,
				ExpectError: denied,
			},
			{
				PreConfig: func() {
					issued = a.pair(t, parts, "browser/", "*."+a.domain)
					proxy.deny("")
				},
				Config: issuing,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionDestroyBeforeCreate),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("account_uri"), knownvalue.NotNull()),
				},
			},
			{
				PreConfig: func() {
					if now := a.pair(t, parts, "browser/", "*."+a.domain); now.versions != issued.versions {
						t.Errorf("the certificate was issued again: versions %v, were %v", now.versions, issued.versions)
					}
				},
				Config:           issuing,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
}

// TestAccCertbot_failedUpdate proves that an update which fails half-way
// shows in the next plan and is finished by the next apply.
func TestAccCertbot_failedUpdate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	proxy := newFaultyAWS(t)
	before := a.configAt(proxy.url, a.certbot("issue_on_create = false"))
	after := a.configAt(proxy.url, a.certbot("issue_on_create = false\nschedule_expression = \"rate(12 hours)\"\nlog_retention_days = 7"))

	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: before},
			{
				PreConfig:   func() { proxy.deny("events PutRule") },
				Config:      after,
				ExpectError: regexp.MustCompile(`Updating fargatedirect_certbot \(prod\)`),
			},
			{
				PreConfig: func() { proxy.deny("") },
				Config:    after,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionUpdate),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("log_retention_days"), knownvalue.Int64Exact(7)),
				},
			},
		},
	})
}
