// Command demo shows the whole product on a local cloud: it applies
// examples/complete with the provider as it is built from this checkout, has a
// certificate issued, runs a task, connects to it by its name, and destroys
// everything again. It ends with a failure at the first step that does not
// hold.
//
//	go run ./internal/cmd/demo [-keep] [-terraform PATH]
//
// The Lambda functions must have been built before; "make demo" does both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// teardownTimeout bounds what is done after the last step, or after Ctrl-C.
const teardownTimeout = 2 * time.Minute

func main() {
	keep := flag.Bool("keep", false, "wait for the Enter key, with the task running, before anything is taken down")
	cli := flag.String("terraform", "", "path of terraform or tofu (default: the one on the PATH)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, *cli, *keep)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, cli string, keep bool) (err error) {
	begun := time.Now()
	cli, err = findCLI(cli)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fargatedirect-demo-")
	if err != nil {
		return fmt.Errorf("making a working folder: %w", err)
	}
	d := &demo{screen: newScreen(os.Stdout), cli: cli, dir: dir}
	err = d.play(ctx, keep)

	down, cancel := context.WithTimeout(context.WithoutCancel(ctx), teardownTimeout)
	defer cancel()
	if err = errors.Join(err, d.teardown(down), os.RemoveAll(dir)); err != nil {
		return err
	}
	fmt.Printf("\ndemo: everything held, in %.0f s\n", time.Since(begun).Seconds())
	return nil
}

// play plays the steps in order, to the first that does not hold.
func (d *demo) play(ctx context.Context, keep bool) error {
	for _, s := range d.steps(keep) {
		d.screen.begin(s.title)
		err := s.do(ctx)
		d.screen.end(err)
		if ctx.Err() != nil {
			return errors.New("interrupted; everything is taken down again")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
	}
	return nil
}

// findCLI is the path of Terraform or OpenTofu.
func findCLI(named string) (string, error) {
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("finding Terraform: %w", err)
		}
		return path, nil
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("finding Terraform: neither terraform nor tofu is on the PATH; install one, or name it by -terraform")
}
