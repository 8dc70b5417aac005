package provider_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// changeMore removes settings where changeSettings changed them.
func (v *vandal) changeMore(t *testing.T) {
	ctx, name := t.Context(), &v.parts
	buckets := v.a.s3()
	try[*s3.PutBucketPolicyOutput](t)(buckets.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: name, Policy: aws.String(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObjectAcl","Resource":"arn:aws:s3:::%s/*"}]}`, v.parts))}))
	try[*s3.DeleteBucketLifecycleOutput](t)(buckets.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: name}))
	try[*s3.DeleteBucketOwnershipControlsOutput](t)(buckets.DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: name}))
	v.expect("bucket ("+v.parts+")", "the policy differs", "the lifecycle rule abort-incomplete-uploads is missing", "the lifecycle rule expire-noncurrent-versions is missing",
		"object ownership is none, want BucketOwnerEnforced")
	config := v.configObject(t)
	for _, key := range []string{config, "browser/key.pem"} {
		try[*s3.DeleteObjectOutput](t)(buckets.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: name, Key: &key}))
	}
	v.expect(fmt.Sprintf("object (s3://%s/%s)", v.parts, config), "missing")
	v.want = append(v.want, fmt.Sprintf("certificate (browser): browser/key.pem missing in bucket %s", v.parts))

	try[*iam.DeleteRolePolicyOutput](t)(iam.NewFromConfig(v.a.aws).DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("function")}))
	v.expect("role ("+v.parts+")", "the policy is missing")

	functions := lambda.NewFromConfig(v.a.aws)
	try[*lambda.DeleteFunctionEventInvokeConfigOutput](t)(functions.DeleteFunctionEventInvokeConfig(ctx, &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: name}))
	v.expect("Lambda function ("+v.parts+")", "asynchronous retries are 2, want 0", "the maximum age of asynchronous events is 21600 s, want 3600 s")
	try[*lambda.RemovePermissionOutput](t)(functions.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: name, StatementId: aws.String("schedule")}))
	v.expect(v.permission(), "missing")

	try[*eventbridge.RemoveTargetsOutput](t)(eventbridge.NewFromConfig(v.a.aws).RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: name, Ids: []string{"function"}}))
	v.expect("EventBridge rule ("+v.parts+")", "target function is missing")
}

// deleteParts deletes all parts but the bucket.
func (v *vandal) deleteParts(t *testing.T) {
	ctx, name := t.Context(), &v.parts
	events := eventbridge.NewFromConfig(v.a.aws)
	try[*eventbridge.RemoveTargetsOutput](t)(events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: name, Ids: []string{"function"}}))
	try[*eventbridge.DeleteRuleOutput](t)(events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: name}))
	try[*lambda.DeleteFunctionOutput](t)(lambda.NewFromConfig(v.a.aws).DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name}))
	roles := iam.NewFromConfig(v.a.aws)
	try[*iam.DeleteRolePolicyOutput](t)(roles.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("function")}))
	try[*iam.DeleteRoleOutput](t)(roles.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}))
	group := "/aws/lambda/" + v.parts
	try[*cloudwatchlogs.DeleteLogGroupOutput](t)(cloudwatchlogs.NewFromConfig(v.a.aws).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &group}))
	alarms := []string{v.parts + "-did-not-run", v.parts + "-expiring", v.parts + "-failing"}
	try[*cloudwatch.DeleteAlarmsOutput](t)(cloudwatch.NewFromConfig(v.a.aws).DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: alarms}))
	for _, name := range alarms {
		v.expect("CloudWatch alarm ("+name+")", "missing")
	}
	topic := fmt.Sprintf("arn:aws:sns:%s:%s:%s", cloud.Region, v.a.id, v.parts)
	try[*sns.DeleteTopicOutput](t)(sns.NewFromConfig(v.a.aws).DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &topic}))
	for _, part := range []string{"EventBridge rule (" + v.parts + ")", "Lambda function (" + v.parts + ")", v.permission(), "role (" + v.parts + ")", "log group (" + group + ")", "topic (" + v.parts + ")", "e-mail subscriptions (" + v.parts + ")"} {
		v.expect(part, "missing")
	}
}

// deleteBucket deletes the bucket with all that it holds.
func (v *vandal) deleteBucket(t *testing.T) {
	ctx, client, bucket := t.Context(), v.a.s3(), &v.parts
	config := v.configObject(t)
	try[*s3.DeleteBucketPolicyOutput](t)(client.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bucket}))
	v.a.empty(t, v.parts)
	try[*s3.DeleteBucketOutput](t)(client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}))
	v.expect("bucket ("+v.parts+")", "missing")
	v.expect(fmt.Sprintf("object (s3://%s/%s)", v.parts, config), "missing")
	v.want = append(v.want, "certificate (browser): never issued")
}

// empty deletes all versions of all objects of a bucket.
func (a *account) empty(t *testing.T, bucket string) {
	t.Helper()
	ctx, client := background(t), a.s3()
	versions := try[*s3.ListObjectVersionsOutput](t)(client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &bucket}))
	var ids []s3types.ObjectIdentifier
	for _, o := range versions.Versions {
		ids = append(ids, s3types.ObjectIdentifier{Key: o.Key, VersionId: o.VersionId})
	}
	for _, m := range versions.DeleteMarkers {
		ids = append(ids, s3types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	if len(ids) > 0 {
		try[*s3.DeleteObjectsOutput](t)(client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &s3types.Delete{Objects: ids}}))
	}
}
