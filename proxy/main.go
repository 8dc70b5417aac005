// Command fargatedirect-proxy terminates TLS in an ECS task, with a certificate of
// fargatedirect_certbot: a sidecar, for servers that are to know nothing of it.
//
//	fargatedirect-proxy [serve] [settings]              forwards HTTPS to a port of the task
//	fargatedirect-proxy files [settings] [-- command]   keeps the certificate in files, for servers that terminate TLS themselves
//	fargatedirect-proxy health [settings]               asks the one that runs here whether it is well
//
// Settings are flags, or variables of the environment; see package settings.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	// The roots of trust, where there are none beside the binary.
	_ "golang.org/x/crypto/x509roots/fallback"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/accesslog"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/certificate"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/files"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/health"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/server"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

// version is set by the linker when an image is built.
var version = "dev"

func main() {
	ctx, now := signals()
	err := run(ctx, now, os.Args[1:], os.Environ(), os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "fargatedirect-proxy:", err)
		os.Exit(1)
	}
}

// signals answers a context that the first SIGTERM ends, and one that the second
// does.
func signals() (first, second context.Context) {
	first, begin := context.WithCancelCause(context.Background())
	second, now := context.WithCancel(context.Background())
	told := make(chan os.Signal, 2)
	signal.Notify(told, syscall.SIGTERM, os.Interrupt)
	go func() {
		begin(fmt.Errorf("the process was told to end (%s)", <-told))
		<-told
		now()
	}()
	return first, second
}

// run does what the arguments ask for, until it is done or the context ends;
// what takes time to end then does so until now ends.
func run(ctx, now context.Context, arguments, environment []string, out io.Writer) error {
	s, err := settings.Parse(arguments, environment, out)
	if err != nil {
		return err
	}
	switch s.Command {
	case settings.Health:
		line, err := health.Check(ctx, s.HealthListen)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, line)
		return err
	case settings.Version:
		_, err := fmt.Fprintln(out, version)
		return err
	case settings.Files:
		return runFiles(ctx, s, environment, out)
	default:
		return server.Run(ctx, now, s, out)
	}
}

// runFiles keeps the certificate in files. Out gets the log, and is not waited
// for: it may stand still.
func runFiles(ctx context.Context, s settings.Settings, environment []string, out io.Writer) error {
	lines := accesslog.NewWriter(out)
	defer func() {
		limited, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = lines.Close(limited) // what is not written by then is lost
	}()
	log := slog.New(slog.NewJSONHandler(lines, nil))
	source, err := certificate.Source(ctx, s)
	if err != nil {
		return err
	}
	return files.Run(ctx, source, certificate.Options(s, log), files.Options{
		Directory: s.Directory, KeyMode: fs.FileMode(s.KeyMode), Once: s.Once,
		Command: s.Exec, Environment: environment, ExecTimeout: s.ExecTimeout,
		HealthListen: s.HealthListen, Logger: log,
	})
}
