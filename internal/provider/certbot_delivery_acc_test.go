package provider_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	tfstate "github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy/iamtest"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// TestAccCertbot_secret proves that a certificate is in its secret as it is in
// the bucket, whatever happens to either, that an execution role with the
// answered policy gets it and nothing else, and that the documented policy is
// enough for the caller.
func TestAccCertbot_secret(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	u := a.user(t)
	s := &secretTest{account: a, user: u, name: a.certbotParts("prod") + "/browser/certificate", parts: a.certbotParts("prod")}
	spec := certbotstack.Spec{
		Scope:        a.scope(names.KindCertbot),
		Certificates: map[string]certbotstack.Certificate{"browser": {SecretsManager: true}},
		HostedZoneID: a.zoneID, IAMPath: "/",
	}
	s.caller = spec.CallerPolicy()
	config := func(flag string) string {
		return u.config(strings.Replace(a.certbot("force_destroy = true\ntags = { team = \"a\" }"), `profile = "default"`, `profile = "default", `+flag, 1))
	}
	with, without := config("secrets_manager = true"), config("secrets_manager = false")
	step := func(config string, plan resource.ConfigPlanChecks, before func()) resource.TestStep {
		return resource.TestStep{PreConfig: before, Config: config, ConfigPlanChecks: plan, Check: s.take}
	}
	var first string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			step(with, resource.ConfigPlanChecks{}, func() { u.allow(t, s.caller) }),
			importedByName(),
			step(with, unchanged, func() {
				first = s.delivered(t)
				s.onlyFor(t)
				s.run(t, `{"force":true,"trigger":"manual"}`)
				if second := s.delivered(t); second == first {
					t.Error("a forced renewal delivered nothing")
				}
				s.run(t, `{"rollback":"browser","trigger":"manual"}`)
				is(t, "the secret after a rollback", s.delivered(t), first)
			}),
			step(with, inPlace, func() { s.change(t) }),
			step(with, inPlace, func() {
				s.delivered(t)
				s.delete(t, &secretsmanager.DeleteSecretInput{RecoveryWindowInDays: aws.Int64(7)})
			}),
			step(with, resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(certbotAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(certbotAddress, tfjsonpath.New("secret_arns").AtMapKey("browser")),
			}}, func() {
				s.delivered(t)
				s.delete(t, &secretsmanager.DeleteSecretInput{ForceDeleteWithoutRecovery: aws.Bool(true)})
			}),
			step(without, inPlace, func() { is(t, "the secret that was made anew", s.delivered(t), first) }),
			step(with, inPlace, func() {
				if arns := s.arns; len(arns) > 0 || s.describe(t) != nil {
					t.Errorf("the secret stays, with the ARNs %v", arns)
				}
				is(t, "the certificate in the bucket", a.pair(t, s.parts, "browser/", "*."+a.domain).serial, first)
			}),
			step(with, unchanged, func() { is(t, "the secret that is wanted again", s.delivered(t), first) }),
		},
	})
}

// secretTest is the secret of a test.
type secretTest struct {
	*account
	user        *user
	caller      iampolicy.Document
	name, parts string
	// arns and policy are the results in the state: the ARNs by key, and the
	// policy of the one certificate.
	arns   map[string]string
	policy string
}

// take remembers the results.
func (s *secretTest) take(state *tfstate.State) error {
	attributes := state.RootModule().Resources[certbotAddress].Primary.Attributes
	s.arns, s.policy = map[string]string{}, attributes["execution_policy_json.browser"]
	for name, value := range attributes {
		if key, ok := strings.CutPrefix(name, "secret_arns."); ok && key != "%" {
			s.arns[key] = value
		}
	}
	return nil
}

func (s *secretTest) client() *secretsmanager.Client { return secretsmanager.NewFromConfig(s.aws) }

// describe describes the secret; nil if there is none.
func (s *secretTest) describe(t *testing.T) *secretsmanager.DescribeSecretOutput {
	t.Helper()
	out, err := s.client().DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &s.name})
	if awserr.Is(err, "ResourceNotFoundException") {
		return nil
	}
	return try[*secretsmanager.DescribeSecretOutput](t)(out, err)
}

func (s *secretTest) run(t *testing.T, payload string) {
	t.Helper()
	if failed := s.invoke(t, s.parts, payload); failed != "" {
		t.Fatal(failed)
	}
}

