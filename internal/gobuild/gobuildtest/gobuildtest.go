// Package gobuildtest is for tests that a build gives the same bytes in another
// folder and on another machine.
package gobuildtest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Copy copies parts of a tree, which are files and folders, into another folder
// in which there is nothing: of folders what a build reads, with narrow modes
// and new times.
func Copy(t testing.TB, root, elsewhere string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		from := filepath.Join(root, part)
		err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case path == from && !entry.IsDir():
			case entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")):
				return fs.SkipDir
			case entry.IsDir() || !isRead(entry):
				return nil
			}
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			return copyFile(path, filepath.Join(elsewhere, relative))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// isRead tells whether a build reads a file. The folder of the functions is
// embedded, and git keeps it by a file.
func isRead(entry fs.DirEntry) bool {
	name := entry.Name()
	return entry.Type().IsRegular() && (strings.HasSuffix(name, ".go") || slices.Contains([]string{"go.mod", "go.sum", ".gitkeep"}, name))
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

// Run runs a command of a tree in the folder of another one, with additions to
// the environment, and answers what it says. The command itself is compiled
// without them: they are what it must withstand, and not what must compile it.
func Run(t testing.TB, root, pkg, elsewhere string, env []string, args ...string) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "tool.exe")
	compile := exec.CommandContext(t.Context(), "go", "build", "-o", tool, pkg)
	compile.Dir = root
	if said, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var complaints strings.Builder
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = elsewhere, append(os.Environ(), env...), &complaints
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, said, &complaints)
	}
	return string(said)
}
