package taskdns

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// TestReconcileMakesWhatIsMissing: all tasks that run get their names, those
// of all clusters and pages, and nothing else is touched.
func TestReconcileMakesWhatIsMissing(t *testing.T) {
	onRig(t, func(r *rig) {
		want := map[string]string{"www." + domain: "60 " + otherAddress, domain: "60 " + otherAddress}
		for name := range want {
			r.address(name, 60, otherAddress)
		}
		for n := range 350 { // more than pages of tasks, interfaces and record sets hold
			r.start([]string{fargateCluster, otherCluster}[n%2], n)
			want[nameOf(n)] = "60 " + addressOf(n)
		}
		r.ec2.Page(150)
		got := r.do(Command{Do: DoReconcile})
		if got.Created != 350 || got.Deleted != 0 || got.Failed != 0 || !got.Done || !got.Ours {
			r.Errorf("%+v", got)
		}
		r.holds(want)
		if r.claimed() != ourClaim || len(r.zone.Batches()) != 2 {
			r.Errorf("the claim is %q after %d batches, want ours and 2", r.claimed(), len(r.zone.Batches()))
		}
		if got := r.do(Command{Do: DoReconcile}); got.Created+got.Deleted+got.Waiting != 0 || len(r.zone.Batches()) != 2 {
			r.Errorf("the second time: %+v, and %d batches", got, len(r.zone.Batches()))
		}
	})
}

func TestReconcileIsTold(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(fargateCluster, 1)
		r.do(Command{Do: DoReconcile})
		messages := r.sqs.Messages(queueURL)
		if len(messages) != 1 || !strings.Contains(messages[0].Body, `"created":["FargateCluster/`+idOf(1)) {
			r.Errorf("the queue holds %+v, want one watch", messages)
		}
		r.handler.flush()
		for _, metric := range []string{`"Reconciliations":[1]`, `"Orphans":[0]`, `"Names":[0]`} {
			if !strings.Contains(r.metrics.String(), metric) {
				r.Errorf("metrics lack %s: %s", metric, r.metrics.String())
			}
		}
	})
}

// TestReconcileMakesRecordsRight: one record of each kind that can stand where
// a running task's name is to be.
func TestReconcileMakesRecordsRight(t *testing.T) {
	a := addressOf(1)
	alias := types.ResourceRecordSet{Name: aws.String(nameOf(1) + "."), Type: types.RRTypeA, AliasTarget: &types.AliasTarget{
		DNSName: aws.String("www.example.com."), HostedZoneId: aws.String("Z1"),
	}}
	for name, c := range map[string]struct {
		put       func(*rig)
		takeOver  bool
		want      string
		conflicts int
	}{
		"right":              {func(r *rig) { r.address(nameOf(1), 60, a) }, false, "60 " + a, 0},
		"an older TTL":       {func(r *rig) { r.address(nameOf(1), 30, a) }, false, "60 " + a, 0},
		"any TTL":            {func(r *rig) { r.address(nameOf(1), 77, a) }, false, "60 " + a, 0},
		"another address":    {func(r *rig) { r.address(nameOf(1), 60, otherAddress) }, false, "60 " + otherAddress, 1},
		"taken over":         {func(r *rig) { r.address(nameOf(1), 60, otherAddress) }, true, "60 " + a, 0},
		"two addresses":      {func(r *rig) { r.address(nameOf(1), 60, a, otherAddress) }, false, "60 " + otherAddress + " " + a, 1},
		"an alias, not ours": {func(r *rig) { r.zone.Put("Z1", alias) }, true, "0", 1},
	} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.configure(func(c2 *Config) { c2.TakeOver = c.takeOver })
				r.start(fargateCluster, 1)
				c.put(r)
				got := r.do(Command{Do: DoReconcile})
				if got.Conflicts != c.conflicts || got.Deleted != 0 || got.Failed != 0 {
					r.Errorf("%+v, want %d conflicts", got, c.conflicts)
				}
				r.holds(map[string]string{nameOf(1): c.want})
			})
		})
	}
}

func TestReconcileGivesRecordsTheNewTTL(t *testing.T) {
	onRig(t, func(r *rig) {
		running, gone := r.start(fargateCluster, 1), r.start(fargateCluster, 2)
		r.do(Command{Do: DoReconcile})
		r.stop(gone)
		r.configure(func(c *Config) { c.TTL = 30 })
		if got := r.do(Command{Do: DoReconcile}); got.Created != 1 || got.Deleted != 1 {
			r.Errorf("%+v, want one made again and one deleted", got)
		}
		r.holds(map[string]string{running.ID + "." + domain: "30 " + addressOf(1)})
		if want := strings.Replace(ourClaim, "ttl=60", "ttl=30,60", 1); r.claimed() != want {
			r.Errorf("the claim is %q, want %q", r.claimed(), want)
		}
	})
}

