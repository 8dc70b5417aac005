package provider_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// faultyAWS stands in front of the local cloud and denies, or holds back, the
// calls of one action. An action is written "lambda CreateFunction", or for S3
// with the method and the kind of setting, "s3 PUT ?policy".
type faultyAWS struct {
	url string

	mu     sync.Mutex
	denied string
	held   string
	// reached is closed by the first call that is held, release by the test.
	reached, release chan struct{}
}

func newFaultyAWS(t *testing.T) *faultyAWS {
	t.Helper()
	if cloud == nil {
		t.Skip("acceptance tests run with TF_ACC=1; make testacc sets it")
	}
	target, err := url.Parse(cloud.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	f := &faultyAWS{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.pass(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// deny denies an action from now on, or none.
func (f *faultyAWS) deny(action string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.denied = action
}

// hold holds back an action. The channel is closed when it was called; the
// call then waits for release, and is answered by a denial.
func (f *faultyAWS) hold(action string) (reached <-chan struct{}, release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held, f.reached, f.release = action, make(chan struct{}), make(chan struct{})
	return f.reached, sync.OnceFunc(func() { close(f.release) })
}

// pass tells whether a call is to reach AWS. Otherwise it was answered.
func (f *faultyAWS) pass(w http.ResponseWriter, r *http.Request) bool {
	action := actionOf(r)
	f.mu.Lock()
	denied, held := action == f.denied, action == f.held
	release := f.release
	if held {
		f.held = "" // only the first
		close(f.reached)
	}
	f.mu.Unlock()
	if held {
		<-release
	}
	if !denied && !held {
		return true
	}
	deny(w, action)
	return false
}

// actionOf names the action of a call, as far as tests need it.
func actionOf(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		service, action, _ := strings.Cut(target, ".")
		return map[string]string{"AWSEvents": "events", "Logs_20140328": "logs", "AmazonSSM": "ssm", "AmazonSQS": "sqs"}[service] + " " + action
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, route53Path):
		return route53Action(r)
	case path == "/2015-03-31/functions" && r.Method == http.MethodPost:
		return "lambda CreateFunction"
	case strings.HasPrefix(path, "/2015-03-31/functions/") && r.Method == http.MethodDelete:
		return "lambda DeleteFunction"
	case strings.HasPrefix(path, "/2015-03-31/functions/") && strings.HasSuffix(path, "/invocations"):
		return "lambda Invoke"
	case strings.HasPrefix(path, "/2015-03-31/functions/") && strings.HasSuffix(path, "/policy") && r.Method == http.MethodPost:
		return "lambda AddPermission"
	case strings.HasPrefix(path, "/2015-03-31/event-source-mappings") && r.Method == http.MethodPost:
		return "lambda CreateEventSourceMapping"
	case r.Header.Get("Content-Type") == "application/x-www-form-urlencoded":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return ""
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return ""
		}
		service := map[string]string{"2010-03-31": "sns", "2010-05-08": "iam"}[form.Get("Version")]
		return service + " " + form.Get("Action")
	default:
		setting, _, _ := strings.Cut(r.URL.RawQuery, "=")
		return fmt.Sprintf("s3 %s ?%s", r.Method, setting)
	}
}

// route53Path is what all calls of Route 53 begin with.
const route53Path = "/2013-04-01/"

// route53Action names a call of Route 53 by method and kind of object: "route53
// POST rrset".
func route53Action(r *http.Request) string {
	fields := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, route53Path), "/"), "/")
	kind := fields[0]
	if len(fields) == 3 && kind == "hostedzone" {
		kind = fields[2]
	}
	return fmt.Sprintf("route53 %s %s", r.Method, kind)
}

// deny answers that access is denied, in the form of the action's protocol.
func deny(w http.ResponseWriter, action string) {
	text := "User is not authorized to perform: " + action
	switch service, _, _ := strings.Cut(action, " "); service {
	case "s3":
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>%s</Message></Error>", text)
	case "iam", "route53", "sns":
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>%s</Message></Error></ErrorResponse>", text)
	default:
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"__type":"AccessDeniedException","message":%q}`, text)
	}
}
