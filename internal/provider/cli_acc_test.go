//go:build unix

package provider_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// cli is a folder in which the Terraform CLI runs by itself, for what the test
// framework hides, such as warnings, or cannot do, such as an interrupt. The
// provider is this test program, see TestMain.
type cli struct {
	t   *testing.T
	dir string
	env []string
}

func newCLI(t *testing.T) *cli {
	t.Helper()
	c := &cli{t: t, dir: t.TempDir()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugins := t.TempDir()
	if err := os.Symlink(self, filepath.Join(plugins, "terraform-provider-fargatedirect")); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(plugins, "cli.tfrc")
	c.write(config, fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"hashicorp/fargatedirect\" = %q\n  }\n}\n", plugins))
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TF_") {
			c.env = append(c.env, v)
		}
	}
	c.env = append(c.env, "TF_CLI_CONFIG_FILE="+config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return c
}

func (c *cli) write(path, text string) {
	c.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// configure replaces the configuration.
func (c *cli) configure(text string) {
	c.t.Helper()
	c.write(filepath.Join(c.dir, "main.tf"), text)
}

// cliLine is a line of Terraform's machine-readable output.
type cliLine struct {
	Type       string `json:"type"`
	Text       string `json:"@message"`
	Diagnostic struct{ Severity, Summary, Detail string }
}

// outcome is how a command ended.
type outcome struct {
	messages []cliLine
	// err is nil if the command succeeded.
	err error
}

func (o outcome) diagnostics(severity string) string {
	var text strings.Builder
	for _, m := range o.messages {
		if m.Type == "diagnostic" && m.Diagnostic.Severity == severity && !strings.Contains(m.Diagnostic.Summary, "development overrides") {
			fmt.Fprintf(&text, "%s\n%s\n", m.Diagnostic.Summary, m.Diagnostic.Detail)
		}
	}
	return text.String()
}

// warnings and problems are the texts of all warnings and errors.
func (o outcome) warnings() string { return o.diagnostics("warning") }
func (o outcome) problems() string { return o.diagnostics("error") }

// command is a Terraform that runs.
type command struct {
	cmd    *exec.Cmd
	output bytes.Buffer
}

// start starts a command; its provider is of the same process group.
func (c *cli) start(args ...string) *command {
	c.t.Helper()
	r := &command{cmd: exec.CommandContext(c.t.Context(), terraform(c.t), args...)}
	r.cmd.Dir, r.cmd.Env = c.dir, c.env
	r.cmd.Stdout, r.cmd.Stderr = &r.output, &r.output
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.cmd.Cancel = func() error { return r.signal(syscall.SIGKILL) }
	if err := r.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return r
}

// signal sends a signal to Terraform and its provider, as a terminal does.
func (r *command) signal(s syscall.Signal) error { return syscall.Kill(-r.cmd.Process.Pid, s) }

// wait waits for the end.
func (r *command) wait() outcome {
	o := outcome{err: r.cmd.Wait()}
	for lines := bufio.NewScanner(&r.output); lines.Scan(); {
		var m cliLine
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			m = cliLine{Text: lines.Text()}
		}
		o.messages = append(o.messages, m)
	}
	return o
}

// apply applies the configuration, and destroy destroys it.
func (c *cli) apply() outcome { return c.start("apply", "-json", "-auto-approve", "-no-color").wait() }

func (c *cli) destroy() outcome {
	return c.start("apply", "-json", "-auto-approve", "-no-color", "-destroy").wait()
}

// must fails the test unless the command succeeded.
func (c *cli) must(o outcome) outcome {
	c.t.Helper()
	if o.err != nil {
		c.t.Fatalf("terraform: %v\n%s", o.err, o.problems())
	}
	return o
}

// planned is what a plan wants to do with a resource.
type planned struct {
	actions string
	drift   []string
}

// plan answers the changes by address; what stays as it is is left out.
func (c *cli) plan() map[string]planned {
	c.t.Helper()
	c.must(c.start("plan", "-json", "-no-color", "-out=plan").wait())
	var plan struct {
		Changes []struct {
			Address string
			Change  struct {
				Actions []string
				Before  struct{ Drift []string }
			}
		} `json:"resource_changes"`
	}
	c.show(&plan, "plan")
	changes := map[string]planned{}
	for _, r := range plan.Changes {
		if actions := strings.Join(r.Change.Actions, ","); actions != "no-op" {
			changes[r.Address] = planned{actions, r.Change.Before.Drift}
		}
	}
	return changes
}

// stateResource is a resource in the state.
type stateResource struct {
	Address string
	Tainted bool
	Values  map[string]any
}

// state answers the resources in the state by address.
func (c *cli) state() map[string]stateResource {
	c.t.Helper()
	var state struct {
		Values struct {
			Root struct{ Resources []stateResource } `json:"root_module"`
		}
	}
	c.show(&state)
	resources := map[string]stateResource{}
	for _, r := range state.Values.Root.Resources {
		resources[r.Address] = r
	}
	return resources
}

func (c *cli) show(into any, args ...string) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), terraform(c.t), append([]string{"show", "-json", "-no-color"}, args...)...)
	cmd.Dir, cmd.Env = c.dir, c.env
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("terraform show: %v", err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		c.t.Fatal(err)
	}
}
