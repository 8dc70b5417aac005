package proxycontainer

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	release = "123456789012.dkr.ecr.eu-west-2.amazonaws.com/fargatedirect-proxy@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	anARN   = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:fargatedirect/browser/certificate-AbCdEf"
)

type object = map[string]any

// with is what most need, and more; nil takes a key out.
func with(more object) object {
	all := object{"backend_port": n(8080), "bucket": "my-certificates", "prefix": "browser/", "domain": "browser.example.com"}
	maps.Copy(all, more)
	return all
}

// secretly is with for a secret instead of a bucket.
func secretly(more object) object {
	all := with(object{"bucket": nil, "prefix": nil, "secret_arn": anARN})
	maps.Copy(all, more)
	return all
}

func n(number float64) *big.Float { return big.NewFloat(number) }

func mustNew(t *testing.T, arguments object) Definition {
	t.Helper()
	d, known, err := New(arguments, release)
	if err != nil || !known {
		t.Fatalf("known: %v, error: %v", known, err)
	}
	return d
}

// The whole of it, as it goes into a task definition.
func TestNew_definition(t *testing.T) {
	t.Parallel()
	got, err := json.MarshalIndent(mustNew(t, secretly(object{
		"name": "tls", "backend_container": "app", "backend_condition": "HEALTHY", "redirect_http": true, "stop_timeout": n(60),
		"cpu": n(64), "memory": n(128), "memory_reservation": n(64),
		"log_configuration": object{"logDriver": "awslogs", "options": object{"awslogs-group": "browser", "mode": nil, "max-buffer-size": n(25)}, "secretOptions": []any{object{"name": "a", "valueFrom": "b"}}},
	})), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "definition.json"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.TrimSpace(string(want)) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What is not asked for is not there, and nothing is null.
func TestNew_least(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(mustNew(t, with(nil)))
	if err != nil {
		t.Fatal(err)
	}
	for _, not := range []string{"null", "secrets", "dependsOn", "logConfiguration", `"cpu"`, "memory", "REDIRECT", `:80`, "ACCESS_LOG", "ANY_HOST", "REGION", "INTERVAL"} {
		if strings.Contains(string(text), not) {
			t.Errorf("%s is in %s", not, text)
		}
	}
}

// The proxy's module has a test that its settings are read from these.
func TestNew_environment(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "proxy", "internal", "settings", "testdata", "containers.env"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	for i, arguments := range []object{
		with(object{
			"region": "eu-west-1", "interval": "10m", "names": []any{"*.browser.example.com", "browser.example.com"}, "hostname_template": "b-{short_id}",
			"any_host": true, "access_log": false, "redirect_http": true, "backend_protocol": "h2c", "stop_timeout": n(120),
			"environment": object{
				"FARGATEDIRECT_HEADER_TIMEOUT": "5s", "FARGATEDIRECT_IDLE_TIMEOUT": "1m", "FARGATEDIRECT_STALL_TIMEOUT": "20s",
				"FARGATEDIRECT_MAX_CONNECTIONS": n(2000), "FARGATEDIRECT_MAX_HEADER_BYTES": "16384", "FARGATEDIRECT_HEALTH_LISTEN": "127.0.0.1:9444",
			},
		}),
		secretly(object{"secret_read_by": TaskRole}),
		secretly(nil),
	} {
		d := mustNew(t, arguments)
		var got []string
		for _, v := range d.Environment {
			got = append(got, v.Name+"="+v.Value)
		}
		for _, s := range d.Secrets {
			if s.ValueFrom != anARN {
				t.Errorf("%d: %s is of %s", i, s.Name, s.ValueFrom)
			}
			got = append(got, s.Name+`={"version":"01"}`)
		}
		if text := strings.Join(got, "\n"); text != want[i] {
			t.Errorf("%d: got\n%s\nwant\n%s", i, text, want[i])
		}
	}
}

var settingsRow = regexp.MustCompile("(?m)^\\| [^|]* \\| `" + variablePrefix + "([A-Z0-9_]+)` \\|")

// The proxy's module has a test that its README lists its settings.
func TestSettingsAreTheProxys(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "proxy", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, row := range settingsRow.FindAllStringSubmatch(string(text), -1) {
		want[row[1]] = true
	}
	if !want["SECRET"] {
		t.Fatal("the README's table of settings was not found")
	}
	delete(want, "SECRET")
	for name := range want {
		if _, known := settings[name]; !known {
			t.Errorf("the proxy has the setting %s%s, which settings.go lacks", variablePrefix, name)
		}
	}
	for name := range settings {
		if !want[name] {
			t.Errorf("the proxy has no setting %s%s any more, which settings.go has", variablePrefix, name)
		}
	}
	for name, s := range settings {
		if s.key != "" && example(s.key) == "" {
			t.Errorf("%s is said to be set by %q, which is no key", name, s.key)
		}
	}
}

// What Go itself reads in the environment is let through.
func TestNew_runtime(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{"GOMEMLIMIT": "96MiB", "GOGC": n(50)} {
		want := Variable{name, fmt.Sprint(value)}
		if got := mustNew(t, with(object{"environment": object{name: value}})).Environment; !slices.Contains(got, want) {
			t.Errorf("got %v, want %v in it", got, want)
		}
	}
}

func TestNew_names(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments object
		want      string
	}{
		"of the domain": {with(nil), "*.browser.example.com"},
		"given":         {with(object{"names": []any{"*.example.com"}}), "*.example.com"},
		"no domain":     {with(object{"domain": nil, "any_host": true}), ""},
	} {
		got := ""
		for _, v := range mustNew(t, test.arguments).Environment {
			if v.Name == "FARGATEDIRECT_NAMES" {
				got = v.Value
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// Every partition of AWS has regions and ARNs of its own.
func TestNew_partitions(t *testing.T) {
	t.Parallel()
	for region, partition := range map[string]string{
		"eu-west-2": "aws", "mx-central-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov",
		"us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eusc-de-east-1": "aws-eusc",
	} {
		arn := "arn:" + partition + ":secretsmanager:" + region + ":123456789012:secret:fargatedirect/browser/certificate-AbCdEf"
		if got := mustNew(t, secretly(object{"secret_arn": arn})).Secrets; !slices.Equal(got, []Secret{{"FARGATEDIRECT_SECRET", arn}}) {
			t.Errorf("%s: got %v", region, got)
		}
		want := Variable{"FARGATEDIRECT_REGION", region}
		if got := mustNew(t, secretly(object{"secret_arn": arn, "secret_read_by": TaskRole})).Environment; !slices.Contains(got, want) {
			t.Errorf("%s: got %v", region, got)
		}
		if got := mustNew(t, with(object{"region": region})).Environment; !slices.Contains(got, want) {
			t.Errorf("%s: got %v", region, got)
		}
	}
}

func TestNew_drain(t *testing.T) {
	t.Parallel()
	for stop, want := range map[float64]string{2: "1s", 3: "2s", 9: "5s", 10: "5s", 11: "6s", 30: "25s", 120: "1m55s"} {
		d := mustNew(t, with(object{"stop_timeout": n(stop)}))
		if !slices.Contains(d.Environment, Variable{"FARGATEDIRECT_DRAIN_TIMEOUT", want}) || d.StopTimeout != int(stop) {
			t.Errorf("%v: got %d and %v, want %s", stop, d.StopTimeout, d.Environment, want)
		}
	}
}

// A task that waits for its first certificate is not ended for being unhealthy.
func TestNew_startPeriod(t *testing.T) {
	t.Parallel()
	for wait, want := range map[string]int{"1s": 90, "1m": 90, "90s": 120, "90.5s": 121, "4m30s": 300, "1h": 300} {
		d := mustNew(t, with(object{"environment": object{"FARGATEDIRECT_CERTIFICATE_TIMEOUT": wait}}))
		if got := d.HealthCheck.StartPeriod; got != want {
			t.Errorf("%s: got %d, want %d", wait, got, want)
		}
	}
	if got := mustNew(t, with(nil)).HealthCheck.StartPeriod; got != 90 {
		t.Errorf("got %d, want 90", got)
	}
}

// Values are converted as Terraform converts them.
func TestNew_converted(t *testing.T) {
	t.Parallel()
	want := mustNew(t, with(object{"stop_timeout": n(60), "redirect_http": true, "access_log": false, "name": "7"}))
	got := mustNew(t, with(object{"backend_port": "8080", "stop_timeout": "60", "redirect_http": "true", "access_log": "0", "name": n(7), "image": nil}))
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		t.Errorf("got\n%s\nwant\n%s", b, a)
	}
}

// Something that is not known leaves everything open that could come right.
func TestNew_unknown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments object
		problem   string
	}{
		"bucket":            {arguments: with(object{"bucket": Unknown{}})},
		"which source":      {arguments: with(object{"secret_arn": Unknown{}, "bucket": Unknown{}, "prefix": Unknown{}})},
		"secret or none":    {arguments: with(object{"secret_arn": Unknown{}})},
		"secret alone":      {arguments: secretly(object{"secret_arn": Unknown{}})},
		"backend_port":      {arguments: with(object{"backend_port": Unknown{}})},
		"domain or any":     {arguments: with(object{"domain": nil, "any_host": Unknown{}})},
		"template alone":    {arguments: with(object{"domain": Unknown{}, "hostname_template": "{short_id}"})},
		"image":             {arguments: with(object{"image": Unknown{}})},
		"of a list":         {arguments: with(object{"names": []any{"*.example.com", Unknown{}}})},
		"of an object":      {arguments: with(object{"environment": object{"FARGATEDIRECT_MAX_CONNECTIONS": Unknown{}}})},
		"whole environment": {arguments: with(object{"environment": Unknown{}})},
		"health's port":     {arguments: with(object{"backend_port": n(9443), "environment": object{"FARGATEDIRECT_HEALTH_LISTEN": Unknown{}}})},
		"of log options":    {arguments: with(object{"log_configuration": object{"logDriver": "awslogs", "options": object{"awslogs-group": Unknown{}}}})},
		"all log options":   {arguments: with(object{"log_configuration": object{"logDriver": "awslogs", "options": Unknown{}}})},
		"log secret":        {arguments: with(object{"log_configuration": object{"logDriver": "splunk", "secretOptions": []any{object{"name": "splunk-token", "valueFrom": Unknown{}}}}})},
		"reader":            {arguments: secretly(object{"secret_read_by": Unknown{}, "interval": "5m"})},
		"else wrong":        {with(object{"bucket": Unknown{}, "stop_timeout": n(121)}), "stop_timeout: 121 is not a whole number from 2 to 120"},
		"in a wrong list":   {with(object{"names": []any{Unknown{}, "*.*.example.com"}}), "names:"},
		"both anyhow":       {with(object{"bucket": Unknown{}, "secret_arn": anARN}), "leave one of them out"},
		"unknown no key":    {with(object{"backendport": Unknown{}}), `there is no key "backendport" (did you mean backend_port?)`},
		"no variable of it": {with(object{"environment": object{"PATH": Unknown{}}}), "the proxy has no setting PATH"},
	} {
		_, known, err := New(test.arguments, release)
		switch {
		case known:
			t.Errorf("%s: it is said to be known", name)
		case test.problem == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)):
			t.Errorf("%s: got %v, want %q", name, err, test.problem)
		}
	}
}
