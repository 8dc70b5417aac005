package proxytest

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"
)

// What prctl(2) and seccomp(2) call these.
const (
	setSeccomp    = 22
	setNoNewPrivs = 38
	filterMode    = 2
	allow         = 0x7fff0000
	refuse        = 0x00050000 // with a number of errno
)

// firstNew is the number of the first system call of Linux 5.1. From there on
// all architectures number new ones alike.
const firstNew = 424

// OnOldKernel has what start starts find a kernel without any system call that
// is newer than Linux 5.0. Which one Fargate has AWS does not say; it is not as
// new as those that this is written on, and the standard library uses what is
// new where it can. The test is skipped where no calls can be filtered.
func OnOldKernel(t testing.TB, start func()) {
	t.Helper()
	failed := make(chan error)
	go func() {
		// A filter is one thread's, and its children's. The thread ends with this
		// goroutine, as it is never unlocked.
		runtime.LockOSThread()
		err := filterThread()
		if err == nil {
			start()
		}
		failed <- err
	}()
	if err := <-failed; err != nil {
		t.Skipf("this machine filters no system calls: %v", err)
	}
}

// filterThread has new system calls answer ENOSYS to this thread.
func filterThread() error {
	program := []syscall.SockFilter{
		{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS}, // the call's number
		{Code: syscall.BPF_JMP | syscall.BPF_JGE | syscall.BPF_K, Jf: 1, K: firstNew},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: refuse | uint32(syscall.ENOSYS)},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: allow},
	}
	filter := syscall.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setSeccomp, filterMode, uintptr(unsafe.Pointer(&filter))) //nolint:gosec // it has no other way in
	if errno != 0 {
		return errno
	}
	return nil
}
