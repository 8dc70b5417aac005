package files

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

func opened(t *testing.T, path string, mode fs.FileMode) *folder {
	t.Helper()
	f, err := openFolder(path, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.close)
	return f
}

func publish(t *testing.T, f *folder, p proxytest.Pair) bool {
	t.Helper()
	changed, err := f.publish(p.Serial, []byte(p.Key), []byte(p.Chain))
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// has checks what the names lead to.
func has(t *testing.T, path string, p proxytest.Pair) {
	t.Helper()
	for name, want := range map[string]string{"key.pem": p.Key, "cert.pem": p.Chain, "bundle.pem": p.Key + p.Chain} {
		if got, err := os.ReadFile(filepath.Join(path, name)); err != nil || string(got) != want {
			t.Errorf("%s is not of %s, error %v", name, p.Serial, err)
		}
	}
}

func names(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

// The layout is a contract: servers are configured with these names.
func TestLayout(t *testing.T) {
	t.Parallel()
	ca := proxytest.NewAuthority()
	first, second := ca.Issue(nil), ca.Issue(nil)
	path := filepath.Join(t.TempDir(), "deep", "certificates")
	f := opened(t, path, 0o640)
	if !publish(t, f, first) {
		t.Error("it says that nothing has changed")
	}
	has(t, path, first)
	if got, want := names(t, path), []string{".lock", "bundle.pem", "cert.pem", "current", "key.pem", "versions"}; !slices.Equal(got, want) {
		t.Errorf("the folder has %q, want %q", got, want)
	}
	for name, want := range map[string]fs.FileMode{"key.pem": 0o640, "bundle.pem": 0o640, "cert.pem": 0o644, "current": fs.ModeDir | 0o755} {
		if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, error %v; want %v", name, info.Mode(), err, want)
		}
	}
	// Other containers mount the folder elsewhere.
	moved := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Symlink(path, moved); err != nil {
		t.Fatal(err)
	}
	has(t, moved, first)
	if publish(t, f, first) {
		t.Error("it writes what is there already")
	}
	if !publish(t, f, second) || len(names(t, filepath.Join(path, "versions"))) != 2 {
		t.Error("the version before is not there any more, for those who are about to read it")
	}
	has(t, path, second)
	if !publish(t, f, first) { // a rollback
		t.Error("it says that a rollback changes nothing")
	}
	has(t, path, first)
}

// Readers that open one file, or resolve current once, never get a key that
// does not belong to the certificate, nor half a file, nor none.
func TestReadersSeePairs(t *testing.T) {
	t.Parallel()
	const changes = 100
	ca := proxytest.NewAuthority()
	pairs := []proxytest.Pair{ca.Issue(nil), ca.Issue(nil), ca.Issue(nil)}
	path := t.TempDir()
	f := opened(t, path, 0o600)
	publish(t, f, pairs[0])
	var reads atomic.Int64
	var readers sync.WaitGroup
	over := make(chan struct{})
	for _, read := range []func() error{
		func() error {
			version, err := os.Readlink(filepath.Join(path, "current"))
			if err != nil {
				return err
			}
			_, err = tls.LoadX509KeyPair(filepath.Join(path, version, "cert.pem"), filepath.Join(path, version, "key.pem"))
			return err
		},
		func() error {
			text, err := os.ReadFile(filepath.Join(path, "bundle.pem"))
			if err != nil {
				return err
			}
			_, err = tls.X509KeyPair(text, text)
			return err
		},
	} {
		readers.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if err := read(); err != nil {
					t.Errorf("a reader gets: %v", err)
					return
				}
				reads.Add(1)
			}
		})
	}
	for i := range changes {
		publish(t, f, pairs[(i+1)%len(pairs)])
		if err := f.tidy(); err != nil {
			t.Error(err)
		}
		for before := reads.Load(); reads.Load() < before+4 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
	}
	close(over)
	readers.Wait()
	t.Logf("%d reads through %d changes", reads.Load(), changes)
}

