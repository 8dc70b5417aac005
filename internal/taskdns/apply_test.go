package taskdns

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
)

// Ids of three tasks, in the order of their names.
const (
	idA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	idB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	idC = "cccccccccccccccccccccccccccccccc"
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
	for _, listed := range []bool{false, true} {
		t.Run(fmt.Sprint("listed=", listed), func(t *testing.T) {
			t.Parallel()
			z := newZoned(t)
			z.fake.Listed = listed
			ids := labels(42)
			var wants []want
			contents := make(map[string]string)
			add := func(i int, then string, x want) {
				wants = append(wants, wanted(ids[i], x))
				if then != "" {
					contents[ids[i]+" A"] = then
				}
			}
			there := want{addresses: v4(address)}
			for i := range 34 {
				add(i, "60 "+address, there)
			}
			z.put(types.RRTypeA, wanted(ids[34], there).name, 60, address) // there already
			add(34, "60 "+address, there)
			z.put(types.RRTypeA, wanted(ids[35], there).name, 60, otherAddress) // a stranger's
			add(35, "60 "+otherAddress, there)
			z.put(types.RRTypeA, wanted(ids[36], there).name, 300, address) // with another TTL
			add(36, "60 "+address, there)
			add(37, "", want{last: lastV4(address)})                            // gone already
			z.put(types.RRTypeA, wanted(ids[38], there).name, 60, otherAddress) // to go, but a stranger's
			add(38, "60 "+otherAddress, want{last: lastV4(address)})
			z.put(types.RRTypeCname, wanted(ids[39], there).name, 5, "www.example.com") // a stranger's CNAME
			add(39, "", there)
			contents[ids[39]+" CNAME"] = "5 www.example.com"
			z.fake.Put("Z1", types.ResourceRecordSet{ // a weighted one
				Name: aws.String(wanted(ids[40], there).name), Type: types.RRTypeA, TTL: aws.Int64(60), SetIdentifier: aws.String("x"), Weight: aws.Int64(1),
				ResourceRecords: []types.ResourceRecord{{Value: aws.String(address)}},
			})
			add(40, "60 "+address, there)
			z.put(types.RRTypeAaaa, wanted(ids[41], there).name, 60, "2001:db8::bad") // of one family only
			add(41, "60 "+address, want{addresses: both(address, address6)})
			contents[ids[41]+" AAAA"] = "60 2001:db8::bad"

			out := z.apply(t.Context(), wants, nil)
			if len(out.failed) > 0 {
				t.Errorf("failed: %v", out.failed)
			}
			if got, want := slices.Sorted(maps.Keys(out.conflicts)), []string{ids[35], ids[38], ids[39], ids[40], ids[41]}; !slices.Equal(got, want) {
				t.Errorf("conflicts of %v, want %v", out.conflicts, want)
			}
			z.holds(t, contents)
			// One batch is refused, one holds all without a complaint, one what
			// one page had to be read for.
			z.calls(t, 3, 1, 1)
			if got := len(z.metric(t, MetricConflicts)); got != 5 {
				t.Errorf("%d conflicts counted, want 5", got)
			}
			if got := z.metric(t, MetricBatch); !slices.Equal(got, []float64{35, 1}) {
				t.Errorf("batches of %v, want 35 and 1", got)
			}
		})
	}
}

