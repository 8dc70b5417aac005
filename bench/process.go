package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticks is how many of them the kernel counts a second of a process's time as,
// in all Linux that Go runs on (USER_HZ, proc(5)).
const ticks = 100

// process is a server that runs.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

// start runs a command; what it says goes to a file in the folder.
func start(cmd *exec.Cmd, directory string) (*process, error) {
	output, err := os.CreateTemp(directory, filepath.Base(cmd.Path)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output
	// A group of its own: Ctrl-C is for us, and we stop what we started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	p := &process{cmd: cmd, log: output.Name(), ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop ends the process and its children, at last by force.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(time.Second):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
	}
}

// said is the end of what the process said.
func (p *process) said() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// family is the process and its children, such as nginx's workers.
func (p *process) family() []int {
	ids := []int{p.cmd.Process.Pid}
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range paths {
		fields, err := statFields(path)
		if err != nil || fields[1] != strconv.Itoa(ids[0]) {
			continue
		}
		if id, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// processorTime is what the family used so far, in user and kernel mode.
func (p *process) processorTime() (time.Duration, error) {
	var total time.Duration
	for _, id := range p.family() {
		fields, err := statFields(fmt.Sprintf("/proc/%d/stat", id))
		if err != nil {
			return 0, err
		}
		for _, field := range fields[11:13] { // utime and stime
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("reading processor time: %w", err)
			}
			total += time.Duration(n) * time.Second / ticks
		}
	}
	return total, nil
}

// statFields are the fields of a stat file from the third on: the second is
// the command's name, which may hold anything.
func statFields(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading processor time: %w", err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return nil, fmt.Errorf("reading %s: too few fields", path)
	}
	return fields, nil
}

// memory is what the family occupies, in bytes: its proportional set size,
// which counts once what the processes share.
func (p *process) memory() (int64, error) {
	var total int64
	for _, id := range p.family() {
		kib, err := proportionalKiB(fmt.Sprintf("/proc/%d/smaps_rollup", id))
		if err != nil {
			return 0, err
		}
		total += kib << 10
	}
	return total, nil
}

func proportionalKiB(path string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("reading memory: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "Pss:" {
			return strconv.ParseInt(fields[1], 10, 64)
		}
	}
	return 0, errors.Join(fmt.Errorf("reading memory: no Pss in %s", path), lines.Err())
}
