package sidecar

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build compiles the proxy of the checkout that the working folder belongs to,
// for this machine, and writes it to the path. The flags are those with which
// the functions are compiled: what they share is compiled once.
func Build(ctx context.Context, path string) error {
	root, err := Checkout(ctx)
	if err != nil {
		return err
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("compiling the proxy: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, "proxy"), "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the proxy: %w\n%s", err, out)
	}
	return nil
}

// Checkout is the folder of the module that the working folder belongs to.
func Checkout(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the checkout: %w", err)
	}
	module := strings.TrimSpace(string(out))
	if module == "" || module == os.DevNull {
		return "", errors.New("finding the checkout: the working folder belongs to no Go module; run this inside the checkout")
	}
	return filepath.Dir(module), nil
}
