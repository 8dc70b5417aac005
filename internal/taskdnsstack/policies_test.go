package taskdnsstack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

func testSpec(clusters ...string) Spec {
	s := Spec{
		Scope: names.Scope{
			Kind: names.KindTaskDNS, Partition: "aws", Account: "123456789012", Region: "eu-west-2",
			DNSSuffix: "amazonaws.com", Name: "prod",
		},
		Place:   taskdns.Place{Domain: "tasks.example.com", HostedZoneID: "Z0123456789"},
		TTL:     60,
		IAMPath: "/apps/",
	}
	for _, c := range clusters {
		s.ClusterARNs = append(s.ClusterARNs, "arn:aws:ecs:eu-west-2:123456789012:cluster/"+c)
	}
	return s
}

// manyClusters have names of a usual length.
func manyClusters(n int) []string {
	var clusters []string
	for i := range n {
		clusters = append(clusters, fmt.Sprintf("cluster-of-the-team-%03d", i))
	}
	return clusters
}

// Policies are kept as files, so that a change of what the function or others
// may do is seen for what it is. UPDATE_GOLDEN=1 writes them.
func TestPolicies(t *testing.T) {
	t.Parallel()
	s := testSpec("web", "batch")
	encrypted := s
	encrypted.KMSKeyARN = "arn:aws:kms:eu-west-2:123456789012:key/k"
	elsewhere := testSpec("web")
	elsewhere.Place.RoleARN, elsewhere.Place.ExternalID = "arn:aws:iam::210987654321:role/zone", "secret"
	elsewhere.Place.HostnameTemplate = "{service}-{short_id}"
	elsewhere.PublishOn, elsewhere.TakeOver = taskdns.PublishAttached, true
	elsewhere.EventBusARN = "arn:aws:events:eu-west-2:123456789012:event-bus/browsers"
	elsewhere.Limits = taskdns.Limits{RequestsPerSecond: 5, RequestBurst: 25}
	elsewhere.Dashboard = true
	moving, _ := elsewhere.Retiring(elsewhere.Places(s, nil))
	for name, text := range map[string]string{
		"role":               s.RolePolicy().JSON(),
		"role_with_key":      encrypted.RolePolicy().JSON(),
		"trust":              s.TrustPolicy().JSON(),
		"queue":              s.QueuePolicy(s.QueueARN()).JSON(),
		"dead_letter_queue":  s.QueuePolicy(s.DeadLetterQueueARN()).JSON(),
		"caller":             s.CallerPolicy().JSON(),
		"caller_with_key":    encrypted.CallerPolicy().JSON(),
		"event_pattern":      s.patterns()[0],
		"environment_config": s.Environment()["CONFIG"],

		"role_zone_elsewhere":               elsewhere.RolePolicy().JSON(),
		"role_moving":                       moving.RolePolicy().JSON(),
		"caller_zone_elsewhere":             elsewhere.CallerPolicy().JSON(),
		"event_pattern_attached":            elsewhere.patterns()[0],
		"environment_config_zone_elsewhere": elsewhere.Environment()["CONFIG"],
		"environment_config_moving":         moving.Environment()["CONFIG"],
		"dashboard":                         s.dashboardBody(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := json.Indent(&got, []byte(text), "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			file := filepath.Join("testdata", name+".json")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got.String(), want)
			}
		})
	}
}

func TestPatternsAreSplit(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 20, 100} {
		s := testSpec(manyClusters(n)...)
		patterns := s.patterns()
		for _, p := range patterns {
			if len(p) > maxPattern {
				t.Errorf("%d clusters: a pattern has %d characters", n, len(p))
			}
		}
		for _, arn := range s.ClusterARNs {
			if count := strings.Count(strings.Join(patterns, ""), `"`+arn+`"`); count != 1 {
				t.Errorf("%d clusters: %s is in %d patterns", n, arn, count)
			}
		}
		if wantOne := n < 100; wantOne != (len(patterns) == 1) {
			t.Errorf("%d clusters make %d patterns", n, len(patterns))
		}
		policy := s.QueuePolicy(s.QueueARN()).JSON()
		for i := range patterns {
			if !strings.Contains(policy, `"`+s.ruleARN(i)+`"`) {
				t.Errorf("%d clusters: rule %d may not send to the queue", n, i)
			}
		}
	}
}

func TestCheckSizes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]string{
		1:   nil,
		40:  nil,
		60:  {"environment would have"},
		200: {"role policy would have", "environment would have"},
		600: {"EventBridge rules", "role policy would have", "environment would have"},
	} {
		got := testSpec(manyClusters(n)...).CheckSizes(nil)
		if len(got) != len(want) {
			t.Errorf("%d clusters: got %q, want %q", n, got, want)
			continue
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) || !strings.Contains(got[i], "divide the clusters") {
				t.Errorf("%d clusters: got %q, want %q", n, got[i], want[i])
			}
		}
	}
}
