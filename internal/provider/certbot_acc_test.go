package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// browserCertificate reads the certificate of the test's certbot. What is
// known of it is known only after the certbot is there, hence depends_on.
const browserCertificate = `
data "fargatedirect_certificate" "browser" {
  certbot    = "prod"
  key        = "browser"
  depends_on = [fargatedirect_certbot.test]
}
`

const certificateAddress = "data.fargatedirect_certificate.browser"

// TestAccCertbot_basic is the life of a certificate: the parts are made, it is
// issued and told of, renewed, and all goes.
func TestAccCertbot_basic(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	parts := a.certbotParts("prod")
	topicARN := fmt.Sprintf("arn:aws:sns:%s:%s:%s", cloud.Region, a.id, parts)
	inbox := a.inbox(t, "told")
	var first, second pair
	var keys map[string]int64
	issued := a.config(a.certbot("force_destroy = true") + browserCertificate)
	sameAccount := statecheck.CompareValue(compare.ValuesSame())
	newSerial := statecheck.CompareValue(compare.ValuesDiffer())
	newVersion := statecheck.CompareValue(compare.ValuesDiffer())

	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{ // Only the parts.
				Config: a.config(a.certbot("force_destroy = true\nissue_on_create = false")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionCreate),
					plancheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("bucket_name"), knownvalue.StringExact(parts)),
					plancheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("topic_arn"), knownvalue.StringExact(topicARN)),
					plancheck.ExpectUnknownValue(certbotAddress, tfjsonpath.New("account_uri")),
				}},
				ConfigStateChecks: append(certbotResults(a, parts, topicARN),
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("account_uri"), knownvalue.Null()),
				),
			},
			{ // The data source stops a run that needs a certificate.
				Config:      a.config(a.certbot("force_destroy = true\nissue_on_create = false") + browserCertificate),
				ExpectError: regexp.MustCompile(`the function has not looked after this certificate yet`),
			},
			{ // The certificate.
				PreConfig: func() { inbox.subscribe(t, topicARN) },
				Config:    issued,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionUpdate),
					plancheck.ExpectUnknownValue(certbotAddress, tfjsonpath.New("account_uri")),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("account_uri"), knownvalue.NotNull()),
				},
			},
			{
				PreConfig: func() {
					first = a.pair(t, parts, "browser/", "*."+a.domain)
					if got := first.keyKind(); got != "P256" {
						t.Errorf("the key is of kind %s", got)
					}
					told(t, inbox, first)
					a.noChallenges(t)
					keys = a.accountKeys(t, "prod")
				},
				Config:           issued,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				ConfigStateChecks: []statecheck.StateCheck{
					sameAccount.AddStateValue(certbotAddress, tfjsonpath.New("account_uri")),
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("account_uri"), knownvalue.StringRegexp(regexp.MustCompile(`^https://127\.0\.0\.1:\d+/my-account/`))),
					newSerial.AddStateValue(certificateAddress, tfjsonpath.New("serial")),
					newVersion.AddStateValue(certificateAddress, tfjsonpath.New("version")),
					statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("domains"), knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("*." + a.domain)})),
					statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("certificate_object_arn"), knownvalue.StringExact("arn:aws:s3:::"+parts+"/browser/cert.pem")),
					statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("key_object_key"), knownvalue.StringExact("browser/key.pem")),
					statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("last_failure"), knownvalue.Null()),
				},
			},
			{ // A renewal is no change.
				PreConfig: func() {
					if failed := a.invoke(t, parts, `{"force":true,"trigger":"manual"}`); failed != "" {
						t.Fatal(failed)
					}
					second = a.pair(t, parts, "browser/", "*."+a.domain)
					if second.serial == first.serial {
						t.Error("a forced run left the certificate as it was")
					}
					told(t, inbox, second)
					if now := a.accountKeys(t, "prod"); len(keys) != 1 || fmt.Sprint(now) != fmt.Sprint(keys) {
						t.Errorf("the account keys are %v, were %v", now, keys)
					}
				},
				Config:           issued,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				ConfigStateChecks: []statecheck.StateCheck{
					sameAccount.AddStateValue(certbotAddress, tfjsonpath.New("account_uri")),
					newSerial.AddStateValue(certificateAddress, tfjsonpath.New("serial")),
					newVersion.AddStateValue(certificateAddress, tfjsonpath.New("version")),
					statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("serial"), knownvalue.StringFunc(func(v string) error {
						if v != second.serial {
							return fmt.Errorf("serial is %s, the bucket holds %s", v, second.serial)
						}
						return nil
					})),
					statecheck.ExpectKnownValue(certificateAddress, tfjsonpath.New("not_after"), knownvalue.StringFunc(func(v string) error {
						if want := second.leaf.NotAfter.UTC().Format("2006-01-02T15:04:05Z"); v != want {
							return fmt.Errorf("not_after is %s, want %s", v, want)
						}
						return nil
					})),
				},
			},
			{ // A scheduled run finds nothing to do.
				PreConfig: func() {
					if failed := a.invoke(t, parts, `{"trigger":"schedule"}`); failed != "" {
						t.Fatal(failed)
					}
					if p := a.pair(t, parts, "browser/", "*."+a.domain); p.versions != second.versions {
						t.Error("a run with nothing due wrote the certificate again")
					}
				},
				Config:           issued,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
}

// certbotResults are what a plan and the state tell of the parts.
func certbotResults(a *account, parts, topicARN string) []statecheck.StateCheck {
	exact := func(attribute, value string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New(attribute), knownvalue.StringExact(value))
	}
	return []statecheck.StateCheck{
		exact("bucket_name", parts),
		exact("bucket_arn", "arn:aws:s3:::"+parts),
		exact("topic_arn", topicARN),
		exact("function_name", parts),
		exact("function_arn", fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", cloud.Region, a.id, parts)),
		exact("role_arn", fmt.Sprintf("arn:aws:iam::%s:role/%s", a.id, parts)),
		exact("region", cloud.Region),
		statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("schedule_expression"), knownvalue.StringRegexp(regexp.MustCompile(`^cron\(\d+ \d/6 \* \* \? \*\)$`))),
		statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("code_sha256"), knownvalue.NotNull()),
		statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("drift"), knownvalue.ListSizeExact(0)),
		statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("reader_policy_json").AtMapKey("browser"),
			knownvalue.StringRegexp(regexp.MustCompile(regexp.QuoteMeta(`arn:aws:s3:::`+parts+`/browser/*`)))),
	}
}

// told fails the test unless the inbox receives the success of a certificate.
func told(t *testing.T, inbox inbox, p pair) {
	t.Helper()
	subject, text := inbox.take(t)
	if subject != "Certificate Issue Success: prod/browser" || !strings.Contains(text, p.serial) {
		t.Errorf("told %q:\n%s\nwant the success of %s", subject, text, p.serial)
	}
}
