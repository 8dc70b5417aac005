//go:build !unix

package localcloud

import (
	"context"
	"errors"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func lock(context.Context, string, func()) (func(), error) {
	return nil, errors.New("locking the cache: the local cloud runs on Linux (or WSL2) only")
}
