package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/zonestack"
)

type zoneModel struct {
	Name         types.String   `tfsdk:"name"`
	ParentZoneID types.String   `tfsdk:"parent_zone_id"`
	NegativeTTL  types.Int64    `tfsdk:"negative_ttl"`
	RecordTTL    types.Int64    `tfsdk:"record_ttl"`
	Tags         types.Map      `tfsdk:"tags"`
	Timeouts     timeouts.Value `tfsdk:"timeouts"`

	ZoneID      types.String `tfsdk:"zone_id"`
	ARN         types.String `tfsdk:"arn"`
	NameServers types.List   `tfsdk:"name_servers"`
	Drift       types.List   `tfsdk:"drift"`
}

type zoneIdentityModel struct {
	AccountID    types.String `tfsdk:"account_id"`
	ZoneID       types.String `tfsdk:"zone_id"`
	ParentZoneID types.String `tfsdk:"parent_zone_id"`
}

// spec is what the model wants. While a plan is made, unknown values are taken
// as not given.
func (m zoneModel) spec(d *providerData, scope names.Scope) zonestack.Spec {
	return zonestack.Spec{
		Scope: scope, ParentZoneID: m.ParentZoneID.ValueString(),
		NegativeTTL: m.NegativeTTL.ValueInt64(), RecordTTL: m.RecordTTL.ValueInt64(),
		ZoneID: m.ZoneID.ValueString(), NameServers: stringsOf(m.NameServers),
		Tags: d.tags(sharedModel{Tags: m.Tags}), IgnoreTag: d.ignoreTag,
	}
}

// setResults fills in what Route 53 chose; null where that is not known.
func (m *zoneModel) setResults(ctx context.Context, s zonestack.Spec, diags *diag.Diagnostics) {
	m.ZoneID, m.ARN, m.NameServers = types.StringNull(), types.StringNull(), types.ListNull(types.StringType)
	if s.ZoneID != "" {
		m.ZoneID, m.ARN = types.StringValue(s.ZoneID), types.StringValue(s.ARN())
	}
	if len(s.NameServers) > 0 {
		list, ds := types.ListValueFrom(ctx, types.StringType, s.NameServers)
		diags.Append(ds...)
		m.NameServers = list
	}
}

// setDrift makes the list that a plan shows.
func (m *zoneModel) setDrift(ctx context.Context, drift []string, diags *diag.Diagnostics) {
	var shared sharedModel
	shared.setDrift(ctx, drift, diags)
	m.Drift = shared.Drift
}

// fromSpec is the model of a zone that was read back from AWS.
func (m *zoneModel) fromSpec(ctx context.Context, d *providerData, s zonestack.Spec, diags *diag.Diagnostics) {
	m.Name = types.StringValue(s.Scope.Name)
	m.ParentZoneID = types.StringValue(s.ParentZoneID)
	m.NegativeTTL = types.Int64Value(s.NegativeTTL)
	m.RecordTTL = types.Int64Value(s.RecordTTL)
	m.Tags = d.importedTags(ctx, s.Tags, diags)
	m.setResults(ctx, s, diags)
}

// setIdentity sets the identity, or leaves it as it was while there is no
// zone: Terraform takes no other.
func (m *zoneModel) setIdentity(ctx context.Context, c *awsclient.Clients, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	if m.ZoneID.IsNull() && !identity.Raw.IsFullyNull() {
		return
	}
	diags.Append(identity.Set(ctx, zoneIdentityModel{AccountID: types.StringValue(c.Account), ZoneID: m.ZoneID, ParentZoneID: m.ParentZoneID})...)
}

// gone takes the resource out of the state, as it does for the others.
func (m *zoneModel) gone(ctx context.Context, c *awsclient.Clients, resp *resource.ReadResponse) {
	resp.State.RemoveResource(ctx)
	m.setIdentity(ctx, c, resp.Identity, &resp.Diagnostics)
}
