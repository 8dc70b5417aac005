package taskdnsstack

import (
	"fmt"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const (
	memoryMB       = 128
	timeoutSeconds = 30
	// visibilitySeconds is six times the function's timeout, as Lambda's
	// documentation asks. Messages that are handed back do not wait for it: the
	// function shortens it first.
	visibilitySeconds = 6 * timeoutSeconds
	// The retentions are four days for what is to be done and two weeks for
	// what never could be.
	retentionSeconds   = 4 * 24 * 3600
	deadLetterSeconds  = 14 * 24 * 3600
	maxReceiveCount    = 100
	batchSize          = 10
	maximumConcurrency = 2 // the least that Lambda takes
)

// Stack is the parts of the resource: first what holds data, then the queue
// that needs the dead-letter queue, the function, and last what feeds it.
func (s Spec) Stack(c *awsclient.Clients) stack.Stack {
	feeds := []stack.Part{&parts.Mapping{
		API: c.Lambda, FunctionName: s.Scope.Physical(), FunctionARN: s.FunctionARN(), SourceARN: s.QueueARN(),
		BatchSize: batchSize, MaximumConcurrency: maximumConcurrency, Tags: s.tags(),
	}}
	for n, p := range s.patterns() {
		feeds = append(feeds, &parts.Rule{
			API: c.Events, Name: s.ruleName(n), ARN: s.ruleARN(n),
			Description:  "Tasks that start or stop, for fargatedirect_task_dns " + s.Scope.Name,
			EventPattern: p,
			Target:       parts.Target{ID: "queue", ARN: s.QueueARN(), DeadLetterARN: s.DeadLetterQueueARN()},
			Tags:         s.tags(),
		})
	}
	return stack.Stack{Owner: s.Scope.Owner(), Stages: [][]stack.Part{
		{s.deadLetterQueue(c), s.logGroup(c), s.role(c)},
		{s.queue(c)},
		{s.Function(c)},
		feeds,
	}}
}

func (s Spec) queue(c *awsclient.Clients) *parts.Queue {
	return &parts.Queue{
		API: c.SQS, Name: s.Scope.Physical(), ARN: s.QueueARN(),
		VisibilitySeconds: visibilitySeconds, RetentionSeconds: retentionSeconds,
		DeadLetterARN: s.DeadLetterQueueARN(), MaxReceiveCount: maxReceiveCount,
		Policy: s.QueuePolicy(s.QueueARN()), KMSKeyARN: s.KMSKeyARN, Tags: s.tags(),
	}
}

func (s Spec) deadLetterQueue(c *awsclient.Clients) *parts.Queue {
	return &parts.Queue{
		API: c.SQS, Name: s.DeadLetterQueueName(), ARN: s.DeadLetterQueueARN(),
		VisibilitySeconds: visibilitySeconds, RetentionSeconds: deadLetterSeconds,
		Policy: s.QueuePolicy(s.DeadLetterQueueARN()), KMSKeyARN: s.KMSKeyARN, Tags: s.tags(),
	}
}

// Function is the function.
func (s Spec) Function(c *awsclient.Clients) *parts.Function {
	return &parts.Function{
		API: c.Lambda, Name: s.Scope.Physical(), ARN: s.FunctionARN(), RoleARN: s.RoleARN(),
		Description:  fmt.Sprintf("Keeps the names of ECS tasks under %s", s.Domain),
		Architecture: s.Architecture, MemoryMB: memoryMB, TimeoutSeconds: timeoutSeconds,
		Environment: s.Environment(),
		Zip:         s.Artifact.Zip, CodeSHA256: s.Artifact.SHA256, KMSKeyARN: s.KMSKeyARN, Tags: s.tags(),
	}
}

func (s Spec) logGroup(c *awsclient.Clients) *parts.LogGroup {
	return &parts.LogGroup{
		API: c.Logs, Name: s.LogGroup(), ARN: s.Scope.ARN("logs", "log-group:"+s.LogGroup()),
		RetentionDays: s.LogRetentionDays, KMSKeyARN: s.KMSKeyARN, Tags: s.tags(),
	}
}

func (s Spec) role(c *awsclient.Clients) *parts.Role {
	return &parts.Role{
		API: c.IAM, Name: s.Scope.Physical(), Path: s.IAMPath,
		Description: "Role of the DNS function of fargatedirect_task_dns " + s.Scope.Name,
		TrustPolicy: s.TrustPolicy(), Policy: s.RolePolicy(), PermissionsBoundary: s.PermissionsBoundary, Tags: s.tags(),
	}
}

func (s Spec) tags() parts.Tags {
	return parts.OwnTags(s.Scope.Owner(), s.Creating, s.Tags, s.IgnoreTag)
}
