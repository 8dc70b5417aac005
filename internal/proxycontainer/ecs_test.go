package proxycontainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// wire takes requests and answers none.
type wire struct{ body []byte }

func (w *wire) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	w.body = body
	return nil, errors.New("this is as far as it goes")
}

// registered is what the SDK would send to ECS for a definition that its own
// types can hold, as AWS's provider for Terraform does it.
func registered(t *testing.T, text []byte) (types.ContainerDefinition, []byte) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var definition types.ContainerDefinition
	if err := decoder.Decode(&definition); err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	client := ecs.New(ecs.Options{Region: "eu-west-2", HTTPClient: w, Credentials: aws.AnonymousCredentials{}, RetryMaxAttempts: 1})
	_, _ = client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{Family: aws.String("browser"), ContainerDefinitions: []types.ContainerDefinition{definition}})
	var sent struct{ ContainerDefinitions []json.RawMessage }
	if err := json.Unmarshal(w.body, &sent); err != nil {
		t.Fatal(err)
	}
	return definition, sent.ContainerDefinitions[0]
}

// same brings JSON into one form.
func same(t *testing.T, text []byte) string {
	t.Helper()
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Nothing is lost or renamed on the way through AWS's own types, so every name
// is one that ECS knows, in its case; and the values are within its rules.
func TestDefinition_isECSs(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]object{
		"least":  with(nil),
		"secret": secretly(nil),
		"most": secretly(object{
			"backend_container": "app", "redirect_http": true, "stop_timeout": n(120), "cpu": n(64), "memory": n(128), "memory_reservation": n(64),
			"log_configuration": object{"logDriver": "splunk", "options": object{"splunk-url": "https://example.com"}, "secretOptions": []any{object{"name": "splunk-token", "valueFrom": anARN}}},
		}),
	} {
		text, err := json.Marshal(mustNew(t, arguments))
		if err != nil {
			t.Fatal(err)
		}
		definition, sent := registered(t, text)
		if got, want := same(t, sent), same(t, text); got != want {
			t.Errorf("%s: ECS would be sent\n%s\nwant\n%s", name, got, want)
		}
		for _, problem := range problemsOnFargate(definition) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

var containerNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// problemsOnFargate are what ECS would refuse in a task for Fargate, by
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
// and the pages that it links to.
func problemsOnFargate(d types.ContainerDefinition) []string {
	var problems []string
	rule := func(holds bool, text string) {
		if !holds {
			problems = append(problems, text)
		}
	}
	within := func(v *int32, least, most int32) bool { return v != nil && *v >= least && *v <= most }
	rule(containerNames.MatchString(aws.ToString(d.Name)), "name")
	rule(len(aws.ToString(d.Image)) > 0, "image")
	rule(within(d.StopTimeout, 2, 120), "stopTimeout is 2 to 120")
	rule(d.HealthCheck != nil && len(d.HealthCheck.Command) > 1 && d.HealthCheck.Command[0] == "CMD", "healthCheck.command begins with CMD")
	rule(within(d.HealthCheck.Interval, 5, 300), "healthCheck.interval is 5 to 300")
	rule(within(d.HealthCheck.Timeout, 2, 60), "healthCheck.timeout is 2 to 60")
	rule(within(d.HealthCheck.Retries, 1, 10), "healthCheck.retries is 1 to 10")
	rule(within(d.HealthCheck.StartPeriod, 0, 300), "healthCheck.startPeriod is 0 to 300")
	for _, p := range d.PortMappings {
		rule(aws.ToInt32(p.HostPort) == aws.ToInt32(p.ContainerPort), "with awsvpc host port and container port are the same")
		rule(slices.Contains(p.Protocol.Values(), p.Protocol), "protocol")
	}
	for _, c := range d.DependsOn {
		rule(slices.Contains(c.Condition.Values(), c.Condition), "dependsOn.condition")
		rule(aws.ToString(c.ContainerName) != aws.ToString(d.Name), "dependsOn itself")
	}
	for _, c := range d.LinuxParameters.Capabilities.Add {
		rule(c == "SYS_PTRACE", "Fargate adds only SYS_PTRACE")
	}
	rule(d.Privileged == nil && d.LinuxParameters.Devices == nil && d.LinuxParameters.Tmpfs == nil && d.LinuxParameters.SharedMemorySize == nil, "not on Fargate")
	if d.LogConfiguration != nil {
		rule(slices.Contains(logDrivers, string(d.LogConfiguration.LogDriver)), "log driver of Fargate")
	}
	seen := map[string]bool{}
	for _, v := range d.Environment {
		rule(!seen[aws.ToString(v.Name)], "environment: "+aws.ToString(v.Name)+" is there twice")
		seen[aws.ToString(v.Name)] = true
	}
	for _, s := range d.Secrets {
		rule(!seen[aws.ToString(s.Name)], "secrets: a variable of that name is in the environment")
	}
	return problems
}
