package files

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// An output that takes no lines keeps no renewal from the server, and not the
// process from its end.
func TestStuckOutput(t *testing.T) {
	t.Parallel()
	bucket := proxytest.NewBucket(t)
	first, second := bucket.Authority.Issue(nil), bucket.Authority.Issue(nil)
	bucket.Publish(first)
	folder, told := t.TempDir(), filepath.Join(t.TempDir(), "told")
	cmd := exec.Command(proxytest.Binary(t), "files", "-interval", "50ms", "-health-listen", "", "--", "sh", "-c", `echo "it is told"; cat "$0/cert.pem" >"$1.next"; mv "$1.next" "$1"`, folder, told)
	cmd.Env = append(bucket.Env(), "PATH="+os.Getenv("PATH"), "FARGATEDIRECT_DIRECTORY="+folder)
	cmd.Stdout = stuck(t)
	must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	for _, pair := range []proxytest.Pair{first, second} {
		bucket.Publish(pair)
		await(t, func() bool {
			text, _ := os.ReadFile(told)
			return string(text) == pair.Chain
		})
		if t.Failed() {
			return
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(patience):
		t.Error("it does not end")
	}
}

// stuck is a pipe that takes nothing: it is full, and nobody reads.
func stuck(t *testing.T) *os.File {
	t.Helper()
	out, in, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { must(t, out.Close(), in.Close()) })
	size, _, errno := syscall.Syscall(syscall.SYS_FCNTL, in.Fd(), syscall.F_SETPIPE_SZ, 4096)
	if errno != 0 {
		t.Fatal(errno)
	}
	_, err = in.Write(make([]byte, size))
	must(t, err)
	return in
}
