package server

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// TestLargeFrame refuses a frame of HTTP/2 at its first bytes, which tell how
// long it is, so that nobody has memory taken by the promise of a MiB.
func TestLargeFrame(t *testing.T) {
	t.Parallel()
	f := startFront(t, func(*limits) {}, func(http.ResponseWriter, *http.Request) {})
	conn, err := f.dial(t.Context(), "h2")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, preface+"\x00\x40\x01\x00\x00\x00\x00\x00\x01")
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the connection is not closed: %v", err)
	}
}

// TestStuckLog serves and drains while nobody takes what the process says.
func TestStuckLog(t *testing.T) {
	t.Parallel()
	unread, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	_ = out.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	for range 1 << 10 {
		if _, err := out.Write(make([]byte, 1<<10)); err != nil {
			break
		}
	}
	cmd := exec.Command(proxytest.Binary(t), "serve")
	bucket := proxytest.NewBucket(t)
	bucket.Publish(bucket.Authority.Issue(nil))
	c := clients{proxytest.FreeAddress(t), bucket.Authority}
	cmd.Env = append(bucket.Env(), proxytest.Metadata(t), "FARGATEDIRECT_BACKEND_PORT=1", "FARGATEDIRECT_DOMAIN="+proxytest.Domain,
		"FARGATEDIRECT_LISTEN="+c.address, "FARGATEDIRECT_HEALTH_LISTEN="+proxytest.FreeAddress(t))
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	until(t, func() bool {
		_, err := c.serial(t.Context())
		return err == nil
	})
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := receive(t, ended); err != nil {
		t.Errorf("ends with %v", err)
	}
}
