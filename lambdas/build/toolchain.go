package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// toolchain is the pinned Go release with the module that pins it.
type toolchain struct {
	root    string   // the module's folder
	version string   // as in "go1.26.8"
	env     []string // for the go tool: nothing in it changes what is compiled
}

// places are the settings of the go tool that say where things are and how to
// get them. They have no influence on what is compiled.
var places = []string{
	"GOAUTH", "GOCACHE", "GOCACHEPROG", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB",
	"GOPATH", "GOPRIVATE", "GOPROXY", "GOSUMDB", "GOVCS",
}

// findToolchain finds the module around the working folder and makes sure of
// the Go release that it pins.
func findToolchain(ctx context.Context) (toolchain, error) {
	settings, err := goSettings(ctx)
	if err != nil {
		return toolchain{}, err
	}
	module := settings["GOMOD"]
	if module == "" || module == os.DevNull {
		return toolchain{}, errors.New("the working folder belongs to no Go module; run this in a checkout of the provider")
	}
	t := toolchain{root: filepath.Dir(module)}
	if t.version, err = pinned(ctx, t.root); err != nil {
		return toolchain{}, err
	}
	t.env = environment(os.Environ(), settings, t.version)
	return t, t.check(ctx)
}

// asIs is the machine's environment for questions to the go tool that it need
// not become another release for. Whether it can is for check to find out.
func asIs() []string { return append(os.Environ(), "GOTOOLCHAIN=local") }

// goSettings asks the go tool for the module and for its places, as the
// machine has them in its environment or in its settings file.
func goSettings(ctx context.Context) (map[string]string, error) {
	cmd, complaints := command(ctx, "", asIs(), append([]string{"env", "-json", "GOMOD"}, places...)...)
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
func (t toolchain) check(ctx context.Context) error {
	cmd, complaints := command(ctx, t.root, t.env, "env", "GOVERSION")
	answer, err := cmd.Output()
	version := strings.TrimSpace(string(answer))
	if err == nil && version == t.version {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("the go tool is %s", version)
	}
	return fmt.Errorf("the packages must be compiled by %s, which go.mod pins; this is %s and could not be switched: %w\n%s"+
		"Install %s, or let Go download it (GOPROXY must reach a module proxy)", t.version, runtime.Version(), err, complaints, t.version)
}

// rerun runs this program again under the pinned toolchain: its compressor,
// too, must be the pinned release's.
func (t toolchain) rerun(ctx context.Context, out string, architectures []string) error {
	cmd, _ := command(ctx, t.root, t.env, "run", "./lambdas/build", "-out", out, "-arch", strings.Join(architectures, ","))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running again under %s: %w", t.version, err)
	}
	return nil
}

// compile answers the binary of a function for Linux on an architecture.
func (t toolchain) compile(ctx context.Context, function, arch string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "lambda-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "bootstrap")
	env := slices.Concat(t.env, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch})
	cmd, complaints := command(ctx, t.root, env, "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w", "-tags", "lambda.norpc", "-o", binary, "./lambdas/"+function)
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, complaints)
	}
	return os.ReadFile(binary)
}
