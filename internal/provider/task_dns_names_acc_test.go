package provider_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	tfstate "github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// namedRecord is how the record set of a running task is listed by records.
func namedRecord(name string, ttl int, address string) string {
	return fmt.Sprintf("%s. A %d %s", name, ttl, address)
}

// wantRecords fails unless the zone holds what it did before and these.
func (a *account) wantRecords(t *testing.T, before []string, more ...string) {
	t.Helper()
	want := slices.Concat(before, more)
	got := a.records(t)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the zone holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// absent fails if DNS knows a name.
func absent(t *testing.T, name string) {
	t.Helper()
	if got, err := cloud.Lookup(t.Context(), name, "A"); !errors.Is(err, localcloud.ErrNoSuchName) {
		t.Errorf("%s is %q, %v", name, got, err)
	}
}

// Tasks that ran before the resource existed have their names when it is
// applied, and none when it is destroyed, although they still run. What others
// wrote stays, even of a task's shape, and is told of where it is in the way.
func TestAccTaskDNS_tasksThatRan(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	running, taken := f.run(), f.run()
	address, _ := f.address(running)
	f.await(taken, "RUNNING")
	a.addRecords(t, 60, "192.0.2.1", "www."+a.domain, strings.Repeat("f", 31)+"."+a.domain)
	// Of a task's shape, but with a TTL that no record of ours ever had.
	a.addRecords(t, 61, "192.0.2.2", hostname(taken, a.domain), strings.Repeat("e", 32)+"."+a.domain)
	before := a.records(t)
	config := a.config(a.taskDNS(""))
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		CheckDestroy: func(*tfstate.State) error {
			a.wantRecords(t, before)
			absent(t, hostname(running, a.domain))
			return nil
		},
		Steps: []resource.TestStep{
			{
				Config: config,
				Check: during(func() {
					a.wantRecords(t, before, namedRecord(hostname(running, a.domain), 60, address))
					resolves(t, hostname(running, a.domain), address)
				}),
			},
			{
				// An apply that changes the TTL changes it of all names.
				Config: a.config(a.taskDNS("ttl = 30")),
				Check: during(func() {
					a.wantRecords(t, before, namedRecord(hostname(running, a.domain), 30, address))
				}),
			},
		},
	})
}

// One domain belongs to one resource. A second one is refused before it has
// written anything, and leaves nothing; one below the domain is another.
func TestAccTaskDNS_claim(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	first := a.config(a.taskDNS(""))
	other := func(name, domain string) string {
		return strings.NewReplacer(`"test"`, fmt.Sprintf("%q", name), `"prod"`, fmt.Sprintf("%q", name), fmt.Sprintf("%q", a.domain), fmt.Sprintf("%q", domain)).Replace(a.taskDNS(""))
	}
	var before []string
	refused := `(?s)Domain of another resource.*` + words("the domain "+a.domain+" belongs to task_dns/prod of account "+a.id+" in region "+cloud.Region) +
		`.*` + words("Choose another domain") + `.*` + words("delete the TXT record _fargatedirect."+a.domain)
	unchanged := func() {
		if got := withoutIDs(a.leftovers(t)); !slices.Equal(got, before) {
			t.Errorf("the refused resource left %q, want %q", got, before)
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: first, Check: during(func() { before = withoutIDs(a.leftovers(t)) })},
			{Config: first + other("second", a.domain), ExpectError: regexp.MustCompile(refused)},
			{
				PreConfig:        unchanged,
				Config:           first + other("second", "more."+a.domain),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("fargatedirect_task_dns.second", plancheck.ResourceActionCreate)}},
			},
			{
				// Moving to a domain that is taken changes nothing either.
				Config:      first + other("second", a.domain),
				ExpectError: regexp.MustCompile(refused),
			},
			{
				Config:           first + other("second", "more."+a.domain),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
}

