package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

// vandalPolicy is the name of a managed policy that the vandal attaches.
const vandalPolicy = "vandal"

// vandal damages the parts of a certbot, and keeps what a plan is to say.
type vandal struct {
	a     *account
	parts string
	want  []string
}

// expect notes what the plan is to say of a part.
func (v *vandal) expect(part string, sentences ...string) {
	for _, s := range sentences {
		v.want = append(v.want, part+": "+s)
	}
}

// try ends the test if a call failed. It takes what the SDK's calls answer.
func try[T any](t *testing.T) func(out T, err error) T {
	t.Helper()
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// changeSettings changes one setting, or several, of each part.
func (v *vandal) changeSettings(t *testing.T) {
	v.changeBucket(t)
	v.changeRole(t)
	v.changeFunction(t)
	ctx, a := t.Context(), v.a
	topic := fmt.Sprintf("arn:aws:sns:%s:%s:%s", cloud.Region, a.id, v.parts)
	open := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":%q}]}`, topic)
	topics := sns.NewFromConfig(a.aws)
	try[*sns.SetTopicAttributesOutput](t)(topics.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &topic, AttributeName: aws.String("Policy"), AttributeValue: &open}))
	try[*sns.TagResourceOutput](t)(topics.TagResource(ctx, &sns.TagResourceInput{ResourceArn: &topic, Tags: []snstypes.Tag{{Key: aws.String("team"), Value: aws.String("b")}}}))
	v.expect("topic ("+v.parts+")", "the policy differs", `tag team is "b", want "a"`)

	group := "/aws/lambda/" + v.parts
	logs := cloudwatchlogs.NewFromConfig(a.aws)
	try[*cloudwatchlogs.PutRetentionPolicyOutput](t)(logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(1)}))
	try[*cloudwatchlogs.UntagResourceOutput](t)(logs.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{
		ResourceArn: aws.String(fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", cloud.Region, a.id, group)), TagKeys: []string{"team"},
	}))
	v.expect("log group ("+group+")", "retention is 1 days, want 30 days", `tag team is missing, want "a"`)

	events := eventbridge.NewFromConfig(a.aws)
	try[*eventbridge.PutRuleOutput](t)(events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &v.parts, ScheduleExpression: aws.String("rate(1 day)"), State: eventstypes.RuleStateDisabled}))
	try[*eventbridge.PutTargetsOutput](t)(events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &v.parts, Targets: []eventstypes.Target{
		{Id: aws.String("function"), Arn: aws.String(v.functionARN()), Input: aws.String(`{"force":true}`)},
		{Id: aws.String("stray"), Arn: aws.String(v.functionARN())},
	}}))
	v.expect("EventBridge rule ("+v.parts+")", "the rule is disabled", `description is "", want "Starts the renewal of fargatedirect_certbot prod"`,
		`schedule is "rate(1 day)", want "rate(12 hours)"`, "the input of target function differs", "target stray is not wanted")
	v.overwriteConfig(t)
}

func (v *vandal) functionARN() string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", cloud.Region, v.a.id, v.parts)
}

func (v *vandal) changeBucket(t *testing.T) {
	ctx, client, bucket := t.Context(), v.a.s3(), &v.parts
	try[*s3.DeletePublicAccessBlockOutput](t)(client.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: bucket}))
	try[*s3.PutBucketOwnershipControlsOutput](t)(client.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: bucket, OwnershipControls: &s3types.OwnershipControls{
		Rules: []s3types.OwnershipControlsRule{{ObjectOwnership: s3types.ObjectOwnershipObjectWriter}},
	}}))
	try[*s3.PutBucketVersioningOutput](t)(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusSuspended}}))
	try[*s3.PutBucketEncryptionOutput](t)(client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
		Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAwsKms}}},
	}}))
	try[*s3.PutBucketLifecycleConfigurationOutput](t)(client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: bucket, LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{
		Rules: []s3types.LifecycleRule{{ID: aws.String("mine"), Status: s3types.ExpirationStatusEnabled, Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("")}, Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(1)}}},
	}}))
	try[*s3.DeleteBucketPolicyOutput](t)(client.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bucket}))
	try[*s3.PutBucketTaggingOutput](t)(client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: bucket, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{
		{Key: aws.String("fargatedirect:resource"), Value: aws.String("certbot/prod")}, {Key: aws.String("stray"), Value: aws.String("x")},
	}}}))
	v.expect("bucket ("+v.parts+")", "public access is not blocked", "object ownership is ObjectWriter, want BucketOwnerEnforced", "versioning is Suspended, want Enabled",
		`encryption is aws:kms with the key "" and without a bucket key, want AES256`, "the lifecycle rule abort-incomplete-uploads is missing",
		"the lifecycle rule expire-noncurrent-versions is missing", "has the additional lifecycle rule mine", "the policy is missing", `tag team is missing, want "a"`, `tag stray is "x", want none`)
	// The policy would have forbidden this.
	try[*s3.DeleteObjectOutput](t)(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("browser/cert.pem")}))
	v.want = append(v.want, fmt.Sprintf("certificate (browser): browser/cert.pem missing in bucket %s", v.parts))
}

