package files

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// record is a log that is kept.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *record) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(r, nil)) }

func shell(log *record, script string) Options {
	return Options{
		Command: []string{"sh", "-c", script}, ExecTimeout: time.Minute, Logger: log.logger(),
		Environment: []string{"PATH=" + os.Getenv("PATH"), "FARGATEDIRECT_SECRET=hunter2", "FARGATEDIRECT_SECRET_ARN=arn", "OTHER=x"},
	}
}

func TestRunCommand(t *testing.T) {
	t.Parallel()
	key := proxytest.NewAuthority().Issue(nil).Key
	line := strings.Split(key, "\n")[1]
	for name, test := range map[string]struct {
		script, errSay string
		said, not      []string
	}{
		"says":              {script: "echo one; echo two >&2; printf three", said: []string{`"line":"one"`, `"line":"two"`, `"line":"three"`, "the command succeeded"}},
		"has no secret":     {script: `echo "[$FARGATEDIRECT_SECRET] [$OTHER] [$FARGATEDIRECT_SECRET_ARN]"; ! env | grep hunter2`, said: []string{"[] [x] [arn]"}, not: []string{"hunter2"}},
		"shows the key":     {script: `set -x; K="$KEY"; echo $KEY; echo over`, said: []string{"(a line with the private key)", `"line":"over"`}, not: []string{line, line[:len(line)-1], line[1:]}},
		"ends with the key": {script: `echo "$KEY" | sed -n 2p; exit 5`, errSay: "running sh: exit status 5; it said last: (a line with the private key)", not: []string{line}},
		"cuts the key":      {script: `printf "%0990d" 0; printf "%s" "$KEY" | tr -d "\n"; echo; echo over`, said: []string{"(a line with the private key)", `"line":"over"`}, not: []string{line[:4]}},
		"fails":             {script: "echo the configuration is wrong >&2; exit 3", errSay: "running sh: exit status 3; it said last: the configuration is wrong"},
		"fails in silence":  {script: "exit 4", errSay: "running sh: exit status 4"},
		"says too much":     {script: "i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done", said: []string{"line 99", "says more than is logged"}, not: []string{"line 100"}},
		"says a long line":  {script: "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end", said: []string{strings.Repeat("x", maxLine), `"line":"end"`}, not: []string{strings.Repeat("x", maxLine+1)}},
		"says no text":      {script: `printf '\377\n\n\n'`, said: []string{`"line":"?"`}, not: []string{`"line":""`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log record
			o := shell(&log, test.script)
			o.Environment = append(o.Environment, "KEY="+key)
			err := runCommand(t.Context(), o, []byte(key))
			if (err == nil) != (test.errSay == "") || err != nil && err.Error() != test.errSay {
				t.Errorf("it says %v, want %q", err, test.errSay)
			}
			for _, want := range test.said {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log has no %q: %.3000s", want, log.String())
				}
			}
			for _, not := range test.not {
				if strings.Contains(log.String(), not) {
					t.Errorf("the log has %q", not)
				}
			}
		})
	}
}

// A command that takes too long, or is in the way of the end, ends with all
// that it started, whatever these think of SIGTERM.
func TestCommandIsStopped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script  string
		timeout time.Duration
		errSay  string
	}{
		"too long":         {"sleep 1000 & echo $! >$PIDS; wait", 5 * time.Second, "running sh: it took longer than 5s"},
		"told to end":      {"sleep 1000 & echo $! >$PIDS; wait", time.Hour, "running sh: it was stopped: context canceled"},
		"deaf to SIGTERM":  {"trap '' TERM; sleep 1000 & echo $! >$PIDS; wait; sleep 1000", time.Hour, "running sh: it was stopped: context canceled"},
		"deaf, with child": {"(trap '' TERM; sleep 1000 & echo $! >$PIDS; wait) & wait", time.Hour, "running sh: it was stopped: context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pids := filepath.Join(t.TempDir(), "pids")
			var log record
			o := shell(&log, test.script)
			o.ExecTimeout, o.Environment = test.timeout, append(o.Environment, "PIDS="+pids)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if test.timeout == time.Hour {
				go func() {
					var pid int
					await(t, func() bool { return number(pids, &pid) })
					stop()
				}()
			}
			if err := runCommand(ctx, o, nil); err == nil || err.Error() != test.errSay {
				t.Errorf("it says %v, want %q", err, test.errSay)
			}
			var pid int
			if !number(pids, &pid) {
				t.Fatal("the command did not begin")
			}
			if await(t, func() bool { return gone(pid) }); t.Failed() {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		})
	}
}

// What a command leaves running does not keep the next change waiting, and is
// left running.
func TestCommandLeavesServer(t *testing.T) {
	t.Parallel()
	pids := filepath.Join(t.TempDir(), "pids")
	var log record
	o := shell(&log, "sleep 1000 & echo $! >$PIDS")
	o.Environment = append(o.Environment, "PIDS="+pids)
	if err := runCommand(t.Context(), o, nil); err != nil {
		t.Error(err)
	}
	var pid int
	if !number(pids, &pid) || gone(pid) {
		t.Fatal("the server is gone")
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

func TestCheckCommand(t *testing.T) {
	t.Parallel()
	if err := checkCommand([]string{"sh", "-c", "true"}); err != nil {
		t.Error(err)
	}
	if err := checkCommand(nil); err != nil {
		t.Error(err)
	}
	script := filepath.Join(t.TempDir(), "reload.sh")
	must(t, os.WriteFile(script, nil, 0o644))
	if err := checkCommand([]string{script}); err == nil || !strings.Contains(err.Error(), script+`": permission denied; it must be a program that the user `) {
		t.Errorf("it says %v", err)
	}
	if err := checkCommand([]string{"no-such-program"}); err == nil || !strings.Contains(err.Error(), "copy /fargatedirect-proxy into the image that has this one") {
		t.Errorf("it says %v", err)
	}
}

// gone tells whether a process has ended, though nobody may have asked how.
func gone(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// await waits for what takes as long as it takes.
func await(t *testing.T, is func() bool) {
	t.Helper()
	for range 6000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("it has not come to pass")
}

// Whatever a command says, in whatever pieces, the log has lines of bounded
// length and number, and none with a secret.
func FuzzLines(f *testing.F) {
	const secret = "c2VjcmV0c2VjcmV0"
	f.Add([]byte("one\ntwo\n\nthree"), 1)
	f.Add([]byte("x"+secret+"\n"), 3)
	f.Add(bytes.Repeat([]byte("line\n"), maxLines+2), 7)
	f.Add(bytes.Repeat([]byte{0xff, '\r'}, maxLine), 1000)
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		var log record
		l := &lines{log: log.logger(), secrets: []string{secret}}
		for piece := range slices.Chunk(text, max(1, min(size, 1<<20))) {
			if n, err := l.Write(piece); n != len(piece) || err != nil {
				t.Fatalf("it takes %d of %d bytes, error %v", n, len(piece), err)
			}
		}
		last := l.end()
		if said := log.String(); strings.Contains(said+last, secret) || strings.Count(said, "\n") > maxLines+1 {
			t.Errorf("the log says %s", said)
		}
		if len(last) > maxLine || strings.Contains(last, "\n") {
			t.Errorf("it said last %q", last)
		}
	})
}
