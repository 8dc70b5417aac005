package taskdns

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// ECS is what the function asks of Amazon ECS.
type ECS interface {
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
}

// EC2 is what the function asks of Amazon EC2.
type EC2 interface {
	DescribeNetworkInterfaces(context.Context, *ec2.DescribeNetworkInterfacesInput, ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error)
}

// Route53 is what the function asks of Amazon Route 53.
type Route53 interface {
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
	GetChange(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
}

// SQS is what the function asks of Amazon SQS.
type SQS interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// EventBridge is what the function asks of Amazon EventBridge.
type EventBridge interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Clients are the AWS services that the function uses. Those of ECS, EC2 and
// Route 53 do not retry by themselves: the function paces its calls and retries
// them within that pace. Those of SQS and EventBridge may retry for a moment.
type Clients struct {
	ECS         ECS
	EC2         EC2
	SQS         SQS
	EventBridge EventBridge
	// Route53 makes the client for a place, whose zone may be in another
	// account.
	Route53 func(Place) Route53
}

// Settings are what of the world around the handler tests replace.
type Settings struct {
	// Now is the current time.
	Now func() time.Time
	// Random answers a number from 0 up to, but not including, n.
	Random func(n int) int
	// Log takes a line for each record that changed and for each message that
	// led to nothing.
	Log *slog.Logger
	// Metrics takes the metrics, as lines of the log.
	Metrics io.Writer
}
