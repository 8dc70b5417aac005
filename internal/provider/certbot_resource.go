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
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

var (
	_ resource.ResourceWithConfigure      = (*certbotResource)(nil)
	_ resource.ResourceWithIdentity       = (*certbotResource)(nil)
	_ resource.ResourceWithImportState    = (*certbotResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*certbotResource)(nil)
	_ resource.ResourceWithValidateConfig = (*certbotResource)(nil)
)

// The function may work for 15 minutes; creating and deleting parts takes
// about one.
const (
	createTimeout = 20 * time.Minute
	updateTimeout = 20 * time.Minute
	deleteTimeout = 10 * time.Minute
)

type certbotResource struct{ base }

func newCertbotResource() resource.Resource { return &certbotResource{} }

func (r *certbotResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_certbot"
}

func (r *certbotResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = sharedIdentity()
}

func (r *certbotResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importByName(ctx, req, resp)
}

// Create makes the parts, and only then has certificates issued: whatever
// comes of that, the resource exists and is not tainted.
func (r *certbotResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx = r.data.aws.Context(ctx)
	var m certbotModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok || !recheck(ctx, req.Config, &spec, &resp.Diagnostics) {
		return
	}
	timeout, diags := m.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	fail := func(err error) { addError(&resp.Diagnostics, "Creating", names.KindCertbot, spec.Scope.Name, err) }
	spec.Creating = true
	if !r.preflight(ctx, c, &spec, &m, certbotModel{}, &resp.Diagnostics) ||
		!checkPermissions(ctx, c, names.KindCertbot, spec.Scope.Name, spec.CallerGrants(m.IssueOnCreate.ValueBool()), &resp.Diagnostics) {
		return
	}
	parts := spec.Stack(c)
	if err := parts.Claim(ctx); err != nil {
		fail(err)
		return
	}
	m.ScheduleExpression = types.StringValue(spec.ScheduleExpression)
	m.setResults(ctx, spec, &resp.Diagnostics)
	m.setDrift(ctx, nil, &resp.Diagnostics)
	m.noSecrets(spec, &resp.Diagnostics)
	m.AccountURI = types.StringNull()
	// From here on parts may exist, so the state must name them whatever
	// happens.
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity(c))...)
	if err := parts.Ensure(ctx); err != nil {
		fail(err)
		return
	}
	if err := m.setSecrets(ctx, c, spec, &resp.Diagnostics); err != nil {
		fail(err)
		return
	}
	if m.IssueOnCreate.ValueBool() {
		r.issue(ctx, c, spec, true, &resp.Diagnostics)
	}
	// The mark must go even if the user does not want to wait any longer.
	finishing, cancelFinishing := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancelFinishing()
	if err := parts.Finish(finishing); err != nil {
		fail(err)
		return
	}
	m.setAccount(finishing, c, spec)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Read compares the parts with what the state says they should be.
func (r *certbotResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	ctx = r.data.aws.Context(ctx)
	var m certbotModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.data.aws.Region())
	}
	c, scope, err := r.data.scope(ctx, names.KindCertbot, m.sharedModel)
	if err != nil {
		addError(&resp.Diagnostics, "Reading", names.KindCertbot, m.Name.ValueString(), err)
		return
	}
	imported := m.FunctionName.IsNull()
	if imported {
		found, err := certbotstack.Discover(ctx, c, scope)
		if errors.Is(err, stack.ErrNotFound) {
			m.gone(ctx, c, resp)
			return
		}
		if err != nil {
			addError(&resp.Diagnostics, "Importing", names.KindCertbot, scope.Name, err)
			return
		}
		m.fromSpec(ctx, r.data, c, found, &resp.Diagnostics)
	}
	spec := m.spec(ctx, r.data, scope, &resp.Diagnostics)
	drift, err := spec.Stack(c).Drift(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		m.gone(ctx, c, resp)
		return
	}
	if err == nil && (m.IssueOnCreate.ValueBool() || imported) {
		var missing []string
		missing, err = spec.Missing(ctx, c.S3)
		drift = append(drift, missing...)
		if err == nil {
			missing, err = spec.Undelivered(ctx, c.S3, c.SecretsManager)
			drift = append(drift, missing...)
		}
	}
	if err == nil {
		err = m.setSecrets(ctx, c, spec, &resp.Diagnostics)
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading", names.KindCertbot, scope.Name, err)
		return
	}
	m.setDrift(ctx, drift, &resp.Diagnostics)
	m.setAccount(ctx, c, spec)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity(c))...)
}

