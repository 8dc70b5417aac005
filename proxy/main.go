// Command fargatedirect-proxy ends TLS in an ECS task, with a certificate of
// fargatedirect_certbot: a sidecar, for servers that are to know nothing of it.
//
//	fargatedirect-proxy [serve] [settings]              forwards HTTPS to a port of the task
//	fargatedirect-proxy files [settings] [-- command]   keeps the certificate in files, for servers that end TLS themselves
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
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	// The roots of trust, where there are none beside the binary.
	_ "golang.org/x/crypto/x509roots/fallback"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/certificate"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/files"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/health"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/server"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

// version is set by the linker when an image is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "fargatedirect-proxy:", err)
		os.Exit(1)
	}
}

// run does what the arguments ask for, until it is done or the context ends.
func run(ctx context.Context, arguments, environment []string, out io.Writer) error {
	s, err := settings.Parse(arguments, environment, out)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(out, nil))
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
		return runFiles(ctx, s, log)
	default:
		return runServe(ctx, s, log, out)
	}
}

func runFiles(ctx context.Context, s settings.Settings, log *slog.Logger) error {
	source, err := certificate.Source(ctx, s)
	if err != nil {
		return err
	}
	return files.Run(ctx, source, certificate.Options(s, log), files.Options{
		Directory: s.Directory, Once: s.Once, Command: s.Exec, HealthListen: s.HealthListen, Logger: log,
	})
}

func runServe(ctx context.Context, s settings.Settings, log *slog.Logger, out io.Writer) error {
	return server.Run(ctx, s, log, out)
}
