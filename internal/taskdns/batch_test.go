package taskdns

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	change := func(length int) types.Change {
		return types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: &types.ResourceRecordSet{
			ResourceRecords: []types.ResourceRecord{{Value: aws.String(strings.Repeat("1", length))}},
		}}
	}
	tests := []struct {
		name    string
		items   int
		each    int            // items of a want
		changes []types.Change // of each item
		most    int
		want    []int // items in each batch
	}{
		{"nothing", 0, 1, nil, maxBatchRecords, nil},
		{"one", 1, 1, []types.Change{change(7)}, maxBatchRecords, []int{1}},
		{"1000 records", 1000, 1, []types.Change{change(7)}, maxBatchRecords, []int{1000}},
		{"1001 records", 1001, 1, []types.Change{change(7)}, maxBatchRecords, []int{1000, 1}},
		{"pairs of changes stay together", 501, 1, []types.Change{change(7), change(7)}, maxBatchRecords, []int{500, 1}},
		{"both families stay together", 1002, 2, []types.Change{change(7)}, 999, []int{998, 4}},
		{"32,000 characters", 320, 1, []types.Change{change(100)}, maxBatchRecords, []int{320}},
		{"32,001 characters", 321, 1, []types.Change{change(100)}, maxBatchRecords, []int{320, 1}},
		{"32,000 characters of both families", 640, 2, []types.Change{change(50)}, maxBatchRecords, []int{640}},
		{"the user's limit", 5, 1, []types.Change{change(7)}, 2, []int{2, 2, 1}},
		{"more in one than the user's limit", 2, 1, []types.Change{change(7), change(7), change(7)}, 2, []int{1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var items []*item
			var w *want
			for i := range tt.items {
				if i%tt.each == 0 {
					w = &want{}
				}
				items = append(items, &item{want: w, changes: tt.changes})
			}
			var got []int
			for _, batch := range split(items, tt.most) {
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
	there := &want{taskID: "1", cluster: "a", addresses: v4(address)}
	gone := &want{taskID: "2", cluster: "b"}
	batch := []*item{{want: there}, {want: there}, {want: gone}}
	sum := digest([]string{"a/1"}, []string{"b/2"})
	if got, want := comment("task_dns/web", batch), "fargatedirect task_dns/web #"+sum; got != want {
		t.Errorf("comment %q, want %q", got, want)
	}
	got := comment("task_dns/"+strings.Repeat("x", 300), batch)
	if len(got) > 256 || !strings.HasSuffix(got, "x #"+sum) {
		t.Errorf("comment of a long owner has %d characters: %q", len(got), got)
	}
}