func TestApplyFails(t *testing.T) {
	t.Parallel()
	ids := labels(3)
	fault := func(err error) func(*zoned) {
		return func(z *zoned) {
			z.fake.Fault = func(string, any) (error, error) { return err, nil }
		}
	}
	tests := []struct {
		name      string
		world     func(*zoned)
		wrong     string   // name of the first want, if not its own
		want      []string // ids that fail
		permanent bool
	}{
		{"no permission", fault(route53fake.Denied("ChangeResourceRecordSets")), "", ids, false},
		{"no zone", func(z *zoned) { z.place.HostedZoneID, z.fake.OnChange = "Z2", nil }, "", ids, false},
		{"a name outside the zone", func(z *zoned) { z.fake.OnChange = nil }, ids[0] + ".elsewhere.example.org", ids[:1], true},
		{"a complaint about nobody", fault(&types.InvalidChangeBatch{Messages: []string{"The zone is full"}}), "", ids, true},
		{"a complaint about a longer name", fault(&types.InvalidChangeBatch{
			Messages: []string{"Tried to create resource record set [name='x" + ids[0] + "." + domain + ".', type='A'] but it already exists"},
		}), "", ids, true},
		{"others change the zone all the time", func(z *zoned) {
			set := recordSet(types.RRTypeA, ids[0]+"."+domain, 300, address)
			guarded := z.fake.OnChange
			z.fake.OnChange = func(in *route53.ChangeResourceRecordSetsInput) {
				guarded(in)
				if _, ok := z.contents()[ids[0]+" A"]; ok {
					z.fake.Remove("Z1", set)
					return
				}
				z.fake.Put("Z1", set)
			}
		}, "", ids[:1], false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			z := newZoned(t)
			tt.world(z)
			var wants []want
			for i, id := range ids {
				wants = append(wants, wanted(id, want{addresses: v4(address)}))
				if i == 0 && tt.wrong != "" {
					wants[0].name = tt.wrong
				}
			}
			out := z.apply(t.Context(), wants, nil)
			if got := slices.Sorted(maps.Keys(out.failed)); !slices.Equal(got, tt.want) || len(out.conflicts) > 0 {
				t.Fatalf("failed: %v, conflicts: %v; want %v to fail", out.failed, out.conflicts, tt.want)
			}
			for id, err := range out.failed {
				var permanent permanentError
				if errors.As(err, &permanent) != tt.permanent {
					t.Errorf("%s: permanent is not %v: %v", id, tt.permanent, err)
				}
			}
			if changes, lists := z.fake.Count(route53fake.Change), z.fake.Count(route53fake.List); changes.Calls > 2*maxRounds || lists.Calls > maxRounds {
				t.Errorf("%d changes and %d lists are without bound", changes.Calls, lists.Calls)
			}
		})
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	six := addresses{v6: netip.MustParseAddr(address6)}
	all := both(address, address6)
	tests := []struct {
		name                    string
		before                  map[string]string // "<ttl> <value>" by type
		takeOver                bool
		ttls                    []int64
		want                    want
		after                   map[string]string
		changes, refused, lists int
		conflict                string // a part of it
	}{
		{name: "both families", want: want{addresses: all}, after: map[string]string{"A": "60 " + address, "AAAA": "60 " + address6}, changes: 1},
		{name: "IPv6 alone", want: want{addresses: six}, after: map[string]string{"AAAA": "60 " + address6}, changes: 1},
		{
			name: "IPv6 written at length", before: map[string]string{"AAAA": "60 2001:0db8:0:0:0:0:0:0010"}, want: want{addresses: six},
			after: map[string]string{"AAAA": "60 2001:0db8:0:0:0:0:0:0010"}, changes: 1, refused: 1, lists: 1,
		},
		{name: "somebody's AAAA beside an A", before: map[string]string{"AAAA": "5 " + address6}, want: want{addresses: v4(address)}, after: map[string]string{"A": "60 " + address, "AAAA": "5 " + address6}, changes: 1},
		{name: "right already", before: map[string]string{"A": "60 " + address}, want: want{addresses: v4(address)}, after: map[string]string{"A": "60 " + address}, changes: 1, refused: 1, lists: 1},
		{name: "right already, touched", before: map[string]string{"A": "60 " + address}, want: want{addresses: v4(address), touch: true}, after: map[string]string{"A": "60 " + address}, changes: 2, refused: 1, lists: 1},
		{name: "another TTL", before: map[string]string{"A": "30 " + address}, want: want{addresses: v4(address)}, after: map[string]string{"A": "60 " + address}, changes: 2, refused: 1, lists: 1},
		{
			name: "a stranger's", before: map[string]string{"A": "60 " + otherAddress}, want: want{addresses: v4(address)},
			after: map[string]string{"A": "60 " + otherAddress}, changes: 1, refused: 1, lists: 1, conflict: "A " + otherAddress + " with TTL 60",
		},
		{
			name: "a stranger's, taken over", before: map[string]string{"A": "300 " + otherAddress + " 192.0.2.1"}, takeOver: true, want: want{addresses: v4(address)},
			after: map[string]string{"A": "60 " + address}, changes: 2, refused: 1, lists: 1,
		},
		{
			name: "a CNAME, not taken over", before: map[string]string{"CNAME": "60 www.example.com"}, takeOver: true, want: want{addresses: all},
			after: map[string]string{"CNAME": "60 www.example.com"}, changes: 1, refused: 1, conflict: "CNAME",
		},
		{name: "gone, address known", before: map[string]string{"A": "60 " + address}, want: want{last: lastV4(address)}, after: map[string]string{}, changes: 1},
		{name: "gone, another TTL", before: map[string]string{"A": "30 " + address}, want: want{last: lastV4(address)}, after: map[string]string{}, changes: 2, refused: 1, lists: 1},
		{name: "gone, of both families one is there", before: map[string]string{"AAAA": "60 " + address6}, want: want{last: &all}, after: map[string]string{}, changes: 2, refused: 1},
		{
			name: "gone, another value", before: map[string]string{"A": "60 " + otherAddress}, want: want{last: lastV4(address)},
			after: map[string]string{"A": "60 " + otherAddress}, changes: 1, refused: 1, lists: 1, conflict: otherAddress,
		},
		{name: "gone, had no address", before: map[string]string{"A": "60 " + address}, want: want{last: &addresses{}}, after: map[string]string{"A": "60 " + address}},
		{name: "gone, address unknown", before: map[string]string{"A": "60 " + address, "AAAA": "60 " + address6}, want: want{}, after: map[string]string{}, changes: 1, lists: 1},
		{name: "gone, an earlier TTL", before: map[string]string{"A": "30 " + address}, ttls: []int64{5, 30}, want: want{}, after: map[string]string{}, changes: 1, lists: 1},
		{name: "gone, a stranger's TTL", before: map[string]string{"A": "30 " + address}, want: want{}, after: map[string]string{"A": "30 " + address}, lists: 1, conflict: address},
		{name: "gone already", want: want{}, after: map[string]string{}, lists: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			z := newZoned(t, func(c *Config) { c.TakeOver = tt.takeOver })
			z.put(types.RRTypeTxt, idA+"."+domain, 60, `"neighbour"`)
			for kind, text := range tt.before {
				f := strings.Fields(text)
				ttl := map[string]int64{"5": 5, "30": 30, "60": 60, "300": 300}[f[0]]
				z.put(types.RRType(kind), idB+"."+domain, ttl, f[1:]...)
			}
			z.put(types.RRTypeA, idC+"."+domain, 60, otherAddress)
			tt.want.event = at.Add(-1500 * time.Millisecond)
			out := z.apply(t.Context(), []want{wanted(idB, tt.want)}, tt.ttls)
			if len(out.failed) > 0 || (out.conflicts[idB] != "") != (tt.conflict != "") || !strings.Contains(out.conflicts[idB], tt.conflict) {
				t.Errorf("failed %v, conflicts %v; want the conflict %q", out.failed, out.conflicts, tt.conflict)
			}
			contents := map[string]string{idA + " TXT": `60 "neighbour"`, idC + " A": "60 " + otherAddress}
			for kind, text := range tt.after {
				contents[idB+" "+kind] = text
			}
			z.holds(t, contents)
			z.calls(t, tt.changes, tt.refused, tt.lists)
			checkAccepted(t, z, out, tt.changes-tt.refused)
		})
	}
}

