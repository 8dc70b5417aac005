package provider

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

type taskDNSModel struct {
	sharedModel

	Domain            types.String `tfsdk:"domain"`
	HostedZoneID      types.String `tfsdk:"hosted_zone_id"`
	HostedZoneRole    types.Object `tfsdk:"hosted_zone_role"`
	ClusterARNs       types.Set    `tfsdk:"cluster_arns"`
	TTL               types.Int64  `tfsdk:"ttl"`
	PublishOn         types.String `tfsdk:"publish_on"`
	HostnameTemplate  types.String `tfsdk:"hostname_template"`
	ReconcileInterval types.String `tfsdk:"reconcile_interval"`
	OnConflict        types.String `tfsdk:"on_conflict"`
	Route53Limits     types.Object `tfsdk:"route53_limits"`
	EventBusARN       types.String `tfsdk:"event_bus_arn"`
	AlarmTopicARN     types.String `tfsdk:"alarm_topic_arn"`
	Dashboard         types.Bool   `tfsdk:"dashboard"`

	WildcardDomain     types.String `tfsdk:"wildcard_domain"`
	QueueARN           types.String `tfsdk:"queue_arn"`
	DeadLetterQueueARN types.String `tfsdk:"dead_letter_queue_arn"`
}

type limitsModel struct {
	RequestsPerSecond types.Float64 `tfsdk:"requests_per_second"`
	RequestBurst      types.Int64   `tfsdk:"request_burst"`
	ChangesPerSecond  types.Float64 `tfsdk:"changes_per_second"`
	ChangeBurst       types.Int64   `tfsdk:"change_burst"`
}

var limitsType = map[string]attr.Type{
	"requests_per_second": types.Float64Type, "request_burst": types.Int64Type,
	"changes_per_second": types.Float64Type, "change_burst": types.Int64Type,
}

// spec is what the model wants. While a plan is made, unknown values are taken
// as not given.
func (m taskDNSModel) spec(ctx context.Context, d *providerData, scope names.Scope, diags *diag.Diagnostics) taskdnsstack.Spec {
	return taskdnsstack.Spec{
		Scope:               scope,
		Place:               m.place(ctx, diags),
		ClusterARNs:         stringsOf(m.ClusterARNs),
		TTL:                 m.TTL.ValueInt64(),
		PublishOn:           m.PublishOn.ValueString(),
		TakeOver:            m.OnConflict.ValueString() == conflictTakeOver,
		ReconcileInterval:   m.interval(),
		Limits:              m.limits(ctx, diags),
		EventBusARN:         m.EventBusARN.ValueString(),
		AlarmTopicARN:       m.AlarmTopicARN.ValueString(),
		Dashboard:           m.Dashboard.ValueBool(),
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

func (m taskDNSModel) place(ctx context.Context, diags *diag.Diagnostics) taskdns.Place {
	roleARN, externalID := zoneRole(ctx, m.HostedZoneRole, diags)
	return taskdns.Place{
		Domain:           m.Domain.ValueString(),
		HostedZoneID:     m.HostedZoneID.ValueString(),
		RoleARN:          roleARN,
		ExternalID:       externalID,
		HostnameTemplate: m.HostnameTemplate.ValueString(),
	}
}

func (m taskDNSModel) limits(ctx context.Context, diags *diag.Diagnostics) taskdns.Limits {
	var l limitsModel
	if !m.Route53Limits.IsNull() && !m.Route53Limits.IsUnknown() {
		diags.Append(m.Route53Limits.As(ctx, &l, basetypes.ObjectAsOptions{})...)
	}
	return taskdns.Limits{
		RequestsPerSecond: l.RequestsPerSecond.ValueFloat64(), RequestBurst: float64(l.RequestBurst.ValueInt64()),
		ChangesPerSecond: l.ChangesPerSecond.ValueFloat64(), ChangeBurst: float64(l.ChangeBurst.ValueInt64()),
	}
}

// interval is zero while it is not known; a wrong one was refused before.
func (m taskDNSModel) interval() time.Duration {
	d, err := time.ParseDuration(m.ReconcileInterval.ValueString())
	if err != nil {
		return 0
	}
	return d
}

// intervalText writes an interval of whole minutes as people do.
func intervalText(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// setResults fills in everything that derives from the spec.
func (m *taskDNSModel) setResults(s taskdnsstack.Spec) {
	m.setFunction(s.FunctionARN(), s.Scope.Physical(), s.RoleARN(), s.Artifact.SHA256)
	m.QueueARN = types.StringValue(s.QueueARN())
	m.DeadLetterQueueARN = types.StringValue(s.DeadLetterQueueARN())
	m.WildcardDomain = types.StringUnknown()
	if !m.Domain.IsUnknown() {
		m.WildcardDomain = types.StringValue("*." + s.Place.Domain)
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
	m.Domain = types.StringValue(s.Place.Domain)
	m.HostedZoneID = types.StringValue(s.Place.HostedZoneID)
	m.HostedZoneRole = zoneRoleOf(ctx, s.Place.RoleARN, s.Place.ExternalID, diags)
	m.ClusterARNs = setOf(ctx, s.ClusterARNs, diags)
	m.TTL = types.Int64Value(s.TTL)
	m.PublishOn = types.StringValue(cmp.Or(s.PublishOn, taskdns.PublishRunning))
	m.HostnameTemplate = types.StringValue(cmp.Or(s.Place.HostnameTemplate, hostname.Default))
	m.ReconcileInterval = types.StringValue(intervalText(s.ReconcileInterval))
	m.OnConflict = types.StringValue(conflictSkip)
	if s.TakeOver {
		m.OnConflict = types.StringValue(conflictTakeOver)
	}
	m.Route53Limits = limitsOf(ctx, s.Limits, diags)
	m.EventBusARN = optional(s.EventBusARN)
	m.AlarmTopicARN = optional(s.AlarmTopicARN)
	m.Dashboard = types.BoolValue(s.Dashboard)
	m.setResults(s)
}

func limitsOf(ctx context.Context, l taskdns.Limits, diags *diag.Diagnostics) types.Object {
	if l == (taskdns.Limits{}) {
		return types.ObjectNull(limitsType)
	}
	rate := func(n float64) types.Float64 {
		if n == 0 {
			return types.Float64Null()
		}
		return types.Float64Value(n)
	}
	burst := func(n float64) types.Int64 {
		if n == 0 {
			return types.Int64Null()
		}
		return types.Int64Value(int64(n))
	}
	v, ds := types.ObjectValueFrom(ctx, limitsType, limitsModel{rate(l.RequestsPerSecond), burst(l.RequestBurst), rate(l.ChangesPerSecond), burst(l.ChangeBurst)})
	diags.Append(ds...)
	return v
}
