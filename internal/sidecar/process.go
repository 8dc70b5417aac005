package sidecar

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a proxy that runs. It ends with the program that started it,
// where the system can do that.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	// err is how it ended.
	err error

	mu     sync.Mutex
	output bytes.Buffer
	// said is closed, and made anew, whenever the output grows.
	said chan struct{}
}

// Start starts a binary with exactly this environment.
func Start(binary string, env []string, arguments ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(binary, arguments...), ended: make(chan struct{}), said: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, (*output)(p), (*output)(p)
	endWithParent(p.cmd)
	started := make(chan error)
	go func() {
		// The system takes the thread that started the process for its parent, and
		// kills its children when it ends. So the thread must last, and go on
		// lasting: it may have started other processes before, such as Terraform.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting the proxy: %w", err)
	}
	return p, nil
}

// Output is what it has said so far, on standard output and standard error.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// Await waits until it has said a text.
func (p *Process) Await(ctx context.Context, text string) error {
	for {
		p.mu.Lock()
		said := p.said
		p.mu.Unlock()
		if strings.Contains(p.Output(), text) {
			return nil
		}
		select {
		case <-said:
		case <-p.ended:
			if strings.Contains(p.Output(), text) {
				return nil
			}
			return fmt.Errorf("the proxy has ended (%s) and not said %q; it said:\n%s", p.cmd.ProcessState, text, p.Output())
		case <-ctx.Done():
			return fmt.Errorf("the proxy has not said %q: %w; it said:\n%s", text, context.Cause(ctx), p.Output())
		}
	}
}

// Terminate sends SIGTERM, as ECS does when a task is to stop.
func (p *Process) Terminate() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("ending the proxy: %w", err)
	}
	return nil
}

// Wait waits for the end. It is an error if that was not with the status 0.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.ended:
	case <-ctx.Done():
		return fmt.Errorf("the proxy has not ended: %w; it said:\n%s", context.Cause(ctx), p.Output())
	}
	if p.err != nil {
		return fmt.Errorf("the proxy ended with %w; it said:\n%s", p.err, p.Output())
	}
	return nil
}

// Kill ends it at once, and waits for that. It may have ended before.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Run runs a binary with exactly this environment to its end, for a few
// seconds at most, and answers what it said.
func Run(ctx context.Context, binary string, env []string, arguments ...string) (string, error) {
	p, err := Start(binary, env, arguments...)
	if err != nil {
		return "", err
	}
	defer p.Kill()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err = p.Wait(ctx)
	return p.Output(), err
}

// output takes what a process says.
type output Process

// Write implements io.Writer.
func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.said)
	o.said = make(chan struct{})
	return o.output.Write(text)
}
