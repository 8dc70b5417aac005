package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/imageref"
)

// TestProxyImage checks what the linker put into a release, which runs this
// test with the release's own linker flags and PROXY_IMAGE set. Elsewhere
// there is no image.
func TestProxyImage(t *testing.T) {
	t.Parallel()
	if want := os.Getenv("PROXY_IMAGE"); proxyImage != want {
		t.Errorf("linked with %q, PROXY_IMAGE is %q", proxyImage, want)
	}
	if proxyImage == "" {
		return
	}
	if err := imageref.CheckPinned(proxyImage); err != nil {
		t.Error(err)
	}
}

// TestReleaseIsLinked checks that what the release's configuration sets is
// there to be set: the linker passes over the name of a variable that there is
// not. What comes from the environment, the workflow must have put there.
func TestReleaseIsLinked(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var variables []string
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				variables = append(variables, name.Name)
			}
		}
	}
	release, err := os.ReadFile(".goreleaser.yml")
	if err != nil {
		t.Fatal(err)
	}
	workflow, err := os.ReadFile(filepath.Join(".github", "workflows", "release.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var set []string
	for _, flag := range regexp.MustCompile(`-X main\.(\w+)=\{\{ \.(?:Env\.(\w+)|\w+) \}\}`).FindAllStringSubmatch(string(release), -1) {
		set = append(set, flag[1])
		if flag[2] != "" && !strings.Contains(string(workflow), `echo "`+flag[2]+`=`) {
			t.Errorf("no step of the workflow exports %s", flag[2])
		}
	}
	slices.Sort(set)
	slices.Sort(variables)
	if !slices.Equal(set, variables) || len(set) == 0 {
		t.Errorf("a release sets %q, and main.go has %q", set, variables)
	}
}
