//go:build unix

package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

func (a *account) deleteZone(t *testing.T, id string) {
	t.Helper()
	try[*route53.DeleteHostedZoneOutput](t)(a.route53().DeleteHostedZone(background(t), &route53.DeleteHostedZoneInput{Id: &id}))
}

func (a *account) retagZone(t *testing.T, id, key, value string) {
	t.Helper()
	try[*route53.ChangeTagsForResourceOutput](t)(a.route53().ChangeTagsForResource(background(t), &route53.ChangeTagsForResourceInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceId: &id, AddTags: []types.Tag{{Key: &key, Value: &value}},
	}))
}

// TestAccZone_killedCreate proves that a zone of which Terraform knows nothing,
// because it was killed, is taken over by the next create.
func TestAccZone_killedCreate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	proxy := newFaultyAWS(t)
	tf := newCLI(t)
	tf.configure(a.configAt(proxy.url, a.zone("")))
	var made string
	for _, at := range []string{"route53 POST tags", "route53 POST rrset"} {
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
		if id := a.theZone(t, a.subdomain()); made == "" {
			made = id
		} else if id != made {
			t.Errorf("killed at %s, the zone is %s, it was %s", at, id, made)
		}
	}
	tf.must(tf.apply())
	if id := a.theZone(t, a.subdomain()); id != made {
		t.Errorf("the zone is %s, it was %s", id, made)
	}
	if got := tf.plan(); len(got) != 0 {
		t.Errorf("after the recovery the plan has %+v", got)
	}
	remembered(t, a.subdomain(), 5)
	tf.must(tf.destroy())
}

// TestAccZone_failedCreate proves the same of a create that fails at any call:
// the state names what there is, and the next apply replaces it.
func TestAccZone_failedCreate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	faulty := newFaultyAWS(t)
	config := strings.ReplaceAll(a.config(a.zone("")), cloud.Endpoint, faulty.url)
	var steps []resource.TestStep
	for _, action := range []string{"route53 POST hostedzone", "route53 POST tags", "route53 POST rrset", "route53 GET change"} {
		steps = append(steps, resource.TestStep{
			PreConfig:   func() { faulty.deny(action) },
			Config:      config,
			ExpectError: regexp.MustCompile(`(?s)Error: (Creating|Deleting) fargatedirect_zone.*AccessDenied.*` + words("The credentials of the provider lack this permission")),
		}, resource.TestStep{
			PreConfig: func() { faulty.deny("") },
			Config:    config,
			Check:     during(func() { remembered(t, a.subdomain(), 5) }),
		}, resource.TestStep{Config: config, Destroy: true})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}

// TestAccZone_taken proves that zones and delegations of others are left alone.
func TestAccZone_taken(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	other := a.newZone(t, a.subdomain(), false)
	delegation := newSet(a.subdomain(), types.RRTypeNs, 60, other.NameServers...)
	a.change(t, a.zoneID, types.ChangeActionCreate, delegation)
	before := a.snapshot(t)
	same := func() {
		t.Helper()
		for _, line := range before.Diff(a.snapshot(t)) {
			t.Errorf("the refused create left %s", line)
		}
	}
	config := a.config(a.zone(""))
	second := strings.Replace(a.zone(""), `"test"`, `"second"`, 1)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: config,
				ExpectError: regexp.MustCompile(`(?s)Error: Creating fargatedirect_zone.*` + words(fmt.Sprintf("hosted zone %s delegates %s already, to %s, which are not the name servers", a.zoneID, a.subdomain(), strings.Join(other.NameServers, ", "))) +
					`.*` + words("remove the NS record set by hand")),
			},
			{
				PreConfig: func() {
					same()
					a.change(t, a.zoneID, types.ChangeActionDelete, delegation)
				},
				Config: config,
				Check: during(func() {
					if zones := a.zonesOf(t, a.subdomain()); len(zones) != 2 {
						t.Errorf("zones are %v", zones)
					}
					remembered(t, a.subdomain(), 5)
					before = a.snapshot(t)
				}),
			},
			{
				Config:      config + second,
				ExpectError: regexp.MustCompile(`(?s)` + words("belongs to the finished resource zone/"+a.subdomain()) + `.*` + words("Nothing was changed.") + `.*` + words("terraform import fargatedirect_zone.<label> <zone id>")),
			},
			{
				PreConfig:        same,
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
}

