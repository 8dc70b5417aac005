package certbotstack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// applied is the request of an apply.
var applied = certbot.Request{RunID: "now", Trigger: certbot.TriggerApply}

// twoCertificates is a certbot with the certificates "a" and "b".
func twoCertificates() certbotstack.Spec {
	return certbotstack.Spec{
		Scope: names.Scope{Kind: names.KindCertbot, Partition: "aws", Account: "123456789012", Region: "eu-west-2", Name: "prod"},
		Certificates: map[string]certbotstack.Certificate{
			"a": {Domains: []string{"b.example.com", "a.example.com"}},
			"b": {Domains: []string{"*.b.example.com"}},
		},
	}
}

// bucket is the objects of a bucket.
type bucket map[string][]byte

func (b bucket) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	body, ok := b[aws.ToString(in.Key)]
	if !ok {
		return nil, &s3types.NoSuchKey{}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(body))}, nil
}

func (b bucket) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	out := &s3.ListObjectsV2Output{}
	for key := range b {
		if strings.HasPrefix(key, aws.ToString(in.Prefix)) {
			out.Contents = append(out.Contents, s3types.Object{Key: aws.String(key)})
		}
	}
	return out, nil
}

// tell stores a status.
func (b bucket) tell(t *testing.T, st certbot.Status) {
	t.Helper()
	body, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	b[certbot.StatusObject("prod", st.Key)] = body
}

// function is invoked asynchronously; what it then does is for the test.
type function struct{ invoked []string }

func (f *function) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	if in.InvocationType != lambdatypes.InvocationTypeEvent {
		return nil, errors.New("not asynchronous")
	}
	f.invoked = append(f.invoked, string(in.Payload))
	return &lambda.InvokeOutput{StatusCode: 202}, nil
}

func TestRunWaitsForAllCertificates(t *testing.T) {
	t.Parallel()
	b, f, slept := bucket{}, &function{}, 0
	b.tell(t, certbot.Status{Key: "a", RunID: "before", State: certbot.StateIssued})
	issuer := certbotstack.Issuer{Lambda: f, Store: b, Sleep: func(context.Context, time.Duration) error {
		switch slept++; slept {
		case 1:
			b.tell(t, certbot.Status{Key: "a", RunID: "now", State: certbot.StateRunning})
		case 2:
			b.tell(t, certbot.Status{Key: "a", RunID: "now", State: certbot.StateFailed})
		case 3:
			b.tell(t, certbot.Status{Key: "b", RunID: "now", State: certbot.StateIssued})
		}
		return nil
	}}
	got, err := issuer.Run(t.Context(), twoCertificates(), applied)
	if err != nil || slept != 3 {
		t.Fatalf("slept %d times: %v", slept, err)
	}
	if got["a"].State != certbot.StateFailed || got["b"].State != certbot.StateIssued {
		t.Errorf("got %+v", got)
	}
	if want := []string{`{"run_id":"now","trigger":"apply"}`}; !slices.Equal(f.invoked, want) {
		t.Errorf("invoked with %q, want %q", f.invoked, want)
	}
}

func TestRunGivesUp(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	for _, test := range []struct {
		name  string
		first certbot.Status
		stop  time.Duration
		after time.Duration
		want  string
	}{
		{"a function that never begins", certbot.Status{Key: "a", RunID: "before", State: certbot.StateIssued}, time.Hour, 3 * time.Minute, "it has told nothing for 3m0s"},
		{"another run that died", certbot.Status{Key: "a", RunID: "before", State: certbot.StateRunning, StartedAt: time.Now().Add(-17 * time.Minute)}, time.Hour, 3 * time.Minute, "it has told nothing for 3m0s"},
		{"another run at work", certbot.Status{Key: "a", RunID: "before", State: certbot.StateRunning, StartedAt: time.Now()}, 14 * time.Minute, 14 * time.Minute, "stopped"},
		{"a user who stops", certbot.Status{Key: "a", RunID: "now", State: certbot.StateRunning}, 14 * time.Minute, 14 * time.Minute, "stopped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b, waited := bucket{}, time.Duration(0)
			b.tell(t, test.first)
			issuer := certbotstack.Issuer{Lambda: &function{}, Store: b, Sleep: func(_ context.Context, d time.Duration) error {
				if waited += d; waited >= test.stop {
					return stopped
				}
				return nil
			}}
			_, err := issuer.Run(t.Context(), twoCertificates(), applied)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if waited < test.after || waited > test.after+5*time.Second {
				t.Errorf("gave up after %s, want %s", waited, test.after)
			}
		})
	}
}

