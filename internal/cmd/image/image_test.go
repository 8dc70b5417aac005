package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReproducible makes the image twice: from this source, and from a copy of
// it in another folder, which has neither a history nor anything beside the
// source, on a machine whose settings would change the binaries.
func TestReproducible(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "another folder")
	for _, part := range []string{"go.mod", "go.sum", "CHANGELOG.md", "internal/cmd/image", "internal/gobuild", "proxy", "certreader", "tools"} {
		copyTree(t, filepath.Join(root, part), filepath.Join(elsewhere, part))
	}
	workspace := "go 1.26.0\n\nuse ./proxy\n\nreplace github.com/aws/smithy-go => ./nowhere\n"
	if err := os.WriteFile(filepath.Join(elsewhere, "go.work"), []byte(workspace), 0o600); err != nil {
		t.Fatal(err)
	}
	first := build(t, root, root)
	again := build(t, root, elsewhere, "GOAMD64=v3", "GOARM64=v8.1,lse", "GOFLAGS=-tags=other -ldflags=-X=main.version=1",
		"GOEXPERIMENT=jsonv2", "CGO_ENABLED=1", "GOOS=windows", "GOFIPS140=latest", "TZ=Asia/Tokyo", "LANG=tr_TR.UTF-8")
	if first != again {
		t.Errorf("the digest is %s, and elsewhere %s", first, again)
	}
}

// build makes the image of a source tree and answers its digest. The command
// itself is compiled from root and without env, which is what it must
// withstand and not what must compile it.
func build(t *testing.T, root, tree string, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	tool := filepath.Join(dir, "tool")
	compile := exec.CommandContext(t.Context(), "go", "build", "-o", tool, "./internal/cmd/image")
	compile.Dir = root
	if said, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	cmd := exec.CommandContext(t.Context(), tool, "-out", dir)
	cmd.Dir, cmd.Env = tree, append(os.Environ(), env...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &complaints)
	}
	lines := strings.Split(strings.TrimSuffix(string(said), "\n"), "\n")
	digest := lines[len(lines)-1]
	index, err := os.ReadFile(filepath.Join(dir, "layout", "index.json"))
	if err != nil || !strings.HasPrefix(digest, "sha256:") || !strings.Contains(string(index), `"`+digest+`"`) {
		t.Fatalf("the last line is %q, and the image's index %s (%v)", digest, index, err)
	}
	return digest
}

// copyTree copies a file, or the files of Go in a folder, with narrow modes
// and new times.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if path != from && entry.IsDir() && name == "testdata" {
			return fs.SkipDir
		}
		if path != from && (!entry.Type().IsRegular() || !strings.HasSuffix(name, ".go") && name != "go.mod" && name != "go.sum") || entry.IsDir() {
			return nil
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
