//go:build unix

package localcloud

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helperEnv makes the test binary a program that starts a process and waits
// to be killed; its value is the log file.
const helperEnv = "LOCALCLOUD_TEST_HELPER"

// RunHelper is called by TestMain in the program that helperEnv asks for.
func RunHelper() bool {
	log := os.Getenv(helperEnv)
	if log == "" {
		return false
	}
	// The process has a child of its own, as LocalStack has functions.
	p, err := startProcess("sleeper", log, nil, "/bin/sh", "-c", "sleep 1000 & echo $$ $!; wait")
	if err != nil {
		fmt.Println(err)
		return true
	}
	<-p.done
	return true
}

// pids are the two that the sleeper printed.
func pids(t *testing.T, log string) []int {
	t.Helper()
	for range 6000 {
		b, err := os.ReadFile(log)
		if fields := strings.Fields(string(b)); err == nil && len(fields) == 2 {
			var out []int
			for _, f := range fields {
				pid, err := strconv.Atoi(f)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, pid)
			}
			return out
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the process did not start")
	return nil
}

func wantGone(t *testing.T, pids []int) {
	t.Helper()
	for range 6000 {
		gone := true
		for _, pid := range pids {
			gone = gone && ended(pid)
		}
		if gone {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("of %v not all ended", pids)
}

// ended tells whether there is no such process, or only its remains.
func ended(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	line, _ := bufio.NewReader(f).ReadString('\n')
	return strings.Contains(line, ") Z ")
}

// TestProcessesEndWithTheirStarter kills the starter the hard way.
func TestProcessesEndWithTheirStarter(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	helper := exec.CommandContext(t.Context(), os.Args[0])
	helper.Env = append(os.Environ(), helperEnv+"="+log)
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	started := pids(t, log)
	if err := helper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = helper.Wait()
	wantGone(t, started)
}

func TestStopEndsTheWholeGroup(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	p, err := startProcess("sleeper", log, nil, "/bin/sh", "-c", "sleep 1000 & echo $$ $!; wait")
	if err != nil {
		t.Fatal(err)
	}
	started := pids(t, log)
	p.stop()
	wantGone(t, started)
}

// TestProcessThatEndsTellsItsLog is started again as often as a port may be
// taken, and then its log is told.
func TestProcessThatEndsTellsItsLog(t *testing.T) {
	t.Parallel()
	starts := 0
	_, err := retryStart(func() (*process, error) {
		starts++
		p, err := startProcess("thing", filepath.Join(t.TempDir(), "log"), nil, "/bin/sh", "-c", "echo address already in use; exit 1")
		if err != nil {
			return nil, err
		}
		return p, p.waitFor(t.Context(), func(context.Context) error { return errors.New("not yet") })
	})
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error is %v, want one with the log", err)
	}
	if starts != portAttempts {
		t.Errorf("it was started %d times, want %d", starts, portAttempts)
	}
}
