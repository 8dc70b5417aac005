package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

const (
	// grace is what a command has to end when it is told to, and what those it
	// left behind have to close its output.
	grace = 2 * time.Second
	// maxLine and maxLines are what is logged of one run.
	maxLine  = 1 << 10
	maxLines = 100
	// shortestSecret leaves out the words around a key, and so few digits of it
	// that nobody can do anything with them.
	shortestSecret = 16
)

// runCommand runs the command and logs what it says, but for lines of the key.
// When the time is over or the context ends, nothing of it is left. What a
// command that succeeded left running is its own.
func runCommand(ctx context.Context, o Options, key []byte) error {
	limited, cancel := context.WithTimeout(ctx, o.ExecTimeout)
	defer cancel()
	log := o.Logger.With("command", o.Command[0])
	said := &lines{log: log, secrets: secretLines(key)}
	cmd := exec.CommandContext(limited, o.Command[0], o.Command[1:]...)
	cmd.Env = withoutSecret(o.Environment)
	cmd.Stdout, cmd.Stderr = said, said
	// Its children are in one group with it, so that a signal reaches all.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return os.ErrProcessDone
	}
	cmd.WaitDelay = grace
	began := time.Now()
	err := cmd.Run()
	if cmd.Process != nil && limited.Err() != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // if there is anybody left
	}
	last := said.end()
	switch {
	// It succeeded, and something that it started has its output.
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		log.Info("the command succeeded", "took", time.Since(began).String())
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("running %s: it was stopped: %w", o.Command[0], context.Cause(ctx))
	case limited.Err() != nil:
		return fmt.Errorf("running %s: it took longer than %s", o.Command[0], o.ExecTimeout)
	case last != "":
		return fmt.Errorf("running %s: %w; it said last: %s", o.Command[0], err, last)
	}
	return fmt.Errorf("running %s: %w", o.Command[0], err)
}

// withoutSecret is an environment without the private key.
func withoutSecret(environment []string) []string {
	clean := slices.DeleteFunc(slices.Clone(environment), func(setting string) bool {
		return strings.HasPrefix(setting, settings.SecretVariable+"=")
	})
	if clean == nil {
		return []string{} // nil would be this process's own
	}
	return clean
}

// secretLines are the lines of a key that tell something of it.
func secretLines(key []byte) []string {
	return slices.DeleteFunc(strings.Fields(string(key)), func(word string) bool { return len(word) < shortestSecret })
}

// lines logs each line that is written to it, within limits.
type lines struct {
	log *slog.Logger
	// secrets are texts that get neither into the log nor into errors, which
	// /healthz tells: a shell that shows what it does shows variables, too.
	secrets []string
	// pending is the line so far, up to the end of a secret that begins in the
	// part that is logged.
	pending []byte
	count   int
	last    string
}

func (l *lines) Write(text []byte) (int, error) {
	n, most := len(text), maxLine
	for _, secret := range l.secrets {
		most = max(most, maxLine+len(secret))
	}
	for {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		l.pending = append(l.pending, line[:min(len(line), most-len(l.pending))]...)
		if !whole {
			return n, nil
		}
		l.flush()
		text = rest
	}
}

func (l *lines) flush() {
	line := string(l.pending)
	l.pending = l.pending[:0]
	if slices.ContainsFunc(l.secrets, func(secret string) bool { return strings.Contains(line, secret) }) {
		line = "(a line with the private key)"
	}
	line = strings.TrimSpace(strings.ToValidUTF8(line[:min(len(line), maxLine)], "?"))
	if line == "" {
		return
	}
	l.last = line
	l.count++
	switch {
	case l.count <= maxLines:
		l.log.Info("the command says", "line", line)
	case l.count == maxLines+1:
		l.log.Warn("the command says more than is logged")
	}
}

// end answers the last line.
func (l *lines) end() string {
	l.flush()
	return l.last
}
