package snapshot

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func topics(ctx context.Context, cfg aws.Config, c *collector) error {
	client := sns.NewFromConfig(cfg)
	list := sns.NewListTopicsPaginator(client, &sns.ListTopicsInput{})
	return pages(ctx, "topics", list, func(page *sns.ListTopicsOutput) error {
		for _, t := range page.Topics {
			out, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: t.TopicArn})
			if is(err, "NotFound", "NotFoundException") {
				continue
			}
			if err != nil {
				return fmt.Errorf("reading topic (%s): %w", aws.ToString(t.TopicArn), err)
			}
			// How many subscriptions there are is not the topic's own.
			maps.DeleteFunc(out.Attributes, func(name, _ string) bool { return strings.HasPrefix(name, "Subscriptions") })
			if err := c.add("sns topic", aws.ToString(t.TopicArn), out.Attributes); err != nil {
				return err
			}
		}
		return nil
	})
}

func subscriptions(ctx context.Context, cfg aws.Config, c *collector) error {
	client := sns.NewFromConfig(cfg)
	list := sns.NewListSubscriptionsPaginator(client, &sns.ListSubscriptionsInput{})
	return pages(ctx, "subscriptions", list, func(page *sns.ListSubscriptionsOutput) error {
		for _, s := range page.Subscriptions {
			// SNS lists deleted subscriptions, and those of deleted topics, for
			// up to three days.
			if aws.ToString(s.SubscriptionArn) == "Deleted" {
				continue
			}
			_, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: s.TopicArn})
			if is(err, "NotFound", "NotFoundException") {
				continue
			}
			if err != nil {
				return fmt.Errorf("reading topic (%s): %w", aws.ToString(s.TopicArn), err)
			}
			id := fmt.Sprintf("%s %s %s", aws.ToString(s.TopicArn), aws.ToString(s.Protocol), aws.ToString(s.Endpoint))
			if err := c.add("sns subscription", id, s.SubscriptionArn); err != nil {
				return err
			}
		}
		return nil
	})
}

func queues(ctx context.Context, cfg aws.Config, c *collector) error {
	client := sqs.NewFromConfig(cfg)
	list := sqs.NewListQueuesPaginator(client, &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)})
	return pages(ctx, "queues", list, func(page *sqs.ListQueuesOutput) error {
		for _, url := range page.QueueUrls {
			out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
				QueueUrl:       &url,
				AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
			})
			if is(err, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue") {
				continue
			}
			if err != nil {
				return fmt.Errorf("reading queue (%s): %w", url, err)
			}
			maps.DeleteFunc(out.Attributes, func(name, _ string) bool {
				return strings.HasPrefix(name, "ApproximateNumber") || strings.HasSuffix(name, "Timestamp")
			})
			if err := c.add("sqs queue", url, out.Attributes); err != nil {
				return err
			}
		}
		return nil
	})
}
