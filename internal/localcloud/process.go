package localcloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/freeport"
)

// watchdog runs its arguments as a program and ends with it. It also ends the
// whole process group when its standard input closes, which happens when the
// process that started it dies, however that comes about.
const watchdog = `exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ cat >/dev/null; kill -9 0; } <&3 &
exec 3<&-
wait $child`

// process is a program with everything that it started.
type process struct {
	name  string
	log   string
	cmd   *exec.Cmd
	alive io.Closer
	done  chan struct{}
}

// startProcess starts a program whose output goes to a file. The environment
// is exactly env: what the user's shell happens to hold (a proxy, credentials,
// Python settings) must not change how the cloud behaves.
func startProcess(name, log string, env []string, argv ...string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	defer out.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", watchdog, "sh"}, argv...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, out
	ownGroup(cmd)
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, log: log, cmd: cmd, alive: alive, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
	}()
	return p, nil
}

// stop kills the program and all that it started; there is no state to save.
func (p *process) stop() {
	if p == nil {
		return
	}
	killGroup(p.cmd)
	<-p.done
	_ = p.alive.Close()
}

var errEnded = errors.New("it ended")

// waitFor calls ready until it succeeds, the program ends or the context does.
func (p *process) waitFor(ctx context.Context, ready func(context.Context) error) error {
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("starting %s: %w; its log says:\n%s", p.name, errEnded, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("starting %s: %w (%w); its log says:\n%s", p.name, ctx.Err(), err, p.tail())
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// tail is the end of the program's log, for error messages.
func (p *process) tail() []byte {
	const most = 4096
	b, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(b[max(0, len(b)-most):])
}

// freePort is a port of 127.0.0.1 that nobody listens on.
func freePort() (int, error) {
	address, err := freeport.Address("127.0.0.1")
	if err != nil {
		return 0, err
	}
	parsed, err := netip.ParseAddrPort(address)
	return int(parsed.Port()), err
}

// portAttempts is how often a program is started again when it ended during
// its start: somebody else may have asked for its port in the meantime.
const portAttempts = 3

// retryStart starts a program anew while it ends before it is ready.
func retryStart(start func() (*process, error)) (*process, error) {
	for attempt := 1; ; attempt++ {
		p, err := start()
		if err == nil || attempt == portAttempts || !errors.Is(err, errEnded) {
			return p, err
		}
		p.stop()
	}
}
