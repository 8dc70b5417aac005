package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// testTimeout ends a mutant's test; one that hangs has noticed, too.
const testTimeout = 2 * time.Minute

// errVerdict tells that mutants survived or could not be tried, which has been
// told by name.
var errVerdict = errors.New("not all mutants were killed")

// trial tries mutants of the module at root. Test binaries and changed files
// go to work.
type trial struct {
	root, work string
	parallel   int
	out        io.Writer

	mu               sync.Mutex
	killed, survived int
	broken           []string
}

// run tries the mutants and tells the verdicts. It answers an error if any
// mutant was not killed.
func (t *trial) run(ctx context.Context, mutants []mutant) error {
	if err := t.checkUnchanged(ctx, mutants); err != nil {
		return err
	}
	t.each(len(mutants), func(i int) { t.try(ctx, mutants[i]) })
	for _, b := range t.broken {
		fmt.Fprintln(t.out, "BROKEN", b)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "mutants: %d killed, %d survived\n", t.killed, t.survived)
	if t.killed < len(mutants) {
		return errVerdict
	}
	return nil
}

// checkUnchanged runs every test once on the sources as they are: a test that
// fails anyway, or that does not run at all, would prove nothing.
func (t *trial) checkUnchanged(ctx context.Context, mutants []mutant) error {
	tests := map[string][]string{}
	var pkgs []string
	for _, m := range mutants {
		if tests[m.pkg] == nil {
			pkgs = append(pkgs, m.pkg)
		}
		tests[m.pkg] = append(tests[m.pkg], m.test)
	}
	errs := make([]error, len(pkgs))
	t.each(len(pkgs), func(i int) { errs[i] = t.checkPackage(ctx, pkgs[i], tests[pkgs[i]]) })
	return errors.Join(errs...)
}

func (t *trial) checkPackage(ctx context.Context, pkg string, tests []string) error {
	began := time.Now()
	dir, err := os.MkdirTemp(t.work, "unchanged")
	if err != nil {
		return err
	}
	binary, err := t.compile(ctx, dir, pkg)
	if err != nil {
		return fmt.Errorf("compiling the tests of %s: %w", pkg, err)
	}
	done := map[string]bool{}
	for _, test := range tests {
		if done[test] {
			continue
		}
		done[test] = true
		output, err := t.execute(ctx, binary, pkg, test)
		switch {
		case err != nil:
			return fmt.Errorf("%s %s fails on the unchanged product: %w\n%s", pkg, test, err, output)
		case !strings.Contains(output, "\n--- PASS: ") && !strings.HasPrefix(output, "--- PASS: "):
			return fmt.Errorf("%s %s runs no test", pkg, test)
		case strings.Contains(output, "--- SKIP: "):
			return fmt.Errorf("%s %s skips a test", pkg, test)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "ok       %s unchanged, %d tests (%.1fs)\n", pkg, len(done), time.Since(began).Seconds())
	return nil
}

// try changes the product as the mutant says and tells whether its test fails.
func (t *trial) try(ctx context.Context, m mutant) {
	began := time.Now()
	survived, err := t.survives(ctx, m)
	t.mu.Lock()
	defer t.mu.Unlock()
	verdict := "killed  "
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		t.broken = append(t.broken, fmt.Sprintf("%s: %v", m.name, err))
		return
	case survived:
		t.survived++
		verdict = "SURVIVED"
	default:
		t.killed++
	}
	fmt.Fprintf(t.out, "%s %s (%s %s) %.1fs\n", verdict, m.name, m.pkg, m.test, time.Since(began).Seconds())
}

func (t *trial) survives(ctx context.Context, m mutant) (bool, error) {
	dir, err := os.MkdirTemp(t.work, "mutant")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(t.root, dir)
	if err != nil {
		return false, err
	}
	binary, err := t.compile(ctx, dir, m.pkg, "-overlay", overlay)
	if err != nil {
		return false, fmt.Errorf("does not compile: %w", err)
	}
	_, err = t.execute(ctx, binary, m.pkg, m.test, "-overlay="+overlay)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return false, err
	}
	return err == nil, nil
}

// compile makes the test binary of a package and answers its name.
func (t *trial) compile(ctx context.Context, dir, pkg string, flags ...string) (string, error) {
	binary := filepath.Join(dir, "tests.exe")
	args := append([]string{"test", "-c", "-o", binary}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	// The folder decides which module the package is of.
	cmd.Dir = filepath.Join(t.root, filepath.FromSlash(pkg))
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	if _, err := os.Stat(binary); err != nil {
		return "", fmt.Errorf("the package has no tests")
	}
	return binary, nil
}

// execute runs tests of a compiled binary in its package's folder. What they
// compile themselves is compiled with the flags.
func (t *trial) execute(ctx context.Context, binary, pkg, test string, flags ...string) (string, error) {
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.run", test, "-test.timeout", testTimeout.String())
	cmd.Dir = filepath.Join(t.root, filepath.FromSlash(pkg))
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.Join(append(strings.Fields(os.Getenv("GOFLAGS")), flags...), " "))
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// each calls f for 0 to n-1, a few at the same time.
func (t *trial) each(n int, f func(int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, t.parallel)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
	wg.Wait()
}
