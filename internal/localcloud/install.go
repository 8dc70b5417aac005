package localcloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ready is the file whose presence says that an installation is complete.
const ready = "ready"

// cached makes sure that a folder of the cache is filled, whoever else tries
// the same, and returns it. The key must change with everything that goes
// into the folder. An installation that was interrupted is begun anew.
func (o Options) cached(ctx context.Context, name string, key [][]byte, intact func(dir string) bool, install func(dir string) error) (string, error) {
	sum := sha256.New()
	for _, k := range key {
		fmt.Fprintf(sum, "%d\n", len(k))
		sum.Write(k)
	}
	dir := filepath.Join(o.CacheDir, name+"-"+hex.EncodeToString(sum.Sum(nil))[:12])
	complete := func() bool {
		_, err := os.Stat(filepath.Join(dir, ready))
		return err == nil && intact(dir)
	}
	if complete() {
		return dir, nil
	}
	unlock, err := lock(ctx, dir+".lock", func() { o.progress("waiting for another process to install %s", name) })
	if err != nil {
		return "", err
	}
	defer unlock()
	if complete() {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("installing %s: %w", name, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("installing %s: %w", name, err)
	}
	if err := install(dir); err != nil {
		return "", fmt.Errorf("installing %s: %w", name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ready), nil, 0o644); err != nil {
		return "", fmt.Errorf("installing %s: %w", name, err)
	}
	return dir, nil
}

// run runs a program to its end; its error holds what it printed.
func run(ctx context.Context, env []string, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running %s: %w: %s", strings.Join(argv, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// moduleRoot is the folder of this repository, found upwards from the working
// directory: the tools that the local cloud builds are pinned there.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "tools", "go.mod")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("finding the repository: no folder from %s upwards holds tools/go.mod; run this inside the repository", dir)
		}
	}
}
