// Command image makes the container image of the proxy from its binaries,
// without a container engine, and can push it:
//
//	image -binaries DIR -out DIR -version VERSION [-push REFERENCE]
//
// It is started by "make image", which compiles the binaries; see
// internal/cmd/image. The same binaries give the same digest, which is printed
// alone on the last line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	binaries := flag.String("binaries", "", "folder with a binary for each architecture, such as proxy_arm64")
	out := flag.String("out", "", "folder for the image")
	version := flag.String("version", "dev", "version of the proxy")
	push := flag.String("push", "", "where to push the image to, with a tag, such as 123456789012.dkr.ecr.eu-west-2.amazonaws.com/fargatedirect-proxy:1.2.3")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *binaries, *out, *version, *push, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "making the image:", err)
		os.Exit(1)
	}
}

// run makes the image, writes it into the folder out, and pushes it when a
// reference says where to.
func run(ctx context.Context, binaries, out, version, push string, say io.Writer) error {
	if binaries == "" || out == "" {
		return errors.New("-binaries and -out must be given; use \"make image\"")
	}
	index, err := pack(binaries, version)
	if err != nil {
		return err
	}
	if err := write(index, out, say); err != nil {
		return err
	}
	if push != "" {
		if err := pushTo(ctx, index, push, os.Getenv, say); err != nil {
			return err
		}
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(say, digest)
	return err
}
