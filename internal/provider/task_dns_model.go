package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

type taskDNSModel struct {
	sharedModel

	Domain       types.String `tfsdk:"domain"`
	HostedZoneID types.String `tfsdk:"hosted_zone_id"`
	ClusterARNs  types.Set    `tfsdk:"cluster_arns"`
	TTL          types.Int64  `tfsdk:"ttl"`

	WildcardDomain     types.String `tfsdk:"wildcard_domain"`
	QueueARN           types.String `tfsdk:"queue_arn"`
	DeadLetterQueueARN types.String `tfsdk:"dead_letter_queue_arn"`
}

// spec is what the model wants. While a plan is made, unknown values are taken
// as not given.
func (m taskDNSModel) spec(d *providerData, scope names.Scope) taskdnsstack.Spec {
	return taskdnsstack.Spec{
		Scope:               scope,
		Domain:              m.Domain.ValueString(),
		HostedZoneID:        m.HostedZoneID.ValueString(),
		ClusterARNs:         stringsOf(m.ClusterARNs),
		TTL:                 m.TTL.ValueInt64(),
		Architecture:        m.Architecture.ValueString(),
		LogRetentionDays:    int32(m.LogRetentionDays.ValueInt64()), //nolint:gosec // one of the values of retentions
		KMSKeyARN:           m.KMSKeyARN.ValueString(),
		PermissionsBoundary: m.PermissionsBoundary.ValueString(),
		IAMPath:             m.IAMPath.ValueString(),
		Tags:                d.tags(m.sharedModel),
		IgnoreTag:           d.ignoreTag,
		Artifact:            lambdas.Artifact{SHA256: m.CodeSHA256.ValueString()},
	}
}

// setResults fills in everything that derives from the spec.
func (m *taskDNSModel) setResults(s taskdnsstack.Spec) {
	m.setFunction(s.FunctionARN(), s.Scope.Physical(), s.RoleARN(), s.Artifact.SHA256)
	m.QueueARN = types.StringValue(s.QueueARN())
	m.DeadLetterQueueARN = types.StringValue(s.DeadLetterQueueARN())
	m.WildcardDomain = types.StringUnknown()
	if !m.Domain.IsUnknown() {
		m.WildcardDomain = types.StringValue("*." + s.Domain)
	}
}

// fromSpec is the model of a resource that was read back from AWS.
func (m *taskDNSModel) fromSpec(ctx context.Context, d *providerData, c *awsclient.Clients, s taskdnsstack.Spec, diags *diag.Diagnostics) {
	m.Region = types.StringValue(c.Region)
	m.Architecture = types.StringValue(s.Architecture)
	m.LogRetentionDays = types.Int64Value(int64(s.LogRetentionDays))
	m.KMSKeyARN = optional(s.KMSKeyARN)
	m.PermissionsBoundary = optional(s.PermissionsBoundary)
	m.IAMPath = types.StringValue(s.IAMPath)
	m.Tags = d.importedTags(ctx, s.Tags, diags)
	m.Domain = types.StringValue(s.Domain)
	m.HostedZoneID = types.StringValue(s.HostedZoneID)
	m.ClusterARNs = setOf(ctx, s.ClusterARNs, diags)
	m.TTL = types.Int64Value(s.TTL)
	m.setResults(s)
}
