package taskdns

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// TestOrphan: what becomes of one name that no running task is to have, at the
// first look and at the second. Another task runs all the time.
func TestOrphan(t *testing.T) {
	const running = 50
	for name, c := range map[string]struct {
		prepare       func(*rig)
		between       func(*rig) // before the second look
		first, second bool       // the name is there afterwards
	}{
		"of a task that stops": {prepare: func(r *rig) {
			task := r.start(fargateCluster, 1)
			r.fleet.Move(task.ARN(), "DEACTIVATING")
		}},
		"of a task that has stopped": {prepare: func(r *rig) { r.stop(r.start(otherCluster, 1)) }},
		"of a task that runs": {
			prepare: func(r *rig) { r.start(otherCluster, 1) },
			first:   true, second: true,
		},
		"of a task that is not listed": {
			prepare: func(r *rig) { r.start(otherCluster, 1); r.ecs.Blind(true) },
			first:   true, second: true,
		},
		"of a task that starts": {
			prepare: func(r *rig) {
				r.fleet.Start(taskdnstest.Task{ClusterARN: fargateCluster, ID: idOf(1), InterfaceID: "eni-1"})
			},
			first: true, second: true,
		},
		"of no task, with an address of nobody": {prepare: func(*rig) {}, first: true},
		"of no task, with another task's address": {
			prepare: func(r *rig) { r.ec2.Put(fmt.Sprintf("eni-%d", running), addressOf(1)) },
			first:   true,
		},
		"of no task, with something else's address": {
			prepare: func(r *rig) { r.ec2.Put("eni-of-a-gateway", addressOf(1)) },
			first:   true,
		},
		"of a task that was not known yet": {
			prepare: func(*rig) {},
			between: func(r *rig) { r.start(fargateCluster, 1) },
			first:   true, second: true,
		},
		"of a task without an address": {
			prepare: func(r *rig) { r.start(fargateCluster, 1); r.ec2.Put("eni-1", "") },
			first:   true,
		},
		"of a task whose address came late": {
			prepare: func(r *rig) { r.start(fargateCluster, 1); r.ec2.Put("eni-1", "") },
			between: func(r *rig) { r.ec2.Put("eni-1", addressOf(1)) },
			first:   true, second: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.start(fargateCluster, running)
				r.do(Command{Do: DoReconcile})
				r.address(nameOf(1), 60, addressOf(1))
				c.prepare(r)
				got := r.do(Command{Do: DoReconcile})
				if _, there := r.contents()[nameOf(1)]; there != c.first {
					r.Fatalf("after the first look it is there: %v; %+v", there, got)
				}
				if c.between != nil {
					c.between(r)
				}
				n := r.rechecks()
				if n != got.Waiting {
					r.Errorf("%d messages for %d waiting names", n, got.Waiting)
				}
				if _, there := r.contents()[nameOf(1)]; there != c.second {
					r.Errorf("after the second look it is there: %v", there)
				}
			})
		})
	}
}

func TestOrphanIsMeasured(t *testing.T) {
	onRig(t, func(r *rig) {
		task := r.start(fargateCluster, 1)
		r.do(Command{Do: DoReconcile})
		r.fleet.Move(task.ARN(), "DEACTIVATING")
		time.Sleep(70 * time.Second)
		if got := r.do(Command{Do: DoReconcile}); got.Deleted != 1 {
			r.Errorf("%+v", got)
		}
		r.handler.flush()
		for _, metric := range []string{`"DanglingSeconds":[70]`, `"Orphans":[0,1]`, `"Names":[0,1]`, `"Reconciliations":[1,1]`} {
			if !strings.Contains(r.metrics.String(), metric) {
				r.Errorf("metrics lack %s: %s", metric, r.metrics.String())
			}
		}
	})
}

// TestForeignRecordsAreNoOrphans: what this function cannot have made stays,
// even if a person asks for all orphans to go.
func TestForeignRecordsAreNoOrphans(t *testing.T) {
	onRig(t, func(r *rig) {
		r.address(nameOf(1), 77, addressOf(1))                     // a TTL that is not ours
		r.address(nameOf(2), 60, addressOf(2), otherAddress)       // two values
		r.put(types.RRTypeTxt, nameOf(3), 60, `"text"`)            // another type
		r.put(types.RRTypeCname, nameOf(4), 60, "www.example.com") // another type
		r.address(idOf(5)+"0."+domain, 60, addressOf(5))           // not a task's id
		r.address("www."+domain, 60, addressOf(6))                 // nor this
		r.address(idOf(7)+".a."+domain, 60, addressOf(7))          // below
		r.address(idOf(8)+".example.com", 60, addressOf(8))        // beside
		r.zone.Put("Z1", types.ResourceRecordSet{                  // with a policy
			Name: aws.String(nameOf(9) + "."), Type: types.RRTypeA, TTL: aws.Int64(60), SetIdentifier: aws.String("x"), Weight: aws.Int64(1),
			ResourceRecords: []types.ResourceRecord{{Value: aws.String(addressOf(9))}},
		})
		before := r.contents()
		for _, unguarded := range []bool{false, true} {
			if got := r.do(Command{Do: DoReconcile, Unguarded: unguarded}); got.Waiting+got.Deleted+got.Held != 0 {
				r.Errorf("%+v", got)
			}
		}
		r.do(Command{Do: DoDrain})
		r.holds(before)
	})
}

