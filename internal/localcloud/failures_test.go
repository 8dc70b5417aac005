package localcloud_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	const account = "210987654341"
	config := cloud.Account(account)
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	client := route53.NewFromConfig(config)
	zone := newZone(t, client, "failures.test")
	set := func(failures ...localcloud.Failure) {
		t.Helper()
		if err := cloud.SetFailures(t.Context(), account, failures...); err != nil {
			t.Fatal(err)
		}
	}
	add := func(name string) error {
		_, err := submit(t, client, zone, change(create, recordSet(name+".failures.test", types.RRTypeA, "127.0.0.1")))
		return err
	}
	twice := localcloud.Throttling("route53", "ChangeResourceRecordSets")
	twice.Calls = 2
	set(twice)
	for range 2 {
		wantError(t, add("a"), "Throttling", "Rate exceeded")
	}
	if err := add("a"); err != nil {
		t.Errorf("after the failures were used up: %v", err)
	}

	set(localcloud.InternalFailure("route53", ""))
	wantStatus(t, add("b"), 500)
	if got, err := cloud.Lookup(t.Context(), "a.failures.test", "A"); err != nil || !slices.Equal(got, []string{"127.0.0.1"}) {
		t.Errorf("the name servers answer %q, %v while Route 53 fails", got, err)
	}
	_, err := client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(zone)})
	wantStatus(t, err, 500)
	if _, err := sqs.NewFromConfig(config).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Errorf("a call of another service: %v", err)
	}
	if _, err := route53.NewFromConfig(cloud.Config()).ListHostedZones(t.Context(), &route53.ListHostedZonesInput{}); err != nil {
		t.Errorf("a call of another account: %v", err)
	}

	set(localcloud.Failure{Service: "route53", Operation: "ChangeResourceRecordSets", Lost: true})
	wantStatus(t, add("lost"), 500)
	set(localcloud.Failure{Service: "route53", Code: "Throttling", For: time.Millisecond})
	time.Sleep(2 * time.Millisecond)
	if err := add("c"); err != nil {
		t.Errorf("after the time of the failures: %v", err)
	}
	set()
	want := []string{"a.failures.test. A 60 127.0.0.1", "c.failures.test. A 60 127.0.0.1", "lost.failures.test. A 60 127.0.0.1"}
	if got := listAll(t, client, zone); !slices.Equal(got, want) {
		t.Errorf("the zone is %q, want %q", got, want)
	}
	checkCalls(t, account)
}

func wantStatus(t *testing.T, err error, status int) {
	t.Helper()
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.HTTPStatusCode() != status {
		t.Errorf("error is %v, want HTTP status %d", err, status)
	}
}

// checkCalls holds what was called against what TestFailures did.
func checkCalls(t *testing.T, account string) {
	t.Helper()
	calls, err := cloud.Calls(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, c := range calls {
		if c.Operation == "ChangeResourceRecordSets" {
			got = append(got, c.Code)
		}
		if i > 0 && c.At.Before(calls[i-1].At) || time.Since(c.At).Abs() > time.Hour {
			t.Errorf("call %d was at %v", i, c.At)
		}
	}
	if want := []string{"Throttling", "Throttling", "", "InternalFailure", "", ""}; !slices.Equal(got, want) {
		t.Errorf("the changes ended with %q, want %q", got, want)
	}
}

func TestKillFunction(t *testing.T) {
	t.Parallel()
	f := newFunction(t, "killed", 30)
	if n, err := cloud.KillFunction(t.Context(), cloud.AccountID, f.name); err != nil || n != 0 {
		t.Errorf("killed %d processes (%v) of a function that does nothing", n, err)
	}
	over, killed := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			n, err := cloud.KillFunction(t.Context(), cloud.AccountID, f.name)
			if err != nil || n > 0 {
				killed <- err
				return
			}
			select {
			case <-over:
				killed <- errors.New("the function was never in an invocation")
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	body, failure, _ := f.invoke("sleep")
	close(over)
	if err := <-killed; err != nil {
		t.Error(err)
	}
	if failure != "Unhandled" || !strings.Contains(body, "Runtime exited with error: signal: killed") {
		t.Errorf("the killed invocation answers %s (%s)", body, failure)
	}
	if body, failure, _ := f.invoke("work"); failure != "" || !strings.Contains(body, `"Count":1`) {
		t.Errorf("the invocation after it answers %s (%s), want the first of a new process", body, failure)
	}
}

// TestLambdaStrayRequest has a process die that has asked for its next
// invocation, which the process after it must get.
func TestLambdaStrayRequest(t *testing.T) {
	t.Parallel()
	f := newFunction(t, "stray", 30)
	for range 3 {
		if body, failure, _ := f.invoke("stray"); failure != "Unhandled" || !strings.Contains(body, "exit status 7") {
			t.Errorf("the process that dies answers %s (%s)", body, failure)
		}
		if body, failure, _ := f.invoke("work"); failure != "" || !strings.Contains(body, `"Count":1`) {
			t.Errorf("the invocation after it answers %s (%s), want the first of a new process", body, failure)
		}
	}
}
