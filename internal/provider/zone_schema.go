package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/zonestack"
)

func (r *zoneResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"zone_id":        identityschema.StringAttribute{RequiredForImport: true, Description: "Id of the hosted zone."},
		"parent_zone_id": identityschema.StringAttribute{OptionalForImport: true, Description: "Id of the parent zone; by default the one that delegates to the zone is looked for."},
		"account_id":     identityschema.StringAttribute{OptionalForImport: true, Description: "AWS account; the provider's by default."},
	}}
}

func (r *zoneResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	shared := sharedAttributes(ctx)
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A Route 53 hosted zone for the names of tasks, and the NS record in its parent zone that leads to it.\n\n" +
			"A resolver that is asked for a name before it exists remembers that there is none: for 15 minutes, by the SOA record that Route 53 gives to a zone. Who starts a task and asks for its name too early then does not find it for as long. In this zone it is " +
			"`negative_ttl` seconds. The other resources take `zone_id` as their `hosted_zone_id`, in the same apply.\n\n" +
			"The resource is there when all of Route 53's name servers know the zone and the delegation; each takes up to a minute. It is not destroyed while there are records in the zone: Terraform destroys what refers to `zone_id` first.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Domain of the zone, such as `tasks.example.com`. Changing it replaces the resource; with `lifecycle { create_before_destroy = true }` a `fargatedirect_task_dns` moves to the new zone in between.",
				Validators:          []schemaStringValidator{taskDomain()},
				PlanModifiers:       replace,
			},
			"parent_zone_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Id of the public hosted zone that takes the NS record: the one that holds the domain above. Changing it replaces the resource.",
				Validators:          []schemaStringValidator{hostedZoneID()},
				PlanModifiers:       replace,
			},
			"negative_ttl": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(5),
				MarkdownDescription: "Seconds for which resolvers remember that a name does not exist, 0 to 86400: TTL and minimum of the zone's SOA record. Many resolvers do not go below some seconds of their own. Default 5.",
				Validators:          []schemaInt64Validator{int64validator.Between(0, 86400)},
			},
			"record_ttl": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(zonestack.DefaultRecordTTL),
				MarkdownDescription: "Seconds for which resolvers may keep the NS record, 1 to 172800. A zone that is made anew gets other name servers, which are found after that time at the latest by a resolver that goes by the parent; one that goes by the zone keeps the old ones for up to two days. Default 300.",
				Validators:          []schemaInt64Validator{int64validator.Between(1, 172800)},
			},
			"tags":     shared["tags"],
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Update: true, Delete: true}),
			"drift":    shared["drift"],
			"zone_id":  schema.StringAttribute{Computed: true, MarkdownDescription: "Id of the hosted zone, for `hosted_zone_id` of the other resources."},
			"arn":      schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the hosted zone."},
			"name_servers": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The zone's name servers, sorted, without dots at their ends.",
			},
		},
	}
}
