package certbot

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/go-acme/lego/v4/acme"
)

func TestConfigMustBeTheOneTold(t *testing.T) {
	t.Parallel()
	store := newFakeS3("certs")
	store.objects["config/x.json"] = object{body: []byte(`{"name":"prod"}`)}
	const sum = "b6c49e4c01ec7ad6b1e4bc2c6e2d4b8bb32a9d1ed8f5d4f5a1c4d5e0e3a3f0aa"
	for name, test := range map[string]struct {
		source Source
		want   string
	}{
		"changed": {Source{"certs", "config/x.json", sum}, "the function was told " + sum + "; apply the resource again"},
		"absent":  {Source{"certs", "config/y.json", sum}, "object (s3://certs/config/y.json) does not exist"},
	} {
		config, err := test.source.load(t.Context(), store)
		if err == nil || !strings.Contains(err.Error(), test.want) || config.Name != "" {
			t.Errorf("%s: config %+v, error %v, want %q", name, config, err, test.want)
		}
	}
}

func TestRequestsSelectCertificates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"a.example.com"}, []string{"b.example.com"})
		if _, err := w.run(t.Context(), Request{Keys: []string{"b", "nope"}}); err == nil || !strings.Contains(err.Error(), `the key "nope"`) {
			t.Errorf("error %v, want one that names the unknown key", err)
		}
		if len(w.s3.writes) != 0 {
			t.Errorf("a refused request wrote %q", w.s3.writes)
		}
		if got := w.mustRun(t, Request{Keys: []string{"b"}}); len(got) != 1 || got[0].Key != "b" {
			t.Errorf("statuses %+v, want b's alone", got)
		}
	})
}

func TestRequestDecodesEvents(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Request{
		`{"trigger":"schedule"}`: {Trigger: "schedule"},
		`{"version":"0","id":"53dc4d37","detail-type":"Scheduled Event","source":"aws.events","time":"2026-01-01T00:00:00Z","resources":["arn:aws:events:eu-west-2:1:rule/x"],"detail":{}}`: {},
		`{"run_id":"r","trigger":"apply","force":true}`: {RunID: "r", Trigger: "apply", Force: true},
	} {
		var got Request
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.RunID != want.RunID || got.Trigger != want.Trigger || got.Force != want.Force || got.Keys != nil {
			t.Errorf("%s is %+v, error %v; want %+v", text, got, err, want)
		}
	}
}

func TestRunIDIsLambdasRequestID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "req-1"})
		report, err := w.run(ctx, Request{})
		if err != nil || report.RunID != "req-1" || report.Certificates[0].RunID != "req-1" {
			t.Errorf("report %+v, error %v", report, err)
		}
		if !strings.Contains(w.log.String(), `"run_id":"req-1"`) {
			t.Errorf("the log does not name the run:\n%s", w.log.String())
		}
	})
}

// IAM spreads a new role's permissions over some seconds. Only a run that
// apply made waits for that.
func TestPermissionsMaySpreadSlowly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		trigger string
		spread  time.Duration
		ok      bool
	}{
		"apply waits":             {TriggerApply, 100 * time.Second, true},
		"apply does not for ever": {TriggerApply, time.Hour, false},
		"a schedule does not":     {TriggerSchedule, 10 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				start := time.Now()
				early := func(allowed time.Duration, action string) error {
					if time.Since(start) < allowed {
						return denied(action)
					}
					return nil
				}
				w.s3.fail = func(action, _ string) error { return early(test.spread/4, action) }
				w.ssm.fail = func(action string) error { return early(test.spread/2, action) }
				w.zone.fail = func(action string) error { return early(test.spread, action) }
				_, err := w.run(t.Context(), Request{Trigger: test.trigger})
				if (err == nil) != test.ok {
					t.Errorf("error %v", err)
				}
				if took := time.Since(start); !test.ok && took > propagation+time.Second {
					t.Errorf("waited %s for permissions", took)
				}
				if !test.ok && w.ordered() > 0 {
					t.Error("an order was placed without permissions")
				}
			})
		})
	}
}

