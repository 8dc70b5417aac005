package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
)

func (r *taskDNSResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := sharedAttributes(ctx)
	maps.Copy(attributes, map[string]schema.Attribute{
		"domain": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Parent of the tasks' names: a task is called `<task id>.<domain>`, or as `hostname_template` says. It must lie in the hosted zone. One resource has a domain for itself; a second one is refused at apply, while one below it counts as another. Changes in place: the new names are written before the old ones are removed.",
			Validators:          []schemaStringValidator{hostDomain()},
		},
		"hosted_zone_id": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Id of the Route 53 hosted zone that takes the records. Changes in place, as `domain` does.",
			Validators:          []schemaStringValidator{hostedZoneID()},
		},
		"hosted_zone_role": zoneRoleAttribute(),
		"cluster_arns": schema.SetAttribute{
			Required: true, ElementType: types.StringType,
			MarkdownDescription: "ARNs of the ECS clusters whose tasks get names, in the resource's own account and region.",
			Validators: []schemaSetValidator{
				setvalidator.SizeAtLeast(1),
				setvalidator.NoNullValues(),
				setvalidator.ValueStringsAre(clusterARN()),
			},
		},
		"ttl": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(60),
			MarkdownDescription: "Seconds for which resolvers may keep a name, 1 to 86400. A task should run on for as long after it was told to stop. Default 60.",
			Validators:          []schemaInt64Validator{int64validator.Between(1, 86400)},
		},
		"publish_on": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(taskdns.PublishRunning),
			MarkdownDescription: "When a task gets its name: `running` (default), or `attached` as soon as its network interface is, which is some ten to forty seconds earlier, before its containers answer.",
			Validators:          []schemaStringValidator{stringvalidator.OneOf(taskdns.PublishRunning, taskdns.PublishAttached)},
		},
		"hostname_template": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(hostname.Default),
			MarkdownDescription: "What a task is called below the domain, as one label. It must hold `{task_id}` or `{short_id}` (the first twelve digits of the id), and may hold `{service}`, `{family}`, `{cluster}`, `{started_by}`, `{tag:KEY}`, and letters, digits and hyphens. Whatever a variable holds is reduced to `a-z`, `0-9` and hyphens; `none` stands for nothing. Default `{task_id}`. Changes in place.",
			Validators:          []schemaStringValidator{hostnameTemplate()},
		},
		"reconcile_interval": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(intervalText(taskdnsstack.DefaultReconcileInterval)),
			MarkdownDescription: "How often the zone is compared with the tasks that run, to make what is missing and remove what is left over: whole minutes from `1m` to `24h`. Default `5m`.",
			Validators:          []schemaStringValidator{reconcileInterval()},
		},
		"on_conflict": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(conflictSkip),
			MarkdownDescription: "What is done where a task's name bears somebody else's record: `skip` (default) leaves it alone, counts it and tells of it; `take_over` replaces it.",
			Validators:          []schemaStringValidator{stringvalidator.OneOf(conflictSkip, conflictTakeOver)},
		},
		"route53_limits": limitsAttribute(),
		"event_bus_arn": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "ARN of the EventBridge bus, in the resource's region, that is told of names that are ready, deleted or failed. By default the account's default bus, where whoever may call PutEvents can forge such events.",
			Validators:          []schemaStringValidator{arnOf("events", "event-bus/", "arn:aws:events:eu-west-2:123456789012:event-bus/browsers")},
		},
		"alarm_topic_arn": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "ARN of an SNS topic, in the resource's region, that is told when an alarm goes off and when it is over. Its policy must let CloudWatch publish. Without one the alarms only show.",
			Validators:          []schemaStringValidator{arnOf("sns", "", "arn:aws:sns:eu-west-2:123456789012:ops")},
		},
		"dashboard": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether there is a CloudWatch dashboard called as the function. AWS charges for each beyond the third of an account. Default `false`.",
		},
		"wildcard_domain":       schema.StringAttribute{Computed: true, MarkdownDescription: "`*.<domain>`: the name that a certificate for all tasks must hold."},
		"queue_arn":             schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the queue between the events and the function."},
		"dead_letter_queue_arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the queue of messages that never succeeded."},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "A Lambda function that gives every running ECS task with a public address the name `<task id>.<domain>`, and takes it away when the task stops; with its EventBridge rules, queue, dead-letter queue, log group, role and alarms.\n\n" +
			"The function believes no message: an event only names a task, and what is written follows from what ECS and EC2 say of it. It creates and deletes records of exactly a task's shape and touches no others. Every few minutes, and at apply, it compares the zone with all tasks that run; so tasks that ran before the resource existed have names too. Destroying the resource removes the names first.",
		Attributes: attributes,
	}
}

// What on_conflict can be.
const (
	conflictSkip     = "skip"
	conflictTakeOver = "take_over"
)

func limitsAttribute() schema.Attribute {
	rate := func(description string) schema.Attribute {
		return schema.Float64Attribute{
			Optional: true, MarkdownDescription: description, Validators: []validator.Float64{float64validator.Between(0.1, 10_000)},
		}
	}
	burst := func(description string) schema.Attribute {
		return schema.Int64Attribute{
			Optional: true, MarkdownDescription: description, Validators: []schemaInt64Validator{int64validator.Between(1, 100_000)},
		}
	}
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "The function's share of Route 53's limits, which are of the whole account. The function halves its rates when it is throttled and recovers up to these.",
		Attributes: map[string]schema.Attribute{
			"requests_per_second": rate("Calls a second in the long run. Default 10, all that Route 53 allows an account."),
			"request_burst":       burst("Calls at once. Default 50, all that Route 53 allows an account."),
			"changes_per_second":  rate("Record sets changed a second in the long run. Default 100; what Route 53 allows is not published."),
			"change_burst":        burst("Record sets changed at once. Default 1000; what Route 53 allows is not published."),
		},
	}
}
