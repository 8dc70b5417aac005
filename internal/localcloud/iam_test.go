package localcloud_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

const anyoneMayAssume = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`

// asRole makes a role with an inline policy and returns what its temporary
// credentials may use.
func asRole(t *testing.T, name, policy string) aws.Config {
	t.Helper()
	config := cloud.Config()
	roles := iam.NewFromConfig(config)
	role, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(anyoneMayAssume)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String(name), PolicyName: aws.String("all"), PolicyDocument: aws.String(policy),
	}); err != nil {
		t.Fatal(err)
	}
	out, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("a-test")})
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	config.Credentials = credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
	return config
}

// wantDenied expects the code with which the service refuses, or, if that is
// empty, that the call was not refused, whatever else became of it.
func wantDenied(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	denied := errors.As(err, &api) && strings.Contains(api.ErrorMessage(), "not authorized")
	if code == "" {
		if denied {
			t.Errorf("denied: %v", err)
		}
		return
	}
	if !denied || api.ErrorCode() != code {
		t.Errorf("error is %v, want %s", err, code)
	}
}

func TestIAMRefusesWhatNoPolicyAllows(t *testing.T) {
	t.Parallel()
	const resource = "arn:aws:%s:us-east-1:000000000000:%s"
	policy := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["ssm:GetParameter"],"Resource":["` + fmt.Sprintf(resource, "ssm", "parameter/iam/own") + `"]},
		{"Effect":"Allow","Action":"sns:Publish","Resource":"` + fmt.Sprintf(resource, "sns", "own") + `"},
		{"Effect":"Allow","Action":"sqs:Send*","Resource":"` + fmt.Sprintf(resource, "sqs", "own-?") + `"},
		{"Effect":"Allow","Action":"ecs:DescribeTasks","Resource":"*","Condition":{"ArnEquals":{"ecs:cluster":["` + fmt.Sprintf(resource, "ecs", "cluster/own") + `"]}}},
		{"Effect":"Allow","Action":"cloudwatch:PutMetricData","Resource":"*","Condition":{"StringEquals":{"cloudwatch:namespace":"own"}}},
		{"Effect":"Allow","Action":"ssm:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"000000000000"}}},
		{"Effect":"Deny","Action":"sqs:SendMessage","Resource":"` + fmt.Sprintf(resource, "sqs", "own-2") + `"}]}`
	config := asRole(t, "refuses", policy)
	measure := func(namespace string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := cloudwatch.NewFromConfig(config).PutMetricData(ctx, &cloudwatch.PutMetricDataInput{
				Namespace: aws.String(namespace), MetricData: []cloudwatchtypes.MetricDatum{{MetricName: aws.String("m"), Value: aws.Float64(1)}},
			})
			return err
		}
	}
	parameters, topics, queues, tasks := ssm.NewFromConfig(config), sns.NewFromConfig(config), sqs.NewFromConfig(config), ecs.NewFromConfig(config)
	send := func(queue string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(cloud.Endpoint + "/queue/us-east-1/000000000000/" + queue), MessageBody: aws.String("x")})
			return err
		}
	}
	get := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := parameters.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name)})
			return err
		}
	}
	publish := func(topic string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := topics.Publish(ctx, &sns.PublishInput{TopicArn: aws.String(fmt.Sprintf(resource, "sns", topic)), Message: aws.String("x")})
			return err
		}
	}
	describe := func(cluster string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := tasks.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: []string{strings.Repeat("0", 32)}})
			return err
		}
	}
	tests := map[string]struct {
		call func(context.Context) error
		code string
	}{
		"allowed parameter":            {get("/iam/own"), ""},
		"another parameter":            {get("/iam/own/more"), "AccessDeniedException"},
		"allowed topic":                {publish("own"), ""},
		"another topic":                {publish("other"), "AuthorizationError"},
		"action by wildcard":           {send("own-1"), ""},
		"denied in spite of allowance": {send("own-2"), "AccessDenied"},
		"another queue":                {send("own-10"), "AccessDenied"},
		"allowed cluster":              {describe("own"), ""},
		"another cluster":              {describe("other"), "AccessDeniedException"},
		"writing": {func(ctx context.Context) error {
			_, err := parameters.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/iam/own"), Value: aws.String("x"), Type: ssmtypes.ParameterTypeString})
			return err
		}, "AccessDeniedException"},
		"another service": {func(ctx context.Context) error {
			_, err := ec2.NewFromConfig(config).DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{})
			return err
		}, "UnauthorizedOperation"},
		"allowed namespace": {measure("own"), ""},
		"another namespace": {measure("other"), "AccessDenied"},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) { wantDenied(t, tt.call(t.Context()), tt.code) })
	}
}

