package certreader

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// TestSDK reads through the SDK's own clients: what they make of a 304 and of
// errors is not for a fake to say.
func TestSDK(t *testing.T) {
	t.Parallel()
	ca := newAuthority()
	first, second, third := ca.pair(), ca.pair(), ca.pair()
	for name := range newFakeAWS(first).sources() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFakeAWS(first)
			server := httptest.NewServer(overHTTP(fake))
			defer server.Close()
			source := sdkSource(server.URL, name)
			r, err := New(t.Context(), source, Options{})
			if err != nil {
				t.Fatal(err)
			}
			fake.calls()
			if err := r.look(t.Context()); err != nil || len(fake.calls()) != 1 {
				t.Errorf("a look without news: error %v", err)
			}
			serves(t, r, first)
			fake.publish(second)
			if err := r.look(t.Context()); err != nil {
				t.Error(err)
			}
			serves(t, r, second)
			fake.publish(third)
			fake.failing(func(_ context.Context, key string) error {
				if key == testPrefix+pointerObject { // which all may read
					return nil
				}
				return errDenied
			})
			if err := r.look(t.Context()); err == nil || !strings.Contains(err.Error(), "_policy_json") {
				t.Errorf("denied, it says %v", err)
			}
			fake.failing(nil)
			fake.change(pointerObject, nil)
			fake.change(bundleObject, nil)
			fake.setSecret("")
			if err := r.look(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no certificate yet") {
				t.Errorf("with nothing there it says %v", err)
			}
			serves(t, r, second)
		})
	}
}

// A service that takes a request and says nothing leaves an error of the SDK's
// that only says that a context ended.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for name := range newFakeAWS(newAuthority().pair()).sources() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
				_, _ = io.Copy(io.Discard, request.Body)
				<-request.Context().Done()
			}))
			defer server.Close()
			limited, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := sdkSource(server.URL, name).look(limited, mark{})
			if err == nil || !strings.Contains(err.Error(), "there was no answer in time: a task reaches AWS by") {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// A bucket in another region answers with a redirect, which the SDK does not
// follow: the error names the region.
func TestAnotherRegion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status             int
		code, header, want string
	}{
		"redirect":            {301, "PermanentRedirect", "eu-central-1", "the bucket is in eu-central-1: set that region"},
		"redirect to nowhere": {301, "PermanentRedirect", "", "the bucket is in another region: set"},
		"no region at all":    {301, "PermanentRedirect", "<b>", "the bucket is in another region: set"},
		"wrong signature":     {400, "AuthorizationHeaderMalformed", "us-west-2", "the bucket is in us-west-2: set that region"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Amz-Bucket-Region", test.header)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, `<Error><Code>`+test.code+`</Code></Error>`)
			}))
			defer server.Close()
			_, err := sdkSource(server.URL, "pointer").look(t.Context(), mark{})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "reading s3://certs/a/current.json") {
				t.Errorf("it says %v, want %q", err, test.want)
			}
		})
	}
}

func sdkSource(url, name string) Source {
	config := aws.Config{
		Region: "eu-west-2", BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	return map[string]Source{
		"pointer": FromBucket(client, testBucket, testPrefix),
		"bundle":  FromBundle(client, testBucket, testPrefix),
		"secret":  FromSecret(secretsmanager.NewFromConfig(config), testARN),
	}[name]
}

// overHTTP is the fake behind the two services' protocols.
func overHTTP(fake *fakeAWS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("X-Amz-Target") == "secretsmanager.GetSecretValue" {
			secretOverHTTP(fake, w, request)
			return
		}
		bucket, key, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/"), "/")
		in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
		if tag := request.Header.Get("If-None-Match"); tag != "" {
			in.IfNoneMatch = &tag
		}
		out, err := fake.GetObject(request.Context(), in)
		if failure, ok := errors.AsType[awsError](err); ok {
			w.WriteHeader(failure.status)
			if failure.status != http.StatusNotModified {
				_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>`+failure.code+`</Code><Message>no</Message></Error>`)
			}
			return
		}
		w.Header().Set("ETag", *out.ETag)
		_, _ = io.Copy(w, out.Body)
	})
}

func secretOverHTTP(fake *fakeAWS, w http.ResponseWriter, request *http.Request) {
	var in secretsmanager.GetSecretValueInput
	if err := json.NewDecoder(request.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var answer map[string]string
	out, err := fake.GetSecretValue(request.Context(), &in)
	switch {
	case errors.Is(err, errDenied):
		answer = map[string]string{"__type": "AccessDeniedException"}
	case err != nil:
		answer = map[string]string{"__type": "ResourceNotFoundException"}
	default:
		answer = map[string]string{"SecretString": *out.SecretString}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = json.NewEncoder(w).Encode(answer)
}
