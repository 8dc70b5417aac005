package provider_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// Events that come several times and in any order, told by an ECS that knows
// less than they do, end in the right names. The test is not parallel, because
// the faults hold for the whole cloud.
func TestAccTaskDNS_faultyEvents(t *testing.T) {
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	before := a.records(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: a.config(a.taskDNS("")),
			Check: during(func() {
				t.Cleanup(func() {
					if err := cloud.SetECSFaults(context.WithoutCancel(t.Context()), localcloud.ECSFaults{}); err != nil {
						t.Error(err)
					}
				})
				if err := cloud.SetECSFaults(t.Context(), localcloud.ECSFaults{Lag: time.Second, Repeat: 2, Shuffle: true}); err != nil {
					t.Fatal(err)
				}
				kept, stopped, brief := f.run(), f.run(), f.run()
				f.stop(brief) // before it ever ran
				address, _ := f.address(kept)
				gone, _ := f.address(stopped)
				resolves(t, hostname(kept, a.domain), address)
				resolves(t, hostname(stopped, a.domain), gone)
				f.stop(stopped)
				vanishes(t, hostname(stopped, a.domain))
				f.await(stopped, "STOPPED")
				f.await(brief, "STOPPED")
				name := a.taskDNSScope("prod").Physical()
				a.drained(t, a.queueURL(t, name))
				a.drained(t, a.queueURL(t, name+"-dead-letters"))
				vanishes(t, hostname(brief, a.domain))
				vanishes(t, hostname(stopped, a.domain))
				resolves(t, hostname(kept, a.domain), address)

				f.stop(kept)
				f.await(kept, "STOPPED")
				vanishes(t, hostname(kept, a.domain))
				a.drained(t, a.queueURL(t, name))
				if got := a.records(t); !slices.Equal(got, before) {
					t.Errorf("the zone holds %q, want what it did before: %q", got, before)
				}
			}),
		}},
	})
}
