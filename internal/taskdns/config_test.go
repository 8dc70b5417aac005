package taskdns

import (
	"strings"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := Config{Place: Place{Domain: domain, HostedZoneID: "Z1"}, TTL: 60, ClusterARNs: []string{fargateCluster}, QueueURL: "https://queue"}
	tests := map[string]func(*Config){
		"no domain":      func(c *Config) { c.Domain = "" },
		"no zone":        func(c *Config) { c.HostedZoneID = "" },
		"no TTL":         func(c *Config) { c.TTL = 0 },
		"no queue":       func(c *Config) { c.QueueURL = "" },
		"no cluster":     func(c *Config) { c.ClusterARNs = nil },
		"not an ARN":     func(c *Config) { c.ClusterARNs = []string{"FargateCluster"} },
		"a task's ARN":   func(c *Config) { c.ClusterARNs = []string{strings.Replace(fargateCluster, "cluster/", "task/", 1)} },
		"another kind":   func(c *Config) { c.ClusterARNs = []string{strings.Replace(fargateCluster, ":ecs:", ":eks:", 1)} },
		"without region": func(c *Config) { c.ClusterARNs = []string{strings.Replace(fargateCluster, "us-west-2", "", 1)} },
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
