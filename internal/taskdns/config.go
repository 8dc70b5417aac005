// Package taskdns is what the DNS function does: it gives every running ECS
// task a name under one domain, and takes it away when the task stops.
package taskdns

// Config is all that the function is told, as JSON in the environment
// variable EnvConfig.
type Config struct {
	// Owner is the value of the owner tag: "task_dns/<name>".
	Owner string `json:"owner"`
	// Domain is the parent of all task names, lower-case, without a dot at
	// the end.
	Domain string `json:"domain"`
	// HostedZoneID is the zone that takes the records.
	HostedZoneID string `json:"hosted_zone_id"`
	// TTL of the records, in seconds.
	TTL int64 `json:"ttl"`
	// ClusterARNs are the clusters whose tasks get names. A message about any
	// other cluster is ignored.
	ClusterARNs []string `json:"cluster_arns"`
	// QueueURL is the queue that feeds the function.
	QueueURL string `json:"queue_url"`
}

// EnvConfig is the environment variable that holds the Config.
const EnvConfig = "CONFIG"
