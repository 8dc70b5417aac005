package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/snapshot"
)

const (
	zoneName = "example.com"
	domain   = "tasks.example.com"
	// container is what the user's container is called.
	container = "browser"
	// cidr is the network with its only subnet.
	cidr = "10.20.0.0/24"

	// assumable lets tasks use the role, and this program, which stands for
	// what runs in one.
	assumable = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
		"Principal":{"Service":"ecs-tasks.amazonaws.com","AWS":"arn:aws:iam::%s:root"}}]}`
)

// user is what somebody who wants to use the provider has already.
type user struct {
	zoneID         string
	vpcID          string
	subnetID       string
	clusterARN     string
	taskDefinition string
	taskRole       string
	// reads tells that the role has the policy to read the certificate.
	reads bool
}

// makeUser makes it by plain API calls; none of it is the provider's.
func (d *demo) makeUser(ctx context.Context) error {
	for _, create := range []func(context.Context) error{d.createZone, d.createNetwork, d.createTaskRole, d.createCluster} {
		if err := create(ctx); err != nil {
			return err
		}
	}
	server, err := serve()
	if err != nil {
		return err
	}
	d.server = server
	if err := d.registerTaskDefinition(ctx); err != nil {
		return err
	}
	before, err := snapshot.Take(ctx, d.aws)
	if err != nil {
		return err
	}
	d.before = before
	d.screen.fact("Hosted zone       %s  (%s)", zoneName, d.user.zoneID)
	d.screen.fact("Public subnet     %s  (%s)", cidr, d.user.subnetID)
	d.screen.fact("ECS cluster       %s", d.user.clusterARN)
	d.screen.fact("Task definition   %s, with the role %s and the container %s", d.user.taskDefinition, d.user.taskRole, container)
	d.screen.fact("Your server       %s  (in that container; plain HTTP)", d.server.url())
	return nil
}

func (d *demo) createZone(ctx context.Context) error {
	client := route53.NewFromConfig(d.aws)
	out, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String(zoneName), CallerReference: aws.String(d.account)})
	if err != nil {
		return fmt.Errorf("creating hosted zone (%s): %w", zoneName, err)
	}
	d.user.zoneID = strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
	d.later(func(ctx context.Context) error {
		_, err := client.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: aws.String(d.user.zoneID)})
		return err
	})
	return nil
}

func (d *demo) createNetwork(ctx context.Context) error {
	client := ec2.NewFromConfig(d.aws)
	vpc, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String(cidr)})
	if err != nil {
		return fmt.Errorf("creating VPC (%s): %w", cidr, err)
	}
	d.user.vpcID = aws.ToString(vpc.Vpc.VpcId)
	d.later(func(ctx context.Context) error {
		_, err := client.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: aws.String(d.user.vpcID)})
		return err
	})
	subnet, err := client.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(cidr)})
	if err != nil {
		return fmt.Errorf("creating subnet (%s): %w", cidr, err)
	}
	d.user.subnetID = aws.ToString(subnet.Subnet.SubnetId)
	d.later(func(ctx context.Context) error {
		_, err := client.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: aws.String(d.user.subnetID)})
		return err
	})
	return nil
}

// createTaskRole makes the role of the tasks, which may do nothing as yet.
func (d *demo) createTaskRole(ctx context.Context) error {
	d.user.taskRole = "browser-task"
	client := iam.NewFromConfig(d.aws)
	_, err := client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String(d.user.taskRole), AssumeRolePolicyDocument: aws.String(fmt.Sprintf(assumable, d.account)),
	})
	if err != nil {
		return fmt.Errorf("creating role (%s): %w", d.user.taskRole, err)
	}
	d.later(func(ctx context.Context) error {
		_, err := client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String(d.user.taskRole)})
		return err
	})
	return nil
}

func (d *demo) createCluster(ctx context.Context) error {
	client := ecs.NewFromConfig(d.aws)
	cluster, err := client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("browsers")})
	if err != nil {
		return fmt.Errorf("creating cluster (browsers): %w", err)
	}
	d.user.clusterARN = aws.ToString(cluster.Cluster.ClusterArn)
	d.later(func(ctx context.Context) error {
		_, err := client.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: aws.String(d.user.clusterARN)})
		return err
	})
	return nil
}

// registerTaskDefinition registers a revision of the user's task definition:
// the user's own container, and those beside it.
func (d *demo) registerTaskDefinition(ctx context.Context, beside ...types.ContainerDefinition) error {
	client := ecs.NewFromConfig(d.aws)
	own := types.ContainerDefinition{Name: aws.String(container), Image: aws.String("browser:1"), Essential: aws.Bool(true)}
	definition, err := client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("browser"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		TaskRoleArn:             aws.String(d.taskRoleARN()),
		ContainerDefinitions:    append([]types.ContainerDefinition{own}, beside...),
	})
	if err != nil {
		return fmt.Errorf("registering task definition (browser): %w", err)
	}
	revision := fmt.Sprintf("%s:%d", aws.ToString(definition.TaskDefinition.Family), definition.TaskDefinition.Revision)
	d.user.taskDefinition = revision
	d.later(func(ctx context.Context) error {
		_, err := client.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String(revision)})
		return err
	})
	return nil
}