// A run that comes right after may tell what it found before anybody has read
// what this one told.
func TestRunEndsWithTheNextRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		first  string
		second certbot.Status
		ends   bool
	}{
		{"kept", "now", certbot.Status{State: certbot.StateKept, ConfigSHA: "c"}, true},
		{"not begun", "before", certbot.Status{State: certbot.StateKept, ConfigSHA: "c"}, false},
		{"of another configuration", "now", certbot.Status{State: certbot.StateKept, ConfigSHA: "d"}, false},
		{"failed", "now", certbot.Status{State: certbot.StateFailed, ConfigSHA: "c"}, false},
		{"at work", "now", certbot.Status{State: certbot.StateRunning, ConfigSHA: "c"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stopped, slept := errors.New("stopped"), 0
			spec, b := twoCertificates(), bucket{}
			delete(spec.Certificates, "b")
			b.tell(t, certbot.Status{Key: "a", RunID: test.first, State: certbot.StateRunning, ConfigSHA: "c"})
			issuer := certbotstack.Issuer{Lambda: &function{}, Store: b, Sleep: func(context.Context, time.Duration) error {
				if slept++; slept == 9 {
					return stopped
				}
				test.second.Key, test.second.RunID = "a", "after"
				b.tell(t, test.second)
				return nil
			}}
			if _, err := issuer.Run(t.Context(), spec, applied); (err == nil) != test.ends {
				t.Errorf("slept %d times: %v", slept, err)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	names := &certbot.Stored{Domains: []string{"a.example.com", "b.example.com"}}
	refused := &certbot.Failure{Message: "No new certificate was stored: refused."}
	for _, test := range []struct {
		name    string
		objects []string
		status  *certbot.Status
		want    []string
	}{
		{"good", []string{"a/key.pem", "a/cert.pem"}, &certbot.Status{Stored: names}, nil},
		{"good, but the last renewal failed", []string{"a/key.pem", "a/cert.pem"}, &certbot.Status{State: certbot.StateFailed, Stored: names, Failure: refused}, nil},
		{"adopted, and nothing told yet", []string{"a/key.pem", "a/cert.pem"}, nil, nil},
		{"nothing told yet", nil, nil, []string{"certificate (a): never issued"}},
		{"refused", nil, &certbot.Status{State: certbot.StateFailed, Failure: refused}, []string{"certificate (a): never issued: No new certificate was stored: refused."}},
		{"half deleted", []string{"a/key.pem", "a/cert.pem.old"}, &certbot.Status{Stored: names}, []string{"certificate (a): a/cert.pem missing in bucket "}},
		{
			"other names refused",
			[]string{"a/key.pem", "a/cert.pem"},
			&certbot.Status{State: certbot.StateFailed, Stored: &certbot.Stored{Domains: []string{"a.example.com"}}, Failure: refused},
			[]string{"certificate (a): is for a.example.com, want a.example.com, b.example.com: No new certificate was stored: refused."},
		},
		{
			"other names under way",
			[]string{"a/key.pem", "a/cert.pem"},
			&certbot.Status{State: certbot.StateRunning, Stored: &certbot.Stored{Domains: []string{"a.example.com"}}}, nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			spec, b := twoCertificates(), bucket{}
			delete(spec.Certificates, "b")
			for _, key := range test.objects {
				b[key] = nil
			}
			if test.status != nil {
				test.status.Key = "a"
				b.tell(t, *test.status)
			}
			got, err := spec.Missing(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(test.want)
			for i := range want {
				if strings.HasSuffix(want[i], "bucket ") {
					want[i] += spec.BucketName()
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
