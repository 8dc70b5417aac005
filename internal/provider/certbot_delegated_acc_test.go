package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// TestAccCertbot_delegatedChallenge proves that certificates are issued for
// names of a zone that nobody here may write to, if CNAME records lead into
// ours, and that a record which leads elsewhere is refused by the plan.
func TestAccCertbot_delegatedChallenge(t *testing.T) {
	t.Parallel()
	a, b := newAccount(t), newAccount(t)
	parts := a.certbotParts("prod")
	app, www, own := "app."+b.domain, "www."+b.domain, "own."+a.domain
	asked := "_acme-challenge." + app
	config := a.config(fmt.Sprintf(`
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %q
  architecture   = %q
  force_destroy  = true
  %s
  certificates   = {
    app = { domains = [%q, %q], profile = "default" }
    www = { domains = [%q, %q], profile = "default" }
  }
}`, a.zoneID, cloud.Architecture(), acme(), app, "*."+app, www, own))
	at := func(target string) resource.ConfigPlanChecks {
		names := map[string]knownvalue.Check{
			asked:                    knownvalue.StringExact(target),
			"_acme-challenge." + www: knownvalue.StringExact("app." + a.domain),
			"_acme-challenge." + own: knownvalue.StringExact("_acme-challenge." + own),
		}
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("challenge_names"), knownvalue.MapExact(names)),
		}}
	}
	refused := func(text string) *regexp.Regexp {
		return regexp.MustCompile(`(?s)Error: Invalid domains\s+with fargatedirect_certbot\.test,.*` + words(text))
	}
	issued := func() {
		a.pair(t, parts, "app/", app, "*."+app)
		a.pair(t, parts, "www/", www, own)
		a.noChallenges(t)
		b.noChallenges(t)
	}
	b.point(t, "_acme-challenge."+www, "app."+a.domain) // both end at one name
	a.point(t, "*.own."+a.domain, "balancer."+b.domain) // does no harm
	b.point(t, "*.app."+b.domain, "wild."+a.domain)     // counts for nothing

	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: config, PlanOnly: true,
				ExpectError: refused(fmt.Sprintf("%s. CNAME %s.%s.", asked, strings.ReplaceAll(app, ".", "-"), a.domain)),
			},
			{
				PreConfig: func() { b.point(t, asked, "balancer."+b.domain) },
				Config:    config, PlanOnly: true,
				ExpectError: refused("answered at balancer." + b.domain + ", where the CNAME record of " + asked + " leads, which is outside of hosted zone " + a.zoneID),
			},
			{
				PreConfig: func() { b.point(t, asked, "app."+a.domain) },
				Config:    config, ConfigPlanChecks: at("app." + a.domain),
			},
			importedByName(),
			{ // What cannot be looked up stays as it was.
				PreConfig: func() {
					issued()
					cloud.BreakDNS(b.domain, localcloud.DNSServerFailure)
				},
				Config: config, ConfigPlanChecks: unchanged,
			},
			{ // A record that leads elsewhere is followed by the next apply.
				PreConfig: func() {
					cloud.MendDNS(b.domain)
					b.point(t, asked, "other."+a.domain)
				},
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: append(at("other."+a.domain).PreApply, inPlace.PreApply...)},
			},
			{
				PreConfig: func() {
					if failed := a.invoke(t, parts, `{"force":true,"trigger":"manual"}`); failed != "" {
						t.Error(failed)
					}
					issued()
				},
				Config: config, ConfigPlanChecks: unchanged,
			},
		},
	})
}

// Prefixes, names and zones that only the apply learns are checked then, before
// anything is made, and do not have the resource's own zone taken for theirs.
func TestAccCertbot_unknownChallenges(t *testing.T) {
	t.Parallel()
	a, b := newAccount(t), newAccount(t)
	parts := a.certbotParts("prod")
	app, asked := "app."+b.domain, "_acme-challenge.app."+b.domain
	config := a.config(fmt.Sprintf(`
resource "terraform_data" "zone" { input = %q }
resource "terraform_data" "name" { input = %q }
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = "Z0000000000000"
  architecture   = %q
  force_destroy  = true
  %s
  certificates   = {
    app = { domains = [terraform_data.name.output], profile = "default", hosted_zone_id = terraform_data.zone.output }
  }
}`, a.zoneID, app, cloud.Architecture(), acme()))
	nested := a.config(fmt.Sprintf(`
resource "terraform_data" "web" { input = { domains = [%[1]q], prefix = "api/web/" } }
resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = %[2]q
  certificates   = {
    web = { domains = terraform_data.web.output.domains, prefix = terraform_data.web.output.prefix }
    api = { domains = [%[1]q] }
  }
}`, "*."+a.domain, a.zoneID))
	var before int
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				PreConfig:   func() { before = len(a.leftovers(t)) },
				Config:      nested,
				ExpectError: regexp.MustCompile(`(?s)Error: Invalid prefix.*` + words(`"api/web/" lies inside "api/" of certificate "api"`)),
			},
			{
				Config:      config,
				ExpectError: regexp.MustCompile(`(?s)Error: Invalid domains\s+with fargatedirect_certbot\.test,.*` + words("is outside of hosted zone "+a.zoneID)),
			},
			{
				PreConfig: func() {
					if left := a.leftovers(t); len(left) != before {
						t.Errorf("the refused apply made %q", left)
					}
					b.point(t, asked, "app."+a.domain)
				},
				Taint: []string{"terraform_data.zone"}, Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectUnknownValue(certbotAddress, tfjsonpath.New("challenge_names")),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(certbotAddress, tfjsonpath.New("challenge_names"), knownvalue.MapExact(map[string]knownvalue.Check{asked: knownvalue.StringExact("app." + a.domain)})),
				},
			},
			{
				PreConfig: func() { a.pair(t, parts, "app/", app) },
				Config:    config, ConfigPlanChecks: unchanged,
			},
		},
	})
}

// point makes a CNAME record, which goes before the account is compared with
// what it was.
func (a *account) point(t *testing.T, name, target string) {
	t.Helper()
	change := func(action route53types.ChangeAction) error {
		_, err := route53.NewFromConfig(a.aws).ChangeResourceRecordSets(background(t), &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: &a.zoneID,
			ChangeBatch: &route53types.ChangeBatch{Changes: []route53types.Change{{Action: action, ResourceRecordSet: &route53types.ResourceRecordSet{
				Name: &name, Type: route53types.RRTypeCname, TTL: aws.Int64(60), ResourceRecords: []route53types.ResourceRecord{{Value: &target}},
			}}}},
		})
		return err
	}
	if err := change(route53types.ChangeActionUpsert); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = change(route53types.ChangeActionDelete) }) // it may have been pointed elsewhere
}
