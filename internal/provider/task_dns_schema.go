package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (r *taskDNSResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := sharedAttributes(ctx)
	maps.Copy(attributes, map[string]schema.Attribute{
		"domain": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Parent of the tasks' names: a task is called `<task id>.<domain>`. It must lie in the hosted zone. Changes in place.",
			Validators:          []schemaStringValidator{taskDomain()},
		},
		"hosted_zone_id": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Id of the Route 53 hosted zone that takes the records.",
			Validators:          []schemaStringValidator{hostedZoneID()},
		},
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
		"wildcard_domain":       schema.StringAttribute{Computed: true, MarkdownDescription: "`*.<domain>`: the name that a certificate for all tasks must hold."},
		"queue_arn":             schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the queue between the events and the function."},
		"dead_letter_queue_arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the queue of messages that never succeeded."},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "A Lambda function that gives every running ECS task with a public address the name `<task id>.<domain>`, and takes it away when the task stops; with its EventBridge rules, queue, dead-letter queue, log group and role.\n\n" +
			"The function believes no message: an event only names a task, and what is written follows from what ECS and EC2 say of it. It creates and deletes records of exactly a task's shape and touches no others.",
		Attributes: attributes,
	}
}
