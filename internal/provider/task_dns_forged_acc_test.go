package provider_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// message is an event as somebody might forge it.
type message struct {
	task, cluster, last, desired string
	version                      int64
	at                           time.Time
	interfaceID, address         string
}

func (m message) body() string {
	text, err := json.Marshal(map[string]any{
		"version": "0", "id": "00000000-0000-0000-0000-000000000000", "source": "aws.ecs",
		"detail-type": "ECS Task State Change", "time": m.at.UTC().Format(time.RFC3339),
		"detail": map[string]any{
			"taskArn": m.task, "clusterArn": m.cluster, "lastStatus": m.last, "desiredStatus": m.desired, "version": m.version,
			"attachments": []any{map[string]any{"type": "eni", "status": "ATTACHED", "details": []any{
				map[string]any{"name": "networkInterfaceId", "value": m.interfaceID},
				map[string]any{"name": "publicIPv4Address", "value": m.address},
				map[string]any{"name": "privateIPv4Address", "value": m.address},
			}}},
		},
	})
	if err != nil {
		panic(err) // of strings and numbers only
	}
	return string(text)
}

// Whoever may send to the queue or invoke the function can make it look, but
// not change what it sees.
func TestAccTaskDNS_forged(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	other := a.addCluster(t, "others")
	f, g := newFleet(t, a, a.clusterARN), newFleet(t, a, other)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: a.config(a.taskDNS("")),
			Check: during(func() {
				task, foreign := f.run(), g.run()
				address, _ := f.address(task)
				foreignAddress, foreignInterface := g.address(foreign)
				resolves(t, hostname(task, a.domain), address)
				a.drained(t, a.queueURL(t, a.taskDNSScope("prod").Physical()))
				records := a.records(t)
				changes := a.changes(t)

				a.forge(t, forgeries(task, foreign, a.clusterARN, other, foreignInterface, foreignAddress))

				if got := a.records(t); !slices.Equal(got, records) {
					t.Errorf("the zone holds %q, want what it did before: %q", got, records)
				}
				// Not even for a moment.
				if got := a.changes(t); len(got) != len(changes) {
					t.Errorf("forged messages led to changes: %+v", got[len(changes):])
				}
				f.stop(task)
				vanishes(t, hostname(task, a.domain))
			}),
		}},
	})
}

// forgeries are messages that would take a running task's name away, or point
// names elsewhere, or break the function, if they were believed.
func forgeries(task, foreign, cluster, other, foreignInterface, foreignAddress string) []string {
	now, past := time.Now(), time.Now().Add(-time.Hour)
	stopped := message{task: task, cluster: cluster, last: "STOPPED", desired: "STOPPED", version: 1, at: now}
	late := stopped
	late.version, late.at = 1<<40, past
	misplaced := stopped
	misplaced.task = strings.Replace(task, ":task/browsers/", ":task/others/", 1)
	redirected := message{task: task, cluster: cluster, last: "RUNNING", desired: "RUNNING", version: 4, at: now, interfaceID: foreignInterface, address: foreignAddress}
	invited := redirected
	invited.task, invited.at = foreign, past // says that it is of our cluster
	moved := invited
	moved.task = strings.Replace(foreign, ":task/others/", ":task/browsers/", 1)
	honest := invited
	honest.cluster = other
	upper := stopped
	upper.task = task[:len(task)-32] + strings.ToUpper(task[len(task)-32:])
	var bodies []string
	for _, m := range []message{stopped, late, misplaced, redirected, invited, moved, honest, upper} {
		bodies = append(bodies, m.body())
	}
	// An event of no task is dropped like one of another cluster.
	bodies = append(bodies, `{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":null}`)
	return append(bodies, malformed...)
}

// malformed are bodies that are no events at all.
var malformed = []string{
	"STOPPED", "{}", "[]", "null", `"text"`, "{", `{"source":"aws.ecs"}`,
	`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":7}}`,
	`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs","version":1e400}}`,
	strings.Repeat("[", 500), // LocalStack itself reads the body, and no deeper
}

// forge sends each body to the queue and invokes the function with it, and
// waits until nothing of it is left in the queue. What is no event ends in the
// dead-letter queue, with the reason, and nothing else does.
func (a *account) forge(t *testing.T, bodies []string) {
	t.Helper()
	name := a.taskDNSScope("prod").Physical()
	queue := a.queueURL(t, name)
	functions := lambda.NewFromConfig(a.aws)
	queues := sqs.NewFromConfig(a.aws)
	for i, body := range bodies {
		if _, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
		// Older than the function's patience, so that it is judged at once.
		sent := time.Now().Add(-2 * time.Minute).UnixMilli()
		payload, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
			"messageId": fmt.Sprint(i), "receiptHandle": "forged", "body": body, "eventSource": "aws:sqs",
			"attributes": map[string]string{"ApproximateReceiveCount": "1", "SentTimestamp": fmt.Sprint(sent)},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		out, err := functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: payload})
		if err != nil {
			t.Fatal(err)
		}
		if out.FunctionError != nil || strings.Contains(string(out.Payload), "itemIdentifier") {
			t.Errorf("the function answers %s to %.300s: %s", aws.ToString(out.FunctionError), body, out.Payload)
		}
	}
	for _, payload := range []string{"{}", "null", "[]", `{"Records":[{}]}`, `{"Records":"x"}`} {
		// What is no batch at all is an error of the invocation, not a crash.
		out, err := functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(payload)})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out.Payload), "panic") || strings.Contains(string(out.Payload), "Runtime") {
			t.Errorf("the function answers to %s: %s", payload, out.Payload)
		}
	}
	a.drained(t, queue)
	letters := a.takeLetters(t, a.queueURL(t, name+"-dead-letters"))
	total := 0
	for body, n := range letters {
		total += n
		if strings.Contains(body, "task/") {
			t.Errorf("in the dead-letter queue is an event that the function could judge: %.300s", body)
		}
	}
	// LocalStack rewrites bodies that are JSON, so they are only counted: once
	// for the queue and once for the invocation.
	if want := 2 * len(malformed); total != want {
		t.Errorf("in the dead-letter queue are %d letters, want %d: %v", total, want, letters)
	}
}

// takeLetters empties a dead-letter queue and counts the bodies. Each letter
// must tell why it is there.
func (a *account) takeLetters(t *testing.T, queueURL string) map[string]int {
	t.Helper()
	client := sqs.NewFromConfig(a.aws)
	letters := map[string]int{}
	for {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queueURL, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return letters
		}
		for _, m := range out.Messages {
			letters[aws.ToString(m.Body)]++
			if aws.ToString(m.MessageAttributes["reason"].StringValue) == "" {
				t.Errorf("the letter %.100s tells no reason", aws.ToString(m.Body))
			}
			if _, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &queueURL, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// changes are the batches that were applied to the account's zone.
func (a *account) changes(t *testing.T) []localcloud.Route53Change {
	t.Helper()
	changes, err := cloud.Route53Changes(t.Context(), a.zoneID)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}
