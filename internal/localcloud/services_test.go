package localcloud_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// TestSNSWaitsForConfirmation shows that an e-mail subscription has no ARN
// until somebody confirms it.
func TestSNSWaitsForConfirmation(t *testing.T) {
	t.Parallel()
	client := sns.NewFromConfig(cloud.Config())
	topic, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("confirmation")})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := client.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("email"), Endpoint: aws.String("a@example.com")})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(sub.SubscriptionArn); got != "pending confirmation" {
		t.Errorf("the subscription is %q", got)
	}
	list, err := client.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: topic.TopicArn})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Subscriptions) != 1 || aws.ToString(list.Subscriptions[0].SubscriptionArn) != "PendingConfirmation" {
		t.Errorf("the list is %+v", list.Subscriptions)
	}
}

// TestDeliveryNeedsQueuePolicy shows that a topic's messages reach a queue
// only if the queue's policy lets that topic send.
func TestDeliveryNeedsQueuePolicy(t *testing.T) {
	t.Parallel()
	topics, queues := sns.NewFromConfig(cloud.Config()), sqs.NewFromConfig(cloud.Config())
	topic, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("delivery")})
	if err != nil {
		t.Fatal(err)
	}
	subscribe := func(name, source string) *string {
		t.Helper()
		arn := fmt.Sprintf("arn:aws:sqs:us-east-1:%s:%s", cloud.AccountID, name)
		policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},
			"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, arn, source)
		queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{"Policy": policy}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(arn)}); err != nil {
			t.Fatal(err)
		}
		return queue.QueueUrl
	}
	receive := func(queue *string, seconds int32) []string {
		t.Helper()
		got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: seconds, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range got.Messages {
			var body struct{ Message string }
			if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &body); err != nil {
				t.Fatal(err)
			}
			out = append(out, body.Message)
		}
		return out
	}
	refusing := subscribe("refusing", aws.ToString(topic.TopicArn)+"-other")
	allowing := subscribe("allowing", aws.ToString(topic.TopicArn))
	if _, err := topics.Publish(t.Context(), &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String("hello")}); err != nil {
		t.Fatal(err)
	}
	if got := receive(allowing, 20); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("the queue that lets the topic send got %q", got)
	}
	if got := receive(refusing, 1); len(got) > 0 {
		t.Errorf("the queue that lets another topic send got %q", got)
	}
}

func TestTagsOfNewParts(t *testing.T) {
	t.Parallel()
	buckets, alarms := s3.NewFromConfig(cloud.Config()), cloudwatch.NewFromConfig(cloud.Config())
	if _, err := buckets.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("tags-bucket"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{
		Tags: []s3types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
	}}); err != nil {
		t.Fatal(err)
	}
	bucket, err := buckets.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: aws.String("tags-bucket")})
	if err != nil || len(bucket.TagSet) != 1 || aws.ToString(bucket.TagSet[0].Value) != "b" {
		t.Errorf("the bucket's tags are %+v, %v", bucket, err)
	}
	if _, err := alarms.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("tags"), Namespace: aws.String("n"), MetricName: aws.String("m"), Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1),
		Threshold: aws.Float64(1), ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanThreshold, Statistic: cloudwatchtypes.StatisticSum,
		Tags: []cloudwatchtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
	}); err != nil {
		t.Fatal(err)
	}
	arn := fmt.Sprintf("arn:aws:cloudwatch:us-east-1:%s:alarm:tags", cloud.AccountID)
	alarm, err := alarms.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: aws.String(arn)})
	if err != nil || len(alarm.Tags) != 1 || aws.ToString(alarm.Tags[0].Value) != "b" {
		t.Errorf("the alarm's tags are %+v, %v", alarm, err)
	}
}

func TestDashboardThatDoesNotExist(t *testing.T) {
	t.Parallel()
	client := cloudwatch.NewFromConfig(cloud.Config())
	_, get := client.GetDashboard(t.Context(), &cloudwatch.GetDashboardInput{DashboardName: aws.String("absent")})
	_, del := client.DeleteDashboards(t.Context(), &cloudwatch.DeleteDashboardsInput{DashboardNames: []string{"absent"}})
	for what, err := range map[string]error{"GetDashboard": get, "DeleteDashboards": del} {
		if !awserr.Is(err, "ResourceNotFound", "DashboardNotFoundError") {
			t.Errorf("%s answers %v", what, err)
		}
	}
}
