package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f.zip")
	long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	steps := []struct {
		content string
		changed bool
	}{{"one", true}, {"one", false}, {"two", true}, {"", true}, {"", false}}
	for i, step := range steps {
		changed, err := replace(path, []byte(step.content))
		if err != nil || changed != step.changed {
			t.Fatalf("step %d: changed %v, error %v; want %v", i, changed, err, step.changed)
		}
		content, err := os.ReadFile(path)
		if err != nil || string(content) != step.content {
			t.Errorf("step %d: the file holds %q (%v)", i, content, err)
		}
		info, err := os.Stat(path)
		if err != nil || info.ModTime().Equal(long) == step.changed {
			t.Errorf("step %d: the file's time is %v (%v)", i, info.ModTime(), err)
		}
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := replace(filepath.Join(path, "below"), nil); err == nil {
		t.Error("a file was written below a file")
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestRunRefusesOtherArchitectures(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"", "amd64", "arm64 "} {
		out := t.TempDir()
		if err := run(t.Context(), out, []string{"arm64", a}); err == nil || !strings.Contains(err.Error(), "x86_64") {
			t.Errorf("architecture %q: error %v", a, err)
		}
		if left, err := os.ReadDir(out); err != nil || len(left) != 0 {
			t.Errorf("built %v (%v)", left, err)
		}
	}
}
