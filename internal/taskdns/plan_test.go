package taskdns

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	there := want{taskID: taskID, name: taskName, addresses: v4(address)}
	gone := want{taskID: taskID, name: taskName}
	leaving := want{taskID: taskID, name: taskName, last: lastV4(address)}
	holds := func(ttl int64, value string, change ...func(*types.ResourceRecordSet)) known {
		set := recordSet(taskName, value, ttl)
		for _, c := range change {
			c(set)
		}
		return known{read: true, set: set}
	}
	tests := []struct {
		name    string
		want    want
		known   known
		verdict verdict
		changes string // "<action> <ttl> <value>" joined by "; "
	}{
		{"new", there, known{}, verdictChange, "CREATE 60 " + address},
		{"new, read", there, known{read: true}, verdictChange, "CREATE 60 " + address},
		{"refused", there, known{refused: true}, verdictRead, ""},
		{"as it should be", there, holds(60, address), verdictDone, ""},
		{"as it should be but for the TTL", there, holds(300, address), verdictChange, "DELETE 300 " + address + "; CREATE 60 " + address},
		{"outdated", there, holds(60, otherAddress), verdictChange, "DELETE 60 " + otherAddress + "; CREATE 60 " + address},
		{"a stranger's", there, holds(300, otherAddress), verdictForeign, ""},
		{"gone, unknown", gone, known{}, verdictRead, ""},
		{"gone, not there", gone, known{read: true}, verdictDone, ""},
		{"gone, ours", gone, holds(60, otherAddress), verdictChange, "DELETE 60 " + otherAddress},
		{"gone, a stranger's", gone, holds(300, otherAddress), verdictForeign, ""},
		{"leaving", leaving, known{}, verdictChange, "DELETE 60 " + address},
		{"leaving, refused", leaving, known{refused: true}, verdictRead, ""},
		{"leaving, with another TTL", leaving, holds(300, address), verdictChange, "DELETE 300 " + address},
		{"leaving, a stranger's", leaving, holds(300, otherAddress), verdictForeign, ""},
		{"two values", gone, holds(60, address, func(s *types.ResourceRecordSet) {
			s.ResourceRecords = append(s.ResourceRecords, types.ResourceRecord{Value: aws.String(otherAddress)})
		}), verdictForeign, ""},
		{"no value", gone, holds(60, address, func(s *types.ResourceRecordSet) { s.ResourceRecords = nil }), verdictForeign, ""},
		{"weighted", gone, holds(60, address, func(s *types.ResourceRecordSet) { s.SetIdentifier, s.Weight = aws.String("a"), aws.Int64(1) }), verdictForeign, ""},
		{"multivalue", gone, holds(60, address, func(s *types.ResourceRecordSet) {
			s.SetIdentifier, s.MultiValueAnswer = aws.String("a"), aws.Bool(true)
		}), verdictForeign, ""},
		{"an alias", gone, holds(60, address, func(s *types.ResourceRecordSet) {
			s.ResourceRecords, s.TTL, s.AliasTarget = nil, nil, &types.AliasTarget{DNSName: aws.String("lb.example.com")}
		}), verdictForeign, ""},
		{"health-checked", gone, holds(60, address, func(s *types.ResourceRecordSet) { s.HealthCheckId = aws.String("h") }), verdictForeign, ""},
		{"of a traffic policy", gone, holds(60, address, func(s *types.ResourceRecordSet) { s.TrafficPolicyInstanceId = aws.String("t") }), verdictForeign, ""},
		{"another type", gone, holds(60, address, func(s *types.ResourceRecordSet) { s.Type = types.RRTypeAaaa }), verdictForeign, ""},
		{"another name", gone, holds(60, address, func(s *types.ResourceRecordSet) { s.Name = aws.String("www.example.com.") }), verdictForeign, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verdict, changes := decide(tt.want, tt.known, 60)
			var texts []string
			for _, c := range changes {
				texts = append(texts, fmt.Sprintf("%s %d %s", c.Action, aws.ToInt64(c.ResourceRecordSet.TTL), value(*c.ResourceRecordSet)))
			}
			if got := strings.Join(texts, "; "); verdict != tt.verdict || got != tt.changes {
				t.Errorf("verdict %d, changes %q; want %d, %q", verdict, got, tt.verdict, tt.changes)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	change := func(length int) types.Change {
		return types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: recordSet(taskName, strings.Repeat("1", length), 60)}
	}
	tests := []struct {
		name    string
		items   int
		changes []types.Change // of each item
		want    []int          // items in each batch
	}{
		{"nothing", 0, nil, nil},
		{"one", 1, []types.Change{change(7)}, []int{1}},
		{"1000 records", 1000, []types.Change{change(7)}, []int{1000}},
		{"1001 records", 1001, []types.Change{change(7)}, []int{1000, 1}},
		{"pairs stay together", 501, []types.Change{change(7), change(7)}, []int{500, 1}},
		{"32,000 characters", 321, []types.Change{change(100)}, []int{320, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var items []*item
			for range tt.items {
				items = append(items, &item{changes: tt.changes})
			}
			var got []int
			for _, batch := range split(items) {
				got = append(got, len(batch))
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("batches of %v items, want %v", got, tt.want)
			}
		})
	}
}

func TestComment(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("c", 255)
	tests := []struct {
		clusters []string
		want     string
	}{
		{[]string{"a"}, "fargatedirect: ECS cluster a"},
		{[]string{"b", "a", "b"}, "fargatedirect: ECS cluster a, b"},
		{[]string{long}, "fargatedirect: ECS cluster " + long[:226] + "..."},
	}
	for _, tt := range tests {
		var items []*item
		for _, c := range tt.clusters {
			items = append(items, &item{want: want{cluster: c}})
		}
		if got := comment(items); got != tt.want || len(got) > 256 {
			t.Errorf("comment %q (%d), want %q", got, len(got), tt.want)
		}
	}
}
