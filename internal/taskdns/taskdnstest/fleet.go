package taskdnstest

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Fleet moves tasks through their lives as Fargate does: what ECS and EC2 say
// changes together, and each change has an event.
type Fleet struct {
	ecs *ECS
	ec2 *EC2

	mu    sync.Mutex
	tasks map[string]Task // by ARN
}

// Task is a task to start.
type Task struct {
	// ClusterARN and ID are 32 hexadecimal digits or a UUID below a cluster.
	ClusterARN, ID string
	// InterfaceID is "eni-" and the start of the id if it is empty.
	InterfaceID string
	// PublicIP is the interface's public IPv4 address, and IPv6 its others.
	PublicIP string
	IPv6     []string
	// Group is "service:<name>" or "family:<family>".
	Group, StartedBy, Family string
	Tags                     map[string]string
}

// ARN is the task's.
func (t Task) ARN() string {
	return strings.Replace(t.ClusterARN, ":cluster/", ":task/", 1) + "/" + t.ID
}

// Lives are the statuses of a task's life, in order.
var Lives = []string{"PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"}

// NewFleet makes an empty fleet on ECS and EC2.
func NewFleet(e *ECS, i *EC2) *Fleet { return &Fleet{ecs: e, ec2: i, tasks: make(map[string]Task)} }

// Run makes a task that runs already, and answers the body of its last event.
func (f *Fleet) Run(t Task) string {
	f.Start(t)
	f.Move(t.ARN(), "PENDING")
	f.Move(t.ARN(), "ACTIVATING")
	return f.Move(t.ARN(), "RUNNING")
}

// Start makes a task that is PROVISIONING, and answers the body of its event.
// It has no interface yet.
func (f *Fleet) Start(t Task) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.InterfaceID == "" {
		t.InterfaceID = "eni-" + t.ID[:17]
	}
	if t.Family == "" {
		t.Family = "web"
	}
	if t.Group == "" {
		t.Group = "family:" + t.Family
	}
	f.tasks[t.ARN()] = t
	region, _, _ := strings.Cut(t.ClusterARN, ":cluster/")
	task := types.Task{
		TaskArn:           aws.String(t.ARN()),
		LastStatus:        aws.String("PROVISIONING"),
		DesiredStatus:     aws.String("RUNNING"),
		Group:             aws.String(t.Group),
		TaskDefinitionArn: aws.String(region + ":task-definition/" + t.Family + ":1"),
		LaunchType:        types.LaunchTypeFargate,
		CreatedAt:         aws.Time(time.Now()),
		Attachments:       []types.Attachment{attachment(t, "PRECREATED")},
	}
	if t.StartedBy != "" {
		task.StartedBy = aws.String(t.StartedBy)
	}
	for key, value := range t.Tags {
		task.Tags = append(task.Tags, types.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	return eventOf(f.ecs.Put(t.ClusterARN, task))
}

// Move gives a task another status, and answers the body of the event. At
// PENDING it gets its interface, at DEACTIVATING it is to stop, at
// DEPROVISIONING the interface and the address are gone.
func (f *Fleet) Move(taskARN, lastStatus string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.tasks[taskARN]
	task, _ := f.ecs.Task(t.ClusterARN, t.ID)
	task.LastStatus = aws.String(lastStatus)
	task.Version++
	task.Attachments = []types.Attachment{attachment(t, "ATTACHED")}
	switch lastStatus {
	case "PENDING":
		f.ec2.Put(t.InterfaceID, t.PublicIP, t.IPv6...)
	case "RUNNING":
		task.StartedAt = aws.Time(time.Now())
	case "DEACTIVATING", "STOPPING":
		stopping(&task)
	case "DEPROVISIONING":
		stopping(&task)
		f.ec2.Delete(t.InterfaceID)
		task.Attachments = []types.Attachment{attachment(t, "DETACHED")}
	case "STOPPED":
		stopping(&task)
		f.ec2.Delete(t.InterfaceID)
		task.Attachments = []types.Attachment{attachment(t, "DELETED")}
		task.StoppedAt = aws.Time(time.Now())
	}
	return eventOf(f.ecs.Put(t.ClusterARN, task))
}

// stopping makes a task one that is to stop.
func stopping(task *types.Task) {
	task.DesiredStatus = aws.String("STOPPED")
	if task.StoppingAt == nil {
		task.StoppingAt = aws.Time(time.Now())
	}
}

// Event is the body of an event that tells what a task is now.
func (f *Fleet) Event(taskARN string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.tasks[taskARN]
	task, _ := f.ecs.Task(t.ClusterARN, t.ID)
	return eventOf(task)
}

// attachment is a task's interface as ECS tells of it.
func attachment(t Task, status string) types.Attachment {
	a := types.Attachment{
		Id: aws.String("attachment-" + t.ID), Type: aws.String("ElasticNetworkInterface"), Status: aws.String(status),
		Details: []types.KeyValuePair{{Name: aws.String("subnetId"), Value: aws.String("subnet-abcd1234")}},
	}
	if status != "PRECREATED" {
		a.Details = append(a.Details, types.KeyValuePair{Name: aws.String("networkInterfaceId"), Value: aws.String(t.InterfaceID)})
	}
	return a
}

// eventOf is the event of EventBridge about a task, in which attachments have
// another type than in the API.
func eventOf(t types.Task) string {
	arn := strings.SplitN(aws.ToString(t.TaskArn), ":", 6)
	detail := map[string]any{
		"taskArn": t.TaskArn, "clusterArn": t.ClusterArn, "lastStatus": t.LastStatus, "desiredStatus": t.DesiredStatus,
		"version": t.Version, "group": t.Group, "launchType": t.LaunchType, "taskDefinitionArn": t.TaskDefinitionArn,
		"overrides": map[string]any{}, "containers": []any{}, "attachments": eventAttachments(t.Attachments),
	}
	if t.StartedBy != nil {
		detail["startedBy"] = t.StartedBy
	}
	body, err := json.Marshal(map[string]any{
		"version": "0", "id": "event-of-" + lastPart(aws.ToString(t.TaskArn)), "source": "aws.ecs", "detail-type": "ECS Task State Change",
		"account": arn[4], "region": arn[3], "time": time.Now().UTC().Format(time.RFC3339),
		"resources": []*string{t.TaskArn}, "detail": detail,
	})
	if err != nil {
		panic(err) // it is all texts and numbers
	}
	return string(body)
}

// eventAttachments are attachments as events tell of them.
func eventAttachments(all []types.Attachment) []any {
	out := []any{}
	for _, a := range all {
		var details []map[string]any
		for _, d := range a.Details {
			details = append(details, map[string]any{"name": d.Name, "value": d.Value})
		}
		out = append(out, map[string]any{"id": a.Id, "type": "eni", "status": a.Status, "details": details})
	}
	return out
}
