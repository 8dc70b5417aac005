package taskdnstest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// keptStopped is for how long ECS knows a task that has stopped.
const keptStopped = time.Hour

// ECS is a fake of Amazon ECS. It knows clusters by their ARNs, and remembers
// what each task has been, so that it can answer as of some time ago.
type ECS struct {
	wire *Wire

	mu       sync.Mutex
	clusters map[string]map[string][]moment // by cluster ARN and task id
	lag      time.Duration
	silent   map[string]bool
	blind    bool
	limit    *Bucket
}

// moment is what a task was from a time on; nil if ECS did not know it.
type moment struct {
	at   time.Time
	task *types.Task
}

// NewECS makes a fake that knows the clusters, all of them empty. The wire may
// be nil.
func NewECS(w *Wire, clusterARNs ...string) *ECS {
	e := &ECS{wire: w, clusters: make(map[string]map[string][]moment), silent: make(map[string]bool)}
	for _, arn := range clusterARNs {
		e.clusters[arn] = make(map[string][]moment)
	}
	return e
}

// Put makes a task what it is from now on. It has a TaskArn; the rest is
// completed: ClusterArn, and a Version one above the last if it has none.
func (e *ECS) Put(clusterARN string, t types.Task) types.Task {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.clusters[clusterARN] == nil {
		e.clusters[clusterARN] = make(map[string][]moment)
	}
	id := lastPart(aws.ToString(t.TaskArn))
	past := e.clusters[clusterARN][id]
	t.ClusterArn = aws.String(clusterARN)
	if t.Version == 0 {
		t.Version = 1
		if n := len(past); n > 0 && past[n-1].task != nil {
			t.Version = past[n-1].task.Version + 1
		}
	}
	e.clusters[clusterARN][id] = append(past, moment{time.Now(), &t})
	return t
}

// Forget makes a task unknown from now on.
func (e *ECS) Forget(clusterARN, id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clusters[clusterARN][id] = append(e.clusters[clusterARN][id], moment{at: time.Now()})
}

// DeleteCluster makes a cluster unknown.
func (e *ECS) DeleteCluster(clusterARN string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.clusters, clusterARN)
}

// Task is what a task really is, whatever the lag.
func (e *ECS) Task(clusterARN, id string) (types.Task, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.asOf(clusterARN, id, time.Now())
	if t == nil {
		return types.Task{}, false
	}
	return *t, true
}

// SetLag makes ECS answer as of so long ago.
func (e *ECS) SetLag(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lag = d
}

// Silence makes DescribeTasks leave out tasks, by id, as if it had not been
// asked about them. It replaces an earlier list.
func (e *ECS) Silence(ids ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.silent = make(map[string]bool)
	for _, id := range ids {
		e.silent[id] = true
	}
}

// Blind makes ListTasks find nothing, or ends that.
func (e *ECS) Blind(blind bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.blind = blind
}

// Limit sets the rate limit of all operations together; nil is none.
func (e *ECS) Limit(b *Bucket) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limit = b
}

// DescribeTasks answers for 1 to 100 tasks of one cluster, by id or ARN. Tags
// are told only when they are asked for.
func (e *ECS) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	return through(ctx, e.wire, ServiceECS, "DescribeTasks", in, func() (*ecs.DescribeTasksOutput, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		arn, err := e.admit(in.Cluster)
		if err != nil {
			return nil, err
		}
		if err := checkTasks(in); err != nil {
			return nil, err
		}
		out := &ecs.DescribeTasksOutput{}
		for _, named := range in.Tasks {
			id := lastPart(named)
			if e.silent[id] {
				continue
			}
			t := e.asOf(arn, id, time.Now().Add(-e.lag))
			if t == nil {
				missing := strings.Replace(arn, ":cluster/", ":task/", 1) + "/" + id
				out.Failures = append(out.Failures, types.Failure{Arn: aws.String(missing), Reason: aws.String("MISSING")})
				continue
			}
			told := *t
			if len(in.Include) == 0 {
				told.Tags = nil
			}
			out.Tasks = append(out.Tasks, told)
		}
		return out, nil
	})
}