// TestForgedRechecks: whoever asks for a second look that is not due, or at the
// name of a running task, gains nothing.
func TestForgedRechecks(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(fargateCluster, 1)
		r.do(Command{Do: DoReconcile})
		r.address(nameOf(2), 60, addressOf(2))
		r.address("www."+domain, 60, addressOf(3))
		body := own{Kind: kindRecheck, Names: []string{nameOf(1), nameOf(2), "www." + domain}}.body()
		before := r.contents()
		for _, sent := range []string{millis(time.Now()), millis(time.Now().Add(-graceLeast + time.Second)), millis(time.Now().Add(time.Hour)), "", "x"} {
			r.handleSent(body, sent)
			r.holds(before)
		}
		r.handleSent(body, millis(time.Now().Add(-graceLeast)))
		delete(before, nameOf(2))
		r.holds(before)
		for _, m := range r.sqs.Messages(queueURL) {
			if strings.Contains(m.Body, kindRecheck) {
				r.Errorf("a second look asks for a third one: %s", m.Body)
			}
		}
	})
}

// TestUnguardedLooksTwice: a person's word does not make up for ECS having
// fallen behind.
func TestUnguardedLooksTwice(t *testing.T) {
	onRig(t, func(r *rig) {
		r.address(nameOf(2), 60, addressOf(2))
		time.Sleep(time.Hour)
		r.ecs.SetLag(10 * time.Second)
		task := r.start(fargateCluster, 1)
		r.address(task.ID+"."+domain, 60, addressOf(1))
		if got := r.do(Command{Do: DoReconcile, Unguarded: true}); got.Deleted != 1 || !got.Done {
			r.Errorf("%+v", got)
		}
		r.holds(map[string]string{nameOf(1): "60 " + addressOf(1)})
	})
}

// TestLagDeletesNothing: ECS lags behind what a handler saw when it made the
// names, for up to the grace.
func TestLagDeletesNothing(t *testing.T) {
	for _, template := range []string{"", "{service}-{short_id}"} {
		t.Run(template, func(t *testing.T) {
			onRig(t, func(r *rig) {
				r.configure(func(c *Config) { c.HostnameTemplate = template })
				time.Sleep(time.Hour)
				var want map[string]string
				for n := range 5 {
					r.start(fargateCluster, n)
				}
				r.do(Command{Do: DoReconcile})
				want = r.contents()
				r.ecs.SetLag(100 * time.Second)
				if got := r.do(Command{Do: DoReconcile}); got.Waiting != 5 || got.Held != 5 || got.Deleted != 0 {
					r.Errorf("%+v", got)
				}
				r.rechecks()
				if len(want) != 5 {
					r.Fatalf("%d names", len(want))
				}
				r.holds(want)
			})
		})
	}
}

// TestOrphansWithoutIDs: a template whose names do not tell the task.
func TestOrphansWithoutIDs(t *testing.T) {
	onRig(t, func(r *rig) {
		r.configure(func(c *Config) { c.HostnameTemplate = "{service}-{short_id}" })
		r.start(fargateCluster, 1)
		gone := r.start(otherCluster, 2)
		r.do(Command{Do: DoReconcile})
		all := r.contents()
		if len(all) != 2 || all["web-000000000001."+domain] != "60 "+addressOf(1) {
			r.Fatalf("the zone holds %v", all)
		}
		r.stop(gone)
		if got := r.do(Command{Do: DoReconcile}); got.Waiting != 1 || got.Deleted != 0 {
			r.Errorf("%+v", got)
		}
		r.holds(all)
		r.rechecks()
		delete(all, "web-000000000002."+domain)
		r.holds(all)
	})
}

// TestOrphanThatChanges: a record that was changed since it was read is
// somebody else's.
func TestOrphanThatChanges(t *testing.T) {
	onRig(t, func(r *rig) {
		task := r.start(fargateCluster, 1)
		r.do(Command{Do: DoReconcile})
		r.stop(task)
		first := true
		r.wire.Before(r.each(func() {
			if !first {
				r.address(nameOf(1), 60, otherAddress)
			}
			first = false
		}))
		if got := r.do(Command{Do: DoReconcile}); got.Deleted != 0 || got.Conflicts != 1 {
			r.Errorf("%+v", got)
		}
		r.wire.Before(nil)
		r.holds(map[string]string{nameOf(1): "60 " + otherAddress})
	})
}

// TestManyOrphans: more than one message holds, and more than one batch.
func TestManyOrphans(t *testing.T) {
	onRig(t, func(r *rig) {
		r.configure(func(c *Config) { c.Domain = strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".example.com" })
		for n := range 1300 {
			r.address(idOf(n)+"."+r.config.Domain, 60, addressOf(n))
		}
		if got := r.do(Command{Do: DoReconcile}); got.Waiting != 1300 {
			r.Errorf("%+v", got)
		}
		if n := r.rechecks(); n != 2 {
			r.Errorf("%d messages, want 2", n)
		}
		if names := len(r.contents()); names != 1 { // the claim
			r.Errorf("%d names are left", names)
		}
	})
}
