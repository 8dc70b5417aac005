package localcloud_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// access is a call and the code with which it is refused, if it is.
type access struct {
	call func(context.Context) error
	code string
}

func checkAccesses(t *testing.T, tests map[string]access) {
	t.Helper()
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) { wantDenied(t, tt.call(t.Context()), tt.code) })
	}
}

func TestIAMQueues(t *testing.T) {
	t.Parallel()
	config := asRole(t, "queues", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:ChangeMessageVisibility","sqs:SendMessage"],
		"Resource":"arn:aws:sqs:us-east-1:000000000000:all"},
		{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:send"}]}`)
	client := sqs.NewFromConfig(config)
	const denied = "AccessDenied"
	tests := map[string]access{}
	for _, queue := range []struct{ name, send, rest string }{{"all", "", ""}, {"send", "", denied}, {"none", denied, denied}} {
		url := aws.String(cloud.Endpoint + "/queue/us-east-1/000000000000/" + queue.name)
		id, body, handle := aws.String("1"), aws.String("x"), aws.String("no-handle")
		tests[queue.name+" SendMessageBatch"] = access{func(ctx context.Context) error {
			_, err := client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: []sqstypes.SendMessageBatchRequestEntry{{Id: id, MessageBody: body}}})
			return err
		}, queue.send}
		tests[queue.name+" ReceiveMessage"] = access{func(ctx context.Context) error {
			_, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url})
			return err
		}, queue.rest}
		tests[queue.name+" DeleteMessageBatch"] = access{func(ctx context.Context) error {
			_, err := client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: id, ReceiptHandle: handle}}})
			return err
		}, queue.rest}
		tests[queue.name+" ChangeMessageVisibilityBatch"] = access{func(ctx context.Context) error {
			_, err := client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url, Entries: []sqstypes.ChangeMessageVisibilityBatchRequestEntry{{Id: id, ReceiptHandle: handle}}})
			return err
		}, queue.rest}
	}
	checkAccesses(t, tests)
}

