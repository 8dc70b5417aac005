package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestAccZone_basic leads a zone through its life. Resolvers are told what the
// configuration says at each point of it.
func TestAccZone_basic(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	known := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(testZone, tfjsonpath.New(attribute), check)
	}
	update := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(testZone, plancheck.ResourceActionUpdate),
		plancheck.ExpectKnownValue(testZone, tfjsonpath.New("zone_id"), knownvalue.StringRegexp(zoneIDPattern)),
		plancheck.ExpectKnownValue(testZone, tfjsonpath.New("name_servers"), knownvalue.ListSizeExact(4)),
	}}
	refused := func(id, problem string) resource.TestStep {
		return resource.TestStep{ResourceName: testZone, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(`(?s)` + words(problem))}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: a.config(a.zone("")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testZone, plancheck.ResourceActionCreate),
					plancheck.ExpectUnknownValue(testZone, tfjsonpath.New("zone_id")),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					known("name", knownvalue.StringExact(a.subdomain())), known("parent_zone_id", knownvalue.StringExact(a.zoneID)),
					known("negative_ttl", knownvalue.Int64Exact(5)), known("record_ttl", knownvalue.Int64Exact(300)),
					known("tags", knownvalue.Null()), known("drift", knownvalue.ListExact(nil)),
					known("zone_id", knownvalue.StringRegexp(zoneIDPattern)), known("name_servers", knownvalue.ListSizeExact(4)),
					known("arn", knownvalue.StringRegexp(regexp.MustCompile(`^arn:aws:route53:::hostedzone/[A-Z0-9]+$`))),
				},
				Check: during(func() {
					remembered(t, a.subdomain(), 5)
					remembered(t, a.domain, 900)
				}),
			},
			zoneImport(func(zone, _ string) string { return zone }),
			zoneImport(func(zone, parent string) string { return parent + "/" + zone }),
			refused("Z0000000000000", "Cannot import non-existent remote object"),
			refused("/Z0000000000000", "Invalid import id"),
			refused("tasks.example.com", "Invalid import id"),
			{
				Config: a.config(a.zone("negative_ttl = 30\n record_ttl = 60\n tags = { team = \"browsers\" }")), ConfigPlanChecks: update,
				Check: during(func() {
					remembered(t, a.subdomain(), 30)
					if ttl := *a.recordSet(t, a.zoneID, a.subdomain(), types.RRTypeNs).TTL; ttl != 60 {
						t.Errorf("the TTL of the delegation is %d", ttl)
					}
				}),
			},
			zoneImport(func(zone, _ string) string { return zone }),
			{Config: a.config(a.zone("negative_ttl = 0")), ConfigPlanChecks: update, Check: during(func() { remembered(t, a.subdomain(), 0) })},
		},
	})
}

var zoneIDPattern = regexp.MustCompile(`^[A-Z0-9]+$`)

// TestAccZone_oneApply proves that zone, certificate and names come to be in
// one apply, and go in one destroy, though the name of a running task is in the
// zone.
func TestAccZone_oneApply(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	// Not even the parent zone is known beforehand.
	config := a.config(strings.Replace(a.zone(""), fmt.Sprintf("%q", a.zoneID), "terraform_data.parent.output", 1) + fmt.Sprintf(`
resource "terraform_data" "parent" { input = %q }

resource "fargatedirect_task_dns" "test" {
  name           = "prod"
  domain         = fargatedirect_zone.test.name
  hosted_zone_id = fargatedirect_zone.test.zone_id
  cluster_arns   = [%q]
  architecture   = %q
}

resource "fargatedirect_certbot" "test" {
  name           = "prod"
  hosted_zone_id = fargatedirect_zone.test.zone_id
  architecture   = %q
  force_destroy  = true
  certificates   = { browser = { domains = [fargatedirect_task_dns.test.wildcard_domain], profile = "default" } }
  %s
}
`, a.zoneID, a.clusterARN, cloud.Architecture(), cloud.Architecture(), acme()) + browserCertificate)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: config,
				Check: during(func() {
					a.pair(t, a.certbotParts("prod"), "browser/", "*."+a.subdomain())
					task := f.run()
					address, _ := f.address(task)
					resolves(t, hostname(task, a.subdomain()), address)
					remembered(t, a.subdomain(), 5)
				}),
			},
			{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
		},
	})
}