// A version is removed a minute after the one that followed it, not before.
func TestTidy(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ca := proxytest.NewAuthority()
		f := opened(t, path, 0o600)
		count := func(want int) {
			t.Helper()
			if err := f.tidy(); err != nil {
				t.Error(err)
			}
			if got := names(t, filepath.Join(path, "versions")); len(got) != want {
				t.Errorf("%s: %q are left, want %d", time.Now(), got, want)
			}
		}
		publish(t, f, ca.Issue(nil))
		time.Sleep(60 * 24 * time.Hour)
		publish(t, f, ca.Issue(nil))
		count(2)
		time.Sleep(stay - time.Second)
		count(2)
		last := ca.Issue(nil)
		publish(t, f, last)
		count(3)
		time.Sleep(2 * time.Second)
		count(2)
		time.Sleep(time.Hour)
		count(1)
		has(t, path, last)
	})
}

// What a killed process left is neither used nor kept.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	ca := proxytest.NewAuthority()
	first, second := ca.Issue(nil), ca.Issue(nil)
	path := t.TempDir()
	killed := opened(t, path, 0o600)
	publish(t, killed, first)
	killed.close()
	for name, text := range map[string]string{"versions/.next/key.pem": second.Key, "versions/.next/cert.pem": "-----BEGIN CERT"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(path, name)), 0o755), os.WriteFile(filepath.Join(path, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("versions/none", filepath.Join(path, ".current")); err != nil {
		t.Fatal(err)
	}
	has(t, path, first)
	f := opened(t, path, 0o600)
	if publish(t, f, first) {
		t.Error("what was whole is written again")
	}
	if err := f.tidy(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Join(path, "versions")); len(got) != 1 || got[0] == ".next" {
		t.Errorf("%q are left", got)
	}
	publish(t, f, second)
	has(t, path, second)
	// One that somebody damaged is written anew.
	if err := os.WriteFile(filepath.Join(path, "current", "cert.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !publish(t, f, second) {
		t.Error("it leaves a damaged file")
	}
	has(t, path, second)
}

func TestFolderRefused(t *testing.T) {
	t.Parallel()
	pair := proxytest.NewAuthority().Issue(nil)
	for name, test := range map[string]struct {
		before func(t *testing.T, path string)
		want   string
	}{
		"a key of somebody's": {func(t *testing.T, path string) {
			if err := os.WriteFile(filepath.Join(path, "key.pem"), []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "key.pem: it exists and is not a link to current/key.pem; remove it, or set another -directory"},
		"current is a folder": {func(t *testing.T, path string) {
			if err := os.Mkdir(filepath.Join(path, "current"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "it must be a link"},
		"another proxy": {func(t *testing.T, path string) { opened(t, path, 0o600) }, "another proxy writes to"},
		"a file": {func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		}, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "certificates")
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
			test.before(t, path)
			f, err := openFolder(path, 0o600)
			if err == nil {
				defer f.close()
				_, err = f.publish(pair.Serial, []byte(pair.Key), []byte(pair.Chain))
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("it says %v, want %q", err, test.want)
			}
			if text, err := os.ReadFile(filepath.Join(path, "key.pem")); err == nil && !bytes.Equal(text, []byte("mine")) {
				t.Error("somebody's key was replaced")
			}
		})
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"mount a volume there, and not readOnly":  syscall.EROFS,
		"unless the image declares a VOLUME":      syscall.EACCES,
		"less than a megabyte: something else":    syscall.EDQUOT,
		"mkdir /certificates: input/output error": syscall.EIO,
	} {
		got := hinted(fmt.Errorf("making it: %w", &fs.PathError{Op: "mkdir", Path: "/certificates", Err: err}))
		if !strings.Contains(got.Error(), want) || !errors.Is(got, err) {
			t.Errorf("it says %v, want %q", got, want)
		}
	}
}
