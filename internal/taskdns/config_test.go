package taskdns

import (
	"strings"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := Config{
		Owner: "task_dns/test", Place: Place{Domain: domain, HostedZoneID: "Z1"}, TTL: 60, ClusterARNs: []string{fargateCluster},
		QueueURL: queueURL, DeadLetterQueueURL: lettersURL,
	}
	tests := map[string]func(*Config){
		"no domain":                        func(c *Config) { c.Domain = "" },
		"no zone":                          func(c *Config) { c.HostedZoneID = "" },
		"no TTL":                           func(c *Config) { c.TTL = 0 },
		"no queue":                         func(c *Config) { c.QueueURL = "" },
		"no owner":                         func(c *Config) { c.Owner = "test" },
		"no dead letters":                  func(c *Config) { c.DeadLetterQueueURL = "" },
		"published when":                   func(c *Config) { c.PublishOn = "healthy" },
		"a negative limit":                 func(c *Config) { c.Limits.ChangeBurst = -1 },
		"a template without an id":         func(c *Config) { c.HostnameTemplate = "{service}" },
		"a retired template without an id": func(c *Config) { c.Retired = []Place{{Domain: domain, HostedZoneID: "Z1", HostnameTemplate: "x"}} },
		"a retired place without a zone":   func(c *Config) { c.Retired = []Place{{Domain: domain}} },
		"no cluster":                       func(c *Config) { c.ClusterARNs = nil },
		"not an ARN":                       func(c *Config) { c.ClusterARNs = []string{"FargateCluster"} },
		"a task's ARN":                     func(c *Config) { c.ClusterARNs = []string{strings.Replace(fargateCluster, "cluster/", "task/", 1)} },
		"another kind":                     func(c *Config) { c.ClusterARNs = []string{strings.Replace(fargateCluster, ":ecs:", ":eks:", 1)} },
		"without region":                   func(c *Config) { c.ClusterARNs = []string{strings.Replace(fargateCluster, "us-west-2", "", 1)} },
	}
	if _, err := New(good, Clients{Route53: func(Place) Route53 { return nil }}, Settings{}); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			spoil(&cfg)
			if _, err := New(cfg, Clients{Route53: func(Place) Route53 { return nil }}, Settings{}); err == nil {
				t.Error("accepted")
			}
		})
	}
}