// TestAccZone_renamed proves that names move from one zone to the next, if the
// new one is created first, as the documentation says.
func TestAccZone_renamed(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	config := func(name string) string {
		zone := strings.Replace(a.zone("lifecycle { create_before_destroy = true }"), a.subdomain(), name, 1)
		names := strings.NewReplacer(fmt.Sprintf("%q", a.domain), "fargatedirect_zone.test.name", fmt.Sprintf("%q", a.zoneID), "fargatedirect_zone.test.zone_id")
		return a.config(zone + names.Replace(a.taskDNS("")))
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config(a.subdomain())},
			{
				Config: config("other." + a.domain),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testZone, plancheck.ResourceActionCreateBeforeDestroy),
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
				}},
				Check: during(func() {
					remembered(t, "other."+a.domain, 5)
					remembered(t, a.domain, 900)
				}),
			},
		},
	})
}

// TestAccZone_recordsInside proves that a zone with records is not destroyed,
// nor is anything of it.
func TestAccZone_recordsInside(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	config := a.config(a.zone(""))
	var before []string
	records := []types.ResourceRecordSet{newSet("www."+a.subdomain(), types.RRTypeA, 60, "192.0.2.1"), newSet("*."+a.subdomain(), types.RRTypeTxt, 60, `"x"`)}
	all := func(action types.ChangeAction) {
		for _, r := range records {
			a.change(t, a.theZone(t, a.subdomain()), action, r)
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					all(types.ChangeActionCreate)
					before = a.leftovers(t)
				},
				Config: config, Destroy: true,
				ExpectError: regexp.MustCompile(`(?s)Error: Deleting fargatedirect_zone.*` + words(fmt.Sprintf("hosted zone (%s) still holds *.%s TXT, www.%s A. Destroy the fargatedirect_task_dns", a.subdomain(), a.subdomain(), a.subdomain()))),
			},
			{
				PreConfig: func() {
					if after := a.leftovers(t); fmt.Sprint(after) != fmt.Sprint(before) {
						t.Errorf("the refused destroy changed %q to %q", before, after)
					}
					all(types.ChangeActionDelete)
				},
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
}

// TestAccZone_drift proves that what is changed by hand is told and repaired,
// and that a zone which is gone is made anew, with its delegation.
func TestAccZone_drift(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	config := a.config(a.zone(`tags = { team = "browsers" }`))
	zoneText, delegationText := fmt.Sprintf("hosted zone (%s): ", a.subdomain()), fmt.Sprintf("delegation (%s in hosted zone %s): ", a.subdomain(), a.zoneID)
	round := func(action plancheck.ResourceActionType, harm func(id string), want ...string) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() { harm(a.theZone(t, a.subdomain())) },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				&wantDrift{lines: want, address: testZone},
				plancheck.ExpectResourceAction(testZone, action),
			}},
			Check: during(func() { remembered(t, a.subdomain(), 5) }),
		}
	}
	var delegation types.ResourceRecordSet
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config},
			round(plancheck.ResourceActionUpdate, func(id string) {
				soa := *a.recordSet(t, id, a.subdomain(), types.RRTypeSoa)
				soa.TTL = new(int64(900))
				a.change(t, id, types.ChangeActionUpsert, soa)
				a.retagZone(t, id, "team", "others")
				delegation = *a.recordSet(t, a.zoneID, a.subdomain(), types.RRTypeNs)
				delegation.TTL = new(int64(60))
				a.change(t, a.zoneID, types.ChangeActionUpsert, delegation)
			}, zoneText+"the TTL of the SOA record is 900 s, want 5 s", zoneText+`tag team is "others", want "browsers"`, delegationText+"the TTL is 60 s, want 300 s"),
			round(plancheck.ResourceActionUpdate, func(string) {
				delegation.TTL = new(int64(300))
				a.change(t, a.zoneID, types.ChangeActionDelete, delegation)
			}, delegationText+"missing"),
			round(plancheck.ResourceActionDestroyBeforeCreate, func(id string) { a.deleteZone(t, id) }, zoneText+"missing"),
			{
				PreConfig: func() {
					a.change(t, a.zoneID, types.ChangeActionDelete, *a.recordSet(t, a.zoneID, a.subdomain(), types.RRTypeNs))
					a.deleteZone(t, a.theZone(t, a.subdomain()))
				},
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testZone, plancheck.ResourceActionCreate),
				}},
			},
		},
	})
}