// delivered checks that the secret of the state's ARN holds a valid pair, the
// one that is in the bucket, and answers its version.
func (s *secretTest) delivered(t *testing.T) string {
	t.Helper()
	stored := s.pair(t, s.parts, "browser/", "*."+s.domain)
	if keys := slices.Collect(maps.Keys(s.arns)); !slices.Equal(keys, []string{"browser"}) {
		t.Fatalf("there are ARNs for %q", keys)
	}
	arn := s.arns["browser"]
	out := try[*secretsmanager.GetSecretValueOutput](t)(s.client().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn}))
	is(t, "the secret's ARN", aws.ToString(out.ARN), arn)
	var members map[string]string
	if err := json.Unmarshal([]byte(aws.ToString(out.SecretString)), &members); err != nil {
		t.Fatal(err)
	}
	is(t, "the secret's version", members["version"], stored.serial)
	for member, object := range map[string]string{"private_key": "browser/key.pem", "certificate": "browser/cert.pem"} {
		body, _, err := s.object(t.Context(), s.parts, object)
		if err != nil || members[member] != string(body) {
			t.Errorf("%s is not %s, error %v", member, object, err)
		}
	}
	return members["version"]
}

// onlyFor checks who gets the secret: the execution role and nobody else, not
// even the caller of Terraform; and that nobody but the function writes it.
func (s *secretTest) onlyFor(t *testing.T) {
	t.Helper()
	defer s.user.allow(t, s.caller)
	var policy iampolicy.Document
	if err := json.Unmarshal([]byte(s.policy), &policy); err != nil {
		t.Fatal(err)
	}
	arn, key := s.arns["browser"], "arn:aws:s3:::"+s.parts+"/browser/key.pem"
	all := iampolicy.New(iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{"secretsmanager:*"}, Resource: []string{"*"}})
	config := s.aws.Copy()
	config.Credentials = credentials.NewStaticCredentialsProvider(s.user.accessKey, "test", "")
	secrets, objects := secretsmanager.NewFromConfig(config), s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	read := func() error {
		_, err := secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn})
		return err
	}
	write := func() error {
		_, err := secrets.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &arn, SecretString: aws.String("mine")})
		return err
	}
	readKey := func() error {
		_, err := objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.parts, Key: aws.String("browser/key.pem")})
		return err
	}
	for _, test := range []struct {
		who    iampolicy.Document
		what   string
		do     func() error
		denied bool
	}{
		{policy, "an execution role reads the secret", read, false},
		{policy, "an execution role writes the secret", write, true},
		{policy, "an execution role reads the key in the bucket", readKey, true},
		{s.caller, "the caller of Terraform reads the secret", read, true},
		{iampolicy.New(), "a task role without a policy reads the secret", read, true},
		{iampolicy.New(), "a task role without a policy reads the key in the bucket", readKey, true},
		{all, "an administrator of secrets writes the secret", write, true},
	} {
		if len(test.who.Statement) > 0 {
			s.user.allow(t, test.who)
		} else {
			s.user.allow(t)
		}
		if err := test.do(); awserr.IsAccessDenied(err) != test.denied || err != nil && !test.denied {
			t.Errorf("%s: error %v", test.what, err)
		}
	}
	for request, want := range map[iamtestRequest]bool{
		{"secretsmanager:GetSecretValue", arn}: true, {"secretsmanager:GetSecretValue", arn[:len(arn)-6] + "AbCdEf"}: false,
		{"secretsmanager:PutSecretValue", arn}: false, {"secretsmanager:DescribeSecret", arn}: false, {"s3:GetObject", key}: false,
	} {
		if got, err := iamtest.Allows(policy, iamtest.Request{Action: request.action, Resource: request.resource}); err != nil || got != want {
			t.Errorf("an execution role may %s on %s: %v, error %v", request.action, request.resource, got, err)
		}
	}
}

type iamtestRequest struct{ action, resource string }

// change changes all that can be changed of the secret, its value included.
func (s *secretTest) change(t *testing.T) {
	t.Helper()
	ctx, client := t.Context(), s.client()
	try[*secretsmanager.DeleteResourcePolicyOutput](t)(client.DeleteResourcePolicy(ctx, &secretsmanager.DeleteResourcePolicyInput{SecretId: &s.name}))
	try[*secretsmanager.UpdateSecretOutput](t)(client.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: &s.name, Description: aws.String("mine")}))
	try[*secretsmanager.PutSecretValueOutput](t)(client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &s.name, SecretString: aws.String("mine")}))
	try[*secretsmanager.TagResourceOutput](t)(client.TagResource(ctx, &secretsmanager.TagResourceInput{
		SecretId: &s.name, Tags: []smtypes.Tag{{Key: aws.String("team"), Value: aws.String("b")}, {Key: aws.String("more"), Value: aws.String("c")}},
	}))
}

func (s *secretTest) delete(t *testing.T, in *secretsmanager.DeleteSecretInput) {
	t.Helper()
	in.SecretId = &s.name
	try[*secretsmanager.DeleteSecretOutput](t)(s.client().DeleteSecret(t.Context(), in))
}
