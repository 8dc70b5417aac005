package burst

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

// lambda invokes a function of Node for each event, as many at a time as there
// are events. A failed one is tried again after one minute and after two more,
// and is then lost.
type lambda struct {
	w    *world
	mu   sync.Mutex
	idle int // environments that are warm
}

// invoke is the whole life of one asynchronous invocation.
func (l *lambda) invoke(run func(context.Context) error) {
	for _, wait := range []time.Duration{0, asyncSecondTry, asyncThirdTry} {
		time.Sleep(wait)
		l.mu.Lock()
		warm := l.idle > 0
		if warm {
			l.idle--
		}
		l.mu.Unlock()
		if !warm {
			time.Sleep(coldStartNode)
		}
		err := run(context.Background())
		l.mu.Lock()
		l.idle++
		l.mu.Unlock()
		if err == nil {
			return
		}
	}
}

// node makes a call as the AWS SDK for JavaScript v2 does by default: what is
// throttled or failed on the service's side is tried three times again, after
// a random time of at most 100, 200 and 400 ms.
func (l *lambda) node(call func() error) error {
	for attempt := 0; ; attempt++ {
		err := call()
		if err == nil || attempt == nodeRetries {
			return err
		}
		switch taskdnstest.Code(err) {
		case "Throttling", "RequestLimitExceeded", "PriorRequestNotComplete", "ServiceUnavailable", "InternalFailure":
			time.Sleep(l.w.upTo(nodeRetryBase << attempt))
		default:
			return err
		}
	}
}

// list is the article's question for a task's record.
func (l *lambda) list(ctx context.Context, name string) (*route53.ListResourceRecordSetsOutput, error) {
	var out *route53.ListResourceRecordSetsOutput
	err := l.node(func() (err error) {
		out, err = l.w.route53.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
			HostedZoneId: aws.String(zoneID), StartRecordName: aws.String(name), StartRecordType: types.RRTypeA,
		})
		return err
	})
	return out, err
}

// change changes one record of a task.
func (l *lambda) change(ctx context.Context, action types.ChangeAction, name, address string, ttl int64) error {
	return l.node(func() error {
		_, err := l.w.route53.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: aws.String(zoneID),
			ChangeBatch: &types.ChangeBatch{
				Comment: aws.String("Auto generated Record for ECS Fargate cluster web"),
				Changes: []types.Change{{Action: action, ResourceRecordSet: &types.ResourceRecordSet{
					Name: aws.String(name), Type: types.RRTypeA, TTL: aws.Int64(ttl), ResourceRecords: []types.ResourceRecord{{Value: aws.String(address)}},
				}}},
			},
		})
		return err
	})
}

// publicIP is the article's question for a task's address.
func (l *lambda) publicIP(ctx context.Context, interfaceID string) (string, error) {
	var out *ec2.DescribeNetworkInterfacesOutput
	err := l.node(func() (err error) {
		out, err = l.w.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{interfaceID}})
		return err
	})
	if err != nil || len(out.NetworkInterfaces) == 0 || len(out.NetworkInterfaces[0].PrivateIpAddresses) == 0 || out.NetworkInterfaces[0].PrivateIpAddresses[0].Association == nil {
		return "", err
	}
	return aws.ToString(out.NetworkInterfaces[0].PrivateIpAddresses[0].Association.PublicIp), nil
}

// article models the article's design by its calls of Route 53 alone: one list
// for each event of a task that does not run, one change for one that does.
func article(w *world, tasks int) error {
	l := &lambda{w: w}
	w.start(tasks, func(e event) {
		l.invoke(func(ctx context.Context) error {
			name := e.task.ID + "." + domain
			if e.status == "RUNNING" {
				return l.change(ctx, types.ChangeActionUpsert, name, e.task.PublicIP, 60)
			}
			_, err := l.list(ctx, name)
			return err
		})
	})
	return nil
}

// upsert models what is usual elsewhere: a rule lets the events of running
// tasks through, and each leads to one change.
func upsert(w *world, tasks int) error {
	l := &lambda{w: w}
	w.start(tasks, func(e event) {
		if e.status != "RUNNING" {
			return
		}
		l.invoke(func(ctx context.Context) error {
			return l.change(ctx, types.ChangeActionUpsert, e.task.ID+"."+domain, e.task.PublicIP, 60)
		})
	})
	return nil
}

// articleCallByCall runs the article's own handler, line by line in Go.
func articleCallByCall(w *world, tasks int) error {
	l := &lambda{w: w}
	w.start(tasks, func(e event) {
		l.invoke(func(ctx context.Context) error { return l.handler(ctx, e.body) })
	})
	return nil
}

// articleTask is the event's detail as far as the article's handler looks.
type articleTask struct {
	ClusterARN    string `json:"clusterArn"`
	LastStatus    string `json:"lastStatus"`
	DesiredStatus string `json:"desiredStatus"`
	TaskARN       string `json:"taskArn"`
	Attachments   []struct {
		Type    string `json:"type"`
		Details []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"details"`
	} `json:"attachments"`
}

// handler is the article's handler.
func (l *lambda) handler(ctx context.Context, body string) error {
	var e struct {
		Detail articleTask `json:"detail"`
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return err
	}
	task := e.Detail
	_, clusterName, _ := strings.Cut(task.ClusterARN, ":cluster/")
	id := task.TaskARN[strings.LastIndex(task.TaskARN, "/")+1:]
	if task.ClusterARN == "" || task.LastStatus == "" || task.DesiredStatus == "" || id == "" || clusterName == "" {
		return nil
	}
	name := id + "." + domain
	if task.LastStatus == "RUNNING" && task.DesiredStatus == "RUNNING" {
		interfaceID := task.interfaceID()
		if interfaceID == "" {
			return nil
		}
		address, err := l.publicIP(ctx, interfaceID)
		if err != nil || address == "" {
			return err
		}
		return l.change(ctx, types.ChangeActionUpsert, name, address, 60)
	}
	out, err := l.list(ctx, name)
	if err != nil {
		return err
	}
	for _, record := range out.ResourceRecordSets {
		if aws.ToString(record.Name) == name+"." && len(record.ResourceRecords) > 0 {
			return l.change(ctx, types.ChangeActionDelete, name, *record.ResourceRecords[0].Value, aws.ToInt64(record.TTL))
		}
	}
	return nil
}

// interfaceID is the article's getEniId.
func (t articleTask) interfaceID() string {
	for _, a := range t.Attachments {
		if a.Type != "eni" {
			continue
		}
		for _, d := range a.Details {
			if d.Name == "networkInterfaceId" {
				return d.Value
			}
		}
		return ""
	}
	return ""
}
