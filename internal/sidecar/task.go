package sidecar

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Task is what ECS gives to the containers of a task beside their definitions:
// the metadata endpoint, and the one for the credentials of the task's role.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
type Task struct {
	arn    string
	role   aws.CredentialsProvider
	server *http.Server
	url    string
}

const (
	metadataPath    = "/v4/container"
	credentialsPath = "/v2/credentials"
	// credentialsLife is how long credentials are said to be good for that do
	// not say it themselves.
	credentialsLife = time.Hour
)

// NewTask starts the endpoints of a task on 127.0.0.1. A nil role is that of a
// task without one: its containers get no credentials. Close ends them.
func NewTask(arn string, role aws.CredentialsProvider) (*Task, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the task's endpoints: %w", err)
	}
	t := &Task{arn: arn, role: role, url: "http://" + listener.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+metadataPath+"/task", t.metadata)
	mux.HandleFunc("GET "+credentialsPath, t.credentials)
	t.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = t.server.Serve(listener) }()
	return t, nil
}

// Env is what ECS puts into the environment of each container, but for the
// region. ECS serves credentials at a link-local address, below which it names
// a path; on this machine the whole URL has to be named.
func (t *Task) Env() []string {
	env := []string{
		"ECS_CONTAINER_METADATA_URI_V4=" + t.url + metadataPath,
		// A machine in EC2 would lend its own role.
		"AWS_EC2_METADATA_DISABLED=true",
	}
	if t.role != nil {
		env = append(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI="+t.url+credentialsPath)
	}
	return env
}

// Close ends the endpoints.
func (t *Task) Close() error { return t.server.Close() }

func (t *Task) metadata(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"TaskARN": t.arn})
}

func (t *Task) credentials(w http.ResponseWriter, r *http.Request) {
	if t.role == nil {
		http.Error(w, "the task has no role", http.StatusNotFound)
		return
	}
	c, err := t.role.Retrieve(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if !c.CanExpire {
		c.Expires = time.Now().Add(credentialsLife)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{
		"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken,
		"Expiration": c.Expires.UTC().Format(time.RFC3339),
	})
}

// Role is what ECS does to get the credentials of a task's role: it assumes
// it, as the account that the configuration is of, which the role must trust.
func Role(config aws.Config, arn string) aws.CredentialsProvider {
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(config), arn))
}
