package provider_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	tfstate "github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// The schedule may and does invoke the function, which makes again what
// somebody deleted. A message in the dead-letter queue raises the alarm.
func TestAccTaskDNS_schedule(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	name := a.taskDNSScope("prod").Physical()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: a.config(a.taskDNS("")),
			Check: during(func() {
				task := f.run()
				address, _ := f.address(task)
				resolves(t, hostname(task, a.domain), address)
				a.deleteRecord(t, hostname(task, a.domain), address)
				absent(t, hostname(task, a.domain))
				if err := cloud.FireRule(t.Context(), a.id, name+"-sync"); err != nil {
					t.Fatal(err)
				}
				resolves(t, hostname(task, a.domain), address)
				f.stop(task)
				vanishes(t, hostname(task, a.domain))

				letters := a.queueURL(t, name+"-dead-letters")
				if _, err := sqs.NewFromConfig(a.aws).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &letters, MessageBody: aws.String("lost")}); err != nil {
					t.Fatal(err)
				}
				a.wantAlarm(t, name+"-dead-letters")
			}),
		}},
	})
}

// wantAlarm waits until an alarm is on.
func (a *account) wantAlarm(t *testing.T, name string) {
	t.Helper()
	client := cloudwatch.NewFromConfig(a.aws)
	eventually(t, "waiting for the alarm", func() error {
		if err := cloud.EvaluateAlarms(t.Context(), a.id); err != nil {
			return err
		}
		out, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
		if err != nil {
			return err
		}
		if len(out.MetricAlarms) != 1 || out.MetricAlarms[0].StateValue != cloudwatchtypes.StateValueAlarm {
			return fmt.Errorf("%s is not on: %+v", name, out.MetricAlarms)
		}
		return nil
	})
}

// deleteRecord deletes a record of a task, as somebody might by hand.
func (a *account) deleteRecord(t *testing.T, name, address string) {
	t.Helper()
	_, err := route53.NewFromConfig(a.aws).ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &a.zoneID, ChangeBatch: &route53types.ChangeBatch{Changes: []route53types.Change{{
			Action: route53types.ChangeActionDelete, ResourceRecordSet: &route53types.ResourceRecordSet{
				Name: &name, Type: route53types.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []route53types.ResourceRecord{{Value: &address}},
			},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A move that fails halfway leaves the old names where they are, and is not
// forgotten when the user then wants a third domain.
func TestAccTaskDNS_failedMove(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	f := newFleet(t, a, a.clusterARN)
	task := f.run()
	address, _ := f.address(task)
	before := a.records(t)
	in := func(domain string) string {
		return a.config(strings.ReplaceAll(a.taskDNS(""), fmt.Sprintf("%q", a.domain), fmt.Sprintf("%q", domain)))
	}
	second, third := "second."+a.domain, "third."+a.domain
	t.Cleanup(func() {
		if err := cloud.SetFailures(context.WithoutCancel(t.Context()), a.id); err != nil {
			t.Error(err)
		}
	})
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		CheckDestroy:             func(*tfstate.State) error { a.wantRecords(t, before); return nil },
		Steps: []resource.TestStep{
			{Config: a.config(a.taskDNS(""))},
			{
				PreConfig: func() {
					a.fail(t, localcloud.Failure{Service: "ecs", Operation: "ListTasks", Code: "InvalidParameterException", Message: "Not today."})
				},
				Config:      in(second),
				ExpectError: regexp.MustCompile(`(?s)Updating fargatedirect_task_dns \(prod\).*` + words("making the names at their new place") + `.*InvalidParameterException`),
			},
			{
				PreConfig: func() {
					a.fail(t)
					if _, err := cloud.Lookup(t.Context(), hostname(task, a.domain), "A"); err != nil {
						t.Errorf("the old name is gone: %v", err)
					}
					if !a.claimed(t, second) {
						t.Error("the second domain is not claimed, so this test shows nothing")
					}
				},
				Config: in(third),
				Check: during(func() {
					a.wantRecords(t, before, namedRecord(hostname(task, third), 60, address))
					for domain, want := range map[string]bool{a.domain: false, second: false, third: true} {
						if a.claimed(t, domain) != want {
							t.Errorf("that %s is claimed is %v, want %v", domain, !want, want)
						}
					}
				}),
			},
		},
	})
}

// claimed tells whether a domain is claimed.
func (a *account) claimed(t *testing.T, domain string) bool {
	t.Helper()
	_, err := cloud.Lookup(t.Context(), "_fargatedirect."+domain, "TXT")
	if err != nil && !errors.Is(err, localcloud.ErrNoSuchName) {
		t.Fatal(err)
	}
	return err == nil
}
