package settings

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// enough are the settings without which nothing is served.
var enough = []string{"FARGATEDIRECT_BUCKET=certs", "FARGATEDIRECT_PREFIX=browser/", "FARGATEDIRECT_BACKEND_PORT=8080"}

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := Parse([]string{"-interval", "1m", "-any-host", "-names=a.example.com,*.b.example.com"}, append([]string{
		"PATH=/bin", "FARGATEDIRECT_INTERVAL=2m", "FARGATEDIRECT_DOMAIN=tasks.example.com", "FARGATEDIRECT_ACCESS_LOG=false",
		"FARGATEDIRECT_REGION=", "FARGATEDIRECT_REDIRECT_LISTEN=", "FARGATEDIRECT_ANY_HOST=", "FARGATEDIRECT_SECRET=",
	}, enough...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Command: Serve, Bucket: "certs", Prefix: "browser/", Names: []string{"a.example.com", "*.b.example.com"},
		Interval: time.Minute, CertificateTimeout: time.Minute,
		Domain: "tasks.example.com", HostnameTemplate: "{task_id}", AnyHost: true,
		BackendPort: 8080, BackendProtocol: HTTP1, Listen: ":443", HealthListen: "127.0.0.1:9443",
		DrainTimeout: 25 * time.Second, HeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, StallTimeout: 30 * time.Second,
		MaxHeaderBytes: 32 << 10, MaxConnections: 10000, MaxConnectionsPerClient: 1000,
		Directory: "/certificates", KeyMode: 0o600, ExecTimeout: time.Minute,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("reads\n%+v, want\n%+v", s, want)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	secret := []string{"FARGATEDIRECT_SECRET={}"}
	for _, c := range []struct {
		arguments, environment []string
		command                string
		exec                   []string
		wrong                  string
	}{
		{arguments: []string{"serve"}, environment: enough, command: Serve},
		{environment: enough, command: Serve},
		{arguments: []string{"health"}, command: Health},
		{arguments: []string{"health"}, environment: enough, command: Health},
		{arguments: []string{"health", "-health-listen", ":9443"}, command: Health},
		{arguments: []string{"health", "-health-listen=[::]:9443"}, command: Health},
		{arguments: []string{"version"}, command: Version},
		{arguments: []string{"files", "--", "nginx", "-s", "reload"}, environment: secret, command: Files, exec: []string{"nginx", "-s", "reload"}},
		{arguments: []string{"files", "-once"}, environment: secret, command: Files},
		{arguments: []string{"files"}, environment: []string{"FARGATEDIRECT_SECRET="}, wrong: "and not be empty; given: none"},
		{arguments: []string{"files", "nginx"}, environment: secret, wrong: "two hyphens"},
		{arguments: []string{"serve", "--", "nginx"}, environment: enough, wrong: `"nginx" is not a setting`},
		{arguments: []string{"server"}, environment: enough, wrong: "the commands are serve, files, health and version"},
		{arguments: []string{"health", "-health-listen", "9443"}, wrong: "-health-listen (FARGATEDIRECT_HEALTH_LISTEN)"},
	} {
		s, err := Parse(c.arguments, c.environment, io.Discard)
		switch {
		case c.wrong != "":
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%q: %v, want an error with %q", c.arguments, err, c.wrong)
			}
		case err != nil:
			t.Errorf("%q: %v", c.arguments, err)
		case s.Command != c.command || !reflect.DeepEqual(s.Exec, c.exec):
			t.Errorf("%q: %s %q", c.arguments, s.Command, s.Exec)
		}
	}
}

func TestWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  string
		want []string
	}{
		{"INTERVAL=0s", []string{"-interval (FARGATEDIRECT_INTERVAL)", "such as 5m"}},
		{"INTERVAL=300", []string{`FARGATEDIRECT_INTERVAL is "300"`, "-interval", "5m"}},
		{"INTERVAL=9000h", []string{"-interval", "at most a day"}},
		{"CERTIFICATE_TIMEOUT=-1s", []string{"-certificate-timeout"}},
		{"DRAIN_TIMEOUT=0s", []string{"-drain-timeout (FARGATEDIRECT_DRAIN_TIMEOUT)", "such as 25s"}},
		{"HEADER_TIMEOUT=0s", []string{"-header-timeout"}},
		{"IDLE_TIMEOUT=0s", []string{"-idle-timeout"}},
		{"STALL_TIMEOUT=0s", []string{"-stall-timeout"}},
		{"BACKEND_PORT=0", []string{"-backend-port (FARGATEDIRECT_BACKEND_PORT)", "such as 8080"}},
		{"BACKEND_PORT=65536", []string{"-backend-port"}},
		{"BACKEND_PORT=http", []string{`FARGATEDIRECT_BACKEND_PORT is "http"`, "8080"}},
		{"BACKEND_PROTOCOL=http2", []string{"-backend-protocol", "http1 or h2c"}},
		{"LISTEN=443", []string{"-listen (FARGATEDIRECT_LISTEN)", "such as :443"}},
		{"LISTEN=:0", []string{"-listen"}},
		{"LISTEN=:https", []string{"-listen"}},
		{"LISTEN=example.com:443", []string{"-listen", "IP address"}},
		{"LISTEN=:8080", []string{"-listen", "another address than that of -backend-port"}},
		{"HEALTH_LISTEN=[::]:443", []string{"-health-listen", "another address than that of -listen"}},
		{"REDIRECT_LISTEN=127.0.0.1:443", []string{"-redirect-listen", "another address than that of -listen"}},
		{"REDIRECT_LISTEN=localhost:8080", []string{"-redirect-listen", "-backend-port"}},
		{"PREFIX=browser", []string{"-prefix (FARGATEDIRECT_PREFIX)", "such as browser/"}},
		{"PREFIX=/browser/", []string{"-prefix"}},
		{"BUCKET=s3://certs", []string{"-bucket"}},
		{"SECRET_ARN=arn:aws:secretsmanager:eu-west-2:123456789012:secret:x-AbCdEf", []string{"exactly one of -bucket"}},
		{"SECRET={}", []string{"exactly one of -bucket", "given: -bucket, FARGATEDIRECT_SECRET"}},
		{"REGION=London", []string{"-region (FARGATEDIRECT_REGION)", "such as eu-west-2"}},
		{"NAMES=a.example.com, b.example.com", []string{"-names", "no blanks"}},
		{"NAMES=*.*.example.com", []string{"-names"}},
		{"DOMAIN=https://tasks.example.com", []string{"-domain (FARGATEDIRECT_DOMAIN)", "such as tasks.example.com"}},
		{"HOSTNAME_TEMPLATE=t-{short_id}", []string{"-domain", "must be given with -hostname-template"}},
		{"HOSTNAME_TEMPLATE=login", []string{"-hostname-template", "{task_id} or {short_id}"}},
		{"HOSTNAME_TEMPLATE={task_id}.x", []string{"-hostname-template", "hyphens only"}},
		{"HOSTNAME_TEMPLATE={task_id}-{started_by}", []string{"-hostname-template", "hyphens only"}},
		{"ANY_HOST=yes", []string{"FARGATEDIRECT_ANY_HOST", "true or false"}},
		{"ACCESS_LOG=0", []string{"FARGATEDIRECT_ACCESS_LOG", "true or false"}},
		{"MAX_HEADER_BYTES=100", []string{"-max-header-bytes"}},
		{"MAX_CONNECTIONS=0", []string{"-max-connections"}},
		{"MAX_CONNECTIONS_PER_CLIENT=0", []string{"-max-connections-per-client"}},
		{"BACKEND_PROT=1", []string{"no setting FARGATEDIRECT_BACKEND_PROT"}},
		{"backend_port=1", []string{"no setting FARGATEDIRECT_backend_port"}},
	} {
		_, err := Parse(nil, append(slices.Clip(enough), Prefix+c.set), io.Discard)
		if err == nil {
			t.Errorf("%s is not refused", c.set)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v: has no %q", c.set, err, want)
			}
		}
	}
}

