package snapshot

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func functions(ctx context.Context, cfg aws.Config, c *collector) error {
	client := lambda.NewFromConfig(cfg)
	list := lambda.NewListFunctionsPaginator(client, &lambda.ListFunctionsInput{})
	return pages(ctx, "functions", list, func(page *lambda.ListFunctionsOutput) error {
		for _, f := range page.Functions {
			if err := function(ctx, client, f, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func function(ctx context.Context, client *lambda.Client, f types.FunctionConfiguration, c *collector) error {
	name := aws.ToString(f.FunctionName)
	err := c.add("lambda function", name, f.CodeSha256, f.Role, f.Handler, f.Runtime, f.Environment, f.Timeout, f.MemorySize)
	if err != nil {
		return err
	}
	policy, err := client.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &name})
	switch {
	case is(err, "ResourceNotFoundException"):
	case err != nil:
		return fmt.Errorf("reading the policy of function (%s): %w", name, err)
	default:
		if err := c.add("lambda policy", name, policy.Policy); err != nil {
			return err
		}
	}
	list := lambda.NewListFunctionEventInvokeConfigsPaginator(client, &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: &name})
	err = pages(ctx, "event invoke configurations of "+name, list, func(page *lambda.ListFunctionEventInvokeConfigsOutput) error {
		for _, i := range page.FunctionEventInvokeConfigs {
			err := c.add("lambda event invoke configuration", aws.ToString(i.FunctionArn), i.MaximumRetryAttempts, i.MaximumEventAgeInSeconds, i.DestinationConfig)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if is(err, "ResourceNotFoundException") {
		return nil
	}
	return err
}

func mappings(ctx context.Context, cfg aws.Config, c *collector) error {
	list := lambda.NewListEventSourceMappingsPaginator(lambda.NewFromConfig(cfg), &lambda.ListEventSourceMappingsInput{})
	return pages(ctx, "event source mappings", list, func(page *lambda.ListEventSourceMappingsOutput) error {
		for _, m := range page.EventSourceMappings {
			err := c.add("lambda event source mapping", aws.ToString(m.UUID), m.EventSourceArn, m.FunctionArn, m.BatchSize)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func logGroups(ctx context.Context, cfg aws.Config, c *collector) error {
	list := cloudwatchlogs.NewDescribeLogGroupsPaginator(cloudwatchlogs.NewFromConfig(cfg), &cloudwatchlogs.DescribeLogGroupsInput{})
	return pages(ctx, "log groups", list, func(page *cloudwatchlogs.DescribeLogGroupsOutput) error {
		for _, g := range page.LogGroups {
			if err := c.add("log group", aws.ToString(g.LogGroupName), g.RetentionInDays, g.KmsKeyId); err != nil {
				return err
			}
		}
		return nil
	})
}

func clusters(ctx context.Context, cfg aws.Config, c *collector) error {
	list := ecs.NewListClustersPaginator(ecs.NewFromConfig(cfg), &ecs.ListClustersInput{})
	return pages(ctx, "clusters", list, func(page *ecs.ListClustersOutput) error {
		for _, arn := range page.ClusterArns {
			if err := c.add("ecs cluster", arn); err != nil {
				return err
			}
		}
		return nil
	})
}