// checkTasks refuses what the API refuses of a question about tasks.
func checkTasks(in *ecs.DescribeTasksInput) error {
	if n := len(in.Tasks); n < 1 || n > 100 {
		return Error("InvalidParameterException", "Tasks must have between 1 and 100 elements.")
	}
	for _, named := range in.Tasks {
		if n := len(lastPart(named)); n != 32 && n != 36 {
			return Error("InvalidParameterException", "taskId length should be one of [32,36]")
		}
	}
	for _, i := range in.Include {
		if i != types.TaskFieldTags {
			return Error("InvalidParameterException", "Unknown field to include: %s", i)
		}
	}
	return nil
}

// ListTasks answers the ARNs of the tasks of a cluster that have a desired
// status, which is RUNNING by default, at most 100 a page.
func (e *ECS) ListTasks(ctx context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	return through(ctx, e.wire, ServiceECS, "ListTasks", in, func() (*ecs.ListTasksOutput, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		arn, err := e.admit(in.Cluster)
		if err != nil {
			return nil, err
		}
		size, desired, err := checkList(in)
		if err != nil {
			return nil, err
		}
		after, err := pageStart("ListTasks", arn+" "+desired, in.NextToken)
		if err != nil {
			return nil, Error("InvalidParameterException", "Invalid token")
		}
		out := &ecs.ListTasksOutput{TaskArns: []string{}}
		if e.blind {
			return out, nil
		}
		for _, id := range slices.Sorted(maps.Keys(e.clusters[arn])) {
			t := e.asOf(arn, id, time.Now().Add(-e.lag))
			if id <= after || t == nil || aws.ToString(t.DesiredStatus) != desired {
				continue
			}
			if len(out.TaskArns) == size {
				out.NextToken = aws.String(pageToken("ListTasks", arn+" "+desired, lastPart(out.TaskArns[size-1])))
				break
			}
			out.TaskArns = append(out.TaskArns, aws.ToString(t.TaskArn))
		}
		return out, nil
	})
}

// checkList refuses what the API refuses of a list, and answers the most tasks
// on a page and their desired status.
func checkList(in *ecs.ListTasksInput) (size int, desired string, err error) {
	if in.ContainerInstance != nil || in.Family != nil || in.ServiceName != nil || in.StartedBy != nil || in.LaunchType != "" {
		return 0, "", Error("InvalidParameterException", "the fake lists whole clusters only")
	}
	size, desired = 100, string(cmp.Or(in.DesiredStatus, types.DesiredStatusRunning))
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	if size < 1 || size > 100 {
		return 0, "", Error("InvalidParameterException", "maxResults must be between 1 and 100.")
	}
	return size, desired, nil
}

// admit lets a call about a cluster in, and answers the cluster's ARN.
func (e *ECS) admit(named *string) (string, error) {
	if !e.limit.Take() {
		return "", Error("ThrottlingException", "Rate exceeded")
	}
	for arn := range e.clusters {
		if name := aws.ToString(named); name == arn || name != "" && name == lastPart(arn) {
			return arn, nil
		}
	}
	return "", &types.ClusterNotFoundException{Message: aws.String("Cluster not found.")}
}

// asOf is what a task was at a time; nil if ECS did not know it then.
func (e *ECS) asOf(clusterARN, id string, at time.Time) *types.Task {
	var was moment
	for _, m := range e.clusters[clusterARN][id] {
		if !m.at.After(at) {
			was = m
		}
	}
	if was.task != nil && aws.ToString(was.task.LastStatus) == "STOPPED" && at.Sub(was.at) > keptStopped {
		return nil
	}
	return was.task
}

// lastPart is what follows the last slash of an ARN.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
