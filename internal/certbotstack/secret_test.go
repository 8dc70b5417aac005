package certbotstack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/callerpolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy/iamtest"
)

const (
	webSecretARN = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:fargatedirect-prod-a742f20be1cc/web/certificate-x7GhT9"
	secretKey    = "arn:aws:kms:eu-west-2:123456789012:key/k"
)

// secretSpec is testSpec with a secret for "web", and one for "tasks" too where
// it is guarded.
func secretSpec(guarded bool) Spec {
	s := testSpec()
	web := s.Certificates["web"]
	web.SecretsManager = true
	s.Certificates["web"] = web
	if guarded {
		tasks := s.Certificates["tasks"]
		tasks.SecretsManager = true
		s.Certificates["tasks"] = tasks
		s.KMSKeyARN = secretKey
		s.ReaderRoleARNs = []string{"arn:aws:iam::123456789012:role/web", "arn:aws:iam::123456789012:role/execution"}
	}
	return s
}

func TestSecretPolicies(t *testing.T) {
	t.Parallel()
	plain, guarded := secretSpec(false), secretSpec(true)
	for name, text := range map[string]string{
		"secret":            plain.SecretPolicy().JSON(),
		"secret_guarded":    guarded.SecretPolicy().JSON(),
		"secret_role":       iampolicy.New(guarded.secretStatements()...).JSON(),
		"secret_caller":     callerpolicy.Document(plain.secretGrants()).JSON(),
		"execution":         plain.ExecutionPolicy(webSecretARN).JSON(),
		"execution_guarded": guarded.ExecutionPolicy(webSecretARN).JSON(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			isGolden(t, name, text)
		})
	}
}

// An execution role gets one secret and nothing else, and the function cannot
// read what it writes.
func TestWhoMayUseSecrets(t *testing.T) {
	t.Parallel()
	guarded := secretSpec(true)
	execution, role := guarded.ExecutionPolicy(webSecretARN), guarded.RolePolicy()
	tasks := strings.Replace(guarded.secretARN("tasks"), "??????", "a1b2c3", 1)
	web := strings.Replace(guarded.secretARN("web"), "??????", "a1b2c3", 1)
	bucket := guarded.Scope.BucketARN(guarded.BucketName())
	for _, test := range []struct {
		who              iampolicy.Document
		action, resource string
		context          string
		want             bool
	}{
		{execution, "secretsmanager:GetSecretValue", webSecretARN, "", true},
		{execution, "secretsmanager:GetSecretValue", tasks, "", false},
		{execution, "secretsmanager:GetSecretValue", web, "", false},
		{execution, "secretsmanager:PutSecretValue", webSecretARN, "", false},
		{execution, "s3:GetObject", bucket + "/web/key.pem", "", false},
		{execution, "kms:Decrypt", secretKey, webSecretARN, true},
		{execution, "kms:Decrypt", secretKey, tasks, false},
		{execution, "kms:Decrypt", secretKey, "", false},
		{role, "secretsmanager:PutSecretValue", web, "", true},
		{role, "secretsmanager:DescribeSecret", tasks, "", true},
		{role, "secretsmanager:GetSecretValue", web, "", false},
		{role, "secretsmanager:DeleteSecret", web, "", false},
		{role, "secretsmanager:PutSecretValue", web + "-a1b2c3", "", false},
		{role, "secretsmanager:PutSecretValue", "arn:aws:secretsmanager:eu-west-2:123456789012:secret:other-a1b2c3", "", false},
		{secretSpec(false).RolePolicy(), "secretsmanager:PutSecretValue", tasks, "", false},
	} {
		request := iamtest.Request{Action: test.action, Resource: test.resource}
		if test.context != "" {
			request.Context = map[string][]string{"kms:EncryptionContext:SecretARN": {test.context}}
		}
		if got, err := iamtest.Allows(test.who, request); err != nil || got != test.want {
			t.Errorf("%s on %s (%s): %v, error %v; want %v", test.action, test.resource, test.context, got, err, test.want)
		}
	}
}

