//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the program the leader of a process group: Ctrl-C in the
// terminal must reach it once, through this program, for Terraform takes a
// second one as the order to give up at once.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup ends what is left of the program's group.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