// Update brings the parts to the plan, removes what the plan has no more, and
// has certificates issued that changed or are missing.
func (r *certbotResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx = r.data.aws.Context(ctx)
	var m, before certbotModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok || !recheck(ctx, req.Config, &spec, &resp.Diagnostics) {
		return
	}
	timeout, diags := m.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	fail := func(err error) { addError(&resp.Diagnostics, "Updating", names.KindCertbot, spec.Scope.Name, err) }
	old := before.spec(ctx, r.data, spec.Scope, &resp.Diagnostics)
	old.ForceDestroy, old.RetainOnDestroy = spec.ForceDestroy, spec.RetainOnDestroy
	if !r.preflight(ctx, c, &spec, &m, before, &resp.Diagnostics) {
		return
	}
	parts := spec.Stack(c)
	obsolete := old.Stack(c).Without(parts)
	changed, err := certificatesChange(ctx, c, old, spec)
	if err == nil {
		err = obsolete.CheckDelete(ctx)
	}
	if err != nil {
		fail(err)
		return
	}
	if err := parts.Ensure(ctx); err != nil {
		fail(err)
		return
	}
	if err := obsolete.Delete(ctx); err != nil {
		fail(err)
		return
	}
	m.ScheduleExpression = types.StringValue(spec.ScheduleExpression)
	m.setResults(ctx, spec, &resp.Diagnostics)
	m.setDrift(ctx, nil, &resp.Diagnostics)
	if err := m.setSecrets(ctx, c, spec, &resp.Diagnostics); err != nil {
		fail(err)
		return
	}
	wanted, err := due(ctx, c, spec, changed, m.IssueOnCreate.ValueBool())
	if err != nil {
		fail(err)
		return
	}
	if wanted {
		r.issue(ctx, c, spec, m.IssueOnCreate.ValueBool(), &resp.Diagnostics)
	}
	if m.AccountURI.IsUnknown() {
		m.AccountURI = types.StringNull()
		m.setAccount(ctx, c, spec)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity(c))...)
}

// Delete removes the parts. Certificates that an unfinished create left
// behind are kept for the next create to take over: they cost one of five that
// an authority issues in a week, and a replaced resource would lose them.
func (r *certbotResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx = r.data.aws.Context(ctx)
	var m certbotModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	c, spec, ok := r.spec(ctx, m, &resp.Diagnostics)
	if !ok {
		return
	}
	timeout, diags := m.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	fail := func(err error) { addError(&resp.Diagnostics, "Deleting", names.KindCertbot, spec.Scope.Name, err) }
	unfinished, err := spec.Stack(c).Unfinished(ctx)
	if err != nil {
		fail(err)
		return
	}
	if unfinished && spec.ExistingBucket == "" {
		holds, err := spec.Bucket(c).HoldsContent(ctx)
		if err != nil {
			fail(err)
			return
		}
		if holds && !spec.RetainOnDestroy {
			spec.RetainOnDestroy = true
			resp.Diagnostics.AddWarning("Certificates kept",
				fmt.Sprintf("The creation of fargatedirect_certbot (%s) never finished, yet bucket %s holds certificates. It is kept, with the account key, for the next create of that name to take over. If you want no such resource any more, delete the bucket and the SSM parameters under %s by hand.", spec.Scope.Name, spec.BucketName(), spec.ParameterPath()))
		}
	}
	if err := spec.Stack(c).Delete(ctx); err != nil {
		fail(err)
	}
}

// spec is the spec of a known model, with the code to deploy.
func (r *certbotResource) spec(ctx context.Context, m certbotModel, diags *diag.Diagnostics) (*awsclient.Clients, certbotstack.Spec, bool) {
	if diags.HasError() {
		return nil, certbotstack.Spec{}, false
	}
	c, scope, err := r.data.scope(ctx, names.KindCertbot, m.sharedModel)
	if err != nil {
		addError(diags, "Configuring", names.KindCertbot, m.Name.ValueString(), err)
		return nil, certbotstack.Spec{}, false
	}
	s := m.spec(ctx, r.data, scope, diags)
	if s.Artifact, err = lambdas.Load(lambdas.Certbot, s.Architecture); err != nil {
		diags.AddError("Missing Lambda code", err.Error())
	}
	return c, s, !diags.HasError()
}

// preflight finds out what the plan could not, and checks it before anything
// is created or changed.
func (r *certbotResource) preflight(ctx context.Context, c *awsclient.Clients, s *certbotstack.Spec, m *certbotModel, before certbotModel, diags *diag.Diagnostics) bool {
	if m.ChallengeNames.IsUnknown() {
		s.Challenges = findChallenges(ctx, r.data, c, *s, s.Keys(), before, diags)
		m.setChallenges(ctx, *s, diags)
	}
	addProblems(diags, s.CheckSizes())
	return !diags.HasError()
}

// importByName takes "name" or "name@region".
func importByName(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name, region, regional := strings.Cut(req.ID, "@")
	if req.ID == "" && req.Identity != nil {
		var id identityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		name, region, regional = id.Name.ValueString(), id.Region.ValueString(), !id.Region.IsNull()
	}
	if !names.Pattern.MatchString(name) || regional && region == "" {
		resp.Diagnostics.AddError("Invalid import id", fmt.Sprintf(`%q is not the name of a resource, with "@" and its region if that is not the provider's; right ids are "prod" and "prod@eu-west-2"`, req.ID))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), name)...)
	if regional {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("region"), region)...)
	}
}
