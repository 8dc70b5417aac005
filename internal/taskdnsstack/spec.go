// Package taskdnsstack turns what a user wants of a fargatedirect_task_dns
// into the AWS parts that it consists of, and reads a whole resource back for
// import.
package taskdnsstack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/dnsname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

// DefaultReconcileInterval is how often the zone is compared with the running
// tasks if the user does not say.
const DefaultReconcileInterval = 5 * time.Minute

// Spec is the whole of a fargatedirect_task_dns as the user wants it. Optional
// fields that are empty stand for their defaults.
type Spec struct {
	Scope names.Scope
	// Place is where the names are. It is embedded in the function's
	// configuration as it is here, but for the default of the template.
	Place taskdns.Place
	// Retired are the places where the names were before. It is set only while
	// an update moves them.
	Retired     []taskdns.Place
	ClusterARNs []string
	TTL         int64
	// PublishOn is taskdns.PublishRunning, which is the default, or
	// taskdns.PublishAttached.
	PublishOn string
	// TakeOver lets the function replace records of others at tasks' names.
	TakeOver bool
	// ReconcileInterval is of whole minutes.
	ReconcileInterval time.Duration
	// Limits are the function's share of Route 53's limits; zeros are defaults.
	Limits taskdns.Limits
	// EventBusARN is the bus that is told of names; empty for the default bus.
	EventBusARN string
	// AlarmTopicARN is the topic that alarms notify; empty for none.
	AlarmTopicARN string
	// Dashboard tells whether there is one.
	Dashboard bool

	Architecture        string
	LogRetentionDays    int32
	KMSKeyARN           string
	PermissionsBoundary string
	IAMPath             string

	// Tags are the user's and the provider's, without our own.
	Tags map[string]string
	// IgnoreTag tells which tags others may keep on the parts.
	IgnoreTag func(key string) bool
	// Creating marks the parts as those of an unfinished create.
	Creating bool
	// Unfinished lets the resource be deleted even if the function cannot
	// remove names: its create never came to an end.
	Unfinished bool

	Artifact lambdas.Artifact
}

// FunctionARN is the ARN of the function.
func (s Spec) FunctionARN() string { return s.Scope.ARN("lambda", "function:"+s.Scope.Physical()) }

// RoleARN is the ARN of the function's role.
func (s Spec) RoleARN() string {
	return s.Scope.GlobalARN("iam", "role"+s.IAMPath+s.Scope.Physical())
}

// QueueARN is the ARN of the queue between the rules and the function.
func (s Spec) QueueARN() string { return s.Scope.ARN("sqs", s.Scope.Physical()) }

// DeadLetterQueueName is the queue of messages that never succeeded.
func (s Spec) DeadLetterQueueName() string { return s.Scope.Physical() + "-dead-letters" }

// DeadLetterQueueARN is its ARN.
func (s Spec) DeadLetterQueueARN() string { return s.Scope.ARN("sqs", s.DeadLetterQueueName()) }

// LogGroup is the name of the function's log group.
func (s Spec) LogGroup() string { return "/aws/lambda/" + s.Scope.Physical() }

// ruleName is the name of the n-th rule, from 0. The clusters of one resource
// may need several, because a pattern has at most 2048 characters.
func (s Spec) ruleName(n int) string {
	if n == 0 {
		return s.Scope.Physical()
	}
	return fmt.Sprintf("%s-%d", s.Scope.Physical(), n+1)
}

func (s Spec) ruleARN(n int) string { return s.Scope.ARN("events", "rule/"+s.ruleName(n)) }

// ReconcileRule is the name of the rule that has the function compare the zone
// with the running tasks. Names of rules have at most 64 characters.
func (s Spec) ReconcileRule() string { return s.Scope.Physical() + "-sync" }

func (s Spec) reconcileRuleARN() string { return s.Scope.ARN("events", "rule/"+s.ReconcileRule()) }

