package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestProxyImage checks what the linker put into a release, which runs this
// test with the release's own linker flags and PROXY_IMAGE set. Elsewhere
// there is no image.
func TestProxyImage(t *testing.T) {
	t.Parallel()
	if want := os.Getenv("PROXY_IMAGE"); proxyImage != want {
		t.Errorf("linked with %q, PROXY_IMAGE is %q", proxyImage, want)
	}
	if proxyImage != "" && !pinned.MatchString(proxyImage) {
		t.Errorf("%q is not of the form <registry>/<repository>@sha256:<64 lower-case hex digits>, so it may become another image", proxyImage)
	}
}

// The grammar of https://pkg.go.dev/github.com/distribution/reference, for
// references that name a registry and end in a SHA-256 digest.
const (
	label      = `[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`
	registry   = `(?:` + label + `(?:\.` + label + `)+(?::[0-9]+)?|` + label + `:[0-9]+)`
	component  = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`
	repository = component + `(?:/` + component + `)*`
	tag        = `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
	digest     = `sha256:[0-9a-f]{64}`
)

var pinned = regexp.MustCompile(`^` + registry + `/` + repository + `(?::` + tag + `)?@` + digest + `$`)

func TestPinned(t *testing.T) {
	t.Parallel()
	const registry = "123456789012.dkr.ecr.eu-west-2.amazonaws.com"
	digest := "@sha256:" + strings.Repeat("0a", 32)
	for reference, good := range map[string]bool{
		registry + "/proxy" + digest:                           true,
		registry + "/some/where/fargatedirect-proxy" + digest:  true,
		registry + "/proxy:v1.2.3" + digest:                    true,
		"localhost:5000/a__b.c--d" + digest:                    true,
		"registry.example.com:8443/a" + digest:                 true,
		registry + "/proxy:v1.2.3":                             false,
		registry + "/proxy@sha512:" + strings.Repeat("0a", 64): false,
		registry + "/proxy" + digest[:len(digest)-1]:           false,
		registry + "/proxy" + digest + "0":                     false,
		registry + "/proxy" + strings.ToUpper(digest):          false,
		registry + "/proxy" + digest + "\n":                    false,
		registry + digest:                                      false,
		registry + "/" + digest:                                false,
		registry + "/Proxy" + digest:                           false,
		"fargatedirect/proxy" + digest:                         false,
		"https://" + registry + "/proxy" + digest:              false,
		" " + registry + "/proxy" + digest:                     false,
		digest[1:]:                                             false,
	} {
		if pinned.MatchString(reference) != good {
			t.Errorf("%q is pinned: %v, want %v", reference, !good, good)
		}
	}
}

// TestReleaseWantsImage runs the release's first hook: without an image there
// is no release.
func TestReleaseWantsImage(t *testing.T) {
	t.Parallel()
	release, err := os.ReadFile(".goreleaser.yml")
	if err != nil {
		t.Fatal(err)
	}
	hook := regexp.MustCompile(`(?m)^    - sh -c '(.*)'$`).FindSubmatch(release)
	if hook == nil {
		t.Fatal("there is no hook that looks for the image")
	}
	for image, good := range map[string]bool{"": false, "registry.example.com/proxy:1.2.3": false, "registry.example.com/proxy@sha256:0a": true} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", string(hook[1]))
		cmd.Env = []string{"PROXY_IMAGE=" + image}
		out, err := cmd.CombinedOutput()
		if (err == nil) != good || !good && !strings.Contains(string(out), "PROXY_IMAGE must be") {
			t.Errorf("%q: %v, %s", image, err, out)
		}
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