func TestReconcileBothFamilies(t *testing.T) {
	onRig(t, func(r *rig) {
		const v6, private = "2001:db8::17", "fd00::17"
		both := taskdnstest.Task{ClusterARN: fargateCluster, ID: idOf(1), InterfaceID: "eni-1", PublicIP: addressOf(1), IPv6: []string{private, v6}}
		alone := taskdnstest.Task{ClusterARN: fargateCluster, ID: idOf(2), InterfaceID: "eni-2", IPv6: []string{private, "2001:db8::18"}}
		none := taskdnstest.Task{ClusterARN: fargateCluster, ID: idOf(3), InterfaceID: "eni-3", IPv6: []string{private}}
		for _, task := range []taskdnstest.Task{both, alone, none} {
			r.fleet.Run(task)
		}
		r.address(nameOf(1), 60, addressOf(1)) // half of it is there
		if got := r.do(Command{Do: DoReconcile}); got.Created != 2 {
			r.Errorf("%+v", got)
		}
		r.holds(map[string]string{
			nameOf(1): "60 " + addressOf(1), nameOf(1) + " AAAA": "60 " + v6, nameOf(2) + " AAAA": "60 2001:db8::18",
		})
		for _, task := range []taskdnstest.Task{both, alone} {
			r.stop(task)
		}
		if got := r.do(Command{Do: DoReconcile}); got.Deleted != 2 {
			r.Errorf("%+v", got)
		}
		r.holds(nil)
	})
}

// TestReconcileWhen: a task's name depends on when it is to be published.
func TestReconcileWhen(t *testing.T) {
	for publishOn, statuses := range map[string]map[string]bool{
		"":              {"PROVISIONING": false, "PENDING": false, "ACTIVATING": false, "RUNNING": true, "DEACTIVATING": false},
		PublishAttached: {"PROVISIONING": false, "PENDING": true, "ACTIVATING": true, "RUNNING": true, "DEACTIVATING": false},
	} {
		for status, named := range statuses {
			t.Run(publishOn+status, func(t *testing.T) {
				onRig(t, func(r *rig) {
					r.configure(func(c *Config) { c.PublishOn = publishOn })
					task := taskdnstest.Task{ClusterARN: fargateCluster, ID: idOf(1), InterfaceID: "eni-1", PublicIP: addressOf(1)}
					r.fleet.Start(task)
					if status != "PROVISIONING" {
						r.fleet.Move(task.ARN(), "PENDING")
						r.fleet.Move(task.ARN(), status)
					}
					r.do(Command{Do: DoReconcile})
					want := map[string]string{}
					if named {
						want[nameOf(1)] = "60 " + addressOf(1)
					}
					r.holds(want)
				})
			})
		}
	}
}

// TestReconcileOfOneName: of two tasks with one name the first keeps it, and
// the other is counted each time.
func TestReconcileOfOneName(t *testing.T) {
	onRig(t, func(r *rig) {
		r.configure(func(c *Config) { c.HostnameTemplate = "x-{short_id}" })
		for n, id := range []string{"aaaaaaaaaaaa" + strings.Repeat("0", 20), "aaaaaaaaaaaa" + strings.Repeat("1", 20)} {
			r.fleet.Run(taskdnstest.Task{ClusterARN: fargateCluster, ID: id, PublicIP: addressOf(n), InterfaceID: "eni-" + id})
		}
		r.address("x-aaaaaaaaaaaa."+domain, 60, addressOf(1))
		for range 2 {
			if got := r.do(Command{Do: DoReconcile}); got.Conflicts != 1 || got.Created != 0 {
				r.Errorf("%+v, want one conflict", got)
			}
		}
		r.holds(map[string]string{"x-aaaaaaaaaaaa." + domain: "60 " + addressOf(1)})
	})
}

