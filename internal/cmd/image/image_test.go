package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/gobuild/gobuildtest"
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
	gobuildtest.Copy(t, root, elsewhere, "go.mod", "go.sum", "CHANGELOG.md", "internal/cmd/image", "internal/gobuild", "proxy", "certreader", "tools")
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

// build makes the image of a source tree and answers its digest.
func build(t *testing.T, root, tree string, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	said := gobuildtest.Run(t, root, "./internal/cmd/image", tree, env, "-out", dir)
	lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
	digest := lines[len(lines)-1]
	index, err := os.ReadFile(filepath.Join(dir, "layout", "index.json"))
	if err != nil || !strings.HasPrefix(digest, "sha256:") || !strings.Contains(string(index), `"`+digest+`"`) {
		t.Fatalf("the last line is %q, and the image's index %s (%v)", digest, index, err)
	}
	return digest
}
