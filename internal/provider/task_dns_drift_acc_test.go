package provider_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// Whatever is changed or deleted behind Terraform's back is named in the next
// plan, and nothing else is; one apply repairs all of it, after which the plan
// is empty and tasks get names.
func TestAccTaskDNS_drift(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	config := a.config(a.taskDNS(`tags = { team = "browsers" }`))
	intruder := &intruder{t: t, a: a, name: a.taskDNSScope("prod").Physical()}
	var healthy []string
	repaired := func() {
		if got := withoutIDs(a.leftovers(t)); !slices.Equal(got, healthy) {
			t.Errorf("after the repair the account differs by %q, want %q", got, healthy)
		}
		task := f.run()
		address, _ := f.address(task)
		resolves(t, hostname(task, a.domain), address)
		f.stop(task)
		vanishes(t, hostname(task, a.domain))
	}
	round := func(harm func() []string) resource.TestStep {
		want := &wantDrift{}
		return resource.TestStep{
			PreConfig: func() { want.lines = harm() },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				want,
				plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New("drift"), knownvalue.ListExact(nil)),
				// Nothing but the drift changes.
				plancheck.ExpectKnownValue(testTaskDNS, tfjsonpath.New("queue_arn"), knownvalue.StringExact(a.queueARN("prod"))),
			}},
			Check: during(repaired),
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config, Check: during(func() { healthy = withoutIDs(a.leftovers(t)) })},
			round(intruder.change),
			round(intruder.remove),
			round(intruder.removeTrigger),
			{
				PreConfig: intruder.removeAll,
				Config:    config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionCreate),
				}},
				Check: during(repaired),
			},
		},
	})
}

// wantDrift is a check that a plan begins with exactly these lines of drift. Of
// a line that ends with "…" only the beginning matters.
type wantDrift struct {
	lines []string
	// address is the resource's; empty for testTaskDNS.
	address string
}

// CheckPlan compares the resource's drift before the plan with what is wanted.
func (w *wantDrift) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address != cmp.Or(w.address, testTaskDNS) {
			continue
		}
		before, ok := change.Change.Before.(map[string]any)
		if !ok {
			resp.Error = fmt.Errorf("the resource was %v", change.Change.Before)
			return
		}
		var got []string
		for _, line := range before["drift"].([]any) {
			text := fmt.Sprint(line)
			for _, w := range w.lines {
				if begin, ok := strings.CutSuffix(w, "…"); ok && strings.HasPrefix(text, begin) {
					text = w
				}
			}
			got = append(got, text)
		}
		slices.Sort(got)
		want := slices.Sorted(slices.Values(w.lines))
		if !slices.Equal(got, want) {
			resp.Error = fmt.Errorf("the drift is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		return
	}
	resp.Error = errors.New("the plan does not hold the resource")
}