// The names of a resource go to other places, and to other templates, while a
// task runs. Each time the new name is there before the old one goes.
func TestAccTaskDNS_moves(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	other := a.addCluster(t, "others")
	f, g := newFleet(t, a, a.clusterARN), newFleet(t, a, other)
	task, second := f.run(), g.run()
	address, _ := f.address(task)
	secondAddress, _ := g.address(second)
	before := a.records(t)
	id := task[strings.LastIndex(task, "/")+1:]
	secondID := second[strings.LastIndex(second, "/")+1:]
	both := func(more string) string {
		return strings.ReplaceAll(a.taskDNS(more), a.clusterARN, a.clusterARN+`", "`+other)
	}
	below := func(config string) string {
		return strings.ReplaceAll(config, fmt.Sprintf("%q", a.domain), fmt.Sprintf("%q", "next."+a.domain))
	}
	update := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate)}}
	template := `hostname_template = "{cluster}-{short_id}"`
	step := func(config string, names ...string) resource.TestStep {
		seen := 0
		return resource.TestStep{
			PreConfig: func() { seen = len(a.changes(t)) },
			Config:    a.config(config), ConfigPlanChecks: update,
			Check: during(func() {
				var want []string
				for i, name := range names {
					want = append(want, namedRecord(name, 60, []string{address, secondAddress}[i]))
				}
				a.wantRecords(t, before, want...)
				a.wantNewFirst(t, seen, task)
			}),
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		CheckDestroy:             func(*tfstate.State) error { a.wantRecords(t, before); return nil },
		Steps: []resource.TestStep{
			{Config: a.config(both("")), Check: during(func() {
				a.wantRecords(t, before, namedRecord(id+"."+a.domain, 60, address), namedRecord(secondID+"."+a.domain, 60, secondAddress))
			})},
			step(below(both("")), id+".next."+a.domain, secondID+".next."+a.domain),
			step(below(both(template)), "browsers-"+id[:12]+".next."+a.domain, "others-"+secondID[:12]+".next."+a.domain),
			step(both(template), "browsers-"+id[:12]+"."+a.domain, "others-"+secondID[:12]+"."+a.domain),
			{
				// Without its cluster a task has no name.
				Config: a.config(a.taskDNS(template)), ConfigPlanChecks: update,
				Check: during(func() { a.wantRecords(t, before, namedRecord("browsers-"+id[:12]+"."+a.domain, 60, address)) }),
			},
			{
				ResourceName: testTaskDNS, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"timeouts"},
			},
		},
	})
}

// wantNewFirst fails unless, since the zone had seen so many batches, a record
// of a task was created before one was deleted.
func (a *account) wantNewFirst(t *testing.T, seen int, task string) {
	t.Helper()
	short := task[strings.LastIndex(task, "/")+1:][:12]
	created := false
	for _, batch := range a.changes(t)[seen:] {
		for _, c := range batch.Changes {
			if c.Type != "A" || !strings.Contains(c.Name, short) {
				continue
			}
			if c.Action == "DELETE" && !created {
				t.Errorf("%s was deleted before there was another name", c.Name)
			}
			created = created || c.Action == "CREATE"
		}
	}
	if !created {
		t.Error("no name was created")
	}
}

// A bus of one's own hears of names; what the user does not set is the
// default.
func TestAccTaskDNS_options(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	events := eventbridge.NewFromConfig(a.aws)
	bus, err := events.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("names")})
	if err != nil {
		t.Fatal(err)
	}
	told := newListenerOn(t, a, "names")
	taken := f.run()
	address, _ := f.address(taken)
	a.addRecords(t, 60, "192.0.2.1", "www."+a.domain)
	config := a.config(a.taskDNS(fmt.Sprintf(`
  event_bus_arn      = %q
  publish_on         = "attached"
  on_conflict        = "take_over"
  reconcile_interval = "90m"
  route53_limits     = { requests_per_second = 5.5, request_burst = 25, change_burst = 100 }`, aws.ToString(bus.EventBusArn))))
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config, Check: during(func() {
				resolves(t, hostname(taken, a.domain), address)
				told.expect(t, "Task DNS Name Ready", taken)
			})},
			{
				ResourceName: testTaskDNS, ImportState: true, ImportStateId: "prod",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"timeouts"},
			},
			{
				Config: a.config(a.taskDNS("")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(testTaskDNS, plancheck.ResourceActionUpdate),
				}},
				ConfigStateChecks: a.wantTaskDNS(nil),
			},
		},
	})
}
