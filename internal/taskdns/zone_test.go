package taskdns

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
)

const address6 = "2001:db8::10"

// at is when the zones of these tests think it is.
var at = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// zoned is a zone in a fake Route 53 without limits of rates.
type zoned struct {
	*zone
	fake    *route53fake.Fake
	lines   *bytes.Buffer
	emitted *bytes.Buffer
}

func newZoned(t *testing.T, change ...func(*Config)) *zoned {
	t.Helper()
	z := &zoned{fake: route53fake.New(), lines: &bytes.Buffer{}, emitted: &bytes.Buffer{}}
	z.fake.Requests, z.fake.PerAction = route53fake.Rate{}, route53fake.Rate{}
	z.fake.AddZone("Z1", "example.com")
	cfg := Config{Owner: "task_dns/test", Place: Place{Domain: domain, HostedZoneID: "Z1"}, TTL: 60}
	for _, c := range change {
		c(&cfg)
	}
	z.fake.OnChange = guard(t, &cfg)
	s := Settings{Now: func() time.Time { return at }, Random: func(n int) int { return n - 1 }, Log: slog.New(slog.NewJSONHandler(z.lines, nil))}
	m := emf.New(z.emitted, Namespace, map[string]string{DimensionName: "test"}, s.Now)
	zone, err := newZone(cfg, cfg.Place, z.fake, s, zonePacer(cfg.Limits, s, m), m)
	if err != nil {
		t.Fatal(err)
	}
	z.zone = zone
	return z
}

// put makes a plain record set as somebody else would.
func (z *zoned) put(kind types.RRType, name string, ttl int64, values ...string) {
	z.fake.Put("Z1", recordSet(kind, name, ttl, values...))
}

// contents are the zone's record sets as texts by "<label> <type>".
func (z *zoned) contents() map[string]string {
	all := make(map[string]string)
	for _, s := range z.fake.Sets("Z1") {
		key := strings.TrimSuffix(aws.ToString(s.Name), "."+domain+".") + " " + string(s.Type)
		all[key] = text(s)
	}
	return all
}

// holds fails the test unless the zone has exactly these record sets.
func (z *zoned) holds(t *testing.T, want map[string]string) {
	t.Helper()
	if got := z.contents(); !maps.Equal(got, want) {
		t.Errorf("the zone holds %v, want %v", got, want)
	}
}

// calls fails the test unless so many calls were made. Refused changes are
// among the changes.
func (z *zoned) calls(t *testing.T, changes, refused, lists int) {
	t.Helper()
	c, l := z.fake.Count(route53fake.Change), z.fake.Count(route53fake.List)
	if c.Calls != changes || c.Refused != refused || l.Calls != lists {
		t.Errorf("%d changes of which %d were refused, and %d lists; want %d, %d and %d", c.Calls, c.Refused, l.Calls, changes, refused, lists)
	}
}

// metric are the values of a metric that were recorded.
func (z *zoned) metric(t *testing.T, name string) []float64 {
	t.Helper()
	if err := z.metrics.Flush(); err != nil {
		t.Fatal(err)
	}
	var values []float64
	for line := range strings.Lines(z.emitted.String()) {
		var parsed map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &parsed); err != nil {
			t.Fatal(err)
		}
		var more []float64
		if raw, ok := parsed[name]; ok {
			if err := json.Unmarshal(raw, &more); err != nil {
				t.Fatal(err)
			}
		}
		values = append(values, more...)
	}
	return values
}

// both is an address of each family.
func both(four, six string) addresses {
	return addresses{v4: netip.MustParseAddr(four), v6: netip.MustParseAddr(six)}
}

// wanted is a want for a label below the domain, which is also the task's id.
func wanted(label string, w want) want {
	w.taskID, w.name, w.cluster = label, label+"."+domain, "FargateCluster"
	return w
}

func TestName(t *testing.T) {
	t.Parallel()
	z := newZoned(t, func(c *Config) { c.HostnameTemplate = "{service}-{short_id}" })
	if got, want := z.name(hostname.Task{ID: taskID, Service: "Web"}), "web-c13b4cb40f1f."+domain; got != want {
		t.Errorf("name %q, want %q", got, want)
	}
	if got, want := newZoned(t).name(hostname.Task{ID: taskID}), taskName; got != want {
		t.Errorf("name %q, want %q", got, want)
	}
	cfg := Config{Place: Place{HostnameTemplate: "{service}"}}
	if _, err := newZone(cfg, cfg.Place, z.fake, Settings{}, nil, nil); err == nil {
		t.Error("a template without an id is taken")
	}
}

func TestChangeInfo(t *testing.T) {
	t.Parallel()
	z := newZoned(t)
	out := z.apply(t.Context(), []want{wanted(idA, want{addresses: v4(address)})}, nil)
	if len(out.changes) != 1 {
		t.Fatalf("outcome %v", out)
	}
	info, err := z.changeInfo(t.Context(), out.changes[0].id)
	if err != nil {
		t.Fatal(err)
	}
	want := "fargatedirect task_dns/test #" + digest([]string{"FargateCluster/" + idA}, nil)
	if aws.ToString(info.Comment) != want || info.Status != types.ChangeStatusInsync {
		t.Errorf("change %q is %s, want %q and INSYNC", aws.ToString(info.Comment), info.Status, want)
	}
	if _, err := z.changeInfo(t.Context(), "C0"); err == nil {
		t.Error("a change that does not exist is found")
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	z := newZoned(t)
	var want []string
	for i := range 700 {
		name := fmt.Sprintf("%03d.%s", i, domain)
		z.put(types.RRTypeA, name, 60, address)
		want = append(want, name)
	}
	for _, name := range []string{domain, "*." + domain, "a.b." + domain} {
		z.put(types.RRTypeTxt, name, 300, `"x"`)
		want = append(want, name)
	}
	for _, name := range []string{"tasks-2.example.com", "x.tasks-2.example.com", "xtasks.example.com", "www.example.com"} {
		z.put(types.RRTypeA, name, 300, otherAddress)
	}
	sets, err := z.records(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sets {
		got = append(got, strings.Replace(canonical(aws.ToString(s.Name)), `\052`, "*", 1))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d record sets, want %d: %v", len(got), len(want), got)
	}
	z.calls(t, 0, 0, 3)
}