// TestAccZone_adopted proves that a zone which somebody made by hand can be
// imported, and then be ours.
func TestAccZone_adopted(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	tf := newCLI(t)
	made := try[*route53.CreateHostedZoneOutput](t)(a.route53().CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String(a.subdomain()), CallerReference: aws.String(a.id + "-manual"),
	}))
	id := strings.TrimPrefix(aws.ToString(made.HostedZone.Id), "/hostedzone/")
	tf.configure(a.config(a.zone("")))
	if got := tf.start("import", "-no-color", testZone, id).wait(); got.err == nil {
		t.Error("a zone without a parent was imported")
	}
	tf.must(tf.start("import", "-no-color", testZone, a.zoneID+"/"+id).wait())
	if got := tf.plan()[testZone]; got.actions != "update" || !strings.Contains(fmt.Sprint(got.drift), "the minimum of the SOA record is 86400 s, want 900 s") {
		t.Errorf("after the import the plan has %+v", got)
	}
	if got := tf.destroy(); got.err == nil || !strings.Contains(got.problems(), "does not bear the tag") {
		t.Errorf("a zone that is not ours was destroyed: %s", got.problems())
	}
	tf.must(tf.apply())
	remembered(t, a.subdomain(), 5)
	tf.must(tf.destroy())
}

// TestAccZone_badInput proves that what could never work is refused by the
// plan, and that what a delegation hides is told.
func TestAccZone_badInput(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	private := a.newZone(t, a.domain, true)
	between := newSet("team."+a.domain, types.RRTypeNs, 60, "ns-1.example.net")
	hidden := newSet("www."+a.subdomain(), types.RRTypeA, 60, "192.0.2.1")
	for _, set := range []types.ResourceRecordSet{between, hidden} {
		a.change(t, a.zoneID, types.ChangeActionCreate, set)
		t.Cleanup(func() { a.change(t, a.zoneID, types.ChangeActionDelete, set) })
	}
	good := a.zone("")
	named := func(name string) string {
		return strings.Replace(good, fmt.Sprintf("%q", a.subdomain()), fmt.Sprintf("%q", name), 1)
	}
	below := func(id string) string { return strings.Replace(good, a.zoneID, id, 1) }
	var steps []resource.TestStep
	for _, test := range []struct{ config, problem string }{
		{named("tasks.example.org"), `"tasks.example.org" is outside of hosted zone ` + a.zoneID},
		{named(a.domain), "is the name of hosted zone " + a.zoneID + " itself"},
		{named("tasks.team." + a.domain), "delegates team." + a.domain + " to another zone"},
		{named("Tasks." + a.domain), "has upper-case letters"},
		{below("Z0000000000000"), "there is no hosted zone Z0000000000000 in this AWS account"},
		{below(private.ID), "is private"},
		{below("/hostedzone/" + a.zoneID), "is not the id of a hosted zone"},
		{a.zone("negative_ttl = 86401"), "must be between 0 and 86400"},
		{a.zone("record_ttl = 0"), "must be between 1 and 172800"},
	} {
		steps = append(steps, resource.TestStep{Config: a.config(test.config), PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)with fargatedirect_zone\.test,.*` + words(test.problem))})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})

	tf := newCLI(t)
	tf.configure(a.config(good))
	if got := tf.must(tf.start("plan", "-json", "-no-color").wait()).warnings(); !strings.Contains(got, "has records at or below "+a.subdomain()+": www."+a.subdomain()+" A") {
		t.Errorf("the plan warns %q", got)
	}
}
