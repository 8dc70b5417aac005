package localcloud_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// asUser makes a user with an inline policy in an account and returns its ARN
// and what its access key may use.
func asUser(t *testing.T, account, name, policy string) (string, aws.Config) {
	t.Helper()
	config := cloud.Account(account)
	users := iam.NewFromConfig(config)
	user, err := users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name, Path: aws.String("/ci/")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := users.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("all"), PolicyDocument: &policy}); err != nil {
		t.Fatal(err)
	}
	key, err := users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	config.Credentials = credentials.NewStaticCredentialsProvider(aws.ToString(key.AccessKey.AccessKeyId), aws.ToString(key.AccessKey.SecretAccessKey), "")
	return aws.ToString(user.User.Arn), config
}

func TestIAMChecksUsers(t *testing.T) {
	t.Parallel()
	const account = "210987654321"
	arn, config := asUser(t, account, "builder", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"sqs:CreateQueue","Resource":"*"},
		{"Effect":"Allow","Action":"sqs:TagQueue","Resource":"arn:aws:sqs:us-east-1:`+account+`:tagged"},
		{"Effect":"Allow","Action":["s3:CreateBucket","s3:PutBucketOwnershipControls"],"Resource":"*"},
		{"Effect":"Allow","Action":["iam:CreateRole","iam:GetRole"],"Resource":"arn:aws:iam::`+account+`:role/apps/*"},
		{"Effect":"Allow","Action":"iam:TagRole","Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"never"}}}]}`)
	who, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(who.Arn) != arn || aws.ToString(who.Account) != account {
		t.Fatalf("the caller is %s, want %s: %v", aws.ToString(who.Arn), arn, err)
	}
	queue := func(name string, tags map[string]string) error {
		_, err := sqs.NewFromConfig(config).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Tags: tags})
		return err
	}
	wantDenied(t, queue("plain", nil), "")
	wantDenied(t, queue("tagged", map[string]string{"a": "b"}), "")
	wantDenied(t, queue("other", map[string]string{"a": "b"}), "AccessDenied")

	bucket := func(name string, tags ...s3types.Tag) error {
		_, err := s3.NewFromConfig(config).CreateBucket(t.Context(), &s3.CreateBucketInput{
			Bucket: &name, ObjectOwnership: s3types.ObjectOwnershipBucketOwnerEnforced,
			CreateBucketConfiguration: &s3types.CreateBucketConfiguration{Tags: tags},
		})
		return err
	}
	wantDenied(t, bucket("users-plain"), "")
	wantDenied(t, bucket("users-tagged", s3types.Tag{Key: aws.String("a"), Value: aws.String("b")}), "AccessDenied")

	role := func(path string, tags ...types.Tag) error {
		_, err := iam.NewFromConfig(config).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("users-role"), Path: &path, AssumeRolePolicyDocument: aws.String(anyoneMayAssume), Tags: tags})
		return err
	}
	wantDenied(t, role("/"), "AccessDenied")
	wantDenied(t, role("/apps/", types.Tag{Key: aws.String("a"), Value: aws.String("b")}), "AccessDenied")
	get := func() error {
		_, err := iam.NewFromConfig(config).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("users-role")})
		return err
	}
	wantDenied(t, get(), "AccessDenied") // a role that is not there has no path
	wantDenied(t, role("/apps/"), "")
	wantDenied(t, get(), "")
}

func TestIAMSimulates(t *testing.T) {
	t.Parallel()
	const account = "210987654322"
	arn, config := asUser(t, account, "asker", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:SimulatePrincipalPolicy","Resource":"arn:aws:iam::`+account+`:user/ci/asker"},
		{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::own-*"},
		{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"},
		{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},
		{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}}]}`)
	context := []types.ContextEntry{{ContextKeyName: aws.String("iam:PassedToService"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{"lambda.amazonaws.com"}}}
	for label, tt := range map[string]struct {
		action, resource string
		context          []types.ContextEntry
		want             string
	}{
		"allowed":           {"s3:CreateBucket", "arn:aws:s3:::own-1", nil, "allowed []"},
		"another resource":  {"s3:CreateBucket", "arn:aws:s3:::other", nil, "implicitDeny []"},
		"denied":            {"s3:DeleteBucket", "arn:aws:s3:::own-1", nil, "explicitDeny []"},
		"condition met":     {"iam:PassRole", "arn:aws:iam::" + account + ":role/r", context, "allowed []"},
		"condition unknown": {"iam:PassRole", "arn:aws:iam::" + account + ":role/r", nil, "implicitDeny [iam:PassedToService]"},
	} {
		t.Run(label, func(t *testing.T) {
			out, err := iam.NewFromConfig(config).SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{
				PolicySourceArn: &arn, ActionNames: []string{tt.action}, ResourceArns: []string{tt.resource}, ContextEntries: tt.context,
			})
			if err != nil || len(out.EvaluationResults) != 1 {
				t.Fatalf("got %v, %v", out, err)
			}
			r := out.EvaluationResults[0]
			if got := fmt.Sprint(r.EvalDecision, " ", r.MissingContextValues); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	_, err := iam.NewFromConfig(config).SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String(strings.Replace(arn, "asker", "somebody", 1)), ActionNames: []string{"s3:CreateBucket"},
	})
	wantDenied(t, err, "AccessDenied")
}
