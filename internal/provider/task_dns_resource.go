package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

var (
	_ resource.ResourceWithConfigure   = (*taskDNSResource)(nil)
	_ resource.ResourceWithIdentity    = (*taskDNSResource)(nil)
	_ resource.ResourceWithImportState = (*taskDNSResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*taskDNSResource)(nil)
)

type taskDNSResource struct{ base }

func newTaskDNSResource() resource.Resource { return &taskDNSResource{} }

func (r *taskDNSResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_task_dns"
}

func (r *taskDNSResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = sharedIdentity()
}

func (r *taskDNSResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importByName(ctx, req, resp)
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
	spec := plan.spec(r.data, scope)
	spec.Artifact = artifact
	plan.setResults(spec)
	plan.setDrift(ctx, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	checkClusters(spec, &resp.Diagnostics)
	if plan.Domain.IsUnknown() || plan.HostedZoneID.IsUnknown() || state.Domain.Equal(plan.Domain) && state.HostedZoneID.Equal(plan.HostedZoneID) {
		return
	}
	checkZone(ctx, c, spec, &resp.Diagnostics)
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
	for _, problem := range s.CheckSizes() {
		diags.AddAttributeError(path.Root("cluster_arns"), "Too many clusters", problem)
	}
}

func checkZone(ctx context.Context, c *awsclient.Clients, s taskdnsstack.Spec, diags *diag.Diagnostics) {
	attribute, problem, err := s.CheckZone(ctx, c.Route53)
	if problem != "" {
		diags.AddAttributeError(path.Root(attribute), "Invalid "+attribute, problem)
	}
	addError(diags, "Checking", names.KindTaskDNS, s.Scope.Name, err)
}

// Create makes the parts.
func (r *taskDNSResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx = r.data.aws.Context(ctx)
	var m taskDNSModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok {
		return
	}
	timeout, diags := m.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	fail := func(err error) { addError(&resp.Diagnostics, "Creating", names.KindTaskDNS, spec.Scope.Name, err) }
	spec.Creating = true
	parts := spec.Stack(c)
	if checkClusters(spec, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		checkZone(ctx, c, spec, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() || !checkPermissions(ctx, c, names.KindTaskDNS, spec.Scope.Name, spec.CallerGrants(), &resp.Diagnostics) {
		return
	}
	if err := parts.Claim(ctx); err != nil {
		fail(err)
		return
	}
	m.setResults(spec)
	m.setDrift(ctx, nil, &resp.Diagnostics)
	// From here on parts may exist, so the state must name them whatever
	// happens.
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity(c))...)
	if err := parts.Ensure(ctx); err != nil {
		fail(err)
		return
	}
	finishing, cancelFinishing := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancelFinishing()
	if err := parts.Finish(finishing); err != nil {
		fail(err)
	}
}

// Read compares the parts with what the state says they should be.
func (r *taskDNSResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	ctx = r.data.aws.Context(ctx)
	var m taskDNSModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.data.aws.Region())
	}
	c, scope, err := r.data.scope(ctx, names.KindTaskDNS, m.sharedModel)
	if err != nil {
		addError(&resp.Diagnostics, "Reading", names.KindTaskDNS, m.Name.ValueString(), err)
		return
	}
	if m.FunctionName.IsNull() {
		found, err := taskdnsstack.Discover(ctx, c, scope)
		if errors.Is(err, stack.ErrNotFound) {
			m.gone(ctx, c, resp)
			return
		}
		if err != nil {
			addError(&resp.Diagnostics, "Importing", names.KindTaskDNS, scope.Name, err)
			return
		}
		m.fromSpec(ctx, r.data, c, found, &resp.Diagnostics)
	}
	drift, err := m.spec(r.data, scope).Stack(c).Drift(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		m.gone(ctx, c, resp)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading", names.KindTaskDNS, scope.Name, err)
		return
	}
	m.setDrift(ctx, drift, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity(c))...)
}

// Update brings the parts to the plan and removes what the plan has no more.
func (r *taskDNSResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx = r.data.aws.Context(ctx)
	var m, before taskDNSModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok {
		return
	}
	timeout, diags := m.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if checkClusters(spec, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		checkZone(ctx, c, spec, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	parts := spec.Stack(c)
	obsolete := before.spec(r.data, spec.Scope).Stack(c).Without(parts)
	err := parts.Ensure(ctx)
	if err == nil {
		err = obsolete.Delete(ctx)
	}
	if err != nil {
		addError(&resp.Diagnostics, "Updating", names.KindTaskDNS, spec.Scope.Name, err)
		return
	}
	m.setResults(spec)
	m.setDrift(ctx, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity(c))...)
}

// Delete removes the parts.
func (r *taskDNSResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx = r.data.aws.Context(ctx)
	var m taskDNSModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok {
		return
	}
	timeout, diags := m.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	addError(&resp.Diagnostics, "Deleting", names.KindTaskDNS, spec.Scope.Name, spec.Stack(c).Delete(ctx))
}

// spec is the spec of a known model, with the code to deploy.
func (r *taskDNSResource) spec(ctx context.Context, m taskDNSModel, diags *diag.Diagnostics) (*awsclient.Clients, taskdnsstack.Spec, bool) {
	if diags.HasError() {
		return nil, taskdnsstack.Spec{}, false
	}
	c, scope, err := r.data.scope(ctx, names.KindTaskDNS, m.sharedModel)
	if err != nil {
		addError(diags, "Configuring", names.KindTaskDNS, m.Name.ValueString(), err)
		return nil, taskdnsstack.Spec{}, false
	}
	s := m.spec(r.data, scope)
	if s.Artifact, err = lambdas.Load(lambdas.TaskDNS, s.Architecture); err != nil {
		diags.AddError("Missing Lambda code", err.Error())
	}
	return c, s, !diags.HasError()
}
