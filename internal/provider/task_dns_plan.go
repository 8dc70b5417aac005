package provider

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

// ValidateConfig checks what two arguments say together.
func (r *taskDNSResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m taskDNSModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.HostnameTemplate.IsNull() {
		m.HostnameTemplate = types.StringValue(hostname.Default)
	}
	m.checkDomainLength(&resp.Diagnostics)
}

// checkDomainLength refuses a domain below which there is no room for the
// names, once both are known.
func (m taskDNSModel) checkDomainLength(diags *diag.Diagnostics) {
	template, err := hostname.Parse(m.HostnameTemplate.ValueString())
	if err != nil {
		return // unknown, or refused at its own path
	}
	domain, room := m.Domain.ValueString(), taskdnsstack.MaxDomain(template)
	if len(domain) > room {
		diags.AddAttributeError(path.Root("domain"), "Invalid domain", fmt.Sprintf("%q has %d characters; with the name of a task before it there is room for %d", domain, len(domain), room))
	}
}

// ModifyPlan fills in what derives from the arguments and refuses what AWS
// would refuse later.
func (r *taskDNSResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.data == nil {
		return
	}
	var plan, state, config taskDNSModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() || !r.data.planRegion(&plan.sharedModel, config.Region, state.Region, resp) || plan.Name.IsUnknown() {
		return
	}
	c, scope, err := r.data.scope(ctx, names.KindTaskDNS, plan.sharedModel)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("region"), "Invalid region", err.Error())
		return
	}
	artifact, err := lambdas.Load(lambdas.TaskDNS, plan.Architecture.ValueString())
	if err != nil && !plan.Architecture.IsUnknown() {
		resp.Diagnostics.AddError("Missing Lambda code", err.Error())
		return
	}
	spec := plan.spec(ctx, r.data, scope, &resp.Diagnostics)
	spec.Artifact = artifact
	plan.setResults(spec)
	plan.setDrift(ctx, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var before *taskdnsstack.Spec
	if !state.Name.IsNull() {
		old := state.spec(ctx, r.data, scope, &resp.Diagnostics)
		before = &old
	}
	plan.check(spec, before, &resp.Diagnostics)
	if plan.newZone(state) {
		checkZone(ctx, c, spec, &resp.Diagnostics)
	}
}

// newZone tells whether a plan says where the names are, and that differs from
// the state. A zone that needs a role is looked at by the function only.
func (m taskDNSModel) newZone(state taskDNSModel) bool {
	if m.Domain.IsUnknown() || m.HostedZoneID.IsUnknown() || !m.HostedZoneRole.IsNull() {
		return false
	}
	return !m.Domain.Equal(state.Domain) || !m.HostedZoneID.Equal(state.HostedZoneID) || !m.HostedZoneRole.Equal(state.HostedZoneRole)
}

// check refuses what could never work, or what AWS would refuse later. With
// before the resource is updated from that.
func (m taskDNSModel) check(s taskdnsstack.Spec, before *taskdnsstack.Spec, diags *diag.Diagnostics) {
	m.checkDomainLength(diags)
	checkClusters(s, diags)
	for _, problem := range s.CheckSizes(before) {
		diags.AddAttributeError(path.Root("cluster_arns"), "Too many clusters", problem)
	}
	for attribute, value := range map[string]string{"alarm_topic_arn": s.AlarmTopicARN, "event_bus_arn": s.EventBusARN} {
		a, err := arn.Parse(value)
		if err != nil || a.Region == s.Scope.Region {
			continue // not given, or refused before
		}
		diags.AddAttributeError(path.Root(attribute), "ARN of another region",
			fmt.Sprintf("%s is in region %s, the resource in region %s. AWS wants both in the same.", value, a.Region, s.Scope.Region))
	}
}

// checkClusters refuses clusters that this resource cannot serve: ECS sends
// its events in its own account and region only.
func checkClusters(s taskdnsstack.Spec, diags *diag.Diagnostics) {
	for _, cluster := range s.ClusterARNs {
		a, err := arn.Parse(cluster)
		if err != nil || a.AccountID == s.Scope.Account && a.Region == s.Scope.Region && a.Partition == s.Scope.Partition {
			continue // a malformed one was refused before
		}
		diags.AddAttributeError(path.Root("cluster_arns").AtSetValue(types.StringValue(cluster)), "Cluster of another account or region",
			fmt.Sprintf("%s is in region %s of account %s, the resource in region %s of account %s. ECS tells of its tasks in their own account and region only; make a fargatedirect_task_dns there.", cluster, a.Region, a.AccountID, s.Scope.Region, s.Scope.Account))
	}
}

func checkZone(ctx context.Context, c *awsclient.Clients, s taskdnsstack.Spec, diags *diag.Diagnostics) {
	attribute, problem, err := s.CheckZone(ctx, c.Route53)
	if problem != "" {
		diags.AddAttributeError(path.Root(attribute), "Invalid "+attribute, problem)
	}
	addError(diags, "Checking", names.KindTaskDNS, s.Scope.Name, err)
}
