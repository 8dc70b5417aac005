package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
)

const definition = `{
	"name": "proxy", "image": "fargatedirect-proxy:test", "stopTimeout": 30,
	"environment": [{"name": "FARGATEDIRECT_LISTEN", "value": ":443"}, {"name": "FARGATEDIRECT_BUCKET", "value": "certs"}],
	"healthCheck": {"command": ["CMD", "/fargatedirect-proxy", "health"], "interval": 10}
}`

func TestContainer(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"FARGATEDIRECT_BUCKET=certs", "FARGATEDIRECT_LISTEN=127.0.0.1:1"}
	if got := Env(c, map[string]string{"FARGATEDIRECT_LISTEN": "127.0.0.1:1"}); !slices.Equal(got, want) {
		t.Errorf("the environment is %q, want %q", got, want)
	}
	if got, err := Check(c); err != nil || !slices.Equal(got, []string{"health"}) {
		t.Errorf("the health check runs %q, error %v", got, err)
	}
	for name, text := range map[string]string{
		"a member that ECS does not know": strings.Replace(definition, `"stopTimeout"`, `"stopTimeOuts"`, 1),
		"no image":                        `{"name": "proxy"}`,
		"no JSON":                         `name`,
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	c.HealthCheck.Command = []string{"CMD-SHELL", "curl localhost"}
	if _, err := Check(c); err == nil {
		t.Error("a health check by a shell is taken")
	}
}

// endpoint asks what a variable of a task's environment names.
func endpoint(t *testing.T, task *Task, variable, path string) (int, map[string]string) {
	t.Helper()
	for _, setting := range task.Env() {
		name, value, _ := strings.Cut(setting, "=")
		if name != variable {
			continue
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, value+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var members map[string]string
		_ = json.NewDecoder(response.Body).Decode(&members)
		return response.StatusCode, members
	}
	return 0, nil
}

func TestTask(t *testing.T) {
	t.Parallel()
	const (
		arn      = "arn:aws:ecs:eu-west-2:123456789012:task/browsers/0123456789abcdef0123456789abcdef"
		metadata = "ECS_CONTAINER_METADATA_URI_V4"
		role     = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	)
	task, err := NewTask(arn, credentials.NewStaticCredentialsProvider("ASIA1", "secret", "token"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = task.Close() })
	if _, told := endpoint(t, task, metadata, "/task"); told["TaskARN"] != arn {
		t.Errorf("the metadata endpoint tells %v", told)
	}
	_, told := endpoint(t, task, role, "")
	if told["AccessKeyId"] != "ASIA1" || told["SecretAccessKey"] != "secret" || told["Token"] != "token" {
		t.Errorf("the credentials are %v", told)
	}
	if expires, err := time.Parse(time.RFC3339, told["Expiration"]); err != nil || !expires.After(time.Now()) {
		t.Errorf("the credentials expire at %q, error %v", told["Expiration"], err)
	}

	without, err := NewTask(arn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = without.Close() })
	if status, _ := endpoint(t, without, role, ""); status != 0 {
		t.Errorf("a task without a role is told of one; its endpoint answers status %d", status)
	}
}

// shell starts a script in the proxy's place.
func shell(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start("/bin/sh", []string{"WHO=proxy"}, "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestProcess(t *testing.T) {
	t.Parallel()
	p := shell(t, `trap 'echo drained; exit 0' TERM; echo serving $WHO $HOME; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.Await(ctx, "serving proxy\n"); err != nil {
		t.Fatal(err)
	}
	if err := p.Terminate(); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(ctx); err != nil {
		t.Error(err)
	}
	if !strings.HasSuffix(p.Output(), "drained\n") {
		t.Errorf("it said %q", p.Output())
	}
}

func TestProcessThatFails(t *testing.T) {
	t.Parallel()
	p := shell(t, `echo no certificate >&2; exit 3`)
	if err := p.Await(t.Context(), "serving"); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("the error is %v", err)
	}
	if err := p.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("the error is %v", err)
	}
	if out, err := Run(t.Context(), "/bin/sh", nil, "-c", "echo well"); err != nil || out != "well\n" {
		t.Errorf("it said %q, error %v", out, err)
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	p := shell(t, `while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("ECS would kill it now")
	cancel(why)
	if err := p.Wait(ctx); !errors.Is(err, why) {
		t.Errorf("the error is %v", err)
	}
	if err := p.Await(ctx, "serving"); !errors.Is(err, why) {
		t.Errorf("the error is %v", err)
	}
}