// TestIAMListTasks shows that the tasks of a cluster can only be listed by who
// may list all, which a condition can limit to a cluster.
func TestIAMListTasks(t *testing.T) {
	t.Parallel()
	const cluster, denied = "arn:aws:ecs:us-east-1:000000000000:cluster/", "AccessDeniedException"
	list := func(role, policy, cluster string) func(context.Context) error {
		client := ecs.NewFromConfig(asRole(t, role, policy))
		return func(ctx context.Context) error {
			_, err := client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String(cluster)})
			return err
		}
	}
	ofInstances := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:ListTasks","Resource":"arn:aws:ecs:us-east-1:000000000000:container-instance/own/*"}]}`
	limited := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:ListTasks","Resource":"*","Condition":{"ArnEquals":{"ecs:cluster":"` + cluster + `own"}}}]}`
	checkAccesses(t, map[string]access{
		"own cluster":         {list("list-own", limited, "own"), ""},
		"own cluster's ARN":   {list("list-arn", limited, cluster+"own"), ""},
		"another cluster":     {list("list-other", limited, "other"), denied},
		"of another account":  {list("list-foreign", limited, strings.Replace(cluster, "000000000000", "999999999999", 1)+"own"), denied},
		"instances' resource": {list("list-instances", ofInstances, "own"), denied},
	})
}

func TestIAMEvents(t *testing.T) {
	t.Parallel()
	const bus, denied = "arn:aws:events:us-east-1:000000000000:event-bus/", "AccessDeniedException"
	client := eventbridge.NewFromConfig(asRole(t, "events", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"events:PutEvents","Resource":"`+bus+`own",
		"Condition":{"StringEquals":{"events:source":"a.source"},"ForAnyValue:StringEquals":{"events:detail-type":["One","Two"]}}},
		{"Effect":"Allow","Action":["events:PutRule"],"Resource":"arn:aws:events:us-east-1:000000000000:rule/own/*"},
		{"Effect":"Allow","Action":["events:CreateEventBus"],"Resource":"`+bus+`own"}]}`))
	put := func(entries ...eventtypes.PutEventsRequestEntry) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
			return err
		}
	}
	event := func(bus, source, kind string) eventtypes.PutEventsRequestEntry {
		return eventtypes.PutEventsRequestEntry{EventBusName: aws.String(bus), Source: aws.String(source), DetailType: aws.String(kind), Detail: aws.String("{}")}
	}
	rule := func(bus *string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("accesses"), EventBusName: bus, EventPattern: aws.String(`{"source":["a"]}`)})
			return err
		}
	}
	making := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String(name)})
			return err
		}
	}
	checkAccesses(t, map[string]access{
		"own bus":            {put(event("own", "a.source", "One")), ""},
		"own bus's ARN":      {put(event(bus+"own", "a.source", "Two")), ""},
		"another bus":        {put(event("default", "a.source", "One")), denied},
		"another source":     {put(event("own", "another", "One")), denied},
		"another type":       {put(event("own", "a.source", "Three")), denied},
		"one of two refused": {put(event("own", "a.source", "One"), event("own", "another", "One")), denied},
		"rule of own bus":    {rule(aws.String("own")), ""},
		"rule of default":    {rule(nil), denied},
		"making own bus":     {making("own"), ""},
		"making another bus": {making("other"), denied},
	})
}

func TestIAMCloudWatch(t *testing.T) {
	t.Parallel()
	const account, denied = "210987654323", "AccessDenied"
	const alarm = "arn:aws:cloudwatch:us-east-1:" + account + ":alarm:"
	_, config := asUser(t, account, "watcher", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["cloudwatch:PutMetricAlarm","cloudwatch:DeleteAlarms","cloudwatch:ListTagsForResource"],"Resource":"`+alarm+`own-*"},
		{"Effect":"Allow","Action":["cloudwatch:TagResource","cloudwatch:UntagResource"],"Resource":"`+alarm+`own-tagged"},
		{"Effect":"Deny","Action":"cloudwatch:PutMetricAlarm","Resource":"*","Condition":{"ForAnyValue:StringNotLike":{"cloudwatch:AlarmActions":"arn:aws:sns:*:own"}}},
		{"Effect":"Allow","Action":["cloudwatch:PutDashboard","cloudwatch:GetDashboard","cloudwatch:DeleteDashboards"],"Resource":"arn:aws:cloudwatch::`+account+`:dashboard/own"}]}`)
	client := cloudwatch.NewFromConfig(config)
	put := func(name string, tags []cloudwatchtypes.Tag, actions ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
				AlarmName: aws.String(name), Namespace: aws.String("n"), MetricName: aws.String("m"), Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), AlarmActions: actions, Tags: tags,
				Threshold: aws.Float64(1), ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanThreshold, Statistic: cloudwatchtypes.StatisticSum,
			})
			return err
		}
	}
	remove := func(names ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: names})
			return err
		}
	}
	tag := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.UntagResource(ctx, &cloudwatch.UntagResourceInput{ResourceARN: aws.String(alarm + name), TagKeys: []string{"a"}})
			return err
		}
	}
	board := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.PutDashboard(ctx, &cloudwatch.PutDashboardInput{DashboardName: aws.String(name), DashboardBody: aws.String(`{"widgets":[]}`)})
			return err
		}
	}
	tags := []cloudwatchtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	checkAccesses(t, map[string]access{
		"alarm":             {put("own-a", nil), ""},
		"alarm with action": {put("own-b", nil, "arn:aws:sns:us-east-1:"+account+":own"), ""},
		"action elsewhere":  {put("own-c", nil, "arn:aws:sns:us-east-1:"+account+":other"), denied},
		"another alarm":     {put("other", nil), denied},
		"tagged alarm":      {put("own-tagged", tags), ""},
		"tags not allowed":  {put("own-untagged", tags), denied},
		"delete":            {remove("own-x"), ""},
		"delete one of two": {remove("own-x", "other"), denied},
		"untag":             {tag("own-tagged"), ""},
		"untag another":     {tag("own-a"), denied},
		"dashboard":         {board("own"), ""},
		"another dashboard": {board("other"), denied},
		"describe own alarm": {func(ctx context.Context) error {
			_, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"own-a"}})
			return err
		}, denied},
	})
}

func TestIAMZones(t *testing.T) {
	t.Parallel()
	const account, denied = "210987654324", "AccessDenied"
	admin := route53.NewFromConfig(cloud.Account(account))
	own, other := newZone(t, admin, "own.zones.test"), newZone(t, admin, "other.zones.test")
	_, config := asUser(t, account, "zoner", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["route53:CreateHostedZone","route53:ListHostedZonesByName"],"Resource":"*"},
		{"Effect":"Allow","Action":["route53:GetHostedZone","route53:DeleteHostedZone","route53:ChangeTagsForResource","route53:ListTagsForResource"],"Resource":"arn:aws:route53:::hostedzone/`+own+`"},
		{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:`+account+`:function:own"}]}`)
	client, functions := route53.NewFromConfig(config), lambda.NewFromConfig(config)
	get := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: aws.String(id)})
			return err
		}
	}
	tag := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.ChangeTagsForResource(ctx, &route53.ChangeTagsForResourceInput{
				ResourceId: aws.String(id), ResourceType: route53types.TagResourceTypeHostedzone, AddTags: []route53types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
			})
			return err
		}
	}
	invoke := func(name string, qualifier *string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := functions.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(name), Qualifier: qualifier})
			return err
		}
	}
	checkAccesses(t, map[string]access{
		"get": {get(own), ""}, "get another": {get(other), denied},
		"tag": {tag(own), ""}, "tag another": {tag(other), denied},
		"list by name": {func(ctx context.Context) error {
			_, err := client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: aws.String("own.zones.test")})
			return err
		}, ""},
		"list": {func(ctx context.Context) error {
			_, err := client.ListHostedZones(ctx, &route53.ListHostedZonesInput{})
			return err
		}, denied},
		"create": {func(ctx context.Context) error {
			_, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("made.zones.test"), CallerReference: aws.String("made")})
			return err
		}, ""},
		"delete another": {func(ctx context.Context) error {
			_, err := client.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: aws.String(other)})
			return err
		}, denied},
		"change": {func(ctx context.Context) error {
			_, err := client.GetChange(ctx, &route53.GetChangeInput{Id: aws.String("/change/C0000000000000000000")})
			return err
		}, denied},
		"invoke":            {invoke("own", nil), ""},
		"invoke another":    {invoke("other", nil), "AccessDeniedException"},
		"invoke a version":  {invoke("own", aws.String("1")), "AccessDeniedException"},
		"invoke by its ARN": {invoke("arn:aws:lambda:us-east-1:"+account+":function:own", nil), ""},
	})
}
