package gobuild

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPinned(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, lines, want string
	}{
		{"by its own line", "go 1.26.0\n\ntoolchain go1.26.8\n", "go1.26.8"},
		{"by the go line", "go 1.26.8\n", "go1.26.8"},
		{"not exactly", "go 1.26\n", ""},
		{"switched off", "go 1.26.0\n\ntoolchain default\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			write(t, filepath.Join(root, "go.mod"), "module example.com/m\n\n"+tt.lines)
			got, err := pinned(t.Context(), root)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("release %q, error %v; want %q", got, err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), "add a line") {
				t.Errorf("the error does not tell what to do: %v", err)
			}
		})
	}
}

func TestCheckTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	tool := Toolchain{Root: t.TempDir(), Version: "go1.26.99"}
	tool.env = environment(os.Environ(), map[string]string{"GOPROXY": "off", "GOMODCACHE": t.TempDir(), "GOPATH": t.TempDir()}, tool.Version)
	err := tool.check(t.Context())
	if err == nil {
		t.Fatal("a release that there is not was found")
	}
	for _, text := range []string{"go1.26.99", "go.mod pins", "Install go1.26.99"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error lacks %q: %v", text, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	machine := []string{
		"PATH=/bin", "HOME=/home/me", "HTTPS_PROXY=http://proxy", "GOFLAGS=-race", "GOAMD64=v3", "GOARM64=v9.0", "GOEXPERIMENT=jsonv2",
		"goos=windows", "GOARCH=386", "CGO_ENABLED=1", "CGO_CFLAGS=-O3", "GOPROXY=https://stale", "GODEBUG=x=1", "GOFIPS140=latest", "GOTOOLCHAIN=local",
	}
	got := environment(machine, map[string]string{"GOPROXY": "https://proxy", "GOPRIVATE": "", "GOMOD": "/m/go.mod"}, "go1.26.8")
	want := []string{"PATH=/bin", "HOME=/home/me", "HTTPS_PROXY=http://proxy", "GOPROXY=https://proxy", "GOENV=off", "GOWORK=off", "GOTOOLCHAIN=go1.26.8"}
	if !slices.Equal(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
