// Package server is the proxy's life: it listens, serves, and drains.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/accesslog"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/certificate"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/forward"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/health"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/settings"
)

// Run serves until the context ends, which SIGTERM does, and then lets what
// was begun end, for DrainTimeout at most. It answers nil when it has drained.
func Run(ctx context.Context, s settings.Settings, log *slog.Logger, out io.Writer) error {
	source, err := certificate.Source(ctx, s)
	if err != nil {
		return err
	}
	reader, err := certreader.New(ctx, source, certificate.Options(s, log))
	if err != nil {
		return err
	}
	go reader.Run(ctx)
	hostname := ""
	if s.Domain != "" {
		if hostname, err = certreader.HostnameFrom(ctx, nil, s.HostnameTemplate, s.Domain); err != nil {
			return err
		}
	}
	handler := forward.New(forward.Options{Port: s.BackendPort, H2C: s.BackendProtocol == settings.H2C, Hostname: hostname, AnyHost: s.AnyHost, Logger: log})
	if s.AccessLog {
		handler = accesslog.Handler(slog.New(slog.NewJSONHandler(out, nil)), handler)
	}
	tells, err := health.Start(s.HealthListen, health.Source{Hostname: hostname, Serving: reader.Serving, Draining: func() bool { return ctx.Err() != nil }}, log)
	if err != nil {
		return err
	}
	https := &http.Server{
		Addr: s.Listen, Handler: handler, TLSConfig: reader.TLSConfig(),
		ReadHeaderTimeout: s.HeaderTimeout, IdleTimeout: s.IdleTimeout, MaxHeaderBytes: s.MaxHeaderBytes,
	}
	failed := make(chan error, 1)
	go func() { failed <- https.ListenAndServeTLS("", "") }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving on %s: %w", s.Listen, err)
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.DrainTimeout)
	defer cancel()
	return errors.Join(https.Shutdown(limited), tells.Close())
}
