package localcloud_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// TestIAMSecrets shows that a secret that exists is known by its ARN with six
// characters of AWS's own, and one that does not by its name alone; and that
// its own policy counts.
func TestIAMSecrets(t *testing.T) {
	t.Parallel()
	const account, denied = "210987654324", "AccessDeniedException"
	const arn = "arn:aws:secretsmanager:us-east-1:" + account + ":secret:"
	admin := secretsmanager.NewFromConfig(cloud.Account(account))
	arns := map[string]*string{}
	for _, name := range []string{"own", "other", "closed"} {
		out, err := admin.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(name), SecretString: aws.String("x")})
		if err != nil {
			t.Fatal(err)
		}
		arns[name] = out.ARN
	}
	if _, err := admin.PutResourcePolicy(t.Context(), &secretsmanager.PutResourcePolicyInput{
		SecretId:       aws.String("closed"),
		ResourcePolicy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`),
	}); err != nil {
		t.Fatal(err)
	}
	_, config := asUser(t, account, "keeper", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"secretsmanager:*","Resource":["`+arn+`own-??????","`+arn+`closed-??????"]},
		{"Effect":"Allow","Action":["secretsmanager:CreateSecret"],"Resource":["`+arn+`new","`+arn+`untagged","`+arn+`tagged"]},
		{"Effect":"Allow","Action":["secretsmanager:TagResource"],"Resource":"`+arn+`new"}]}`)
	client := secretsmanager.NewFromConfig(config)
	read := func(id *string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: id})
			return err
		}
	}
	create := func(name string, tags ...smtypes.Tag) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String(name), Tags: tags})
			return err
		}
	}
	tag := smtypes.Tag{Key: aws.String("a"), Value: aws.String("b")}
	checkAccesses(t, map[string]access{
		"own":                  {read(aws.String("own")), ""},
		"own by its ARN":       {read(arns["own"]), ""},
		"another":              {read(aws.String("other")), denied},
		"another by its ARN":   {read(arns["other"]), denied},
		"absent":               {read(aws.String("own2")), denied},
		"closed by its policy": {read(aws.String("closed")), denied},
		"new":                  {create("new", tag), ""},
		"new without a tag":    {create("untagged"), ""},
		"new with a tag":       {create("tagged", tag), denied},
		"new of another name":  {create("own3"), denied},
	})
}
