package taskdns

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// labels makes n ids of tasks.
func labels(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("%032x", i+1))
	}
	return ids
}

// TestApplySortsOutWhatIsRefused has, in one batch, everything that Route 53
// refuses beside names about which it has no complaint.
func TestApplySortsOutWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, joined := range []bool{false, true} {
		t.Run(fmt.Sprint("joined=", joined), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.zone.joined = joined
			ids := labels(40)
			var wants []want
			contents := make(map[string]string)
			add := func(i int, then string, x want) {
				x.taskID, x.name, x.cluster = ids[i], ids[i]+"."+domain, "FargateCluster"
				wants = append(wants, x)
				if then != "" {
					contents[x.name] = then
				}
			}
			for i := range 34 {
				add(i, "60 "+address, want{addresses: v4(address)})
			}
			w.record(ids[34]+"."+domain, 60, address) // there already
			add(34, "60 "+address, want{addresses: v4(address)})
			w.record(ids[35]+"."+domain, 300, otherAddress) // a stranger's
			add(35, "300 "+otherAddress, want{addresses: v4(address)})
			w.record(ids[36]+"."+domain, 60, otherAddress) // outdated
			add(36, "60 "+address, want{addresses: v4(address)})
			add(37, "", want{last: lastV4(address)})                  // gone already
			w.record(ids[38]+"."+domain, 300, otherAddress)           // to go, but a stranger's
			add(38, "300 "+otherAddress, want{last: lastV4(address)}) //
			w.zone.put(types.ResourceRecordSet{                       // a stranger's CNAME
				Name: aws.String(ids[39] + "." + domain + "."), Type: types.RRTypeCname, TTL: aws.Int64(5),
				ResourceRecords: []types.ResourceRecord{{Value: aws.String("www.example.com")}},
			})
			add(39, "", want{addresses: v4(address)})
			contents[ids[39]+"."+domain+" CNAME"] = "5 www.example.com"

			if failed := w.handler.zone.apply(t.Context(), wants, nil).failed; len(failed) > 0 {
				t.Errorf("failed: %v", failed)
			}
			if got := w.contents(); !maps.Equal(got, contents) {
				t.Errorf("zone holds %v, want %v", got, contents)
			}
			if w.zone.refused != 1 || len(w.zone.changes) != 1 || w.zone.lists != 4 {
				t.Errorf("%d batches refused, %d accepted, %d names read; want 1, 1 and the 4 that are in doubt", w.zone.refused, len(w.zone.changes), w.zone.lists)
			}
			if len(w.zone.changes[0]) != 34+2 {
				t.Errorf("%d changes, want 36", len(w.zone.changes[0]))
			}
		})
	}
}

func TestApplyHandsBack(t *testing.T) {
	t.Parallel()
	ids := labels(3)
	tests := []struct {
		name  string
		world func(*world)
		wrong string   // name of the first want, if not its own
		want  []string // ids that fail
		delay int32    // the longest until they come again
	}{
		{"no permission", func(w *world) { w.zone.fail = []error{apiError("AccessDenied", "no")} }, "", ids, 60},
		{"no zone", func(w *world) { w.handler.zone.place.HostedZoneID = "Z2" }, "", ids, 60},
		{"a name outside the zone", func(*world) {}, ids[0] + ".elsewhere.example.org", ids[:1], 60},
		{"a complaint about nobody", func(w *world) {
			w.zone.fail = []error{&types.InvalidChangeBatch{Messages: []string{"The zone is full"}}}
		}, "", ids, 60},
		{"a complaint about a longer name", func(w *world) {
			w.zone.fail = []error{&types.InvalidChangeBatch{Messages: []string{"Tried to create resource record set [name='x" + ids[0] + "." + domain + ".', type='A'] but it already exists"}}}
		}, "", ids, 60},
		{"others change the zone all the time", func(w *world) {
			w.zone.before = func() {
				name := ids[0] + "." + domain
				if _, ok := w.zone.sets[name+" A "]; ok {
					clear(w.zone.sets)
					return
				}
				w.record(name, 60, otherAddress)
			}
		}, "", ids, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.world(w)
			var wants []want
			for i, id := range ids {
				wants = append(wants, want{taskID: id, name: id + "." + domain, addresses: v4(address)})
				if i == 0 && tt.wrong != "" {
					wants[0].name = tt.wrong
				}
			}
			failed := w.handler.zone.apply(t.Context(), wants, nil).failed
			if got := slices.Sorted(maps.Keys(failed)); !slices.Equal(got, tt.want) {
				t.Fatalf("failed: %v, want %v", failed, tt.want)
			}
			for _, id := range tt.want {
				if got := delay(&message{receives: 1, err: failed[id]}, w.handler.random); got != tt.delay {
					t.Errorf("%v comes again after %d s at most, want %d", failed[id], got, tt.delay)
				}
			}
			if w.zone.lists > maxRounds || w.zone.refused > maxRounds {
				t.Errorf("%d lists and %d refused batches are without bound", w.zone.lists, w.zone.refused)
			}
		})
	}
}

func TestApplyReadsNoNeighbour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := labels(2)
	w.record(ids[1]+"."+domain, 60, address) // the list that starts at ids[0] begins with it
	if failed := w.handler.zone.apply(t.Context(), []want{{taskID: ids[0], name: ids[0] + "." + domain}}, nil).failed; len(failed) > 0 {
		t.Error(failed)
	}
	if got := w.contents(); len(got) != 1 || len(w.zone.changes) > 0 || w.log.Len() > 0 {
		t.Errorf("zone holds %v after %d changes; the log has %q", got, len(w.zone.changes), w.log)
	}
}

func TestApplyFindsTheZoneUnreadable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testUnreadable)
}

func testUnreadable(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	w := newWorld(t)
	a := w.handler.zone
	a.route53 = unreadable{w.zone}
	ids := labels(2)
	failed := a.apply(ctx, []want{{taskID: ids[0], name: ids[0] + "." + domain}, {taskID: ids[1], name: ids[1] + "." + domain, addresses: v4(address)}}, nil).failed
	if len(failed) != 1 || !errors.Is(failed[ids[0]], errUnreadable) {
		t.Errorf("failed: %v", failed)
	}
	if got := w.contents(); len(got) != 1 {
		t.Errorf("the other name was not made: %v", got)
	}
}

func TestApplyLogsEachRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wants []want
	for _, id := range labels(3) {
		wants = append(wants, want{taskID: id, name: id + "." + domain, cluster: "FargateCluster", addresses: v4(address)})
	}
	w.handler.zone.apply(t.Context(), wants, nil)
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(lines), w.log)
	}
	for i, line := range lines {
		for _, part := range []string{`"msg":"record created"`, wants[i].name, wants[i].taskID, address, "FargateCluster", "/change/C1"} {
			if !strings.Contains(line, part) {
				t.Errorf("line lacks %s: %s", part, line)
			}
		}
	}
}