// TestReconcileThatCannotAsk: nothing is deleted, what is certain is made, and
// it fails.
func TestReconcileThatCannotAsk(t *testing.T) {
	denied := taskdnstest.Error("AccessDeniedException", "not authorized")
	for name, c := range map[string]struct {
		spoil func(*rig)
		made  bool
	}{
		"tasks cannot be listed":         {func(r *rig) { r.refuse("ListTasks", denied) }, false},
		"tasks cannot be described":      {func(r *rig) { r.refuse("DescribeTasks", denied) }, false},
		"interfaces cannot be described": {func(r *rig) { r.refuse("DescribeNetworkInterfaces", denied) }, false},
		"a task is not answered for":     {func(r *rig) { r.ecs.Silence(idOf(9)) }, true},
	} {
		for _, unguarded := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				onRig(t, func(r *rig) {
					r.start(fargateCluster, 1)
					stopped := r.start(fargateCluster, 2)
					r.start(otherCluster, 9)
					for n := 2; n <= 9; n++ {
						r.address(nameOf(n), 60, addressOf(n))
					}
					r.stop(stopped)
					before := len(r.contents())
					c.spoil(r)
					if got, err := r.try(Command{Do: DoReconcile, Unguarded: unguarded}); err == nil || got.Deleted != 0 {
						r.Errorf("%+v, %v, want an error and nothing deleted", got, err)
					}
					if c.made {
						before++
					}
					if after := len(r.contents()); after != before {
						r.Errorf("%d names, want %d", after, before)
					}
					r.handler.flush()
					if strings.Contains(r.metrics.String(), MetricReconciled) {
						r.Error("it counts as a reconciliation")
					}
				})
			})
		}
	}
}

// TestReconcileRunsOutOfTime: what was not written is to be tried again, and
// is said to be.
func TestReconcileRunsOutOfTime(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(fargateCluster, 1)
		r.do(Command{Do: DoClaim})
		r.refuse("ChangeResourceRecordSets", taskdnstest.Error("Throttling", "Rate exceeded"))
		start := time.Now()
		got := r.do(Command{Do: DoReconcile})
		if got.Done || got.Failed != 1 || got.Reason == "" || time.Since(start) > time.Minute {
			r.Errorf("%+v after %s", got, time.Since(start))
		}
	})
}

// TestReconcileMissesNoNameMadeMeanwhile: whatever is written while it looks,
// no running task loses its name.
func TestReconcileMissesNoNameMadeMeanwhile(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(fargateCluster, 1)
		r.do(Command{Do: DoReconcile})
		// A task starts, and gets its name from elsewhere, at each call.
		n := 2
		r.wire.Before(r.each(func() {
			r.start(fargateCluster, n)
			r.address(nameOf(n), 60, addressOf(n))
			n++
		}))
		for range 3 {
			if got := r.do(Command{Do: DoReconcile}); got.Deleted+got.Waiting+got.Failed != 0 {
				r.Errorf("%+v", got)
			}
		}
		r.wire.Before(nil)
		if names := len(r.contents()); names != n-1 || n < 9 {
			r.Errorf("%d names of %d tasks", names, n-1)
		}
	})
}

func TestUnknownCommand(t *testing.T) {
	onRig(t, func(r *rig) {
		if _, err := r.try(Command{Do: "delete everything"}); err == nil || r.zone.Count(route53fake.List).Calls > 0 {
			r.Errorf("error %v", err)
		}
	})
}

func TestObserverSeesWhatNamesAreMadeOf(t *testing.T) {
	onRig(t, func(r *rig) {
		r.configure(func(c *Config) { c.HostnameTemplate = "{tag:customer}-{short_id}" })
		r.fleet.Run(taskdnstest.Task{
			ClusterARN: otherCluster, ID: idOf(1), Group: "service:Web", Family: "shop", StartedBy: "me",
			Tags: map[string]string{"customer": "Acme"}, PublicIP: address,
		})
		got := r.handler.observer.tasks(r.Context(), map[string]cluster{idOf(1): r.handler.clusters[0]})[idOf(1)]
		f := got.facts
		if f.ID != idOf(1) || f.Cluster != "Other" || f.Service != "Web" || f.Family != "shop" || f.StartedBy != "me" || f.Tags["customer"] != "Acme" {
			r.Errorf("facts %+v", f)
		}
		if got.lastStatus != "RUNNING" || !got.publishable || got.stopping || got.cluster.arn != otherCluster || !strings.HasSuffix(got.arn, idOf(1)) {
			r.Errorf("task %+v", got)
		}
		r.ecs.Put(fargateCluster, ecstypes.Task{TaskArn: aws.String(strings.Replace(fargateCluster, ":cluster/", ":task/", 1) + "/" + idOf(2)), LastStatus: aws.String("STOPPED"), DesiredStatus: aws.String("STOPPED")})
		if got := r.handler.observer.tasks(r.Context(), map[string]cluster{idOf(2): r.handler.clusters[0]})[idOf(2)]; !got.stopping || got.publishable {
			r.Errorf("task %+v", got)
		}
	})
}
