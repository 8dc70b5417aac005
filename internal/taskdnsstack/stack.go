package taskdnsstack

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

const (
	memoryMB       = 256
	timeoutSeconds = 60
	// visibilitySeconds is longer than the function's timeout, so that no
	// message is worked on twice at a time, and not much longer: a message
	// whose invocation was killed is to come back soon. Messages that are
	// handed back do not wait for it: the function shortens it first.
	visibilitySeconds = 90
	// The retentions are four days for what is to be done and two weeks for
	// what never could be.
	retentionSeconds   = 4 * 24 * 3600
	deadLetterSeconds  = 14 * 24 * 3600
	maxReceiveCount    = 100
	batchSize          = 10
	maximumConcurrency = 2 // the least that Lambda takes
	// statementID is of the statement that lets the schedule invoke the
	// function.
	statementID = "schedule"
)

// Stack is the parts of the resource: first what holds data, then the queue
// that needs the dead-letter queue, the function, what the function or its
// metrics must be there for, and last what feeds the function. So nothing is
// written before the domain is known to be ours, and on the way back nothing
// is written any more when the names are removed.
func (s Spec) Stack(c *awsclient.Clients) stack.Stack {
	watching := []stack.Part{
		&claim{invoker: s.Invoker(c), domain: s.Place.Domain, mayStay: s.Unfinished},
		&parts.Permission{
			API: c.Lambda, Function: s.Scope.Physical(), StatementID: statementID, Principal: "events.amazonaws.com",
			SourceARN: s.reconcileRuleARN(), SourceAccount: s.Scope.Account,
		},
	}
	watching = append(watching, s.alarms(c)...)
	if s.Dashboard {
		watching = append(watching, s.dashboard(c))
	}
	return stack.Stack{Owner: s.Scope.Owner(), Stages: [][]stack.Part{
		{s.deadLetterQueue(c), s.logGroup(c), s.role(c)},
		{s.queue(c)},
		{kept{s.Function(c)}},
		watching,
		s.feeds(c),
	}}
}

// kept is a part that keeps the parts that it needs while it cannot be
// deleted: without its role the function could not remove names any more.
type kept struct{ stack.Tagged }

// Delete removes the part.
func (k kept) Delete(ctx context.Context) error {
	if err := k.Tagged.Delete(ctx); err != nil {
		return fmt.Errorf("%w: %w", stack.ErrStop, err)
	}
	return nil
}

// feeds are what has the function work: the queue with the rules that fill it,
// and the schedule.
func (s Spec) feeds(c *awsclient.Clients) []stack.Part {
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
	return append(feeds, &parts.Rule{
		API: c.Events, Name: s.ReconcileRule(), ARN: s.reconcileRuleARN(),
		Description:        "Compares the zone with the running tasks, for fargatedirect_task_dns " + s.Scope.Name,
		ScheduleExpression: s.reconcileSchedule(),
		// One that cannot be delivered is followed by the next.
		Target: parts.Target{ID: "function", ARN: s.FunctionARN(), Input: reconcileInput()},
		Tags:   s.tags(),
	})
}

// reconcileInput is what the schedule sends to the function.
func reconcileInput() string {
	text, err := json.Marshal(taskdns.Command{Do: taskdns.DoReconcile})
	if err != nil {
		panic(fmt.Sprintf("marshalling a command: %v", err)) // cannot happen
	}
	return string(text)
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
		Description:  fmt.Sprintf("Keeps the names of ECS tasks under %s", s.Place.Domain),
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
