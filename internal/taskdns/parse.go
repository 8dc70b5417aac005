package taskdns

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// cluster is one of the clusters whose tasks get names.
type cluster struct {
	arn                        string
	partition, region, account string
	name                       string
}

// content is what the body of a message says: one of these.
type content struct {
	claim   *claim   // of ECS: something about a task has changed
	watch   *watch   // of the function: look how far a change has come
	recheck []string // of the function: look at these names again
}

// strangeError is a body that neither ECS nor the function itself has made.
type strangeError struct{ error }

// Unwrap gives what is strange about it.
func (e strangeError) Unwrap() error { return e.error }

// own is a message of the function to itself.
type own struct {
	Kind string `json:"fargatedirect"`
	watch
	Names []string `json:"names,omitempty"`
}

// The kinds of the function's own messages, and how they all begin.
const (
	kindWatch   = "watch"
	kindRecheck = "recheck"
	ownPrefix   = `{"fargatedirect":`
)

// parse reads the body of a message. An error means that the message leads to
// nothing, and will not do so either when it is read again: a strangeError, or
// one about a task that is none of ours. It does not repeat the body: the
// environment of a task's containers is in it.
func parse(body string, clusters []cluster) (content, error) {
	if strings.HasPrefix(body, ownPrefix) {
		return parseOwn(body)
	}
	c, err := parseClaim(body, clusters)
	if err != nil {
		return content{}, err
	}
	return content{claim: &c}, nil
}

// parseOwn is parse for a message of the function to itself.
func parseOwn(body string) (content, error) {
	var o own
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		return content{}, strangeError{errors.New("the body is none of the function's own messages")}
	}
	switch {
	case o.Kind == kindWatch && o.Change != "":
		return content{watch: &o.watch}, nil
	case o.Kind == kindRecheck && len(o.Names) > 0:
		return content{recheck: o.Names}, nil
	}
	return content{}, strangeError{fmt.Errorf("the body is of the kind %s, or lacks what belongs to it", clip(o.Kind))}
}

// body is the message that says it.
func (o own) body() string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // texts alone can always be marshalled
	}
	return string(text)
}

// claim is what a message of ECS says. Only the task's id and cluster lead to
// anything, and they only lead to questions; the rest decides how long to
// wait for ECS to know as much as the message does.
type claim struct {
	taskID  string
	cluster cluster
	version int64
	at      time.Time // when it says it happened; zero when it does not say
}

// envelope is the part that matters of EventBridge's "ECS Task State Change".
type envelope struct {
	Source     string `json:"source"`
	DetailType string `json:"detail-type"`
	Time       string `json:"time"`
	Detail     struct {
		TaskARN    string `json:"taskArn"`
		ClusterARN string `json:"clusterArn"`
		Version    int64  `json:"version"`
	} `json:"detail"`
}

// parseClaim is parse for a message of ECS.
func parseClaim(body string, clusters []cluster) (claim, error) {
	var e envelope
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return claim{}, strangeError{errors.New("the body is not an event in JSON")}
	}
	if e.Source != "aws.ecs" || e.DetailType != "ECS Task State Change" {
		return claim{}, strangeError{fmt.Errorf("source %s and detail-type %s are not those of a task's change", clip(e.Source), clip(e.DetailType))}
	}
	c, id, err := locate(e.Detail.TaskARN, e.Detail.ClusterARN, clusters)
	if err != nil {
		return claim{}, err
	}
	at, err := time.Parse(time.RFC3339, e.Time)
	if err != nil {
		at = time.Time{}
	}
	return claim{
		taskID:  id,
		cluster: c,
		version: e.Detail.Version,
		at:      at,
	}, nil
}

// locate finds the task's id and its cluster among ours. A long ARN,
// "…:task/<cluster>/<id>", names the cluster itself; an old one,
// "…:task/<id>", needs the cluster's ARN beside it.
func locate(taskARN, clusterARN string, clusters []cluster) (cluster, string, error) {
	partition, region, account, resource, ok := splitECS(taskARN)
	path := strings.Split(resource, "/")
	if !ok || path[0] != "task" || len(path) < 2 || len(path) > 3 {
		return cluster{}, "", fmt.Errorf("taskArn %s is not the ARN of a task", clip(taskARN))
	}
	id := path[len(path)-1]
	if !isTaskID(id) {
		return cluster{}, "", fmt.Errorf("taskArn %s does not end in a task's id", clip(taskARN))
	}
	i := slices.IndexFunc(clusters, func(c cluster) bool {
		if c.partition != partition || c.region != region || c.account != account {
			return false
		}
		if len(path) == 3 {
			return c.name == path[1]
		}
		return c.arn == clusterARN
	})
	if i < 0 {
		return cluster{}, "", fmt.Errorf("task %s is of no cluster of ours", clip(taskARN))
	}
	return clusters[i], id, nil
}

// parseCluster reads a configured cluster's ARN.
func parseCluster(arn string) (cluster, error) {
	partition, region, account, resource, ok := splitECS(arn)
	name, isCluster := strings.CutPrefix(resource, "cluster/")
	if !ok || !isCluster || name == "" || strings.Contains(name, "/") {
		return cluster{}, fmt.Errorf("%q is not the ARN of a cluster", arn)
	}
	return cluster{arn: arn, partition: partition, region: region, account: account, name: name}, nil
}

// splitECS takes an ARN of ECS apart.
func splitECS(arn string) (partition, region, account, resource string, ok bool) {
	f := strings.SplitN(arn, ":", 6)
	if len(f) != 6 || f[0] != "arn" || f[2] != "ecs" || f[1] == "" || f[3] == "" || f[4] == "" {
		return "", "", "", "", false
	}
	return f[1], f[3], f[4], f[5], true
}

// isTaskID tells whether s has the shape that ECS gives to the ids of tasks:
// 32 hexadecimal digits, or a UUID. Only lower case will do. DNS does not tell
// the cases apart but ECS does, so it would call a task missing that is named
// in the other case, and its name would be taken away while it runs.
func isTaskID(s string) bool {
	if len(s) != 32 && len(s) != 36 {
		return false
	}
	for i, r := range []byte(s) {
		if len(s) == 36 && (i == 8 || i == 13 || i == 18 || i == 23) {
			if r != '-' {
				return false
			}
			continue
		}
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

// clip quotes a text of unknown origin for the log.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
