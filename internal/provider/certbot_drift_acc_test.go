package provider_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/snapshot"
)

// TestAccCertbot_drift proves that whatever is changed or deleted behind
// Terraform's back is named in the next plan, that one apply repairs all of
// it, and that nothing else is named.
func TestAccCertbot_drift(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	v := &vandal{a: a, parts: a.certbotParts("prod")}
	config := a.config(a.certbot(`
  force_destroy       = true
  notification_emails = ["ops@example.com"]
  schedule_expression = "rate(12 hours)"
  tags                = { team = "a" }
`))
	var healthy snapshot.Snapshot
	round := func(name string, damage func(*testing.T)) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				v.want = nil
				damage(t)
				if t.Failed() {
					t.FailNow()
				}
			},
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{driftCheck{name, v}}},
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config},
			round("nothing", func(*testing.T) { healthy = settings(a.snapshot(t)) }),
			round("settings", v.changeSettings),
			round("more settings", func(t *testing.T) {
				repaired(t, a, healthy)
				v.changeMore(t)
			}),
			round("parts", func(t *testing.T) {
				repaired(t, a, healthy)
				v.deleteParts(t)
			}),
			round("bucket", func(t *testing.T) {
				repaired(t, a, healthy)
				v.deleteBucket(t)
			}),
			{ // Nothing of it is left, but for the account key.
				PreConfig: func() {
					repaired(t, a, healthy)
					v.deleteParts(t)
					v.deleteBucket(t)
				},
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionCreate),
				}},
			},
			{
				PreConfig: func() {
					repaired(t, a, healthy)
					a.pair(t, v.parts, "browser/", "*."+a.domain)
					if failed := a.invoke(t, v.parts, `{"force":true,"trigger":"manual"}`); failed != "" {
						t.Error(failed)
					}
				},
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
}

// settings is a snapshot without what the function writes.
func settings(s snapshot.Snapshot) snapshot.Snapshot {
	return s.Without(func(kind, id string) bool {
		return strings.HasPrefix(kind, "s3 object") || kind == "s3 delete marker" || strings.Contains(id, vandalPolicy)
	})
}

// repaired fails the test unless everything is configured as it once was.
func repaired(t *testing.T, a *account, healthy snapshot.Snapshot) {
	t.Helper()
	for _, line := range healthy.Diff(settings(a.snapshot(t))) {
		t.Errorf("not repaired: %s", line)
	}
}

// driftCheck proves that a plan names exactly what the vandal did, and plans
// its repair.
type driftCheck struct {
	round string
	v     *vandal
}

func (c driftCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, r := range req.Plan.ResourceChanges {
		if r.Address != certbotAddress {
			continue
		}
		got := slices.Sorted(slices.Values(driftOf(r.Change.Before)))
		want := slices.Sorted(slices.Values(c.v.want))
		if !slices.Equal(got, want) {
			resp.Error = fmt.Errorf("%s: the plan names\n\t%s\nwant\n\t%s", c.round, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		} else if after := driftOf(r.Change.After); len(after) > 0 {
			resp.Error = fmt.Errorf("%s: the plan leaves %q", c.round, after)
		} else if update := len(r.Change.Actions) == 1 && r.Change.Actions[0] == "update"; update != (len(want) > 0) {
			resp.Error = fmt.Errorf("%s: the plan's actions are %v", c.round, r.Change.Actions)
		}
		return
	}
	resp.Error = fmt.Errorf("%s: %s is not in the plan", c.round, certbotAddress)
}

func driftOf(values any) []string {
	var drift []string
	if object, ok := values.(map[string]any); ok {
		list, _ := object["drift"].([]any)
		for _, d := range list {
			drift = append(drift, fmt.Sprint(d))
		}
	}
	return drift
}
