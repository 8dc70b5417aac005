// Package gobuild compiles for Linux such that the same source gives the same
// bytes on every machine and in every folder: with the release of Go that
// go.mod pins, and without any setting of the machine that changes the bytes.
package gobuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Toolchain is the pinned Go release with the module that pins it.
type Toolchain struct {
	// Root is the module's folder.
	Root string
	// Version is as in "go1.26.8".
	Version string
	env     []string // for the go tool: nothing in it changes what is compiled
}

// places are the settings of the go tool that say where things are and how to
// get them. They have no influence on what is compiled.
var places = []string{
	"GOAUTH", "GOCACHE", "GOCACHEPROG", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB",
	"GOPATH", "GOPRIVATE", "GOPROXY", "GOSUMDB", "GOVCS",
}

// Find finds the module around a folder, or around the working folder when
// dir is empty, and makes sure of the Go release that it pins.
func Find(ctx context.Context, dir string) (Toolchain, error) {
	settings, err := goSettings(ctx, dir)
	if err != nil {
		return Toolchain{}, err
	}
	module := settings["GOMOD"]
	if module == "" || module == os.DevNull {
		return Toolchain{}, errors.New("the working folder belongs to no Go module; run this in a checkout of the provider")
	}
	t := Toolchain{Root: filepath.Dir(module)}
	if t.Version, err = pinned(ctx, t.Root); err != nil {
		return Toolchain{}, err
	}
	t.env = environment(os.Environ(), settings, t.Version)
	return t, t.check(ctx)
}

// asIs is the machine's environment for questions to the go tool that it need
// not become another release for. Whether it can is for check to find out.
func asIs() []string { return append(os.Environ(), "GOTOOLCHAIN=local") }

// goSettings asks the go tool for the module around a folder and for its
// places, as the machine has them in its environment or in its settings file.
func goSettings(ctx context.Context, dir string) (map[string]string, error) {
	cmd, complaints := command(ctx, dir, asIs(), append([]string{"env", "-json", "GOMOD"}, places...)...)
	answer, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("reading the settings of Go: %w\n%s", err, complaints)
	}
	var settings map[string]string
	if err := json.Unmarshal(answer, &settings); err != nil {
		return nil, fmt.Errorf("reading the settings of Go: %w", err)
	}
	return settings, nil
}

// pinned answers the exact Go release that the module in the folder root asks
// for: its toolchain line, or else its go line.
func pinned(ctx context.Context, root string) (string, error) {
	cmd, complaints := command(ctx, root, asIs(), "mod", "edit", "-json")
	answer, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("reading go.mod: %w\n%s", err, complaints)
	}
	var module struct{ Go, Toolchain string }
	if err := json.Unmarshal(answer, &module); err != nil {
		return "", fmt.Errorf("reading go.mod: %w", err)
	}
	version := module.Toolchain
	if version == "" {
		version = "go" + module.Go
	}
	if strings.Count(version, ".") != 2 {
		return "", fmt.Errorf("%s in go.mod is not an exact release of Go; add a line such as \"toolchain go1.26.8\"", version)
	}
	return version, nil
}

// environment is the machine's environment without all that could change the
// compiled bytes. The settings file is switched off, so its places are told
// again; a workspace could bring in other versions of the dependencies.
func environment(machine []string, settings map[string]string, version string) []string {
	var env []string
	for _, setting := range machine {
		name, _, _ := strings.Cut(setting, "=")
		if name = strings.ToUpper(name); !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "CGO_") {
			env = append(env, setting)
		}
	}
	for _, name := range places {
		if settings[name] != "" {
			env = append(env, name+"="+settings[name])
		}
	}
	return append(env, "GOENV=off", "GOWORK=off", "GOTOOLCHAIN="+version)
}

// check makes sure that the go tool is, or turned itself into, the pinned
// release.
func (t Toolchain) check(ctx context.Context) error {
	cmd, complaints := command(ctx, t.Root, t.env, "env", "GOVERSION")
	answer, err := cmd.Output()
	version := strings.TrimSpace(string(answer))
	if err == nil && version == t.Version {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("the go tool is %s", version)
	}
	return fmt.Errorf("this must be compiled by %s, which go.mod pins; this is %s and could not be switched: %w\n%s"+
		"Install %s, or let Go download it (GOPROXY must reach a module proxy)", t.Version, runtime.Version(), err, complaints, t.Version)
}

// Run has the go tool do something in a folder, under the pinned release and
// without the machine's settings. What it says is shown.
func (t Toolchain) Run(ctx context.Context, dir string, args ...string) error {
	cmd, _ := command(ctx, dir, t.env, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running go %s under %s: %w", args[0], t.Version, err)
	}
	return nil
}

// Target is what is compiled.
type Target struct {
	// Package is a main package of the module, such as "./cmd/x".
	Package string
	// Arch is the architecture as Go names it.
	Arch string
	// Tags are the build tags, with commas between them; empty for none.
	Tags string
	// Variables are strings that the linker sets, by their package and name.
	Variables map[string]string
}

// Compile answers the static, stripped binary of a target for Linux.
func (t Toolchain) Compile(ctx context.Context, target Target) ([]byte, error) {
	dir, err := os.MkdirTemp("", "gobuild-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "binary")
	env := slices.Concat(t.env, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + target.Arch})
	link := []string{"-s", "-w"}
	for _, name := range slices.Sorted(maps.Keys(target.Variables)) {
		link = append(link, "-X", name+"="+target.Variables[name])
	}
	cmd, complaints := command(ctx, t.Root, env, "build", "-trimpath", "-buildvcs=false", "-ldflags", strings.Join(link, " "), "-tags", target.Tags, "-o", binary, target.Package)
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, complaints)
	}
	return os.ReadFile(binary)
}

// command makes a command of the go tool that shows its complaints and runs in
// the folder dir with the environment env.
func command(ctx context.Context, dir string, env []string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = env
	complaints := &bytes.Buffer{}
	cmd.Stderr = complaints
	return cmd, complaints
}
