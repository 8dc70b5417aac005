package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/sidecar"
)

// interruptGrace is how long the CLI may take to end when it is told to.
const interruptGrace = 45 * time.Second

// terraform runs Terraform or OpenTofu in a folder of its own.
type terraform struct {
	cli string
	// dir holds the configuration.
	dir string
	// mirror is where providers are installed from; there is no other place.
	mirror string
	// config is the path of the CLI's configuration.
	config string
	env    []string
}

// newTerraform makes the folders and the CLI's configuration in dir.
func newTerraform(cli, dir string, env []string) (*terraform, error) {
	t := &terraform{
		cli:    cli,
		dir:    filepath.Join(dir, "complete"),
		mirror: filepath.Join(dir, "mirror"),
		config: filepath.Join(dir, "cli.tfrc"),
	}
	for _, d := range []string{t.dir, t.mirror} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("making folders for Terraform: %w", err)
		}
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", t.mirror)
	if err := os.WriteFile(t.config, []byte(config), 0o644); err != nil {
		return nil, fmt.Errorf("configuring Terraform: %w", err)
	}
	t.env = append(cleaned(os.Environ()), env...)
	t.env = append(t.env, "TF_CLI_CONFIG_FILE="+t.config, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
	return t, nil
}

// cleaned is an environment without the user's settings for AWS and
// Terraform: a profile, another endpoint or workspace would change what is
// shown, and nothing of this may reach a true account.
func cleaned(environment []string) []string {
	var env []string
	for _, setting := range environment {
		if !strings.HasPrefix(setting, "AWS_") && !strings.HasPrefix(setting, "TF_") {
			env = append(env, setting)
		}
	}
	return append(env, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
}

// run runs one command to its end and returns what it printed. When the
// context ends it is interrupted as by Ctrl-C, so that it saves its state.
func (t *terraform) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, t.cli, args...)
	cmd.Dir, cmd.Env = t.dir, t.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	ownGroup(cmd)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptGrace
	err := cmd.Run()
	if ctx.Err() != nil {
		killGroup(cmd)
		return "", fmt.Errorf("running %s %s: %w", filepath.Base(t.cli), args[0], ctx.Err())
	}
	if err != nil {
		return "", fmt.Errorf("running %s %s: %w\n%s%s", filepath.Base(t.cli), args[0], err, &stdout, &stderr)
	}
	return stdout.String(), nil
}

type cliVersion struct {
	Version  string `json:"terraform_version"`
	Platform string `json:"platform"`
}

func (t *terraform) version(ctx context.Context) (cliVersion, error) {
	var v cliVersion
	out, err := t.run(ctx, "version", "-json")
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		return v, fmt.Errorf("reading the version of %s: %w", t.cli, err)
	}
	if v.Platform == "" {
		return v, fmt.Errorf("reading the version of %s: it names no platform: %s", t.cli, out)
	}
	return v, nil
}

// worth finds the lines of an apply or a destroy that say what became of it.
var worth = regexp.MustCompile(`^(Plan: |Apply complete! |Destroy complete! |No changes\. |\S+: (Creation|Destruction) complete after )`)

// told are those lines. Identities are left out: they are among the outputs.
func told(out string) []string {
	var lines []string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if worth.MatchString(line) {
			line, _, _ = strings.Cut(line, " [")
			lines = append(lines, line)
		}
	}
	return lines
}

func (d *demo) tell(out string) {
	for _, line := range told(out) {
		d.screen.fact("%s", line)
	}
}

func (d *demo) initialize(ctx context.Context) error {
	out, err := d.terraform.run(ctx, "init", "-no-color")
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "- Installed "); ok {
			d.screen.fact("Installed %s", text)
		}
	}
	return nil
}

// outputs are those of examples/complete.
type outputs struct {
	Domain struct {
		Value string `json:"value"`
	} `json:"wildcard_domain"`
	Certificate struct {
		Value struct {
			Bucket      string `json:"bucket"`
			Certificate string `json:"certificate"`
			Key         string `json:"key"`
			Serial      string `json:"serial"`
		} `json:"value"`
	} `json:"certificate"`
	ReaderPolicy struct {
		Value string `json:"value"`
	} `json:"reader_policy_json"`
	Proxy struct {
		Value json.RawMessage `json:"value"`
	} `json:"proxy_container"`
	Function struct {
		Value string `json:"value"`
	} `json:"certbot_function_arn"`
}

func (d *demo) apply(ctx context.Context) error {
	d.later(func(ctx context.Context) error {
		_, err := d.terraform.run(ctx, "destroy", "-no-color", "-auto-approve")
		return err
	})
	out, err := d.terraform.run(ctx, "apply", "-no-color", "-auto-approve")
	if err != nil {
		return err
	}
	d.tell(out)
	if strings.Contains(out, "Warning:") {
		return fmt.Errorf("it warns:\n%s", out)
	}
	raw, err := d.terraform.run(ctx, "output", "-json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(raw), &d.results); err != nil {
		return fmt.Errorf("reading the outputs: %w", err)
	}
	if d.definition, err = sidecar.Parse(d.results.Proxy.Value); err != nil {
		return fmt.Errorf("reading the outputs: %w", err)
	}
	d.screen.fact("wildcard_domain = %s", d.results.Domain.Value)
	d.screen.fact("certificate.bucket = %s", d.results.Certificate.Value.Bucket)
	d.screen.fact("proxy_container = the definition of a container, to put beside yours")
	return nil
}

func (d *demo) planEmpty(ctx context.Context) error {
	out, err := d.terraform.run(ctx, "plan", "-no-color", "-detailed-exitcode")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 {
		return fmt.Errorf("there are changes right after the apply: %w", err)
	}
	if err != nil {
		return err
	}
	d.tell(out)
	return nil
}

func (d *demo) destroy(ctx context.Context) error {
	out, err := d.terraform.run(ctx, "destroy", "-no-color", "-auto-approve")
	if err != nil {
		return err
	}
	d.tell(out)
	return nil
}
