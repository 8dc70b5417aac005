package taskdns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// The statuses of a task that matter here.
const (
	statusRunning = "RUNNING"
	statusStopped = "STOPPED"
)

// The most that one call may name.
const (
	maxTasks      = 100
	maxInterfaces = 200
)

// errUnanswered is a task about which ECS said neither what it is nor that it
// is missing.
var errUnanswered = errors.New("describing the task: ECS did not answer for it")

// task is what ECS says about a task. The zero value is a task that ECS does
// not know in any of our clusters.
type task struct {
	found       bool
	version     int64
	running     bool   // it runs, and is to go on running
	interfaceID string // of its own network interface, if it has one
	cluster     string // name of the cluster in which it was found
	err         error  // ECS could not be asked
}

// observer reads what is. It is the only source of what gets written.
type observer struct {
	ecs      ECS
	ec2      EC2
	clusters []cluster
}

// tasks reads tasks by their ids; claimed says where each is said to be. A
// task that is missing there is looked for in all other clusters before it
// counts as missing: whoever names the wrong one of our clusters would
// otherwise have a running task's name taken away.
func (o observer) tasks(ctx context.Context, claimed map[string]cluster) map[string]task {
	seen := make(map[string]task, len(claimed))
	for _, c := range o.clusters {
		var ids []string
		for id, home := range claimed {
			if home == c {
				ids = append(ids, id)
			}
		}
		o.ask(ctx, c, ids, seen)
	}
	for _, c := range o.clusters {
		var ids []string
		for id, home := range claimed {
			if home != c && !seen[id].found && seen[id].err == nil {
				ids = append(ids, id)
			}
		}
		o.ask(ctx, c, ids, seen)
	}
	return seen
}

// ask adds to seen what one cluster says about the tasks.
func (o observer) ask(ctx context.Context, c cluster, ids []string, seen map[string]task) {
	slices.Sort(ids)
	for chunk := range slices.Chunk(ids, maxTasks) {
		out, err := o.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(c.arn), Tasks: chunk})
		if awserr.Is(err, "ClusterNotFoundException") {
			continue // ECS deletes no cluster in which a task runs
		}
		if err != nil {
			err = fmt.Errorf("describing the tasks of cluster (%s): %w", c.name, err)
			out = &ecs.DescribeTasksOutput{}
		} else {
			err = errUnanswered
		}
		answers := make(map[string]task, len(chunk))
		for _, f := range out.Failures {
			if aws.ToString(f.Reason) == "MISSING" {
				answers[lastPart(aws.ToString(f.Arn))] = task{}
			}
		}
		for _, t := range out.Tasks {
			answers[lastPart(aws.ToString(t.TaskArn))] = readTask(t, c)
		}
		for _, id := range chunk {
			if answer, ok := answers[id]; ok {
				seen[id] = answer
				continue
			}
			seen[id] = task{err: err}
		}
	}
}

// readTask keeps of ECS's answer what matters.
func readTask(t ecstypes.Task, c cluster) task {
	return task{
		found:       true,
		version:     t.Version,
		running:     aws.ToString(t.LastStatus) == statusRunning && aws.ToString(t.DesiredStatus) == statusRunning,
		interfaceID: interfaceID(t.Attachments),
		cluster:     c.name,
	}
}

// interfaceID finds a task's network interface among its attachments, beside
// which there can be load balancers, volumes and Service Connect. The type is
// documented as ElasticNetworkInterface; events, and some answers, say eni.
func interfaceID(attachments []ecstypes.Attachment) string {
	for _, a := range attachments {
		if kind := aws.ToString(a.Type); kind != "eni" && kind != "ElasticNetworkInterface" {
			continue
		}
		for _, d := range a.Details {
			if aws.ToString(d.Name) == "networkInterfaceId" && aws.ToString(d.Value) != "" {
				return *d.Value
			}
		}
	}
	return ""
}

// addresses reads the public IPv4 addresses of network interfaces. An
// interface that exists without such an address maps to "", one that does not
// exist is absent. They are asked for by filter, since one vanished id would
// fail the whole call.
func (o observer) addresses(ctx context.Context, interfaceIDs []string) (map[string]addresses, error) {
	found := make(map[string]addresses, len(interfaceIDs))
	for chunk := range slices.Chunk(interfaceIDs, maxInterfaces) {
		in := &ec2.DescribeNetworkInterfacesInput{
			Filters:    []ec2types.Filter{{Name: aws.String("network-interface-id"), Values: chunk}},
			MaxResults: aws.Int32(maxInterfaces),
		}
		for {
			out, err := o.ec2.DescribeNetworkInterfaces(ctx, in)
			if err != nil {
				return nil, fmt.Errorf("describing network interfaces: %w", err)
			}
			for _, i := range out.NetworkInterfaces {
				found[aws.ToString(i.NetworkInterfaceId)] = publicAddress(i)
			}
			if aws.ToString(out.NextToken) == "" {
				break
			}
			in.NextToken = out.NextToken
		}
	}
	return found, nil
}

// publicAddress is an interface's public IPv4 address, or "".
func publicAddress(i ec2types.NetworkInterface) addresses {
	if i.Association == nil {
		return addresses{}
	}
	address, err := netip.ParseAddr(aws.ToString(i.Association.PublicIp))
	if err != nil || !address.Is4() {
		return addresses{}
	}
	return addresses{v4: address}
}

// lastPart is what follows the last slash of an ARN.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
