package taskdns

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// TestGuard: so many names without a task, of which ECS lists others, are held
// if EC2 does not tell that their addresses are not ours any more.
func TestGuard(t *testing.T) {
	for name, c := range map[string]struct {
		orphans, running int
		ours             bool // the orphans' addresses are on interfaces of ours
		unguarded        bool
		held             bool
	}{
		"nothing is listed":                    {orphans: 1, ours: true, held: true},
		"nothing is listed, addresses gone":    {orphans: 30},
		"nothing is listed, unguarded":         {orphans: 30, ours: true, unguarded: true},
		"too many":                             {orphans: 11, running: 1, ours: true, held: true},
		"too many, addresses gone":             {orphans: 30, running: 1},
		"too many, unguarded":                  {orphans: 30, running: 1, ours: true, unguarded: true},
		"not too many":                         {orphans: 10, running: 1, ours: true},
		"many, but a small part":               {orphans: 11, running: 33, ours: true},
		"many, and a little more than a part":  {orphans: 11, running: 32, ours: true, held: true},
		"few without anything else, and moved": {orphans: 10, running: 1},
	} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				want := map[string]string{}
				for n := range c.running {
					r.start(fargateCluster, 100+n)
					want[nameOf(100+n)] = "60 " + addressOf(100+n)
				}
				r.do(Command{Do: DoReconcile})
				for n := range c.orphans {
					r.address(nameOf(n), 60, addressOf(n))
					if c.ours {
						r.ec2.Put(fmt.Sprintf("eni-other-%d", n), addressOf(n))
					}
					if c.held {
						want[nameOf(n)] = "60 " + addressOf(n)
					}
				}
				got := r.do(Command{Do: DoReconcile, Unguarded: c.unguarded})
				if held := got.Held == c.orphans; held != c.held || !held && got.Held != 0 {
					r.Errorf("%+v", got)
				}
				if !c.unguarded {
					r.rechecks()
				}
				r.holds(want)
				r.handler.flush()
				if told := strings.Contains(r.metrics.String(), fmt.Sprintf(`"OrphansHeld":[%d]`, c.orphans)); told != c.held {
					r.Errorf("metrics tell of held names: %v: %s", told, r.metrics.String())
				}
			})
		})
	}
}

// TestGuardCountsAll: looking at a few names at a time does not get around the
// guard.
func TestGuardCountsAll(t *testing.T) {
	onRig(t, func(r *rig) {
		r.start(fargateCluster, 100)
		r.do(Command{Do: DoReconcile})
		for n := range 20 {
			r.address(nameOf(n), 60, addressOf(n))
			r.ec2.Put(fmt.Sprintf("eni-other-%d", n), addressOf(n))
		}
		for n := range 20 {
			r.handleSent(own{Kind: kindRecheck, Names: []string{nameOf(n)}}.body(), millis(time.Now().Add(-grace)))
		}
		if names := len(r.contents()); names != 21 {
			r.Errorf("%d names are left, want 21", names)
		}
	})
}

// TestGuardThatCannotAsk: if EC2 does not tell whose the addresses are, nothing
// is deleted, not even by the message that comes when the grace is over.
func TestGuardThatCannotAsk(t *testing.T) {
	onRig(t, func(r *rig) {
		stopped := r.start(fargateCluster, 1)
		r.start(fargateCluster, 2)
		r.do(Command{Do: DoReconcile})
		r.address(nameOf(3), 60, addressOf(3))
		r.stop(stopped)
		r.wire.Before(func(_ context.Context, c taskdnstest.Call) error {
			if in, ok := c.Input.(*ec2.DescribeNetworkInterfacesInput); ok && aws.ToString(in.Filters[0].Name) != "network-interface-id" {
				return taskdnstest.Error("UnauthorizedOperation", "not authorized")
			}
			return nil
		})
		if got, err := r.try(Command{Do: DoReconcile}); err == nil || got.Deleted != 0 {
			r.Errorf("%+v, %v", got, err)
		}
		if err := r.handler.recheck(r.Context(), []string{nameOf(3)}, time.Now().Add(-grace)); err == nil {
			r.Error("the second look succeeds")
		}
		if names := len(r.contents()); names != 3 {
			r.Errorf("%d names are left, want 3", names)
		}
	})
}
