package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

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

// stopTask stops the task and waits until its name is gone.
func (d *demo) stopTask(ctx context.Context) error {
	asked := time.Now()
	_, err := ecs.NewFromConfig(d.aws).StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String(d.user.clusterARN), Task: aws.String(d.task.arn)})
	if err != nil {
		return fmt.Errorf("stopping the task: %w", err)
	}
	gone, err := d.await(ctx, "until the name of the task is gone", func(ctx context.Context) (bool, error) {
		_, err := d.cloud.Lookup(ctx, d.task.name, "A")
		return errors.Is(err, localcloud.ErrNoSuchName), ignore(err, localcloud.ErrNoSuchName)
	})
	if err != nil {
		return err
	}
	d.screen.fact("%s  NXDOMAIN", d.task.name)
	d.screen.fact("The name was gone %.2f s after StopTask.", gone.Sub(asked).Seconds())
	return d.detachReader(ctx)
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
