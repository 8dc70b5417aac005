// Command mutants shows that the tests can fail. It breaks the product in
// small ways, one at a time, and runs the one test that must notice each. The
// sources stay as they are: the go command is given the changed file as an
// overlay.
//
// It prints "killed" or "SURVIVED" for each mutant, and exits with 1 when one
// survived or could not be tried.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strings"
)

func main() {
	pattern := flag.String("run", ".", "regular expression of the mutants' names")
	parallel := flag.Int("parallel", 2, "how many mutants are tried at the same time")
	list := flag.Bool("list", false, "print the mutants and what must notice them, and try none")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, *pattern, *parallel, *list)
	if err == nil {
		return
	}
	if !errors.Is(err, errVerdict) { // else the last line has said it
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	os.Exit(1)
}

func run(ctx context.Context, pattern string, parallel int, list bool) error {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return fmt.Errorf("reading -run: %w", err)
	}
	chosen := slices.DeleteFunc(all(), func(m mutant) bool { return !wanted.MatchString(m.name) })
	if len(chosen) == 0 {
		return fmt.Errorf("no mutant is called %q", pattern)
	}
	if list {
		for _, m := range chosen {
			fmt.Printf("%-45s %s %s\n", m.name, m.pkg, m.test)
		}
		return nil
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("finding the module: %w", err)
	}
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	t := trial{root: strings.TrimSpace(string(root)), work: work, parallel: max(parallel, 1), out: os.Stdout}
	return t.run(ctx, chosen)
}
