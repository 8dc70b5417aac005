package localcloud

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func anything(string) bool { return true }

// TestCachedInstallsOnce has many wanting the same at once.
func TestCachedInstallsOnce(t *testing.T) {
	t.Parallel()
	o, err := Options{CacheDir: t.TempDir(), Progress: &strings.Builder{}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	var installs atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			dir, err := o.cached(t.Context(), "thing", [][]byte{[]byte("key")}, anything, func(dir string) error {
				installs.Add(1)
				return os.WriteFile(filepath.Join(dir, "thing"), []byte("done"), 0o644)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if b, err := os.ReadFile(filepath.Join(dir, "thing")); err != nil || string(b) != "done" {
				t.Errorf("the installed thing is %q, %v", b, err)
			}
		})
	}
	group.Wait()
	if n := installs.Load(); n != 1 {
		t.Errorf("it was installed %d times", n)
	}
}

func TestCachedBeginsAnew(t *testing.T) {
	t.Parallel()
	broken := errors.New("no network")
	tests := map[string]struct {
		// first is what an earlier installation left.
		first  func(dir string) error
		intact func(dir string) bool
	}{
		"after a failure": {func(string) error { return broken }, anything},
		"after an interruption": {func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o644), broken)
		}, anything},
		"if it is damaged later": {func(string) error { return nil }, func(dir string) bool { _, err := os.Stat(filepath.Join(dir, "whole")); return err == nil }},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			o := Options{CacheDir: t.TempDir(), Progress: &strings.Builder{}}
			if _, err := o.cached(t.Context(), "thing", nil, anything, tt.first); err != nil && !errors.Is(err, broken) {
				t.Fatal(err)
			}
			dir, err := o.cached(t.Context(), "thing", nil, tt.intact, func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "whole"), nil, 0o644)
			})
			if err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if got := strings.Join(names, " "); got != "ready whole" {
				t.Errorf("the folder holds %q", got)
			}
		})
	}
}

func TestCachedKeysDiffer(t *testing.T) {
	t.Parallel()
	o := Options{CacheDir: t.TempDir(), Progress: &strings.Builder{}}
	seen := map[string]bool{}
	for _, key := range [][][]byte{nil, {[]byte("a")}, {[]byte("ab")}, {[]byte("a"), []byte("b")}} {
		dir, err := o.cached(t.Context(), "thing", key, anything, func(string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if seen[dir] {
			t.Errorf("the key %q has another's folder", key)
		}
		seen[dir] = true
	}
}

// TestLockWaits gives up waiting for another's lock when the context ends.
func TestLockWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, func() { t.Error("the first had to wait") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := false
	if _, err := lock(ctx, path, func() { waiting = true; cancel() }); !errors.Is(err, context.Canceled) || !waiting {
		t.Errorf("the second gets %v, waiting: %t", err, waiting)
	}
	unlock()
	again, err := lock(t.Context(), path, func() { t.Error("had to wait for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	again()
}
