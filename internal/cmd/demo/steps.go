package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/gorilla/websocket"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/snapshot"
)

// endpointEnv makes the local cloud use somebody else's LocalStack.
const endpointEnv = "AWS_ENDPOINT_URL"

// demo is what the steps hand on to each other.
type demo struct {
	screen *screen
	// cli is the path of Terraform or OpenTofu.
	cli string
	// dir is a folder of this run's own.
	dir string

	cloud *localcloud.Cloud
	// account is the id of an AWS account that only this run uses, and aws
	// makes clients of it.
	account string
	aws     aws.Config

	user      user
	before    snapshot.Snapshot
	terraform *terraform
	results   outputs
	pair      pair
	task      task
	// server and proxy are the containers of the task, and definition is the
	// proxy's.
	server     *server
	proxy      proxy
	definition types.ContainerDefinition
	// websocket is one of the server's, through the proxy.
	websocket *websocket.Conn

	// undo is what must be taken down where others go on using the cloud.
	undo []func(context.Context) error
}

type step struct {
	title string
	do    func(context.Context) error
}

func (d *demo) steps(keep bool) []step {
	steps := []step{
		{"A cloud on this machine: AWS, a certificate authority, DNS", d.startCloud},
		{"What you have in AWS already", d.makeUser},
		{"The provider and the proxy, built from this checkout", d.build},
		{"terraform init", d.initialize},
		{"terraform apply of examples/complete", d.apply},
		{"The certificate in the bucket", d.readCertificate},
		{"terraform plan finds nothing to do", d.planEmpty},
		{"A task runs, and gets its name", d.runTask},
		{"Its containers start: your server, and the proxy", d.startContainers},
		{"HTTPS by that name", d.visit},
		{"HTTPS by another task's name, at this address", d.misdirect},
		{"A websocket by that name", d.talk},
		{"The certificate is renewed", d.renew},
	}
	if keep {
		steps = append(steps, step{"Look around", d.keep})
	}
	return append(steps,
		step{"The task stops, and its name goes", d.stopTask},
		step{"terraform destroy", d.destroy},
		step{"Nothing is left", d.compare},
	)
}

func (d *demo) startCloud(ctx context.Context) error {
	cloud, err := localcloud.Start(ctx, localcloud.Options{Progress: progress{d.screen}})
	if err != nil {
		return err
	}
	d.cloud = cloud
	d.account = fmt.Sprintf("%012d", 100000000000+rand.Int64N(899999999999))
	d.aws = cloud.Account(d.account)
	d.screen.fact("AWS        %s  (LocalStack; account %s, region %s)", cloud.Endpoint, d.account, cloud.Region)
	d.screen.fact("ACME       %s  (Pebble)", cloud.DirectoryURL)
	d.screen.fact("DNS        %s  (answers from the hosted zones)", cloud.DNSAddr)
	if !cloud.Strict {
		d.screen.fact("This LocalStack lacks the project's extension: it may have no ECS, and forgives more than AWS does.")
	}
	return nil
}

// compare takes a snapshot as before the apply, by code that knows nothing of
// the provider's.
func (d *demo) compare(ctx context.Context) error {
	after, err := snapshot.Take(ctx, d.aws)
	if err != nil {
		return err
	}
	if left := d.before.Diff(after); len(left) > 0 {
		return fmt.Errorf("the account is not what it was before the apply:\n%s", strings.Join(left, "\n"))
	}
	d.screen.fact("The account holds the same %d things as before the apply: what you had, and nothing else.", len(after))
	d.screen.fact("Compared: buckets and objects, parameters, topics, queues, functions, rules, roles, log groups, records, ...")
	return nil
}

// env is what a process needs in its environment to use the run's account:
// an access key id that is an account's id gives access to it.
func (d *demo) env() []string {
	const accessKey = "AWS_ACCESS_KEY_ID="
	env := d.cloud.Env()
	for i, setting := range env {
		if strings.HasPrefix(setting, accessKey) {
			env[i] = accessKey + d.account
		}
	}
	return env
}

// later registers what to take down after the last step. A cloud of our own
// simply ends.
func (d *demo) later(undo func(context.Context) error) {
	if os.Getenv(endpointEnv) != "" {
		d.undo = append(d.undo, undo)
	}
}

func (d *demo) teardown(ctx context.Context) error {
	var errs []error
	for _, undo := range slices.Backward(d.undo) {
		errs = append(errs, undo(ctx))
	}
	errs = append(errs, d.proxy.close())
	if d.server != nil {
		errs = append(errs, d.server.close())
	}
	if d.cloud != nil {
		errs = append(errs, d.cloud.Close())
	}
	return errors.Join(errs...)
}
