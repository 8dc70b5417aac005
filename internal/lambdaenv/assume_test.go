package lambdaenv

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestAssumeAsksOnceForItsCredentials(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_ = r.ParseForm()
		for name, want := range map[string]string{
			"Action": "AssumeRole", "RoleArn": "arn:aws:iam::999988887777:role/dns", "ExternalId": "x1", "RoleSessionName": "fargatedirect-task_dns-web",
		} {
			if got := r.Form.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if !strings.Contains(r.Header.Get("Authorization"), "Credential=AKIAOWN/") {
			t.Errorf("signed as %q", r.Header.Get("Authorization"))
		}
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
			<AccessKeyId>AKIATHEIRS</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
			<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	own := aws.Config{
		Region: "eu-west-2", BaseEndpoint: aws.String(server.URL), HTTPClient: server.Client(),
		Credentials: aws.NewCredentialsCache(fixed{aws.Credentials{AccessKeyID: "AKIAOWN", SecretAccessKey: "secret"}}),
	}
	assumed := Assume(own, "arn:aws:iam::999988887777:role/dns", "x1", "task_dns/web")
	for range 3 {
		got, err := assumed.Credentials.Retrieve(t.Context())
		if err != nil || got.AccessKeyID != "AKIATHEIRS" || got.SessionToken != "token" {
			t.Fatalf("credentials of %q, error %v", got.AccessKeyID, err)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	if got, err := own.Credentials.Retrieve(t.Context()); err != nil || got.AccessKeyID != "AKIAOWN" {
		t.Errorf("the function's own credentials are of %q, error %v", got.AccessKeyID, err)
	}
}

func TestSessionName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"task_dns/web":          "fargatedirect-task_dns-web",
		strings.Repeat("x", 99): "fargatedirect-" + strings.Repeat("x", 50),
		"a b:ü":                 "fargatedirect-a-b--",
	} {
		if got := sessionName(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// fixed are credentials that never change.
type fixed struct{ credentials aws.Credentials }

func (f fixed) Retrieve(context.Context) (aws.Credentials, error) { return f.credentials, nil }

// Credentials that are about to expire would not outlive a call.
func TestAssumeAsksAnewBeforeItsCredentialsExpire(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int32{30 * time.Second: 2, 2 * time.Minute: 1} {
		t.Run(left.String(), func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
					<AccessKeyId>AKIATHEIRS</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
					<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(left).UTC().Format(time.RFC3339))
			}))
			t.Cleanup(server.Close)
			own := aws.Config{Region: "eu-west-2", BaseEndpoint: aws.String(server.URL), HTTPClient: server.Client(), Credentials: fixed{aws.Credentials{AccessKeyID: "AKIAOWN", SecretAccessKey: "secret"}}}
			assumed := Assume(own, "arn:aws:iam::999988887777:role/dns", "", "web")
			for range 2 {
				if _, err := assumed.Credentials.Retrieve(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := calls.Load(); n != want {
				t.Errorf("%d calls, want %d", n, want)
			}
		})
	}
}
