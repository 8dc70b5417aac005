package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMirrorPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ address, platform, want string }{
		{"registry.test/fargatedirect/fargatedirect", "linux_arm64", "registry.test/fargatedirect/fargatedirect/0.0.1/linux_arm64/terraform-provider-fargatedirect_v0.0.1"},
		{"registry.test/fargatedirect/fargatedirect", "windows_amd64", "registry.test/fargatedirect/fargatedirect/0.0.1/windows_amd64/terraform-provider-fargatedirect_v0.0.1.exe"},
	}
	for _, tt := range tests {
		if got := filepath.ToSlash(mirrorPath(tt.address, tt.platform)); got != tt.want {
			t.Errorf("mirrorPath(%s, %s) is %s, want %s", tt.address, tt.platform, got, tt.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	const listed = "\nProviders required by configuration:\n.\n├── provider[registry.test/hashicorp/aws]\n└── provider[registry.test/fargatedirect/fargatedirect] >= 0.0.1\n"
	found := addresses.FindStringSubmatch(listed)
	if len(found) != 2 || found[1] != "registry.test/fargatedirect/fargatedirect" {
		t.Errorf("found %q", found)
	}
}

func TestTold(t *testing.T) {
	t.Parallel()
	const out = `
Terraform will perform the following actions:
  # fargatedirect_certbot.tasks will be created
Plan: 2 to add, 0 to change, 0 to destroy.
fargatedirect_certbot.tasks: Creating...
fargatedirect_certbot.tasks: Still creating... [10s elapsed]
fargatedirect_certbot.tasks: Creation complete after 12s [id=tasks]
fargatedirect_certbot.tasks: Creation complete after 13s [name=tasks]

Apply complete! Resources: 2 added, 0 changed, 0 destroyed.
`
	want := []string{
		"Plan: 2 to add, 0 to change, 0 to destroy.",
		"fargatedirect_certbot.tasks: Creation complete after 12s",
		"fargatedirect_certbot.tasks: Creation complete after 13s",
		"Apply complete! Resources: 2 added, 0 changed, 0 destroyed.",
	}
	if got := told(out); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestCleaned(t *testing.T) {
	t.Parallel()
	got := cleaned([]string{"PATH=/bin", "AWS_PROFILE=production", "AWS_ENDPOINT_URL_S3=http://x", "TF_WORKSPACE=production", "HOME=/home/me"})
	want := []string{"PATH=/bin", "HOME=/home/me", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull}
	if !slices.Equal(got, want) {
		t.Errorf("cleaned is %q, want %q", got, want)
	}
}

// fakeCLI is a CLI, namely the shell, whose command "apply" is a script.
func fakeCLI(t *testing.T, script string) *terraform {
	t.Helper()
	tf, err := newTerraform("/bin/sh", t.TempDir(), []string{"AWS_REGION=eu-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tf.dir, "apply"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	return tf
}

func TestRunTellsWhatFailed(t *testing.T) {
	t.Parallel()
	tf := fakeCLI(t, `echo "the plan"; echo "Error: no such zone" >&2; exit 1`)
	_, err := tf.run(t.Context(), "apply")
	if err == nil {
		t.Fatal("there is no error")
	}
	for _, want := range []string{"running sh apply: exit status 1", "the plan", "Error: no such zone"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

// TestRunInterrupts has a command end as it does at Ctrl-C, not killed.
func TestRunInterrupts(t *testing.T) {
	t.Parallel()
	tf := fakeCLI(t, `trap 'echo saved > state; exit 1' INT
echo > ready
while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := tf.run(ctx, "apply")
		ended <- err
	}()
	for {
		if _, err := os.Stat(filepath.Join(tf.dir, "ready")); err == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("it ended before it was interrupted: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("the error is %v, want %v", err, context.Canceled)
	}
	if _, err := os.Stat(filepath.Join(tf.dir, "state")); err != nil {
		t.Errorf("it was not let save its state: %v", err)
	}
}
