// Command image makes the proxy's container image:
//
//	go run ./internal/cmd/image [-out DIR] [-push REFERENCE] [-release VERSION]
//
// It compiles the proxy, and has tools/image pack and push the binaries. Both
// are done with the release of Go that the proxy's go.mod pins, and without
// the machine's settings, so that the same source gives the same digest
// everywhere. The digest is printed alone on the last line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/gobuild"
)

func main() {
	out := flag.String("out", "", "folder for the image (default: .cache/image of this module)")
	push := flag.String("push", "", "where to push the image to, with a tag (default: nowhere)")
	release := flag.String("release", "", "the version that is released, which the source must be of (default: any)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *out, *push, *release)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "making the proxy's image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, push, release string) error {
	here, err := gobuild.Find(ctx, "")
	if err != nil {
		return err
	}
	tool, err := gobuild.Find(ctx, filepath.Join(here.Root, "proxy"))
	if err != nil {
		return err
	}
	if out == "" {
		out = filepath.Join(here.Root, ".cache", "image")
	}
	if out, err = filepath.Abs(out); err != nil {
		return fmt.Errorf("finding folder (%s): %w", out, err)
	}
	changes, err := os.ReadFile(filepath.Join(here.Root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	version, err := version(changes, release)
	if err != nil {
		return err
	}
	binaries, err := os.MkdirTemp("", "proxy-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(binaries) }()
	for _, arch := range []string{"arm64", "amd64"} {
		binary, err := tool.Compile(ctx, gobuild.Target{Package: ".", Arch: arch, Variables: map[string]string{"main.version": version}})
		if err != nil {
			return fmt.Errorf("compiling the proxy for %s: %w", arch, err)
		}
		if err := os.WriteFile(filepath.Join(binaries, "proxy_"+arch), binary, 0o600); err != nil {
			return err
		}
	}
	// The compressor, too, is the pinned release's.
	return tool.Run(ctx, filepath.Join(here.Root, "tools"), "run", "./image", "-binaries", binaries, "-out", out, "-version", version, "-push", push)
}

var heading = regexp.MustCompile(`(?m)^## (?:v?([0-9]+\.[0-9]+\.[0-9]+\S*)|Unreleased)`)

// version answers what is being built, as the first heading of the changelog
// tells: "dev" while it is unreleased. It is a part of the source, and not of
// the repository around it, so that a copy of the source without its history
// makes the same image. It must be the release, if that is not empty.
func version(changelog []byte, release string) (string, error) {
	first := heading.FindSubmatch(changelog)
	if first == nil {
		return "", errors.New("reading CHANGELOG.md: it has no heading such as \"## Unreleased\" or \"## 1.2.3\"")
	}
	version := "dev"
	if len(first[1]) > 0 {
		version = string(first[1])
	}
	if release != "" && version != release {
		return "", fmt.Errorf("reading CHANGELOG.md: its first heading is %q, and %s is released; change it to \"## %s\" and tag that commit", first[0], release, release)
	}
	return version, nil
}
