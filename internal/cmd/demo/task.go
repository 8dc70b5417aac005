package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sync/errgroup"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

const (
	// patience is how long a name may take to appear or to go.
	patience = time.Minute
	// pause is the time between two questions.
	pause = 20 * time.Millisecond
)

// task is the one that the demo runs.
type task struct {
	arn     string
	name    string
	address string
}

// runTask runs a task and waits for its name.
func (d *demo) runTask(ctx context.Context) error {
	if err := d.registerTaskDefinition(ctx, d.definition); err != nil {
		return err
	}
	client := ecs.NewFromConfig(d.aws)
	asked := time.Now()
	out, err := client.RunTask(ctx, &ecs.RunTaskInput{
		Cluster: aws.String(d.user.clusterARN), TaskDefinition: aws.String(d.user.taskDefinition), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: []string{d.user.subnetID}, AssignPublicIp: types.AssignPublicIpEnabled,
		}},
	})
	if err != nil {
		return fmt.Errorf("running a task: %w", err)
	}
	if len(out.Tasks) != 1 {
		return fmt.Errorf("running a task: %d started: %v", len(out.Tasks), out.Failures)
	}
	d.task.arn = aws.ToString(out.Tasks[0].TaskArn)
	d.task.name = path.Base(d.task.arn) + "." + domain
	d.later(func(ctx context.Context) error {
		_, err := client.StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String(d.user.clusterARN), Task: aws.String(d.task.arn)})
		return err
	})
	named, err := d.await(ctx, "for the name of the task", func(ctx context.Context) (bool, error) {
		addresses, err := d.cloud.Lookup(ctx, d.task.name, "A")
		if len(addresses) == 1 {
			d.task.address = addresses[0]
		}
		return len(addresses) == 1, ignore(err, localcloud.ErrNoSuchName)
	})
	if err != nil {
		return err
	}
	started, err := d.startedAt(ctx)
	if err != nil {
		return err
	}
	d.screen.fact("Task definition %s: output proxy_container beside the container %s", d.user.taskDefinition, container)
	d.screen.fact("%s  A  %s", d.task.name, d.task.address)
	d.screen.fact("The name was there %.2f s after RunTask, %.2f s after the task was RUNNING.", named.Sub(asked).Seconds(), named.Sub(started).Seconds())
	return nil
}

// startedAt is when the task was RUNNING.
func (d *demo) startedAt(ctx context.Context) (time.Time, error) {
	out, err := ecs.NewFromConfig(d.aws).DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(d.user.clusterARN), Tasks: []string{d.task.arn}})
	if err != nil {
		return time.Time{}, fmt.Errorf("describing the task: %w", err)
	}
	if len(out.Tasks) != 1 || out.Tasks[0].StartedAt == nil {
		return time.Time{}, errors.New("the task has a name and was never RUNNING")
	}
	return *out.Tasks[0].StartedAt, nil
}

// stopTask stops the task while a request is under way and the websocket is
// open, and waits until both are over, the proxy has ended, and the name is
// gone.
func (d *demo) stopTask(ctx context.Context) error {
	answers := make(chan error, 1)
	url := d.proxy.url("https", d.task.name) + "/slow"
	go func() {
		got, err := d.get(ctx, url, d.dial)
		if err == nil && (got.StatusCode != http.StatusOK || got.text != wholeAnswer) {
			err = fmt.Errorf("%s answers %s %q, want %q", url, got.Status, got.text, wholeAnswer)
		}
		answers <- err
	}()
	select {
	case <-d.server.slow:
	case err := <-answers:
		return fmt.Errorf("requesting %s: it was answered before its time: %w", url, err)
	}
	asked := time.Now()
	_, err := ecs.NewFromConfig(d.aws).StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String(d.user.clusterARN), Task: aws.String(d.task.arn)})
	if err != nil {
		return fmt.Errorf("stopping the task: %w", err)
	}
	if err := d.proxy.process.Terminate(); err != nil {
		return err
	}
	var ended, gone time.Time
	var group errgroup.Group
	group.Go(func() error {
		err := d.drained(ctx, answers)
		ended = time.Now()
		return err
	})
	group.Go(func() (err error) {
		gone, err = d.nameGone(ctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	d.screen.fact("GET %s", url)
	d.screen.fact("200 OK, %q; it was under way when the proxy got SIGTERM", wholeAnswer)
	d.screen.fact("The websocket went on echoing, until the client closed it; then the proxy exited, with status 0.")
	d.screen.fact("The proxy was gone %.2f s after StopTask.", ended.Sub(asked).Seconds())
	d.screen.fact("%s  NXDOMAIN", d.task.name)
	d.screen.fact("The name was gone %.2f s after StopTask.", gone.Sub(asked).Seconds())
	return d.detachReader(ctx)
}

// drained waits for the answer, and then for the end of the proxy, for as long
// as ECS would. A proxy that drains waits for websockets, too.
func (d *demo) drained(ctx context.Context, answers <-chan error) error {
	if err := <-answers; err != nil {
		return fmt.Errorf("draining: %w", err)
	}
	if err := d.echoes("goodbye, task"); err != nil {
		return fmt.Errorf("draining: %w", err)
	}
	if err := d.websocket.Close(); err != nil {
		return fmt.Errorf("closing the websocket: %w", err)
	}
	patience := 30 * time.Second
	if seconds := d.definition.StopTimeout; seconds != nil {
		patience = time.Duration(*seconds) * time.Second
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("ECS would kill it now"))
	defer cancel()
	return d.proxy.process.Wait(ctx)
}

func (d *demo) nameGone(ctx context.Context) (time.Time, error) {
	return d.await(ctx, "until the name of the task is gone", func(ctx context.Context) (bool, error) {
		_, err := d.cloud.Lookup(ctx, d.task.name, "A")
		return errors.Is(err, localcloud.ErrNoSuchName), ignore(err, localcloud.ErrNoSuchName)
	})
}

// await asks until it holds and returns when that was.
func (d *demo) await(ctx context.Context, what string, holds func(context.Context) (bool, error)) (time.Time, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it did not come in %s; the functions' words are in %s", patience, d.cloud.LogDir))
	defer cancel()
	for {
		ok, err := holds(ctx)
		if ok {
			return time.Now(), nil
		}
		if err != nil && ctx.Err() == nil {
			return time.Time{}, fmt.Errorf("waiting %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("waiting %s: %w", what, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// ignore is err unless it is the expected one.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
