package lambdas

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/gobuild/gobuildtest"
)

// sizes are the most bytes that the packages for arm64 may have. What is over
// is downloaded with every provider, and read at every cold start.
var sizes = map[string]int{Certbot: 5_000_000, TaskDNS: 4_000_000}

func TestPackages(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	said := build(t, moduleRoot(t), out, "arm64")
	for function, most := range sizes {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(out, filepath.Base(FileName(function, "arm64")))
			if !strings.Contains(said, path) {
				t.Errorf("the build does not tell of %s:\n%s", path, said)
			}
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(content) > most {
				t.Errorf("%d bytes, at most %d are allowed", len(content), most)
			}
			checkPackage(t, content)
		})
	}
	t.Run("built again", func(t *testing.T) {
		t.Parallel()
		testBuildIsReproducible(t, out)
	})
}

// checkPackage checks what Lambda needs of a package.
func checkPackage(t *testing.T, content []byte) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.File) != 1 || archive.File[0].Name != "bootstrap" || archive.File[0].Mode() != 0o755 {
		t.Fatalf("the package holds %+v, want an executable bootstrap alone", archive.File)
	}
	file, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	program, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		t.Fatal(err)
	}
	if program.Machine != elf.EM_AARCH64 || program.Section(".interp") != nil {
		t.Errorf("machine %v, interpreter %v; want a static program for arm64", program.Machine, program.Section(".interp"))
	}
}

// testBuildIsReproducible builds from a copy of the module in another folder,
// on a machine with settings that would change the binaries, over packages of
// which one is right already.
func testBuildIsReproducible(t *testing.T, first string) {
	root := moduleRoot(t)
	elsewhere := filepath.Join(t.TempDir(), "another folder")
	gobuildtest.Copy(t, root, elsewhere, "go.mod", "go.sum", "internal", "lambdas")
	out := t.TempDir()
	right := filepath.Base(FileName(TaskDNS, "arm64"))
	content, err := os.ReadFile(filepath.Join(first, right))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{right: content, filepath.Base(FileName(Certbot, "arm64")): []byte("of old")} {
		if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said := build(t, elsewhere, out, "arm64", "GOARM64=v8.1,lse", "GOFLAGS=-tags=other -ldflags=-X=main.version=1", "GOEXPERIMENT=jsonv2", "CGO_ENABLED=1", "GOOS=windows")
	for function := range sizes {
		name := filepath.Base(FileName(function, "arm64"))
		a, errA := os.ReadFile(filepath.Join(first, name))
		b, errB := os.ReadFile(filepath.Join(out, name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs between two folders (%d and %d bytes, %v, %v)", name, len(a), len(b), errA, errB)
		}
	}
	if strings.Count(said, "unchanged") != 1 || strings.Count(said, "written") != 1 {
		t.Errorf("the build says, want one package unchanged and one written:\n%s", said)
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != 2 {
		t.Errorf("the folder holds %v (%v), want the two packages alone", left, err)
	}
}

// TestNoReflectMethod guards the greatest part of the packages' size: when a
// program looks methods up by name at run time, the linker keeps every method
// of every package, which makes the DNS function four times as large.
func TestNoReflectMethod(t *testing.T) {
	t.Parallel()
	for function := range sizes {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -dumpdep",
				"-tags", "lambda.norpc", "-o", filepath.Join(t.TempDir(), "bootstrap"), "./lambdas/"+function)
			cmd.Dir = moduleRoot(t)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOFLAGS=")
			dump, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, lastLines(dump))
			}
			dependencies := 0
			for lines := bufio.NewScanner(bytes.NewReader(dump)); lines.Scan(); dependencies++ {
				if strings.Contains(lines.Text(), "<ReflectMethod>") {
					t.Errorf("%s", lines.Text())
				}
			}
			if dependencies < 1000 {
				t.Errorf("the linker told %d dependencies only, so this proves nothing", dependencies)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	content := []byte("a package")
	sum := sha256.Sum256(content)
	files := fstest.MapFS{FileName(TaskDNS, "arm64"): {Data: content}, FileName(Certbot, "arm64"): {Mode: fs.ModeDir}}
	got, err := load(files, TaskDNS, "arm64")
	if err != nil || !bytes.Equal(got.Zip, content) || got.SHA256 != base64.StdEncoding.EncodeToString(sum[:]) {
		t.Errorf("package %+v, error %v", got, err)
	}
	if _, err := load(files, TaskDNS, "x86_64"); !errors.Is(err, ErrNotBuilt) || !strings.Contains(err.Error(), "make lambdas") {
		t.Errorf("error %v, want one that tells how to build", err)
	}
	if _, err := load(files, Certbot, "arm64"); err == nil || errors.Is(err, ErrNotBuilt) {
		t.Errorf("error %v, want the file system's own", err)
	}
	if _, err := Load("no such function", "arm64"); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("error %v, want ErrNotBuilt", err)
	}
}

// build runs the build command in a folder.
func build(t *testing.T, root, out, arch string, env ...string) string {
	t.Helper()
	return gobuildtest.Run(t, moduleRoot(t), "./lambdas/build", root, env, "-out", out, "-arch", arch)
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// lastLines is the end of a long output.
func lastLines(output []byte) []byte { return output[max(0, len(output)-4000):] }
