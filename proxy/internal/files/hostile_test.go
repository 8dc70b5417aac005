package files

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

const (
	// writerVariable has the test's binary write to a folder until it is killed.
	writerVariable = "FILES_TEST_WRITER"
	// elsewhen is the name of a version from a clock that is far ahead.
	elsewhen = "29990101T000000.000000000Z-abc"
)

// must is for what a test prepares.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// Other containers share the volume. Whatever they put there, nothing is read,
// written or removed outside of it, nothing is waited for, and nothing is read
// to the end that has none.
func TestHostileFolder(t *testing.T) {
	t.Parallel()
	pair := proxytest.NewAuthority().Issue(nil)
	version := "versions/20000101T000000.000000000Z-" + pair.Serial
	planted := func(t *testing.T, path string, plant func(key string) error) {
		folder := filepath.Join(path, version)
		must(t, os.MkdirAll(folder, 0o755), os.Symlink(version, filepath.Join(path, "current")), plant(filepath.Join(folder, "key.pem")),
			os.WriteFile(filepath.Join(folder, "cert.pem"), []byte(pair.Chain), 0o644), os.WriteFile(filepath.Join(folder, "bundle.pem"), []byte(pair.Key+pair.Chain), 0o600))
	}
	for name, test := range map[string]struct {
		before func(t *testing.T, path, outside string)
		errSay string
	}{
		"versions elsewhere": {func(t *testing.T, path, outside string) {
			must(t, os.Symlink(outside, filepath.Join(path, "versions")))
		}, "path escapes from parent"},
		"lock elsewhere": {func(t *testing.T, path, outside string) {
			must(t, os.Symlink(filepath.Join(outside, "new"), filepath.Join(path, ".lock")))
		}, "path escapes from parent"},
		"half a version elsewhere": {func(t *testing.T, path, outside string) {
			must(t, os.Mkdir(filepath.Join(path, "versions"), 0o755), os.Symlink(outside, filepath.Join(path, "versions", ".next")))
		}, ""},
		"current elsewhere": {func(t *testing.T, path, outside string) {
			must(t, os.Symlink(outside, filepath.Join(path, "current")))
		}, ""},
		"next link elsewhere": {func(t *testing.T, path, outside string) {
			must(t, os.Symlink(outside, filepath.Join(path, ".current")))
		}, ""},
		"pipe": {func(t *testing.T, path, _ string) {
			planted(t, path, func(key string) error { return syscall.Mkfifo(key, 0o600) })
		}, ""},
		"endless": {func(t *testing.T, path, _ string) {
			planted(t, path, func(key string) error { return errors.Join(os.WriteFile(key, nil, 0o600), os.Truncate(key, 1<<40)) })
		}, ""},
		"key elsewhere": {func(t *testing.T, path, outside string) {
			planted(t, path, func(key string) error { return os.Symlink(filepath.Join(outside, "mine"), key) })
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, outside := t.TempDir(), t.TempDir()
			must(t, os.WriteFile(filepath.Join(outside, "mine"), []byte(pair.Key), 0o600),
				os.Mkdir(filepath.Join(outside, ".next"), 0o755), os.Mkdir(filepath.Join(outside, elsewhen), 0o755))
			test.before(t, path, outside)
			f, err := openFolder(path, 0o600)
			if err == nil {
				defer f.close()
				_, err = f.publish(pair.Serial, []byte(pair.Key), []byte(pair.Chain))
			}
			if (err == nil) != (test.errSay == "") || err != nil && (!strings.Contains(err.Error(), test.errSay) || !strings.Contains(err.Error(), path)) {
				t.Errorf("it says %v, want %q", err, test.errSay)
			}
			if err == nil {
				has(t, path, pair)
				if info, err := os.Lstat(filepath.Join(path, "current", "key.pem")); err != nil || info.Mode() != 0o600 {
					t.Errorf("the key has mode %v, error %v", info.Mode(), err)
				}
			}
			if got, want := names(t, outside), []string{".next", elsewhen, "mine"}; !slices.Equal(got, want) {
				t.Errorf("outside there is %q, want %q", got, want)
			}
		})
	}
}