// checkAccepted fails the test unless an outcome of one want has so many
// changes with their comments, and the lag of each was recorded.
func checkAccepted(t *testing.T, z *zoned, out outcome, changes int) {
	t.Helper()
	batches := z.fake.Batches()
	if len(out.changes) != changes || len(batches) != changes {
		t.Fatalf("%d changes are told of, %d were made, want %d", len(out.changes), len(batches), changes)
	}
	for i, a := range out.changes {
		if n := len(a.created) + len(a.deleted); n != 1 || !strings.HasSuffix(a.id, batches[i].ID) {
			t.Errorf("change %q with %d wants, want %q with 1", a.id, n, batches[i].ID)
		}
		if sum := digest(references(a.created), references(a.deleted)); !strings.HasSuffix(batches[i].Comment, "#"+sum) {
			t.Errorf("the comment %q lacks the digest %s", batches[i].Comment, sum)
		}
	}
	if got := z.metric(t, MetricLag); len(got) != changes || changes > 0 && got[0] != 1.5 {
		t.Errorf("lag %v, want 1.5 for each of %d changes", got, changes)
	}
}

func TestApplyLogsEachRecord(t *testing.T) {
	t.Parallel()
	z := newZoned(t)
	var wants []want
	for _, id := range labels(3) {
		wants = append(wants, wanted(id, want{addresses: v4(address)}))
	}
	z.apply(t.Context(), wants, nil)
	lines := strings.Split(strings.TrimSpace(z.lines.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(lines), z.lines)
	}
	for i, line := range lines {
		for _, part := range []string{`"msg":"record created"`, wants[i].name, wants[i].taskID, address, "FargateCluster", "/change/C"} {
			if !strings.Contains(line, part) {
				t.Errorf("line lacks %s: %s", part, line)
			}
		}
	}
}
