package certificate

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

const secretARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fargatedirect-prod/a/certificate-AbCdEf"

var quiet = slog.New(slog.DiscardHandler)

// aws answers each request like the services that have nothing to say, and
// remembers who signed the last one.
type aws struct {
	asked  atomic.Int32
	signed atomic.Value
}

func (a *aws) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.signed.Store(r.Header.Get("Authorization"))
	a.asked.Add(1)
	w.Header().Set("X-Amz-Bucket-Region", "us-west-2")
	w.WriteHeader(http.StatusMovedPermanently)
	_, _ = io.WriteString(w, "<Error><Code>PermanentRedirect</Code></Error>")
}

// fargate sets the environment of a container on Fargate with a task role. What
// is asked of EC2's metadata is counted.
func fargate(t *testing.T) (api, ec2 *aws) {
	t.Helper()
	api, ec2 = &aws{}, &aws{}
	service, instance := httptest.NewServer(api), httptest.NewServer(ec2)
	t.Cleanup(service.Close)
	t.Cleanup(instance.Close)
	role := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"AccessKeyId":"ROLE","SecretAccessKey":"x","Token":"y","Expiration":"`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`)
	}))
	t.Cleanup(role.Close)
	for _, name := range credentialVariables {
		t.Setenv(name, "")
	}
	for name, value := range map[string]string{
		"AWS_EXECUTION_ENV": "AWS_ECS_FARGATE", "AWS_REGION": "eu-west-2", "AWS_CONTAINER_CREDENTIALS_FULL_URI": role.URL,
		"AWS_ENDPOINT_URL": service.URL, "AWS_EC2_METADATA_SERVICE_ENDPOINT": instance.URL,
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "HOME": "",
	} {
		t.Setenv(name, value)
	}
	return api, ec2
}

// The secret's ARN says where it is; a bucket is in the task's region. The
// setting has the last word.
func TestRegion(t *testing.T) {
	for name, test := range map[string]struct {
		settings settings.Settings
		want     string
	}{
		"secret":               {settings.Settings{SecretARN: secretARN}, "/eu-central-1/secretsmanager/"},
		"secret, as told":      {settings.Settings{SecretARN: secretARN, Region: "eu-north-1"}, "/eu-north-1/secretsmanager/"},
		"bucket of the region": {settings.Settings{Bucket: "certs", Prefix: "a/"}, "/eu-west-2/s3/"},
		"bucket, as told":      {settings.Settings{Bucket: "certs", Prefix: "a/", Region: "us-west-2"}, "/us-west-2/s3/"},
	} {
		t.Run(name, func(t *testing.T) {
			api, ec2 := fargate(t)
			source, err := Source(t.Context(), test.settings)
			if err != nil {
				t.Fatal(err)
			}
			_, err = certreader.New(t.Context(), source, certreader.Options{Timeout: time.Millisecond, Logger: quiet})
			for api.asked.Load() == 0 { // a machine that is slow has it end too soon
				_, err = certreader.New(t.Context(), source, certreader.Options{Timeout: time.Second, Logger: quiet})
			}
			if signed, _ := api.signed.Load().(string); err == nil || !strings.Contains(signed, "Credential=ROLE/") || !strings.Contains(signed, test.want) {
				t.Errorf("signed %q, error %v; want %s", signed, err, test.want)
			}
			if ec2.asked.Load() > 0 {
				t.Error("EC2 was asked, which Fargate is not")
			}
		})
	}
}

// With the secret in the environment nothing of AWS is needed, nor asked, nor
// even configured.
func TestSecretNeedsNoAWS(t *testing.T) {
	api, ec2 := fargate(t)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "not a value that the SDK takes")
	pair := proxytest.NewAuthority().Issue(nil)
	s := settings.Settings{Secret: pair.Secret(), Domain: proxytest.Domain + "."}
	source, err := Source(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := certreader.New(t.Context(), source, Options(s, quiet))
	if err != nil || reader.Serving().Serial != pair.Serial {
		t.Fatalf("error %v", err)
	}
	if api.asked.Load()+ec2.asked.Load() > 0 {
		t.Error("AWS was asked")
	}
}

func TestSourceRefused(t *testing.T) {
	bucket := settings.Settings{Bucket: "certs", Prefix: "a/"}
	for name, test := range map[string]struct {
		settings settings.Settings
		unset    string
		want     string
	}{
		"no role":          {bucket, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "the task has no role. Set the task definition's taskRoleArn"},
		"no region":        {bucket, "AWS_REGION", "no region is known: set -region"},
		"a secret's name":  {settings.Settings{SecretARN: "fargatedirect-prod/a/certificate"}, "", "is not the ARN of a secret"},
		"an ARN of others": {settings.Settings{SecretARN: "arn:aws:ssm:eu-west-2:123456789012:parameter/a"}, "", "is not the ARN of a secret"},
	} {
		t.Run(name, func(t *testing.T) {
			api, ec2 := fargate(t)
			if test.unset != "" {
				t.Setenv(test.unset, "")
			}
			if _, err := Source(t.Context(), test.settings); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("it says %v, want %q", err, test.want)
			}
			if api.asked.Load()+ec2.asked.Load() > 0 {
				t.Error("AWS was asked")
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings settings.Settings
		want     []string
	}{
		"nothing said":     {settings.Settings{}, nil},
		"domain":           {settings.Settings{Domain: "tasks.example.com."}, []string{"*.tasks.example.com"}},
		"names":            {settings.Settings{Names: []string{"a.example.com"}, Domain: "tasks.example.com"}, []string{"a.example.com"}},
		"names, no domain": {settings.Settings{Names: []string{"a.example.com"}}, []string{"a.example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Options(test.settings, quiet).Names; !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
