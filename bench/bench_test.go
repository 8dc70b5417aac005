package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is the back end, too, which is started as the test's own binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "backend" {
		main()
		return
	}
	os.Exit(m.Run())
}

func compiledProxy(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fargatedirect-proxy")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../proxy", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// TestBench has everything measured, for a moment, with the proxy alone.
func TestBench(t *testing.T) {
	proxy := compiledProxy(t)
	t.Setenv("TMPDIR", t.TempDir())
	short := []string{"-proxy", proxy, "-nginx", "no-such-nginx", "-caddy", "no-such-caddy", "-rounds", "1", "-time", "50ms", "-warm", "10ms", "-settle", "1ms", "-websockets", "5"}
	t.Run("all", func(t *testing.T) {
		var out, progress bytes.Buffer
		if err := run(t.Context(), short, &out, &progress); err != nil {
			t.Fatalf("%v; it said %s", err, progress.String())
		}
		text := out.String()
		for _, want := range []string{"nginx: not found, left out", "Caddy: not found, left out", "Agreed on: TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, ECDSA.\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("does not say %q", want)
			}
		}
		for _, l := range loads {
			if !strings.Contains(text, "| "+l.name+" |") {
				t.Errorf("has no row %q", l.name)
			}
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") {
				continue
			}
			if cells := strings.Split(line, " | "); len(cells) != 6 || cells[4] == "" {
				t.Errorf("the row %q has not a figure of the proxy's", line)
			}
		}
		nothingLeft(t)
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, short, &bytes.Buffer{}, writer(func() { cancel() }))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ends with %v", err)
		}
		nothingLeft(t)
	})
}

// writer is told that something is written.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

// nothingLeft fails if processes or folders are left.
func nothingLeft(t *testing.T) {
	t.Helper()
	self := &process{cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	if ids := self.family(); len(ids) != 1 {
		t.Errorf("processes are left: %v", ids[1:])
		for _, id := range ids[1:] {
			_ = syscall.Kill(id, syscall.SIGKILL)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "fargatedirect-bench-*")); len(left) != 0 {
		t.Errorf("folders are left: %v", left)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{nil, {"-proxy", "x", "-rounds", "0"}, {"-proxy", "x", "-websockets", "-1"}, {"-proxy", "x", "-run", "("}, {"-no-such"}} {
		if err := run(t.Context(), arguments, &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
			t.Errorf("%v are taken", arguments)
		}
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var s sample
	if got := s.quantile(0.5); got != 0 {
		t.Errorf("of nothing is %v", got)
	}
	for i := range 1000 {
		s.latencies = append(s.latencies, time.Duration(i+1))
	}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 500, 0.9: 900, 0.99: 990, 0.999: 999, 1: 1000} {
		if got := s.quantile(share); got != want {
			t.Errorf("%v is %d, want %d", share, got, want)
		}
	}
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := &recorder{ctx: t.Context(), begin: now.Add(-time.Hour), end: now.Add(time.Hour)}
	if !r.add(now.Add(-2*time.Hour)) || r.requests != 0 {
		t.Error("warming up counts")
	}
	if !r.add(now) || r.requests != 1 || len(r.latencies) != 1 {
		t.Error("a request does not count")
	}
	if !r.addBytes(3) || r.bytes != 3 {
		t.Error("bytes do not count")
	}
	r.end = now.Add(-time.Minute)
	if r.add(now.Add(-2*time.Minute)) || r.addBytes(4) || r.requests != 1 || r.bytes != 3 {
		t.Error("it does not end")
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	table(&out, [][]string{{"", "", "one"}, {"load", "rate", "1"}, {"load", "time", "2"}, {"other", "rate", ""}})
	want := "|  |  | one |\n|---|---|--:|\n| load | rate | 1 |\n|  | time | 2 |\n| other | rate |  |\n"
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
	if got := median([]float64{4, 1, 2}, func(v float64) float64 { return v }); got != 2 {
		t.Errorf("the median of three is %v", got)
	}
	if got := median([]float64{4, 1, 2, 3}, func(v float64) float64 { return v }); got != 2.5 {
		t.Errorf("the median of four is %v", got)
	}
	for v, want := range map[float64]string{1234.5: "1234", 12.34: "12.3", 1.234: "1.23", 0.1234: "0.123"} {
		if got := number(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}
