package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/zonestack"
)

var (
	_ resource.ResourceWithConfigure   = (*zoneResource)(nil)
	_ resource.ResourceWithIdentity    = (*zoneResource)(nil)
	_ resource.ResourceWithImportState = (*zoneResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*zoneResource)(nil)
)

// zoneTimeout is enough for two changes to reach all of Route 53's name
// servers, which takes a minute each as a rule.
const zoneTimeout = 15 * time.Minute

type zoneResource struct{ base }

func newZoneResource() resource.Resource { return &zoneResource{} }

func (r *zoneResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_zone"
}

// ImportState takes "zone id" or "parent's zone id/zone id".
func (r *zoneResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	parent, zone, two := strings.Cut(req.ID, "/")
	if !two {
		parent, zone = "", req.ID
	}
	if req.ID == "" && req.Identity != nil {
		var id zoneIdentityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		parent, zone, two = id.ParentZoneID.ValueString(), id.ZoneID.ValueString(), !id.ParentZoneID.IsNull()
	}
	if !zoneID.MatchString(zone) || two && !zoneID.MatchString(parent) {
		resp.Diagnostics.AddError("Invalid import id", fmt.Sprintf(`%q is not the id of a hosted zone, with that of its parent and a slash before it if need be; right ids are "Z0123456789ABCDEFGHIJ" and "Z9876543210ABCDEFGHIJ/Z0123456789ABCDEFGHIJ"`, req.ID))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("zone_id"), zone)...)
	if two {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("parent_zone_id"), parent)...)
	}
}

// ModifyPlan keeps what Route 53 chose, and refuses what Route 53 would refuse
// later.
func (r *zoneResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.data == nil {
		return
	}
	var plan, state zoneModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	same := state.Name.Equal(plan.Name) && state.ParentZoneID.Equal(plan.ParentZoneID)
	switch {
	case same && state.ZoneID.IsNull():
		// The zone is gone, of which only the delegation is left: another one
		// has another id.
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("zone_id"))
		plan.ZoneID, plan.ARN, plan.NameServers = types.StringUnknown(), types.StringUnknown(), types.ListUnknown(types.StringType)
	case same:
		plan.ZoneID, plan.ARN, plan.NameServers = state.ZoneID, state.ARN, state.NameServers
	}
	plan.setDrift(ctx, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if !same && !plan.Name.IsUnknown() && !plan.ParentZoneID.IsUnknown() {
		r.planParent(ctx, plan, &resp.Diagnostics)
	}
}

// planParent refuses a parent zone that cannot be, and warns of what the
// delegation will hide. A parent that the caller may not read is left to apply.
func (r *zoneResource) planParent(ctx context.Context, plan zoneModel, diags *diag.Diagnostics) {
	c, spec, ok := r.spec(ctx, plan, diags)
	if !ok {
		return
	}
	problem, err := spec.CheckParent(ctx, c.Route53)
	if awserr.IsAccessDenied(err) || !checkedParent(spec, problem, err, diags) {
		return
	}
	hidden, more, err := spec.Hidden(ctx, c.Route53)
	if err == nil && len(hidden) > 0 {
		diags.AddAttributeWarning(path.Root("name"), "Records will be hidden", hiddenText(spec, hidden, more))
	}
}

func hiddenText(s zonestack.Spec, hidden []string, more bool) string {
	list := strings.Join(hidden, ", ")
	if more {
		list += " and others"
	}
	return fmt.Sprintf("Hosted zone %s has records at or below %s: %s. Resolvers will not find them any more once the name is delegated. If they are needed, make them in the new zone; a fargatedirect_task_dns makes its own there when its hosted_zone_id changes.", s.ParentZoneID, s.Scope.Name, list)
}

// checkedParent reports what CheckParent found, and tells whether to go on.
func checkedParent(s zonestack.Spec, problem *zonestack.Problem, err error, diags *diag.Diagnostics) bool {
	if problem != nil {
		diags.AddAttributeError(path.Root(problem.Attribute), "Invalid "+problem.Attribute, problem.Text)
	}
	addError(diags, "Checking", names.KindZone, s.Scope.Name, err)
	return !diags.HasError()
}

