// Command localcloud starts the local cloud and tells how to use it, until it
// is interrupted.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	cloud, err := localcloud.Start(ctx, localcloud.Options{Progress: os.Stderr})
	if err != nil {
		return err
	}
	if err := describe(out, cloud); err != nil {
		return closeAfter(cloud, err)
	}
	<-ctx.Done()
	return cloud.Close()
}

func closeAfter(cloud *localcloud.Cloud, err error) error {
	if closing := cloud.Close(); closing != nil {
		return fmt.Errorf("%w (and %w)", err, closing)
	}
	return err
}

// describe prints what a person needs to use the cloud from another terminal.
func describe(out io.Writer, cloud *localcloud.Cloud) error {
	ca := filepath.Join(cloud.Dir, "directory-ca.pem")
	if err := os.WriteFile(ca, cloud.DirectoryCAPEM, 0o644); err != nil {
		return fmt.Errorf("writing the directory's CA: %w", err)
	}
	host, port, err := net.SplitHostPort(cloud.DNSAddr)
	if err != nil {
		return fmt.Errorf("reading the DNS server's address: %w", err)
	}
	say := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(out, format+"\n", args...)
		}
	}
	say("\n# AWS: account %s. In another terminal:", cloud.AccountID)
	for _, e := range cloud.Env() {
		say("export %s", e)
	}
	say("\n# Lambda functions run on this architecture alone, so resources need the argument:")
	say("architecture = %q", cloud.Architecture())
	say("\n# DNS, answered from the hosted zones:")
	say("dig @%s -p %s example.com SOA", host, port)
	say("nameservers = [%q] # of the provider, for challenges that a CNAME record delegates", cloud.DNSAddr)
	say("\n# ACME: the directory, the CA of its TLS certificate, and the root of what it issues:")
	say("directory_url      = %q", cloud.DirectoryURL)
	say("ca_certificate_pem = file(%q)", ca)
	say("profile            = \"default\" # of each certificate; for one that names none Pebble picks any, also of seconds")
	say("curl --cacert %s %s/roots/0", ca, cloud.ManagementURL)
	say("\n# Logs: %s\n# Ctrl-C ends it all.", cloud.LogDir)
	return err
}