// Environment is the function's environment.
func (s Spec) Environment() map[string]string {
	text, err := json.Marshal(taskdns.Config{
		Owner:              s.Scope.Owner(),
		Place:              s.place(),
		Retired:            s.Retired,
		TTL:                s.TTL,
		PublishOn:          s.PublishOn,
		TakeOver:           s.TakeOver,
		ClusterARNs:        s.clusters(),
		QueueURL:           s.Scope.QueueURL(s.Scope.Physical()),
		DeadLetterQueueURL: s.Scope.QueueURL(s.DeadLetterQueueName()),
		EventBus:           s.EventBusARN,
		Limits:             s.Limits,
	})
	if err != nil {
		panic(fmt.Sprintf("marshalling a configuration of strings: %v", err)) // cannot happen
	}
	return map[string]string{taskdns.EnvConfig: string(text)}
}

func (s Spec) clusters() []string { return slices.Sorted(slices.Values(s.ClusterARNs)) }

// place is where the names are, in the one form that places are compared in:
// the default template is written as none.
func (s Spec) place() taskdns.Place {
	p := s.Place
	if p.HostnameTemplate == hostname.Default {
		p.HostnameTemplate = ""
	}
	return p
}

// Places are the places that names may be at after an update from before to s
// began: those of earlier updates that never came to their end, the place of
// before, and that of s.
func (s Spec) Places(before Spec, earlier []taskdns.Place) []taskdns.Place {
	var places []taskdns.Place
	for _, p := range append(slices.Clone(earlier), before.place(), s.place()) {
		if !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return places
}

// Retiring is s in the middle of a move: names are made at its own place, and
// the function may still take those at the other places away. It tells whether
// there are any.
func (s Spec) Retiring(places []taskdns.Place) (Spec, bool) {
	s.Retired = slices.DeleteFunc(slices.Clone(places), func(p taskdns.Place) bool { return p == s.place() })
	return s, len(s.Retired) > 0
}

// Template makes the tasks' labels. One that Parse refuses is the default: a
// plan refuses it.
func Template(p taskdns.Place) hostname.Template {
	if t, err := hostname.Parse(cmp.Or(p.HostnameTemplate, hostname.Default)); err == nil {
		return t
	}
	t, err := hostname.Parse(hostname.Default)
	if err != nil {
		panic(fmt.Sprintf("parsing the default template: %v", err)) // cannot happen
	}
	return t
}

const (
	// maxName and maxLabel are how long a name and a label may be (RFC 1035,
	// 2.3.4), in DNS's text form.
	maxName  = 253
	maxLabel = 63
)

// MaxDomain is how many characters a domain may have, so that the names that a
// template makes below it, and the claim, stay within DNS's limit.
func MaxDomain(t hostname.Template) int {
	longest := len(taskdns.ClaimName("")) - 1 // without the dot
	for _, shape := range t.Shapes() {
		longest = max(longest, len(shape))
	}
	if !t.OfIDAlone() {
		longest = maxLabel
	}
	return maxName - longest - 1
}

// CheckZone tells which attribute is wrong, and why, if the hosted zone does
// not exist or does not hold the domain. A zone that the caller may not read,
// or that is read with a role of another account, is left to the function.
func (s Spec) CheckZone(ctx context.Context, api hostedzone.API) (attribute, problem string, err error) {
	if s.Place.RoleARN != "" {
		return "", "", nil
	}
	id, domain := s.Place.HostedZoneID, s.Place.Domain
	name, err := hostedzone.Name(ctx, api, id)
	switch {
	case errors.Is(err, hostedzone.ErrNotFound):
		return "hosted_zone_id", fmt.Sprintf("there is no hosted zone %s in this AWS account", id), nil
	case err != nil:
		return "", "", err
	case name != "" && !dnsname.Within(domain, name):
		return "domain", fmt.Sprintf("%q is outside of hosted zone %s (%s); a right value is \"tasks.%s\"", domain, id, name, name), nil
	}
	return "", "", nil
}
