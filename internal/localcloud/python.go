package localcloud

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	// pythonVersion is the only one that this LocalStack runs on.
	pythonVersion = "3.13"
	// uvVersion installs the packages; it also fetches a Python where none is
	// installed.
	uvVersion = "0.13.9"
)

// findPython is the path of an installed Python of the right version, or just
// the version, which makes uv fetch one.
func findPython(ctx context.Context) string {
	candidates := []string{"python" + pythonVersion, "python3"}
	root := os.Getenv("PYENV_ROOT")
	if root == "" {
		if home, err := os.UserHomeDir(); err == nil {
			root = filepath.Join(home, ".pyenv")
		}
	}
	if found, err := filepath.Glob(filepath.Join(root, "versions", pythonVersion+"*", "bin", "python3")); err == nil {
		candidates = append(candidates, found...)
	}
	for _, python := range candidates {
		// The interpreter tells its own path, for the name may be a shim that
		// runs something else tomorrow.
		out, err := run(ctx, nil, python, "-c", `import sys; print("%d.%d" % sys.version_info[:2], sys.executable)`)
		if err != nil {
			continue
		}
		version, path, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
		if version == pythonVersion && path != "" {
			return path
		}
	}
	return pythonVersion
}

// findUV is the path of uv: the installed one, or one put into dir.
func findUV(ctx context.Context, dir string) (string, error) {
	if uv, err := exec.LookPath("uv"); err == nil {
		return uv, nil
	}
	venv := filepath.Join(dir, "uv")
	if _, err := run(ctx, nil, "python3", "-m", "venv", venv); err != nil {
		return "", fmt.Errorf("%w\ninstall Python 3 with its venv module, or uv (https://docs.astral.sh/uv)", err)
	}
	if _, err := run(ctx, nil, filepath.Join(venv, "bin", "pip"), "install", "--quiet", "uv=="+uvVersion); err != nil {
		return "", err
	}
	return filepath.Join(venv, "bin", "uv"), nil
}

// installPython makes a Python environment in dir/venv with exactly the
// packages of the requirements, checked by their hashes.
func (o Options) installPython(ctx context.Context, dir string, requirements []byte) error {
	uv, err := findUV(ctx, dir)
	if err != nil {
		return err
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, requirements, 0o644); err != nil {
		return err
	}
	venv := filepath.Join(dir, "venv")
	env := []string{"UV_PYTHON_INSTALL_DIR=" + filepath.Join(o.CacheDir, "python"), "VIRTUAL_ENV="}
	if _, err := run(ctx, env, uv, "venv", "--quiet", "--python", findPython(ctx), venv); err != nil {
		return err
	}
	_, err = run(ctx, env, uv, "pip", "install", "--quiet", "--require-hashes", "--compile-bytecode",
		"--python", venvPython(dir), "--requirement", list)
	return err
}

func venvPython(dir string) string { return filepath.Join(dir, "venv", "bin", "python") }
