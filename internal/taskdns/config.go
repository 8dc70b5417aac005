// Package taskdns is what the DNS function does: it gives every running ECS
// task a name under one domain, and takes it away when the task stops.
package taskdns

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
)

// Config is all that the function is told, as JSON in the environment
// variable EnvConfig.
type Config struct {
	// Owner is the value of the owner tag: "task_dns/<name>".
	Owner string `json:"owner"`
	// Place is where the names are.
	Place
	// Retired are the places where the names were before a change of the
	// resource. Retire takes the names there away.
	Retired []Place `json:"retired,omitempty"`
	// TTL of the records, in seconds.
	TTL int64 `json:"ttl"`
	// PublishOn is PublishRunning or PublishAttached.
	PublishOn string `json:"publish_on,omitempty"`
	// TakeOver lets the function replace a record that bears a task's name and
	// is somebody else's. Otherwise such a record is left alone.
	TakeOver bool `json:"take_over,omitempty"`
	// ClusterARNs are the clusters whose tasks get names. A message about any
	// other cluster is ignored.
	ClusterARNs []string `json:"cluster_arns"`
	// QueueURL is the queue that feeds the function.
	QueueURL string `json:"queue_url"`
	// DeadLetterQueueURL is the queue for what can never succeed.
	DeadLetterQueueURL string `json:"dead_letter_queue_url,omitempty"`
	// EventBus is the name or the ARN of the bus that is told of names that
	// are ready, deleted or failed. Empty is the default bus.
	EventBus string `json:"event_bus,omitempty"`
	// Limits are the function's share of Route 53's limits.
	Limits Limits `json:"limits,omitzero"`
}

// Place is where names of tasks are.
type Place struct {
	// Domain is the parent of all task names, lower-case, without a dot at
	// the end.
	Domain string `json:"domain"`
	// HostedZoneID is the zone that takes the records.
	HostedZoneID string `json:"hosted_zone_id"`
	// RoleARN and ExternalID are of a role to assume for the zone, if it is in
	// another account.
	RoleARN    string `json:"role_arn,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	// HostnameTemplate makes the labels. Empty is hostname.Default.
	HostnameTemplate string `json:"hostname_template,omitempty"`
}

// When a task gets its name.
const (
	// PublishRunning is when the task runs. It is the default.
	PublishRunning = "running"
	// PublishAttached is when its network interface is attached, which is some
	// ten to forty seconds earlier.
	PublishAttached = "attached"
)

// Limits are rates at which the function calls Route 53. A zero takes the
// default.
type Limits struct {
	// RequestsPerSecond and RequestBurst bound calls. Route 53 allows 10 and 50
	// to an account.
	RequestsPerSecond float64 `json:"requests_per_second,omitempty"`
	RequestBurst      float64 `json:"request_burst,omitempty"`
	// ChangesPerSecond and ChangeBurst bound record sets changed. What Route 53
	// allows is not published.
	ChangesPerSecond float64 `json:"changes_per_second,omitempty"`
	ChangeBurst      float64 `json:"change_burst,omitempty"`
}

// check tells what of a configuration could not work.
func (c Config) check() error {
	kind, name, _ := strings.Cut(c.Owner, "/")
	l := c.Limits
	switch {
	case kind == "" || name == "":
		return fmt.Errorf("the owner %q is not <kind>/<name>", c.Owner)
	case c.TTL <= 0:
		return errors.New("it has no TTL")
	case c.QueueURL == "" || c.DeadLetterQueueURL == "":
		return errors.New("it has no queue, or no dead-letter queue")
	case len(c.ClusterARNs) == 0:
		return errors.New("it has no clusters")
	case !slices.Contains([]string{"", PublishRunning, PublishAttached}, c.PublishOn):
		return fmt.Errorf("names cannot be published on %q", c.PublishOn)
	case min(l.RequestsPerSecond, l.RequestBurst, l.ChangesPerSecond, l.ChangeBurst) < 0:
		return errors.New("it has a limit below zero")
	}
	for _, p := range append([]Place{c.Place}, c.Retired...) {
		if p.Domain == "" || p.HostedZoneID == "" {
			return errors.New("it has a place without a domain or a hosted zone")
		}
		if _, err := hostname.Parse(cmp.Or(p.HostnameTemplate, hostname.Default)); err != nil {
			return err
		}
	}
	return nil
}

// EnvConfig is the environment variable that holds the Config.
const EnvConfig = "CONFIG"
