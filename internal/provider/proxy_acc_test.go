//go:build unix

package provider_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/sidecar"
)

// proxyConfig is a certbot whose certificate is also in a secret, and the
// containers that serve it.
func (a *account) proxyConfig(port, more string) string {
	common := fmt.Sprintf("backend_port = %s\n image = \"fargatedirect-proxy:test\"\n domain = %q", port, a.domain)
	return a.config(strings.Replace(a.certbot("force_destroy = true"), fmt.Sprintf(`domains = [%q], profile = "default"`, "*."+a.domain),
		fmt.Sprintf(`domains = [%q%s], profile = "default", secrets_manager = true`, "*."+a.domain, more), 1) + fmt.Sprintf(`
terraform {
  required_providers {
    fargatedirect = { source = "hashicorp/fargatedirect" }
  }
}
output "bucket" {
  value = provider::fargatedirect::proxy_container({
    bucket = fargatedirect_certbot.test.bucket_name
    prefix = "browser/"
    %[1]s
  })
}
output "task_secret" {
  value = provider::fargatedirect::proxy_container({
    secret_arn     = fargatedirect_certbot.test.secret_arns["browser"]
    secret_read_by = "task_role"
    %[1]s
  })
}
output "start_secret" {
  value = provider::fargatedirect::proxy_container({
    secret_arn = fargatedirect_certbot.test.secret_arns["browser"]
    %[1]s
  })
}
output "reader_policy" {
  value = fargatedirect_certbot.test.reader_policy_json["browser"]
}
output "execution_policy" {
  value = fargatedirect_certbot.test.execution_policy_json["browser"]
}
`, common))
}

// TestAccProxy proves that the proxy's own binary, with the environment of the
// function's definitions and roles that may do what the answered policies
// allow, serves a certificate that the deployed function issued, from all
// places, and follows what becomes of it.
func TestAccProxy(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	if !cloud.Strict {
		t.Skip("this LocalStack lets roles do anything, and can not fail")
	}
	parts, port := a.certbotParts("prod"), helloServer(t)
	tf := newCLI(t)
	tf.configure(a.proxyConfig(port, ""))
	tf.must(tf.apply())
	held := func(names ...string) string {
		t.Helper()
		return a.pair(t, parts, "browser/", append(names, "*."+a.domain)...).serial
	}
	run := func(t *testing.T, payload string) {
		t.Helper()
		if failed := a.invoke(t, parts, payload); failed != "" {
			t.Fatal(failed)
		}
	}
	first := held()
	outputs := tf.proxyOutputs()
	reader, executor := a.taskRole(t, "reads-bucket", outputs.ReaderPolicy), a.taskRole(t, "reads-secret", outputs.ExecutionPolicy)
	bucket := a.startProxy(t, proxyOptions{definition: outputs.Bucket, role: reader})
	secret := a.startProxy(t, proxyOptions{definition: outputs.TaskSecret, role: executor})
	started := a.startProxy(t, proxyOptions{
		definition: outputs.StartSecret, endpoint: "http://127.0.0.1:1",
		changes: a.injected(t, outputs.StartSecret.Secrets[0].Name, outputs.StartSecret.Secrets[0].ValueFrom, executor),
	})
	folder, told := filepath.Join(t.TempDir(), "certificates"), filepath.Join(t.TempDir(), "told")
	files := a.startProxy(t, proxyOptions{
		definition: outputs.Bucket, role: reader,
		arguments: []string{"files", "-directory", folder, "--", "/bin/sh", "-c", "echo changed >> " + told},
	})

	t.Run("all places", func(t *testing.T) {
		for _, p := range []*proxyTask{bucket, secret, started} {
			p.serves(t, first)
			p.refusesOthers(t)
		}
		wantFiles(t, folder, first)
		wantChanges(t, told, 1)
	})
	t.Run("a role without the policy", func(t *testing.T) { a.wantDenied(t, outputs, reader, executor) })
	t.Run("files once", func(t *testing.T) {
		once := filepath.Join(t.TempDir(), "once")
		p := a.startProxy(t, proxyOptions{definition: outputs.Bucket, role: reader, arguments: []string{"files", "-once", "-directory", once}})
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantFiles(t, once, first)
	})
	t.Run("a renewal", func(t *testing.T) {
		run(t, `{"force":true}`)
		second := held()
		bucket.serves(t, second)
		secret.serves(t, second)
		wantFiles(t, folder, second)
		wantChanges(t, told, 2)
		started.still(t, first)
	})
	t.Run("an outage of S3", func(t *testing.T) {
		second := held()
		a.fail(t, localcloud.Failure{Service: "s3", Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Message: "Service is unable to handle request."})
		bucket.says(t, "no news of the certificate, serving the same")
		bucket.still(t, second)
		a.fail(t)
		run(t, `{"rollback":"browser"}`)
		is(t, "the certificate after a rollback", held(), first)
		bucket.serves(t, first)
		secret.serves(t, first)
	})
	t.Run("other names", func(t *testing.T) {
		tf.configure(a.proxyConfig(port, fmt.Sprintf(", %q", a.domain)))
		tf.must(tf.apply())
		third := held(a.domain)
		bucket.serves(t, third)
		secret.serves(t, third)
		wantFiles(t, folder, third)
	})
	for _, p := range []*proxyTask{bucket, secret, started, files} {
		p.ends(t)
	}
	tf.must(tf.destroy())
}

// injected is what ECS puts into the environment of a container that is to
// have a secret: it reads it with the execution role.
func (a *account) injected(t *testing.T, name, arn *string, executor string) map[string]string {
	t.Helper()
	config := a.aws.Copy()
	config.Credentials = sidecar.Role(a.aws, executor)
	out := try[*secretsmanager.GetSecretValueOutput](t)(secretsmanager.NewFromConfig(config).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: arn}))
	if t.Failed() {
		t.FailNow()
	}
	return map[string]string{aws.ToString(name): aws.ToString(out.SecretString)}
}

// wantDenied checks that a role with the policy for the other place is told
// which one it lacks.
func (a *account) wantDenied(t *testing.T, outputs proxyOutputs, reader, executor string) {
	t.Helper()
	for policy, p := range map[string]*proxyTask{
		"reader_policy_json":    a.startProxy(t, proxyOptions{definition: outputs.Bucket, role: executor}),
		"execution_policy_json": a.startProxy(t, proxyOptions{definition: outputs.TaskSecret, role: reader}),
	} {
		p.says(t, "the role needs the certificate's "+policy)
		p.ends(t)
	}
}

// wantFiles waits until a folder has a certificate and its key.
func wantFiles(t *testing.T, folder, serial string) {
	t.Helper()
	within(t, proxyPatience, "files of certificate "+serial, func() error {
		pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
		if err != nil {
			return err
		}
		if got := fmt.Sprintf("%x", pair.Leaf.SerialNumber); got != serial {
			return fmt.Errorf("there is certificate %s", got)
		}
		return nil
	})
}

// wantChanges waits until the command has run so many times.
func wantChanges(t *testing.T, file string, times int) {
	t.Helper()
	within(t, proxyPatience, "the command of the files", func() error {
		text, err := os.ReadFile(file)
		if n := strings.Count(string(text), "changed"); err != nil || n != times {
			return fmt.Errorf("it ran %d times, want %d: %w", n, times, err)
		}
		return nil
	})
}