// Create makes the zone and then what leads to it.
func (r *zoneResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx = r.data.aws.Context(ctx)
	var m zoneModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	m.setResults(ctx, zonestack.Spec{}, &resp.Diagnostics)
	m.setDrift(ctx, nil, &resp.Diagnostics)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok {
		return
	}
	timeout, diags := m.Timeouts.Create(ctx, zoneTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	spec.Creating = true
	parts := spec.Parts(c.Route53)
	problem, err := spec.CheckParent(ctx, c.Route53)
	if !checkedParent(spec, problem, err, &resp.Diagnostics) ||
		!checkPermissions(ctx, c, names.KindZone, spec.Scope.Name, spec.CallerGrants(), &resp.Diagnostics) {
		return
	}
	if err := parts.Claim(ctx); err != nil {
		addZoneError(&resp.Diagnostics, "Creating", spec, err)
		return
	}
	if err := parts.Delegation.CheckFree(ctx); err != nil {
		addZoneError(&resp.Diagnostics, "Creating", spec, err)
		return
	}
	err = parts.Ensure(ctx)
	// However it ended, the state must name what exists.
	spec.ZoneID, spec.NameServers = parts.Zone.ID, parts.Zone.NameServers
	m.setResults(ctx, spec, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	m.setIdentity(ctx, c, resp.Identity, &resp.Diagnostics)
	if err != nil {
		addZoneError(&resp.Diagnostics, "Creating", spec, err)
		return
	}
	finishing, cancelFinishing := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancelFinishing()
	if err := parts.Finish(finishing); err != nil {
		addZoneError(&resp.Diagnostics, "Creating", spec, err)
	}
}

// Read compares the parts with what the state says they should be.
func (r *zoneResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	ctx = r.data.aws.Context(ctx)
	var m zoneModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok {
		return
	}
	if m.Name.IsNull() {
		found, err := zonestack.Discover(ctx, c.Route53, spec.Scope, spec.ZoneID, spec.ParentZoneID)
		if errors.Is(err, stack.ErrNotFound) {
			m.gone(ctx, c, resp)
			return
		}
		if err != nil {
			addError(&resp.Diagnostics, "Importing", names.KindZone, spec.ZoneID, err)
			return
		}
		m.fromSpec(ctx, r.data, found, &resp.Diagnostics)
		spec = m.spec(r.data, found.Scope)
	}
	parts := spec.Parts(c.Route53)
	drift, err := parts.Drift(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		m.gone(ctx, c, resp)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading", names.KindZone, spec.Scope.Name, err)
		return
	}
	m.setIdentity(ctx, c, resp.Identity, &resp.Diagnostics)
	if parts.Vanished(drift) {
		// The name servers stay: by them the delegation is known as ours.
		spec.ZoneID = ""
		m.setResults(ctx, spec, &resp.Diagnostics)
	}
	m.setDrift(ctx, drift, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Update brings SOA record, delegation and tags to the plan.
func (r *zoneResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx = r.data.aws.Context(ctx)
	var m zoneModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok {
		return
	}
	timeout, diags := m.Timeouts.Update(ctx, zoneTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := spec.Parts(c.Route53).Ensure(ctx); err != nil {
		addZoneError(&resp.Diagnostics, "Updating", spec, err)
		return
	}
	m.setDrift(ctx, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	m.setIdentity(ctx, c, resp.Identity, &resp.Diagnostics)
}

// Delete removes the delegation and then the zone.
func (r *zoneResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx = r.data.aws.Context(ctx)
	var m zoneModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok {
		return
	}
	timeout, diags := m.Timeouts.Delete(ctx, zoneTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := spec.Parts(c.Route53).Delete(ctx); err != nil {
		addZoneError(&resp.Diagnostics, "Deleting", spec, err)
	}
}

// spec is the spec of a model. Route 53 has no regions, so the provider's own
// serves.
func (r *zoneResource) spec(ctx context.Context, m zoneModel, diags *diag.Diagnostics) (*awsclient.Clients, zonestack.Spec, bool) {
	if diags.HasError() {
		return nil, zonestack.Spec{}, false
	}
	c, scope, err := r.data.scope(ctx, names.KindZone, sharedModel{Name: m.Name})
	if err != nil {
		addError(diags, "Configuring", names.KindZone, m.Name.ValueString(), err)
		return nil, zonestack.Spec{}, false
	}
	return c, m.spec(r.data, scope), true
}

// addZoneError is addError, with what to do about a zone in the way.
func addZoneError(diags *diag.Diagnostics, doing string, s zonestack.Spec, err error) {
	if _, ok := errors.AsType[*stack.OwnershipError](err); !ok {
		addError(diags, doing, names.KindZone, s.Scope.Name, err)
		return
	}
	advice := "If it is to be managed with Terraform, import it by its id:\n\n  terraform import fargatedirect_zone.<label> <zone id>"
	if doing == "Deleting" {
		advice = "Apply once, which makes it this resource's own, or remove it from the state."
	}
	diags.AddError(fmt.Sprintf("%s fargatedirect_%s (%s)", doing, names.KindZone, s.Scope.Name), err.Error()+"\n\nNothing was changed. "+advice)
}
