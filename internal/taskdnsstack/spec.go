// Package taskdnsstack turns what a user wants of a fargatedirect_task_dns
// into the AWS parts that it consists of, and reads a whole resource back for
// import.
package taskdnsstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/dnsname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

// Spec is the whole of a fargatedirect_task_dns as the user wants it, with all
// defaults filled in.
type Spec struct {
	Scope        names.Scope
	Domain       string
	HostedZoneID string
	ClusterARNs  []string
	TTL          int64

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

// Environment is the function's environment.
func (s Spec) Environment() map[string]string {
	text, err := json.Marshal(taskdns.Config{
		Owner:       s.Scope.Owner(),
		Place:       taskdns.Place{Domain: s.Domain, HostedZoneID: s.HostedZoneID},
		TTL:         s.TTL,
		ClusterARNs: s.clusters(),
		QueueURL:    s.Scope.QueueURL(s.Scope.Physical()),
	})
	if err != nil {
		panic(fmt.Sprintf("marshalling a configuration of strings: %v", err)) // cannot happen
	}
	return map[string]string{taskdns.EnvConfig: string(text)}
}

func (s Spec) clusters() []string { return slices.Sorted(slices.Values(s.ClusterARNs)) }

// CheckZone tells which attribute is wrong, and why, if the hosted zone does
// not exist or does not hold the domain. A zone that the caller may not read is
// left to the function.
func (s Spec) CheckZone(ctx context.Context, api hostedzone.API) (attribute, problem string, err error) {
	name, err := hostedzone.Name(ctx, api, s.HostedZoneID)
	switch {
	case errors.Is(err, hostedzone.ErrNotFound):
		return "hosted_zone_id", fmt.Sprintf("there is no hosted zone %s in this AWS account", s.HostedZoneID), nil
	case err != nil:
		return "", "", err
	case name != "" && !dnsname.Within(s.Domain, name):
		return "domain", fmt.Sprintf("%q is outside of hosted zone %s (%s); a right value is \"tasks.%s\"", s.Domain, s.HostedZoneID, name, name), nil
	}
	return "", "", nil
}
