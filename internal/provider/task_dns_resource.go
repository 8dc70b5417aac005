package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

var (
	_ resource.ResourceWithConfigure      = (*taskDNSResource)(nil)
	_ resource.ResourceWithIdentity       = (*taskDNSResource)(nil)
	_ resource.ResourceWithImportState    = (*taskDNSResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*taskDNSResource)(nil)
	_ resource.ResourceWithValidateConfig = (*taskDNSResource)(nil)
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
	if m.check(spec, nil, &resp.Diagnostics); !resp.Diagnostics.HasError() {
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
		var claimed *taskdnsstack.ClaimedError
		if !errors.As(err, &claimed) {
			fail(err)
			return
		}
		addClaimed(claimed, &resp.Diagnostics)
		if giveUp(ctx, c, spec, &resp.Diagnostics) {
			resp.State.RemoveResource(ctx)
		}
		return
	}
	finishing, cancelFinishing := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancelFinishing()
	if err := parts.Finish(finishing); err != nil {
		fail(err)
		return
	}
	// Tasks that run already tell of nothing by themselves.
	warnOfNames(ctx, c, spec, false, &resp.Diagnostics)
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
	drift, err := m.spec(ctx, r.data, scope, &resp.Diagnostics).Stack(c).Drift(ctx)
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

	old := before.spec(ctx, r.data, spec.Scope, &resp.Diagnostics)
	if m.check(spec, &old, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		checkZone(ctx, c, spec, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	u := taskDNSUpdate{clients: c, old: old, next: spec}
	if u.run(ctx, req.Private, resp); resp.Diagnostics.HasError() {
		return
	}
	m.setResults(spec)
	m.setDrift(ctx, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity(c))...)
}

// Delete removes the names and then the parts.
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
	fail := func(err error) { addError(&resp.Diagnostics, "Deleting", names.KindTaskDNS, spec.Scope.Name, err) }
	var err error
	if spec.Unfinished, err = spec.Stack(c).Unfinished(ctx); err != nil {
		fail(err)
		return
	}
	fail(spec.Stack(c).Delete(ctx))
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
	s := m.spec(ctx, r.data, scope, diags)
	if s.Artifact, err = lambdas.Load(lambdas.TaskDNS, s.Architecture); err != nil {
		diags.AddError("Missing Lambda code", err.Error())
	}
	return c, s, !diags.HasError()
}
