package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/freeport"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/sidecar"
)

// proxy is the container beside the server in the task.
type proxy struct {
	binary string
	// task is what ECS would give to the container.
	task    *sidecar.Task
	env     []string
	process *sidecar.Process
	// listens is the address for HTTPS.
	listens string
}

// Where the demo's proxy is not as in ECS: tasks there have ports to
// themselves, and nobody waits five minutes here.
const (
	listenSetting   = "FARGATEDIRECT_LISTEN"
	healthSetting   = "FARGATEDIRECT_HEALTH_LISTEN"
	intervalSetting = "FARGATEDIRECT_INTERVAL"
	interval        = "1s"
)

// startContainers does what ECS does with the task definition.
func (d *demo) startContainers(ctx context.Context) error {
	settings, err := d.proxy.addresses(d.task.address)
	if err != nil {
		return err
	}
	if d.proxy.task, err = sidecar.NewTask(d.task.arn, sidecar.Role(d.aws, d.taskRoleARN())); err != nil {
		return err
	}
	definition := sidecar.Env(d.definition, nil)
	d.proxy.env = append(sidecar.Env(d.definition, settings), d.proxy.task.Env()...)
	d.proxy.env = append(d.proxy.env, "AWS_REGION="+d.cloud.Region, "AWS_ENDPOINT_URL="+d.cloud.Endpoint)
	if d.proxy.process, err = sidecar.Start(d.proxy.binary, d.proxy.env); err != nil {
		return err
	}
	check, err := sidecar.Check(d.definition)
	if err != nil {
		return err
	}
	health, err := d.healthy(ctx, check)
	if err != nil {
		return err
	}
	d.screen.fact("%-8s %s  plain HTTP, knows nothing of TLS", container, d.server.url())
	d.screen.fact("%-8s https://%s  with this environment:", aws.ToString(d.definition.Name), d.proxy.listens)
	d.screen.fact("    %s", strings.Join(definition, "\n    "))
	if host, _, _ := net.SplitHostPort(d.proxy.listens); host != d.task.address {
		d.screen.fact("(Nobody can listen on %s on this machine, so connections are led there.)", d.task.address)
	}
	d.screen.fact("It reads the certificate with the role %s; every second, not every five minutes, to have it shown.", d.user.taskRole)
	d.screen.fact("%s %s: %s", filepath.Base(d.proxy.binary), strings.Join(check, " "), health)
	return nil
}

// addresses finds where the proxy can listen. Linux lends every address in
// 127.0.0.0/8 to whoever asks. Where that is not so it listens on 127.0.0.1.
func (p *proxy) addresses(address string) (map[string]string, error) {
	listens, err := freeport.Address(address)
	if err != nil {
		var second error
		if listens, second = freeport.Address("127.0.0.1"); second != nil {
			return nil, errors.Join(err, second)
		}
	}
	health, err := freeport.Address("127.0.0.1")
	if err != nil {
		return nil, err
	}
	p.listens = listens
	return map[string]string{listenSetting: listens, healthSetting: health, intervalSetting: interval}, nil
}

// healthy checks the proxy's health as ECS does, until it is well.
func (d *demo) healthy(ctx context.Context, check []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		told, err := sidecar.Run(ctx, d.proxy.binary, d.proxy.env, check...)
		if err == nil {
			return strings.TrimSpace(told), nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("checking the proxy's health: %w; the proxy said:\n%s", err, d.proxy.process.Output())
		case <-time.After(pause):
		}
	}
}

// url is one of the proxy's by a name.
func (p *proxy) url(scheme, name string) string {
	_, port, _ := net.SplitHostPort(p.listens)
	return scheme + "://" + net.JoinHostPort(name, port)
}

func (p *proxy) close() error {
	if p.process != nil {
		p.process.Kill()
	}
	if p.task == nil {
		return nil
	}
	return p.task.Close()
}