// TestSecretIsNotTold puts a key where it does not belong.
func TestSecretIsNotTold(t *testing.T) {
	t.Parallel()
	const key = `{"private_key":"-----BEGIN PRIVATE KEY-----\nQUJD"}`
	for _, environment := range [][]string{
		{"FARGATEDIRECT_SECRET=" + key},
		{"FARGATEDIRECT_SECRET=" + key, "FARGATEDIRECT_BUCKET=certs"},
		{"FARGATEDIRECT_SECRET_ARN=" + key},
		{"FARGATEDIRECT_BUCKET=" + key},
		{"FARGATEDIRECT_INTERVAL=" + key},
		{"FARGATEDIRECT_NAMES=" + key},
		{"FARGATEDIRECT_LISTEN=" + key},
		{"FARGATEDIRECT_SECRETS=" + key},
		{"FARGATEDIRECT_ANY_HOST=" + key},
	} {
		_, err := Parse(nil, environment, io.Discard)
		if err == nil || strings.Contains(err.Error(), "QUJD") {
			t.Errorf("%.30s: %v", environment, err)
		}
	}
}

// TestExamples takes each right value that an error would tell.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := Settings{Command: Serve}
	examples := examples()
	s.flags(io.Discard).VisitAll(func(f *flag.Flag) {
		example, ok := examples[f.Name]
		if !ok {
			t.Fatalf("-%s has no example", f.Name)
		}
		environment := []string{"FARGATEDIRECT_BACKEND_PORT=8080", "FARGATEDIRECT_SECRET={}"}
		if f.Name == "bucket" || f.Name == "prefix" {
			environment = enough
		}
		if f.Name == "secret-arn" {
			environment = environment[:1]
		}
		if _, err := Parse([]string{"-" + f.Name + "=" + example}, environment, io.Discard); err != nil {
			t.Errorf("-%s=%s: %v", f.Name, example, err)
		}
		delete(examples, f.Name)
	})
	for name := range examples {
		t.Errorf("there is no -%s to be an example of", name)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if _, err := Parse([]string{"serve", "-help"}, nil, &out); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	s := Settings{Command: Serve}
	s.flags(io.Discard).VisitAll(func(f *flag.Flag) {
		if !strings.Contains(out.String(), "-"+f.Name+" ") || !strings.Contains(out.String(), variable(f.Name)+"\n") {
			t.Errorf("-%s is not in the help", f.Name)
		}
	})
	if !strings.Contains(out.String(), SecretVariable) {
		t.Errorf("the help has no %s", SecretVariable)
	}
}

// FuzzParse gives anything as arguments and environment: no error tells the
// secret, and what is accepted can be served.
func FuzzParse(f *testing.F) {
	f.Add("serve\x00-interval\x001m", strings.Join(enough, "\x00"))
	f.Add("files\x00--\x00nginx", "FARGATEDIRECT_SECRET_ARN=arn:aws:secretsmanager:eu-west-2:123456789012:secret:x-AbCdEf")
	f.Add("-h", "FARGATEDIRECT_HOSTNAME_TEMPLATE={short_id}\x00FARGATEDIRECT_DOMAIN=a.b")
	f.Add("health\x00-health-listen\x00[::]:9443", "")
	f.Fuzz(func(t *testing.T, arguments, environment string) {
		const secret = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo"
		s, err := Parse(split(arguments), append(split(environment), "FARGATEDIRECT_SECRET="+secret), io.Discard)
		if err != nil {
			if strings.Contains(err.Error(), secret) && !strings.Contains(arguments+environment, secret) {
				t.Errorf("tells the secret: %v", err)
			}
			if !reflect.DeepEqual(s, Settings{}) {
				t.Errorf("answers settings and %v", err)
			}
			return
		}
		if s.Secret != secret || s.Interval <= 0 && s.Command == Serve || s.Command == Serve && s.BackendPort == 0 {
			t.Errorf("accepts %+v", s)
		}
		if s.Command != Files && len(s.Exec) > 0 {
			t.Errorf("%s runs %q", s.Command, s.Exec)
		}
	})
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}
