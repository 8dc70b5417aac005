// Command build compiles the Lambda functions and packs each into a deployment
// package:
//
//	go run ./lambdas/build [-out DIR] [-arch arm64,x86_64]
//
// The same source gives the same bytes on every machine and in every folder,
// because the hash of a package is part of Terraform's plan: the toolchain is
// the one that go.mod pins, for the compressor as well as for the compiler, no
// setting of the machine reaches the compiler, and nothing is stamped with a
// path, a commit or a time.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/gobuild"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

func main() {
	out := flag.String("out", "", "folder for the packages (default: lambdas/dist of this module)")
	arch := flag.String("arch", "arm64,x86_64", "architectures as Lambda names them, comma-separated")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, strings.Split(*arch, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "building the Lambda functions:", err)
		os.Exit(1)
	}
}

// run builds every function for the architectures into the folder out, under
// the pinned toolchain.
func run(ctx context.Context, out string, architectures []string) error {
	for _, a := range architectures {
		if goArch(a) == "" {
			return fmt.Errorf("no architecture is called %q; there are arm64 and x86_64", a)
		}
	}
	tool, err := gobuild.Find(ctx, "")
	if err != nil {
		return err
	}
	if out == "" {
		out = filepath.Join(tool.Root, "lambdas", "dist")
	}
	if out, err = filepath.Abs(out); err != nil {
		return fmt.Errorf("finding folder (%s): %w", out, err)
	}
	if runtime.Version() != tool.Version {
		// Its compressor, too, must be the pinned release's.
		return tool.Run(ctx, tool.Root, "run", "./lambdas/build", "-out", out, "-arch", strings.Join(architectures, ","))
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, a := range architectures {
		for _, function := range []string{lambdas.Certbot, lambdas.TaskDNS} {
			if err := buildFunction(ctx, tool, out, function, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// goArch is Go's name for an architecture of Lambda, or "" when there is none.
func goArch(architecture string) string {
	switch architecture {
	case "arm64":
		return "arm64"
	case "x86_64":
		return "amd64"
	}
	return ""
}

// buildFunction compiles one function for one architecture and puts its
// package into the folder out.
func buildFunction(ctx context.Context, tool gobuild.Toolchain, out, function, architecture string) error {
	binary, err := tool.Compile(ctx, gobuild.Target{Package: "./lambdas/" + function, Arch: goArch(architecture), Tags: "lambda.norpc"})
	if err != nil {
		return fmt.Errorf("compiling function (%s) for %s: %w", function, architecture, err)
	}
	zip, err := pack(binary)
	if err != nil {
		return fmt.Errorf("packing function (%s) for %s: %w", function, architecture, err)
	}
	path := filepath.Join(out, filepath.Base(lambdas.FileName(function, architecture)))
	changed, err := replace(path, zip)
	if err != nil {
		return fmt.Errorf("writing package (%s): %w", path, err)
	}
	state := "unchanged"
	if changed {
		state = "written"
	}
	fmt.Printf("%s  %d bytes  sha256 %x  %s\n", path, len(zip), sum(zip), state)
	return nil
}

// replace gives the file at path this content, and tells whether it had
// another one. A file that is right already is left alone, so that its time
// does not make others build again; a reader sees the old or the new content
// and never a part of it.
func replace(path string, content []byte) (bool, error) {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return false, err
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return false, errors.Join(err, os.Remove(temporary.Name()))
	}
	return true, nil
}
