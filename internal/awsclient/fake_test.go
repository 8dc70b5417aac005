package awsclient

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const testAccount = "123456789012"

// fakeAWS is an endpoint that knows who asks, and notes every request.
type fakeAWS struct {
	*httptest.Server
	// identity is the ARN of the caller; empty answers AccessDenied.
	identity string

	mu     sync.Mutex
	bodies []string
	agents []string
}

func newFakeAWS(t *testing.T, identity string) *fakeAWS {
	t.Helper()
	f := &fakeAWS{identity: identity}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.bodies = append(f.bodies, string(body)+r.Header.Get("X-Amz-Target"))
	f.agents = append(f.agents, r.UserAgent())
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	switch {
	case strings.Contains(string(body), "Action=AssumeRole"):
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
			`<AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	case strings.Contains(string(body), "Action=GetCallerIdentity") && f.identity != "":
		account := strings.Split(f.identity, ":")[4]
		_, _ = fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
			`<Arn>%s</Arn><UserId>x</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, f.identity, account)
	case r.Header.Get("X-Amz-Target") == "AmazonSQS.ListQueues":
		_, _ = io.WriteString(w, `{}`)
	default:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>`)
	}
}

// asked tells how often a request held the text.
func (f *fakeAWS) asked(text string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, b := range f.bodies {
		if strings.Contains(b, text) {
			n++
		}
	}
	return n
}

// isolate keeps what the machine's user has configured out of the test.
func isolate(t *testing.T) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, none)
	}
	for _, name := range []string{
		"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_IAM",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
	} {
		unset(t, name)
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// unset takes a variable out of the environment for the time of the test. The
// SDK tells an empty variable from none.
func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "")
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}