// What is put in the way later leads nowhere, either.
func TestTidyStays(t *testing.T) {
	t.Parallel()
	path, outside := t.TempDir(), t.TempDir()
	f := opened(t, path, 0o600)
	publish(t, f, proxytest.NewAuthority().Issue(nil))
	must(t, os.Mkdir(filepath.Join(outside, ".next"), 0o755), os.RemoveAll(filepath.Join(path, "versions")), os.Symlink(outside, filepath.Join(path, "versions")))
	if err := f.tidy(); err == nil || !strings.Contains(err.Error(), "path escapes from parent") {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Stat(filepath.Join(outside, ".next")); err != nil {
		t.Errorf("it removed what is outside: %v", err)
	}
}

// Versions of a clock that was wrong do not stay for ever, and what is
// somebody's does.
func TestTidyWithWrongClock(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		pair := proxytest.NewAuthority().Issue(nil)
		f := opened(t, path, 0o600)
		for _, name := range []string{elsewhen, "backup", "00", "lost+found"} {
			must(t, os.Mkdir(filepath.Join(path, "versions", name), 0o755))
		}
		publish(t, f, pair)
		current, err := os.Readlink(filepath.Join(path, "current"))
		must(t, err, f.tidy())
		if got := names(t, filepath.Join(path, "versions")); len(got) != 5 {
			t.Errorf("at once %q are left", got)
		}
		time.Sleep(stay)
		must(t, f.tidy())
		if got, want := names(t, filepath.Join(path, "versions")), []string{"00", filepath.Base(current), "backup", "lost+found"}; !slices.Equal(got, want) {
			t.Errorf("%q are left, want %q", got, want)
		}
		has(t, path, pair)
	})
}

// write writes until it is killed.
func write(path string) {
	syscall.Umask(0)
	ca := proxytest.NewAuthority()
	pairs := []proxytest.Pair{ca.Issue(nil), ca.Issue(nil)}
	f, err := openFolder(path, 0o600)
	for i := 0; err == nil; i++ {
		p := pairs[i%2]
		_, err = f.publish(p.Serial, []byte(p.Key), []byte(p.Chain))
		err = errors.Join(err, f.tidy())
	}
	panic(err)
}

// A process that is killed at any moment leaves a whole pair in use, and a key
// in no file that others can read, whatever the umask; the next one goes on.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	must(t, err)
	path := t.TempDir()
	current := func() string { link, _ := os.Readlink(filepath.Join(path, "current")); return link }
	for round := range 30 {
		before := current()
		writer := exec.Command(self)
		writer.Env = []string{writerVariable + "=" + path}
		must(t, writer.Start())
		await(t, func() bool { return current() != before })
		time.Sleep(rand.N(10 * time.Millisecond))
		must(t, writer.Process.Kill())
		_ = writer.Wait()
		text, err := os.ReadFile(filepath.Join(path, "bundle.pem"))
		if err == nil {
			_, err = tls.X509KeyPair(text, text)
		}
		if err == nil {
			_, err = tls.LoadX509KeyPair(filepath.Join(path, "cert.pem"), filepath.Join(path, "key.pem"))
		}
		if err != nil {
			t.Fatalf("killed %d times: %v", round+1, err)
		}
		must(t, filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
			if err != nil || entry.Name() != keyFile && entry.Name() != bundleFile {
				return err
			}
			if info, err := entry.Info(); err != nil || info.Mode().IsRegular() && info.Mode() != 0o600 {
				t.Errorf("%s has mode %v, error %v", at, info.Mode(), err)
			}
			return nil
		}))
	}
	pair := proxytest.NewAuthority().Issue(nil)
	f := opened(t, path, 0o600)
	publish(t, f, pair)
	must(t, f.tidy())
	has(t, path, pair)
	if slices.Contains(names(t, filepath.Join(path, "versions")), nextVersion) || slices.Contains(names(t, path), nextLink) {
		t.Error("half a version is left")
	}
}
