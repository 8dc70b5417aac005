package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// A full disk leaves the pair in use as it is, and the next attempt succeeds
// when there is space.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	ca := proxytest.NewAuthority()
	first, second := ca.Issue(nil), ca.Issue(nil)
	f := opened(t, path, 0o600)
	t.Cleanup(f.close) // before it is unmounted
	publish(t, f, first)
	fill := filepath.Join(path, "fill")
	if err := os.WriteFile(fill, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	_, err := f.publish(second.Serial, []byte(second.Key), []byte(second.Chain))
	if err == nil || !strings.Contains(err.Error(), "no space left on device; a certificate takes less than a megabyte") || !strings.Contains(err.Error(), path) {
		t.Errorf("it says %v", err)
	}
	has(t, path, first)
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	publish(t, f, second)
	has(t, path, second)
}