func TestIAMRoute53Conditions(t *testing.T) {
	t.Parallel()
	const prefix = "route53:ChangeResourceRecordSets"
	zone := newZone(t, route53.NewFromConfig(cloud.Config()), "conditions.test")
	config := asRole(t, "conditions", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"`+prefix+`",
		"Resource":"arn:aws:route53:::hostedzone/`+zone+`","Condition":{
		"ForAllValues:StringLike":{"`+prefix+`NormalizedRecordNames":["????.conditions.test","\\052.conditions.test"]},
		"ForAllValues:StringEquals":{"`+prefix+`RecordTypes":["A"],"`+prefix+`Actions":["CREATE","DELETE"]},
		"Null":{"`+prefix+`NormalizedRecordNames":"false"}}}]}`)
	client := route53.NewFromConfig(config)
	const denied = "AccessDenied"
	tests := map[string]struct {
		changes []types.Change
		code    string
	}{
		"allowed":                 {[]types.Change{change(create, recordSet("task.conditions.test", types.RRTypeA, "127.0.0.1"))}, ""},
		"in another spelling":     {[]types.Change{change(create, recordSet("TAS2.conditions.test.", types.RRTypeA, "127.0.0.1"))}, ""},
		"wildcard":                {[]types.Change{change(create, recordSet("*.conditions.test", types.RRTypeA, "127.0.0.1"))}, ""},
		"another name":            {[]types.Change{change(create, recordSet("www.conditions.test", types.RRTypeA, "127.0.0.1"))}, denied},
		"the apex":                {[]types.Change{change(create, recordSet("conditions.test", types.RRTypeA, "127.0.0.1"))}, denied},
		"another type":            {[]types.Change{change(create, recordSet("task.conditions.test", types.RRTypeTxt, `"x"`))}, denied},
		"another action":          {[]types.Change{change(upsert, recordSet("task.conditions.test", types.RRTypeA, "127.0.0.1"))}, denied},
		"one of two is forbidden": {[]types.Change{change(create, recordSet("tas3.conditions.test", types.RRTypeA, "127.0.0.1")), change(create, recordSet("www.conditions.test", types.RRTypeA, "127.0.0.1"))}, denied},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			_, err := submit(t, client, zone, tt.changes...)
			if tt.code == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			wantDenied(t, err, tt.code)
		})
	}
	_, err := client.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone)})
	wantDenied(t, err, denied)
}

func TestIAMBucket(t *testing.T) {
	t.Parallel()
	const bucket = "iam-bucket"
	admin := s3.NewFromConfig(cloud.Config())
	if _, err := admin.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"here/a", "there/a"} {
		if _, err := admin.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
	}
	reader := s3.NewFromConfig(asRole(t, "bucket-reader", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::iam-bucket/*"},
		{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::iam-bucket","Condition":{"StringLike":{"s3:prefix":"here/*"}}}]}`))
	if _, err := admin.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String(bucket), Policy: aws.String(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::iam-bucket/*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/writer"}}},
		{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"arn:aws:s3:::iam-bucket/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`)}); err != nil {
		t.Fatal(err)
	}
	get := func(key string) error {
		_, err := reader.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
		return err
	}
	if err := get("here/a"); err != nil {
		t.Errorf("reading what is there: %v", err)
	}
	var none *s3types.NoSuchKey
	if err := get("here/b"); !errors.As(err, &none) {
		t.Errorf("reading what is not there but may be listed: %v, want NoSuchKey", err)
	}
	wantDenied(t, get("there/b"), "AccessDenied")
	_, err := reader.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("there/b")})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "Forbidden" {
		t.Errorf("HeadObject of what may not be listed: %v, want Forbidden", err)
	}
	_, err = reader.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String("here/a"), Body: strings.NewReader("y")})
	wantDenied(t, err, "AccessDenied")
	list := func(prefix string) error {
		_, err := reader.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(prefix)})
		return err
	}
	if err := list("here/"); err != nil {
		t.Errorf("listing what may be listed: %v", err)
	}
	wantDenied(t, list("there/"), "AccessDenied")
}
