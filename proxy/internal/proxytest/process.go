package proxytest

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TaskID is the id of the task that tests run in, and Hostname is its name.
const (
	TaskID   = "0123456789abcdef0123456789abcdef"
	Hostname = TaskID + "." + Domain
)

// Metadata starts the metadata endpoint of ECS for the task, and answers what
// a process needs in its environment to find it.
func Metadata(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"Cluster":"default","TaskARN":"arn:aws:ecs:eu-west-2:123456789012:task/default/%s","Family":"app"}`, TaskID)
	}))
	t.Cleanup(server.Close)
	return "ECS_CONTAINER_METADATA_URI_V4=" + server.URL
}

// FreeAddress is an address of 127.0.0.1 that nobody listens on. On Linux its
// port is the test's until that ends: only who is told of it can listen on it.
func FreeAddress(t testing.TB) string {
	t.Helper()
	address, release, err := hold()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return address
}

// folder is where the binary is, once it is compiled.
var folder string

// Main runs a package's tests and removes the binary. For packages that start
// the proxy:
//
//	func TestMain(m *testing.M) { os.Exit(proxytest.Main(m)) }
func Main(m *testing.M) int {
	status := m.Run()
	if folder != "" {
		_ = os.RemoveAll(folder)
	}
	return status
}

// binary is compiled once for all tests of a package.
var binary = sync.OnceValues(func() (string, error) {
	var err error
	if folder, err = os.MkdirTemp("", "fargatedirect-proxy-"); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "fargatedirect-proxy")
	build := exec.Command("go", "build", raceFlag, "-o", path, "github.com/fargatedirect/terraform-provider-fargatedirect/proxy")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the proxy: %w\n%s", err, out)
	}
	return path, nil
})

// Binary is the path of the proxy, compiled as it is now.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Process is a proxy that runs.
type Process struct {
	cmd    *exec.Cmd
	mu     sync.Mutex
	output bytes.Buffer
	ended  chan struct{}
	err    error
}

// Start runs the proxy with nothing but this environment, and kills it when
// the test ends.
func Start(t testing.TB, environment []string, arguments ...string) *Process {
	t.Helper()
	cmd := exec.Command(Binary(t), arguments...)
	cmd.Env = environment
	return StartCommand(t, cmd)
}

// StartCommand starts a proxy as the command says, and kills it when the test
// ends.
func StartCommand(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("the proxy said:\n%s", p.Output())
		}
	})
	return p
}

// Write takes the process's output.
func (p *Process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

// Output is what it said so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// Terminate sends SIGTERM and answers how the process ended, at most the
// patience later.
func (p *Process) Terminate(t testing.TB, patience time.Duration) error {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	return p.Ended(t, patience)
}

// Signal sends a signal.
func (p *Process) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// Ended waits for the end and answers how it was.
func (p *Process) Ended(t testing.TB, patience time.Duration) error {
	t.Helper()
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
		t.Fatalf("the proxy has not ended after %v", patience)
		return nil
	}
}

// awaited is how long a text is waited for, on a machine that has other things
// to do.
const awaited = 2 * time.Minute

// Await waits until the output has a text.
func (p *Process) Await(t testing.TB, text string) {
	t.Helper()
	for end := time.Now().Add(awaited); time.Now().Before(end); {
		if strings.Contains(p.Output(), text) {
			return
		}
		select {
		case <-p.ended:
			// All that it said is there now.
			if !strings.Contains(p.Output(), text) {
				t.Fatalf("the proxy has ended, and not said %q: %v", text, p.err)
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("the proxy has not said %q", text)
}
