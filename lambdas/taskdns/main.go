// Command taskdns is the Lambda function that gives every running ECS task a
// name. What it does is in package internal/taskdns.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/lambdaenv"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	handler, err := start(log)
	if err != nil {
		log.Error("function cannot start", "reason", err.Error())
		os.Exit(1)
	}
	lambda.Start(handler.Invoke)
}

// start makes the handler, and opens the connections that its first event
// needs.
func start(log *slog.Logger) (*taskdns.Handler, error) {
	var config taskdns.Config
	if err := json.Unmarshal([]byte(os.Getenv(taskdns.EnvConfig)), &config); err != nil {
		return nil, fmt.Errorf("reading environment variable (%s): %w", taskdns.EnvConfig, err)
	}
	cfg, err := lambdaenv.Config()
	if err != nil {
		return nil, err
	}
	// ECS, EC2 and Route 53 are called at a pace, which also decides what is
	// tried again and when. Queue and bus are called seldom, and a call of them
	// that fails costs more than a second one.
	paced, brief := cfg.Copy(), cfg.Copy()
	paced.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	brief.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Second })
	}
	tasks, interfaces, messages := ecs.NewFromConfig(paced), ec2.NewFromConfig(paced), sqs.NewFromConfig(brief)
	zone := func(place taskdns.Place) *route53.Client {
		if place.RoleARN == "" {
			return route53.NewFromConfig(paced)
		}
		assumed := lambdaenv.Assume(brief, place.RoleARN, place.ExternalID, config.Owner)
		assumed.Retryer = paced.Retryer
		return route53.NewFromConfig(assumed)
	}
	handler, err := taskdns.New(config, taskdns.Clients{
		ECS: tasks, EC2: interfaces, SQS: messages, EventBridge: eventbridge.NewFromConfig(brief),
		Route53: func(place taskdns.Place) taskdns.Route53 { return zone(place) },
	}, taskdns.Settings{Now: time.Now, Random: rand.IntN, Log: log, Metrics: os.Stdout})
	if err != nil {
		return nil, err
	}
	lambdaenv.Warm(context.Background(), cfg.HTTPClient,
		lambdaenv.Resolve(tasks.Options().EndpointResolverV2, ecs.EndpointParameters{Region: &cfg.Region, Endpoint: cfg.BaseEndpoint}),
		lambdaenv.Resolve(interfaces.Options().EndpointResolverV2, ec2.EndpointParameters{Region: &cfg.Region, Endpoint: cfg.BaseEndpoint}),
		lambdaenv.Resolve(zone(config.Place).Options().EndpointResolverV2, route53.EndpointParameters{Region: &cfg.Region, Endpoint: cfg.BaseEndpoint}),
		lambdaenv.Resolve(messages.Options().EndpointResolverV2, sqs.EndpointParameters{Region: &cfg.Region, Endpoint: cfg.BaseEndpoint}))
	return handler, nil
}
