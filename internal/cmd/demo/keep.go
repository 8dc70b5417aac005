package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// keep tells how to look around in what there is now, and waits for the Enter
// key.
func (d *demo) keep(ctx context.Context) error {
	host, port, err := net.SplitHostPort(d.cloud.DNSAddr)
	if err != nil {
		return fmt.Errorf("reading the DNS server's address: %w", err)
	}
	root := filepath.Join(d.dir, "root.pem")
	if err := os.WriteFile(root, d.pair.root, 0o644); err != nil {
		return fmt.Errorf("writing the authority's root: %w", err)
	}
	listens, proxyPort, err := net.SplitHostPort(d.proxy.listens)
	if err != nil {
		return fmt.Errorf("reading the proxy's address: %w", err)
	}
	name, show := d.task.name, d.screen.note
	show("In another terminal:\n\nexport %s", strings.Join(d.env(), "\nexport "))
	show("export TF_CLI_CONFIG_FILE=%s\n", d.terraform.config)
	show("%s -chdir=%s plan", d.cli, d.terraform.dir)
	show("aws route53 list-resource-record-sets --hosted-zone-id %s", d.user.zoneID)
	show("dig @%s -p %s %s", host, port, name)
	show("aws lambda invoke --function-name %s --cli-binary-format raw-in-base64-out --payload '%s' /dev/stdout", d.results.Function.Value, renewNow)
	show("curl --cacert %s --resolve %s:%s:%s %s\n", root, name, proxyPort, listens, d.proxy.url("https", name))
	show("The Enter key goes on and takes all down; Ctrl-C ends at once.")
	entered := make(chan struct{})
	go func() {
		defer close(entered)
		// A standard input that ends, too, says that nobody wants to wait.
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-entered:
		return nil
	}
}