func (v *vandal) changeRole(t *testing.T) {
	ctx, client, role := t.Context(), iam.NewFromConfig(v.a.aws), &v.parts
	all := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	anybody := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)
	managed := try[*iam.CreatePolicyOutput](t)(client.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String(vandalPolicy), PolicyDocument: all}))
	arn := managed.Policy.Arn
	t.Cleanup(func() {
		try[*iam.DeletePolicyOutput](t)(client.DeletePolicy(background(t), &iam.DeletePolicyInput{PolicyArn: arn}))
	})
	try[*iam.AttachRolePolicyOutput](t)(client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: arn}))
	try[*iam.PutRolePolicyOutput](t)(client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("function"), PolicyDocument: all}))
	try[*iam.PutRolePolicyOutput](t)(client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("stray"), PolicyDocument: all}))
	try[*iam.UpdateAssumeRolePolicyOutput](t)(client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: anybody}))
	try[*iam.UpdateRoleOutput](t)(client.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: role, Description: aws.String("mine")}))
	try[*iam.PutRolePermissionsBoundaryOutput](t)(client.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: role, PermissionsBoundary: arn}))
	try[*iam.UntagRoleOutput](t)(client.UntagRole(ctx, &iam.UntagRoleInput{RoleName: role, TagKeys: []string{"team"}}))
	v.expect("role ("+v.parts+")", fmt.Sprintf(`permissions boundary is %q, want ""`, *arn), "the trust policy differs", "has the additional policy stray", "has the additional policy "+*arn,
		"the policy differs", `description is "mine", want "Role of the renewal function of fargatedirect_certbot prod"`, `tag team is missing, want "a"`)
}

func (v *vandal) changeFunction(t *testing.T) {
	ctx, client, name := t.Context(), lambda.NewFromConfig(v.a.aws), &v.parts
	other, err := lambdas.Load(lambdas.TaskDNS, cloud.Architecture())
	if err != nil {
		t.Fatal(err)
	}
	have := try[*lambda.GetFunctionConfigurationOutput](t)(client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: name}))
	settled := func() {
		waiter := lambda.NewFunctionUpdatedV2Waiter(client, func(o *lambda.FunctionUpdatedV2WaiterOptions) { o.MinDelay = 100 * time.Millisecond })
		if err := waiter.Wait(ctx, &lambda.GetFunctionInput{FunctionName: name}, time.Minute); err != nil {
			t.Error(err)
		}
	}
	try[*lambda.UpdateFunctionConfigurationOutput](t)(client.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: name, MemorySize: aws.Int32(512), Timeout: aws.Int32(60), Description: aws.String("mine"),
		Environment: &lambdatypes.Environment{Variables: map[string]string{"CONFIG_BUCKET": "other", "CONFIG_KEY": have.Environment.Variables["CONFIG_KEY"], "STRAY": "x"}},
	}))
	settled()
	try[*lambda.UpdateFunctionCodeOutput](t)(client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: name, ZipFile: other.Zip}))
	settled()
	try[*lambda.PutFunctionEventInvokeConfigOutput](t)(client.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{FunctionName: name, MaximumRetryAttempts: aws.Int32(1), MaximumEventAgeInSeconds: aws.Int32(60)}))
	try[*lambda.TagResourceOutput](t)(client.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(v.functionARN()), Tags: map[string]string{"stray": "x"}}))
	v.expect("Lambda function ("+v.parts+")", `description is "mine", want "Obtains and renews the certificates of fargatedirect_certbot prod"`, "memory is 512 MB, want 256 MB", "timeout is 60 s, want 900 s",
		"environment variable CONFIG_BUCKET differs", "environment variable CONFIG_SHA256 is missing", "environment variable STRAY is set, want none",
		fmt.Sprintf("the code differs (sha256 %s, want %s)", other.SHA256, aws.ToString(have.CodeSha256)),
		"asynchronous retries are 1, want 0", "the maximum age of asynchronous events is 60 s, want 3600 s", `tag stray is "x", want none`)

	try[*lambda.RemovePermissionOutput](t)(client.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: name, StatementId: aws.String("schedule")}))
	try[*lambda.AddPermissionOutput](t)(client.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: name, StatementId: aws.String("schedule"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("*")}))
	v.expect(v.permission(), "the permission differs")
}

func (v *vandal) permission() string { return "permission (schedule of function " + v.parts + ")" }

// configObject is the function's configuration.
func (v *vandal) configObject(t *testing.T) string {
	for _, key := range v.a.objects(t, v.parts) {
		if strings.HasPrefix(key, "config/") {
			return key
		}
	}
	t.Fatal("there is no configuration in the bucket")
	return ""
}

func (v *vandal) overwriteConfig(t *testing.T) {
	key := v.configObject(t)
	try[*s3.PutObjectOutput](t)(v.a.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &v.parts, Key: &key, Body: strings.NewReader("{}"), ContentType: aws.String("text/plain")}))
	v.expect(fmt.Sprintf("object (s3://%s/%s)", v.parts, key), "content differs", `content type is "text/plain", want "application/json"`)
}
