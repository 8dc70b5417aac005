// Package burst measures how names come about when many tasks start at once:
// by this project's handler, by the design of the article that the project
// started from, and by an UPSERT for each event. It runs in virtual time, on
// fakes that are as strict as AWS. "make bench-burst" prints all rows.
package burst

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy/iamtest"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
)

var (
	wantedRows = flag.String("rows", "100-at-once", `rows to run, separated by commas, or "all"`)
	printed    = flag.Bool("print", false, "print the assumptions and the results")
)

// designs are what is compared; the first is this project's.
var designs = []struct {
	name string
	run  func(w *world, tasks int) error
}{
	{"ours", ours},
	{"article", article},
	{"upsert", upsert},
}

// measure runs one burst. Seen, unless nil, is told of each batch.
func measure(t *testing.T, r row, l limit, run func(w *world, tasks int) error, seen func(*route53.ChangeResourceRecordSetsInput)) result {
	t.Helper()
	var got result
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(l)
		w.fake.OnChange = seen
		if err := run(w, r.tasks); err != nil {
			t.Error(err)
		}
		got = w.result()
	})
	return got
}

func TestBurst(t *testing.T) {
	if *printed {
		fmt.Print(assumptions())
	}
	for _, r := range rows {
		if *wantedRows != "all" && !slices.Contains(strings.Split(*wantedRows, ","), r.name) {
			continue
		}
		lines := make([]string, 0, len(limits)*len(designs))
		t.Run(r.name, func(t *testing.T) {
			for _, l := range limits {
				for _, d := range designs {
					lines = append(lines, "")
					i := len(lines) - 1
					t.Run(l.name+"/"+d.name, func(t *testing.T) {
						t.Parallel()
						var seen func(*route53.ChangeResourceRecordSetsInput)
						if d.name == "ours" {
							seen = iamtest.Guard(t, rolePolicy())
						}
						got := measure(t, r, l, d.run, seen)
						lines[i] = line(r, l, d.name, got)
						if d.name == "ours" {
							check(t, r, got)
						}
					})
				}
			}
		})
		for _, l := range lines {
			if *printed {
				fmt.Println(l)
			} else {
				t.Log(l)
			}
		}
	}
}

// rolePolicy is what the project's own design may do.
func rolePolicy() iampolicy.Document {
	return taskdnsstack.Spec{
		Scope: names.Scope{
			Kind: names.KindTaskDNS, Partition: "aws", Account: "111122223333", Region: "eu-west-2", DNSSuffix: "amazonaws.com", Name: "web",
		},
		Place: taskdns.Place{Domain: domain, HostedZoneID: zoneID}, ClusterARNs: []string{clusterARN}, TTL: 60,
	}.RolePolicy()
}

// check is what the project's own design has to reach.
func check(t *testing.T, r row, got result) {
	t.Helper()
	if got.lost > 0 {
		t.Errorf("%d of %d names were lost", got.lost, r.tasks)
	}
	most := map[int]int{100: 20, 500: 60}[r.tasks]
	if most == 0 {
		return
	}
	if got.changes > most {
		t.Errorf("%d calls to change records, want at most %d", got.changes, most)
	}
	if got.last > 2*time.Second {
		t.Errorf("the last name came %s after the last task ran, want at most 2s", got.last)
	}
}

// TestModelOfTheArticle compares the model of the article's design with the
// article's own handler, call by call.
func TestModelOfTheArticle(t *testing.T) {
	r := rows[0]
	for _, l := range limits {
		model, handler := measure(t, r, l, article, nil), measure(t, r, l, articleCallByCall, nil)
		text := line(r, l, "article-call-by-call", handler) + fmt.Sprintf(" model/handler: calls=%.2f last=%.2f lost=%d/%d",
			ratio(model.calls, handler.calls), ratio(model.last, handler.last), model.lost, handler.lost)
		if *printed {
			fmt.Println(text)
		} else {
			t.Log(text)
		}
		if q := ratio(model.calls, handler.calls); q < 0.8 || q > 1.25 {
			t.Errorf("limit %s: the model makes %.2f times the calls of the article's handler", l.name, q)
		}
	}
}