func TestAccountKeyIsNeverReplaced(t *testing.T) {
	t.Parallel()
	winner, err := newKey("P256")
	if err != nil {
		t.Fatal(err)
	}
	text, err := marshalKey(winner)
	if err != nil {
		t.Fatal(err)
	}
	api := &fakeSSM{values: map[string]string{}}
	api.fail = func(action string) error {
		if action == "ssm:PutParameter" {
			api.values["key"] = string(text) // another run is first
		}
		return nil
	}
	got, err := accountKey(t.Context(), api, ACME{KeyParameter: "key"})
	if err != nil || api.puts != 0 || keyTypeOf(got.Public()) != "P256" || !equalKeys(winner.Public(), got.Public()) {
		t.Errorf("key %v, error %v after %d writes; want the winner's", got.Public(), err, api.puts)
	}
	api = &fakeSSM{values: map[string]string{}}
	if _, err := accountKey(t.Context(), api, ACME{KeyParameter: "key", KMSKeyARN: "arn:kms"}); err != nil || api.keyID != "arn:kms" {
		t.Errorf("error %v, encrypted by %q", err, api.keyID)
	}
	api.values["key"] = "not a key: hunter2"
	if _, err := accountKey(t.Context(), api, ACME{KeyParameter: "key"}); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "delete the parameter") {
		t.Errorf("error %v, want one that says what to do and not what is stored", err)
	}
}

func TestNoSecretIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"}, []string{"bad.example.com"})
		w.ca.judge = func(name string) *acme.ProblemDetails {
			if name == "bad.example.com" {
				return &acme.ProblemDetails{Type: problemPrefix + "dns", Detail: "no"}
			}
			return nil
		}
		if _, err := w.run(t.Context(), Request{}); err == nil {
			t.Fatal("the run did not fail")
		}
		told := w.log.String() + w.s3.text("status/prod/a.json") + w.s3.text("status/prod/b.json")
		for _, message := range w.sns.messages {
			told += *message.Subject + *message.Message
		}
		for name, text := range map[string]string{"account key": w.ssm.values["/fargatedirect/prod/key"], "private key": w.s3.text("a/key.pem")} {
			block, _ := pem.Decode([]byte(text))
			if block == nil {
				t.Fatalf("there is no %s", name)
			}
			if leaks(told, block.Bytes) {
				t.Errorf("the %s was told", name)
			}
			if !leaks(told+text, block.Bytes) {
				t.Errorf("the test would not see the %s", name)
			}
		}
		if strings.Contains(told, "PRIVATE KEY") || !strings.Contains(told, "bad.example.com") {
			t.Errorf("told:\n%s", told)
		}
	})
}

// leaks tells whether a text holds a part of a secret, raw or in base64.
func leaks(text string, secret []byte) bool {
	for i := 0; i+24 <= len(secret); i++ {
		part := secret[i : i+24]
		for _, form := range []string{string(part), base64.StdEncoding.EncodeToString(part), base64.RawURLEncoding.EncodeToString(part)} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

func TestAuthorityIsTrustedByItsCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, acme.Directory{})
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of every refused handshake
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for name, test := range map[string]struct{ roots, want string }{
		"given":  {ca, ""},
		"system": {"", "certificate"},
		"other":  {string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newFakeCA(nil).root.Raw})), "certificate"},
	} {
		transport, err := newTransport(test.roots)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(transport.close)
		response, err := (&http.Client{Transport: transport}).Get(server.URL)
		if test.want == "" && (err != nil || response.StatusCode != 200) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
		if err == nil {
			_ = response.Body.Close()
		}
	}
	if _, err := newTransport("no PEM"); err == nil {
		t.Error("roots without a certificate were taken")
	}
	if _, err := newSession(context.Background(), &transport{next: http.DefaultTransport}, ACME{DirectoryURL: "http://ca.test/dir"}, nil, Clients{}); err == nil || !strings.Contains(err.Error(), "HTTPS") {
		t.Errorf("an http directory: error %v", err)
	}
}

func TestSubjectsFitSNS(t *testing.T) {
	t.Parallel()
	if got := plainSubject("Certificate: ü\n" + strings.Repeat("x", 200)); len(got) != maxSubject || !strings.HasPrefix(got, "Certificate: ??xx") {
		t.Errorf("subject %q (%d)", got, len(got))
	}
}

func equalKeys(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}
