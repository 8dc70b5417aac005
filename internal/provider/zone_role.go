package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

type zoneRoleModel struct {
	ARN        types.String `tfsdk:"arn"`
	ExternalID types.String `tfsdk:"external_id"`
}

var zoneRoleType = map[string]attr.Type{"arn": types.StringType, "external_id": types.StringType}

func zoneRoleAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Role to assume for a hosted zone in another AWS account. Its trust policy must name the function's role or this account. Changes in place.",
		Attributes: map[string]schema.Attribute{
			"arn": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "ARN of the role. It needs `route53:ChangeResourceRecordSets` and `route53:ListResourceRecordSets` on the zone, and `route53:GetChange`.",
				Validators:          []schemaStringValidator{arnOf("iam", "role/", "arn:aws:iam::210987654321:role/names-of-tasks")},
			},
			"external_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "External id that the role's trust policy asks for.",
				Validators:          []schemaStringValidator{externalID()},
			},
		},
	}
}

// zoneRole is the role of an object, with empty strings for what is null or
// unknown.
func zoneRole(ctx context.Context, o types.Object, diags *diag.Diagnostics) (arn, externalID string) {
	var role zoneRoleModel
	if !o.IsNull() && !o.IsUnknown() {
		diags.Append(o.As(ctx, &role, basetypes.ObjectAsOptions{})...)
	}
	return role.ARN.ValueString(), role.ExternalID.ValueString()
}

func zoneRoleOf(ctx context.Context, arn, externalID string, diags *diag.Diagnostics) types.Object {
	if arn == "" {
		return types.ObjectNull(zoneRoleType)
	}
	v, ds := types.ObjectValueFrom(ctx, zoneRoleType, zoneRoleModel{types.StringValue(arn), optional(externalID)})
	diags.Append(ds...)
	return v
}

// unknownRole tells whether it is not known yet which role is meant.
func unknownRole(ctx context.Context, o types.Object, diags *diag.Diagnostics) bool {
	var role zoneRoleModel
	if !o.IsNull() && !o.IsUnknown() {
		diags.Append(o.As(ctx, &role, basetypes.ObjectAsOptions{})...)
	}
	return o.IsUnknown() || role.ARN.IsUnknown()
}