// Whatever the key, a secret's name does not end as an ARN does, and names
// nothing that Secrets Manager refuses.
func TestSecretNames(t *testing.T) {
	t.Parallel()
	s := testSpec()
	s.Scope.Name = strings.Repeat("n", 32)
	for _, key := range []string{"web", "web-server", "a-bcdefg", "-", strings.Repeat("k", 64)} {
		s.Certificates = map[string]Certificate{key: {SecretsManager: true}}
		name := s.SecretName(key)
		if !regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`).MatchString(name) || regexp.MustCompile(`-.{6}$`).MatchString(name) {
			t.Errorf("%s is no good name", name)
		}
		if !strings.HasPrefix(name, s.Scope.Physical()+"/") {
			t.Errorf("%s is not one of ours", name)
		}
	}
	if name := testSpec().SecretName("web"); name != "" {
		t.Errorf("a certificate without a secret has %s", name)
	}
}

// A certificate that needs no secret any more leaves it behind, which is then
// deleted, and the function is not told of it.
func TestSecretParts(t *testing.T) {
	t.Parallel()
	with, without := secretSpec(false), testSpec()
	gone := with.Stack(&awsclient.Clients{}).Without(without.Stack(&awsclient.Clients{}))
	var names []string
	for _, p := range slices.Concat(gone.Stages...) {
		names = append(names, p.String())
	}
	if want := "secret (" + with.SecretName("web") + ")"; !slices.Contains(names, want) {
		t.Errorf("%q lacks %s", names, want)
	}
	for want, s := range map[string]Spec{with.SecretName("web"): with, "": without} {
		config, _, _ := s.Config()
		for _, c := range config.Certificates {
			if c.Key == "web" && c.Secret != want || c.Key != "web" && c.Secret != "" {
				t.Errorf("the function is told the secret %q of %s, want %q", c.Secret, c.Key, want)
			}
		}
	}
}

// pointers is a bucket with pointers alone.
type pointers map[string]certbot.Pointer

func (b pointers) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	p, ok := b[*in.Key]
	if !ok {
		return nil, &s3types.NoSuchKey{}
	}
	text, err := json.Marshal(p)
	return &s3.GetObjectOutput{Body: io.NopCloser(strings.NewReader(string(text)))}, err
}

func (b pointers) ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	return nil, errors.New("nothing needs to be listed")
}

// described is a Secrets Manager with one answer.
type described struct {
	out *secretsmanager.DescribeSecretOutput
	err error
}

func (d described) DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	return d.out, d.err
}

// TestUndelivered covers all that a secret may be in.
func TestUndelivered(t *testing.T) {
	t.Parallel()
	pointer := func(version string) certbot.Pointer {
		return certbot.Pointer{
			Version:     version,
			Key:         certbot.PointedObject{ObjectKey: certbot.VersionObject("web/", version, certbot.KeyObject), SHA256: "k" + version},
			Certificate: certbot.PointedObject{ObjectKey: certbot.VersionObject("web/", version, certbot.CertificateObject), SHA256: "c" + version},
		}
	}
	inForce := pointers{"web/current.json": pointer("2")}
	holding := func(version string) *secretsmanager.DescribeSecretOutput {
		p := pointer(version)
		return &secretsmanager.DescribeSecretOutput{VersionIdsToStages: map[string][]string{
			"something-else": {"AWSPREVIOUS"}, p.SecretVersion("something-else"): {"AWSCURRENT", "mine"},
		}}
	}
	for name, test := range map[string]struct {
		store pointers
		api   described
		want  string
		fails bool
	}{
		"delivered":          {inForce, described{out: holding("2")}, "", false},
		"the version before": {inForce, described{out: holding("1")}, "does not hold version 2, which is in force", false},
		"no value":           {inForce, described{out: &secretsmanager.DescribeSecretOutput{}}, "does not hold version 2", false},
		"nothing in force":   {pointers{}, described{err: errors.New("not asked")}, "", false},
		"absent":             {inForce, described{err: &types.ResourceNotFoundException{}}, "", false},
		"being deleted":      {inForce, described{out: &secretsmanager.DescribeSecretOutput{DeletedDate: aws.Time(time.Now())}}, "", false},
		"denied":             {inForce, described{err: errors.New("denied")}, "", true},
		"broken pointer":     {pointers{"web/current.json": {Version: "2"}}, described{}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := secretSpec(false).Undelivered(t.Context(), test.store, test.api)
			if (err != nil) != test.fails {
				t.Fatalf("error %v", err)
			}
			if text := strings.Join(got, "\n"); test.want == "" && text != "" || !strings.Contains(text, test.want) {
				t.Errorf("told %q, want %q", text, test.want)
			}
		})
	}
}
