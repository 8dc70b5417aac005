package sidecar

import (
	"os/exec"
	"syscall"
)

// endWithParent has the program killed when the thread ends that starts it.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
