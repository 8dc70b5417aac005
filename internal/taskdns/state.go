package taskdns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/pace"
)

// The statuses of a task that matter here.
const (
	statusPending      = "PENDING"
	statusActivating   = "ACTIVATING"
	statusRunning      = "RUNNING"
	statusDeactivating = "DEACTIVATING"
	statusStopping     = "STOPPING"
	statusStopped      = "STOPPED"
)

// maxTasks is the most tasks that one call of ECS may name, or answer.
const maxTasks = 100

// errUnanswered is a task about which ECS said neither what it is nor that it
// is missing.
var errUnanswered = errors.New("describing the task: ECS did not answer for it")

// task is what ECS says about a task. The zero value is a task that ECS does
// not know in any of our clusters.
type task struct {
	found       bool
	arn         string
	version     int64
	publishable bool // it is to have a name
	stopping    bool // it has stopped, or is to stop
	lastStatus  string
	interfaceID string        // of its own network interface, if it has one
	cluster     cluster       // in which it was found
	facts       hostname.Task // what its name is made of
	group       string
	startedBy   string
	stoppingAt  time.Time // when it began to stop; zero if ECS does not say
	err         error     // ECS could not be asked
}

// observer reads what is. It is the only source of what gets written.
type observer struct {
	ecs      ECS
	ec2      EC2
	clusters []cluster
	attached bool // tasks are publishable from when their interface is attached
	tags     bool // names need tags
	ecsPacer *pace.Pacer
	ec2Pacer *pace.Pacer
}

// The rates at which ECS and EC2 are called. Both allow an account more, which
// others of the account use too.
const (
	ecsBurst     = 50
	ecsPerSecond = 20
	ec2Burst     = 100
	ec2PerSecond = 20
)

// newObserver makes the observer of a configuration's clusters.
func newObserver(cfg Config, c Clients, clusters []cluster, template hostname.Template, s Settings, m *emf.Recorder) observer {
	pacer := func(burst, perSecond float64) *pace.Pacer {
		return &pace.Pacer{
			Requests:   pace.NewBucket(burst, perSecond),
			Random:     s.Random,
			OnThrottle: func() { m.Add(MetricThrottles, emf.Count, 1) },
		}
	}
	return observer{
		ecs: c.ECS, ec2: c.EC2, clusters: clusters,
		attached: cfg.PublishOn == PublishAttached,
		tags:     template.NeedsTags(),
		ecsPacer: pacer(ecsBurst, ecsPerSecond),
		ec2Pacer: pacer(ec2Burst, ec2PerSecond),
	}
}

// running lists the tasks that are to run, by their ids, in all clusters. A
// cluster that does not exist has none. Without an error the list is whole, as
// far as ECS has caught up; with one it lacks at least a part of a cluster.
func (o observer) running(ctx context.Context) (map[string]cluster, error) {
	found := make(map[string]cluster)
	var failed error
	for _, c := range o.clusters {
		if err := o.runningIn(ctx, c, found); err != nil {
			failed = errors.Join(failed, fmt.Errorf("listing the tasks of cluster (%s): %w", c.name, err))
		}
	}
	return found, failed
}

// runningIn adds to found the tasks of one cluster that are to run.
func (o observer) runningIn(ctx context.Context, c cluster, found map[string]cluster) error {
	in := &ecs.ListTasksInput{Cluster: aws.String(c.arn), DesiredStatus: ecstypes.DesiredStatusRunning, MaxResults: aws.Int32(maxTasks)}
	for {
		var out *ecs.ListTasksOutput
		err := o.ecsPacer.Do(ctx, 0, func(ctx context.Context) (err error) {
			out, err = o.ecs.ListTasks(ctx, in)
			return err
		})
		if awserr.Is(err, "ClusterNotFoundException") {
			return nil // ECS deletes no cluster in which a task runs
		}
		if err != nil {
			return err
		}
		for _, arn := range out.TaskArns {
			found[lastPart(arn)] = c
		}
		if aws.ToString(out.NextToken) == "" {
			return nil
		}
		in.NextToken = out.NextToken
	}
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
		in := &ecs.DescribeTasksInput{Cluster: aws.String(c.arn), Tasks: chunk}
		if o.tags {
			in.Include = []ecstypes.TaskField{ecstypes.TaskFieldTags}
		}
		var out *ecs.DescribeTasksOutput
		err := o.ecsPacer.Do(ctx, 0, func(ctx context.Context) (err error) {
			out, err = o.ecs.DescribeTasks(ctx, in)
			return err
		})
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
			answers[lastPart(aws.ToString(t.TaskArn))] = o.readTask(t, c)
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
func (o observer) readTask(t ecstypes.Task, c cluster) task {
	last, desired := aws.ToString(t.LastStatus), aws.ToString(t.DesiredStatus)
	read := task{
		found:       true,
		arn:         aws.ToString(t.TaskArn),
		version:     t.Version,
		stopping:    last == statusStopped || desired == statusStopped,
		lastStatus:  last,
		interfaceID: interfaceID(t.Attachments),
		cluster:     c,
		group:       aws.ToString(t.Group),
		startedBy:   aws.ToString(t.StartedBy),
		stoppingAt:  aws.ToTime(t.StoppingAt),
	}
	early := o.attached && (last == statusPending || last == statusActivating) && read.interfaceID != ""
	read.publishable = desired == statusRunning && (last == statusRunning || early)
	read.facts = hostname.Task{
		ID:        lastPart(read.arn),
		Cluster:   c.name,
		Family:    family(aws.ToString(t.TaskDefinitionArn)),
		StartedBy: read.startedBy,
	}
	if service, ok := strings.CutPrefix(read.group, "service:"); ok {
		read.facts.Service = service
	}
	if o.tags {
		read.facts.Tags = make(map[string]string, len(t.Tags))
		for _, tag := range t.Tags {
			read.facts.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return read
}

// family is the family in the ARN of a task definition,
// "…:task-definition/<family>:<revision>".
func family(arn string) string {
	name, _, _ := strings.Cut(lastPart(arn), ":")
	return name
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

// lastPart is what follows the last slash of an ARN.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
