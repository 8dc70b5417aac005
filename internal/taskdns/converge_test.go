package taskdns_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

var (
	convergeSeed   = flag.Uint64("converge.seed", 20220318, "seed of TestZoneConverges")
	convergeRounds = flag.Int("converge.rounds", 12, "worlds that TestZoneConverges lets go wrong")
)

// TestZoneConverges: whatever becomes of the messages of up to 200 tasks, and
// wherever the function dies, one reconciliation later the zone holds exactly
// the names of the running tasks, and every foreign record. On the way no
// running task ever loses its name.
//
// A longer run: go test ./internal/taskdns -run TestZoneConverges -converge.rounds=500 -converge.seed=1.
func TestZoneConverges(t *testing.T) {
	t.Parallel()
	injected := map[string]int{}
	for round := range *convergeRounds {
		seed := *convergeSeed + uint64(round) //nolint:gosec // not negative
		ok := t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, seed))
				c := newChaos(t, random, 1+random.IntN(200))
				c.rage()
				c.settle()
				c.check(t)
				for kind, n := range c.injected {
					injected[kind] += n
				}
			})
		})
		if !ok {
			break
		}
	}
	total := 0
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(injected)) {
		total += injected[kind]
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, injected[kind]))
	}
	t.Logf("%d faults in %d worlds: %s", total, *convergeRounds, strings.Join(kinds, ", "))
	if total == 0 {
		t.Error("nothing went wrong, so nothing was shown")
	}
}

// check compares the zone with what is to be, and looks back at all that was
// written.
func (c *chaos) check(t *testing.T) {
	t.Helper()
	want := maps.Clone(c.foreign)
	for _, task := range c.tasks {
		if task.from.IsZero() || !task.to.IsZero() {
			continue
		}
		if task.PublicIP != "" && !task.stolen {
			want[fmt.Sprintf("%s A %d %s", task.name(), chaosTTL, task.PublicIP)] = task.ID
		}
		for _, address := range task.IPv6 {
			want[fmt.Sprintf("%s AAAA %d %s", task.name(), chaosTTL, address)] = task.ID
		}
	}
	for _, set := range c.zone.Sets(chaosZone) {
		text := line(set)
		if strings.HasPrefix(text, "_fargatedirect."+chaosDomain+" TXT ") {
			continue
		}
		if _, ok := want[text]; !ok {
			t.Errorf("the zone holds %s", text)
		}
		delete(want, text)
	}
	for text := range want {
		t.Errorf("the zone lacks %s", text)
	}
	c.checkHistory(t)
}

// checkHistory: no task lost its name while it ran, and nothing foreign was
// ever part of a change.
func (c *chaos) checkHistory(t *testing.T) {
	t.Helper()
	byName := map[string]*chaosTask{}
	for _, task := range c.tasks {
		byName[task.name()] = task
	}
	for _, batch := range c.zone.Batches() {
		created := map[string]bool{}
		for _, change := range batch.Changes {
			if change.Action == types.ChangeActionCreate {
				created[line(*change.ResourceRecordSet)] = true
			}
		}
		for _, change := range batch.Changes {
			text := line(*change.ResourceRecordSet)
			if c.foreign[text] != "" {
				t.Errorf("%s: %s of somebody else's %s", batch.ID, change.Action, text)
			}
			task := byName[strings.TrimSuffix(*change.ResourceRecordSet.Name, ".")]
			if change.Action != types.ChangeActionDelete || task == nil || created[text] {
				continue
			}
			if runs := !batch.At.Before(task.from) && (task.to.IsZero() || batch.At.Before(task.to)); runs && !task.from.IsZero() {
				t.Errorf("%s: %s deleted while the task runs", batch.ID, text)
			}
		}
	}
}
