package provider_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/miekg/dns"
)

// The whole path: a task runs, ECS tells, the rule matches, the queue feeds
// the function, Route 53 takes the record, DNS answers; and back.
func TestAccTaskDNS_event(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	a.addRecords(t, 300, "192.0.2.1", a.domain, "www."+a.domain, "deeper.www."+a.domain, strings.Repeat("0", 31)+"."+a.domain)
	// Of a task's shape, but of no task; no record of ours ever had its TTL.
	a.addRecords(t, 61, "192.0.2.2", strings.Repeat("f", 32)+"."+a.domain)
	before := a.records(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: a.config(a.taskDNS("")),
			Check: during(func() {
				task := f.run()
				address, _ := f.address(task)
				name := hostname(task, a.domain)
				resolves(t, name, address)
				if got := answeredTTL(t, name); got != 60 {
					t.Errorf("the TTL is %d, want 60", got)
				}
				a.checkChange(t, "CREATE", name, address)

				f.stop(task)
				vanishes(t, name)
				f.await(task, "STOPPED")
				a.checkChange(t, "DELETE", name, address)
				a.drained(t, a.queueURL(t, a.taskDNSScope("prod").Physical()))
				a.drained(t, a.queueURL(t, a.taskDNSScope("prod").Physical()+"-dead-letters"))
				if got := a.records(t); !slices.Equal(got, before) {
					t.Errorf("the zone holds %q, want what it did before: %q", got, before)
				}
			}),
		}},
	})
}

// A task of a cluster that the resource does not name gets no name.
func TestAccTaskDNS_otherCluster(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	other := a.addCluster(t, "others")
	f, g := newFleet(t, a, a.clusterARN), newFleet(t, a, other)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: a.config(a.taskDNS("")),
				Check: during(func() {
					foreign := g.run()
					g.address(foreign)
					// Events are told in order: when this one has its name, the
					// other's are through.
					task := f.run()
					address, _ := f.address(task)
					resolves(t, hostname(task, a.domain), address)
					a.drained(t, a.queueURL(t, a.taskDNSScope("prod").Physical()))
					vanishes(t, hostname(foreign, a.domain))
					f.stop(task)
					vanishes(t, hostname(task, a.domain))
				}),
			},
			{
				Config: a.config(strings.ReplaceAll(a.taskDNS(""), a.clusterARN, a.clusterARN+`", "`+other)),
				Check: during(func() {
					task := g.run()
					address, _ := g.address(task)
					resolves(t, hostname(task, a.domain), address)
					g.stop(task)
					vanishes(t, hostname(task, a.domain))
				}),
			},
		},
	})
}

// checkChange fails unless the zone's last batch makes one change of one name,
// and its comment names the resource.
func (a *account) checkChange(t *testing.T, action, name, address string) {
	t.Helper()
	changes := a.changes(t)
	last := changes[len(changes)-1]
	if len(last.Changes) != 1 || !strings.HasPrefix(last.Comment, "fargatedirect task_dns/prod #") {
		t.Fatalf("the batch is %+v", last)
	}
	c := last.Changes[0]
	if c.Action != action || c.Name != name+"." || c.Type != "A" || c.TTL != 60 || !slices.Equal(c.Values, []string{address}) {
		t.Errorf("the change is %+v", c)
	}
}

// addCluster makes one more cluster, as if it had been there from the start.
func (a *account) addCluster(t *testing.T, name string) string {
	t.Helper()
	client := ecs.NewFromConfig(a.aws)
	out, err := client.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: &name})
	if err != nil {
		t.Fatal(err)
	}
	a.before = a.snapshot(t)
	return aws.ToString(out.Cluster.ClusterArn)
}

// answeredTTL asks DNS for a name and answers the TTL of the one record.
func answeredTTL(t *testing.T, name string) uint32 {
	t.Helper()
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
	// Over TCP, so that no packet of a busy machine gets lost.
	client := &dns.Client{Net: "tcp", Timeout: time.Minute}
	answer, _, err := client.ExchangeContext(t.Context(), question, cloud.DNSAddr)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Answer) != 1 {
		t.Fatalf("DNS answers %v", answer)
	}
	return answer.Answer[0].Header().Ttl
}
