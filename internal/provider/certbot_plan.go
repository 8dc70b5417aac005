package provider

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

// ValidateConfig checks what can be told from the configuration alone.
func (r *certbotResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m certbotModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.checkContradictions(&resp.Diagnostics)
	m.checkEAB(ctx, &resp.Diagnostics)
	if m.certificatesKnown() {
		m.checkCertificates(ctx, &resp.Diagnostics)
	}
}

// checkCertificates checks certificates whose map is known; single values may
// be unknown still. The texts name the certificate, as Terraform shows no path
// below an argument.
func (m certbotModel) checkCertificates(ctx context.Context, diags *diag.Diagnostics) {
	prefixes := map[string]string{}
	for key, c := range m.certificates(ctx, diags) {
		at := path.Root("certificates").AtMapKey(key)
		if !c.Prefix.IsUnknown() {
			prefixes[key] = certbotstack.Spec{Certificates: map[string]certbotstack.Certificate{key: {Prefix: c.Prefix.ValueString()}}}.Prefix(key)
		}
		if !c.Domains.IsUnknown() && !anyUnknown(slices.Values(c.Domains.Elements())) {
			for _, problem := range certbotstack.CheckDomains(stringsOf(c.Domains)) {
				diags.AddAttributeError(at.AtName("domains"), "Invalid domains", fmt.Sprintf("Certificate %q: %s", key, problem))
			}
		}
		if c.HostedZoneID.IsNull() && m.HostedZoneID.IsNull() {
			diags.AddAttributeError(at.AtName("hosted_zone_id"), "Missing hosted zone", fmt.Sprintf("Neither certificate %q nor the resource names a hosted zone, so its challenge could not be answered. Set hosted_zone_id on either.", key))
		}
	}
	addProblems(diags, certbotstack.CheckPrefixes(prefixes))
}

// checkContradictions refuses arguments that cannot go together.
func (m certbotModel) checkContradictions(diags *diag.Diagnostics) {
	if !m.SuccessTopicARN.IsNull() && !m.FailureTopicARN.IsNull() && len(m.NotificationEmails.Elements()) > 0 {
		diags.AddAttributeError(path.Root("notification_emails"), "No topic to subscribe to", "With both success_topic_arn and failure_topic_arn the resource has no topic of its own. Subscribe the addresses to these topics instead.")
	}
	if !m.Bucket.IsNull() && len(m.ReaderRoleARNs.Elements()) > 0 {
		diags.AddAttributeError(path.Root("reader_role_arns"), "No bucket to restrict", "The policy of an existing bucket is left alone. Restrict its readers where the bucket is made.")
	}
	if m.ForceDestroy.ValueBool() && m.RetainOnDestroy.ValueBool() {
		diags.AddAttributeError(path.Root("retain_on_destroy"), "Contradiction", "force_destroy destroys the certificates with the resource and retain_on_destroy keeps them. Set at most one of them.")
	}
}

// certificatesKnown tells whether all certificates are known; single values of
// theirs may be unknown still.
func (m certbotModel) certificatesKnown() bool {
	return !m.Certificates.IsUnknown() && !anyUnknown(maps.Values(m.Certificates.Elements()))
}

func anyUnknown(values iter.Seq[attr.Value]) bool {
	for v := range values {
		if v.IsUnknown() {
			return true
		}
	}
	return false
}

func addProblems(diags *diag.Diagnostics, problems []certbotstack.Problem) {
	for _, p := range problems {
		at := path.Root(p.Attribute)
		if p.Key != "" {
			at = path.Root("certificates").AtMapKey(p.Key).AtName(p.Attribute)
		}
		diags.AddAttributeError(at, "Invalid "+p.Attribute, p.Text)
	}
}

// ModifyPlan fills in what derives from the arguments, so that a plan shows
// names and ARNs instead of "known after apply", and refuses what AWS would
// refuse later.
func (r *certbotResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.data == nil {
		return
	}
	ctx = r.data.aws.Context(ctx)
	var plan, state certbotModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	var config certbotModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !r.data.planRegion(&plan.sharedModel, config.Region, state.Region, resp) {
		return
	}
	if plan.Name.IsUnknown() {
		return // then nothing can be derived yet
	}
	c, scope, err := r.data.scope(ctx, names.KindCertbot, plan.sharedModel)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("region"), "Invalid region", err.Error())
		return
	}
	plan.ScheduleExpression = config.ScheduleExpression // what it derives from may change
	artifact, err := lambdas.Load(lambdas.Certbot, plan.Architecture.ValueString())
	if err != nil && !plan.Architecture.IsUnknown() {
		resp.Diagnostics.AddError("Missing Lambda code", err.Error())
		return
	}
	spec := plan.spec(ctx, r.data, scope, &resp.Diagnostics)
	spec.Artifact = artifact
	plan.planChallenges(ctx, r.data, c, &spec, state, &resp.Diagnostics)
	plan.setResults(ctx, spec, &resp.Diagnostics)
	plan.planSecrets(ctx, spec, state, &resp.Diagnostics)
	plan.AccountURI = plannedAccount(ctx, plan, state, &resp.Diagnostics)
	plan.setDrift(ctx, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if plan.mayGetAccount() && !resp.Plan.Raw.Equal(req.State.Raw) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("account_uri"), types.StringUnknown())...)
	}
	if plan.certificatesKnown() {
		addProblems(&resp.Diagnostics, spec.CheckSizes()) // AWS would refuse them later
	}
}

// mayGetAccount tells whether an update, if there is one, has the first
// certificates issued, and so the account made.
func (m certbotModel) mayGetAccount() bool {
	return m.AccountURI.IsNull() && m.IssueOnCreate.ValueBool()
}

// plannedAccount keeps what is known of the account unless the authority
// changes, or the external account there. An account that only becomes known later, by a scheduled run, comes
// into the state when it is next refreshed.
func plannedAccount(ctx context.Context, plan, state certbotModel, diags *diag.Diagnostics) types.String {
	before, after := state.acme(ctx, diags), plan.acme(ctx, diags)
	bound := before.externalAccount(ctx, diags).Equal(after.externalAccount(ctx, diags))
	if state.Name.Equal(plan.Name) && state.Region.Equal(plan.Region) && before.DirectoryURL.Equal(after.DirectoryURL) && bound {
		return state.AccountURI
	}
	return types.StringUnknown()
}

// planRegion plans the provider's region where the user names none. It tells
// whether the region is known.
func (d *providerData) planRegion(plan *sharedModel, config, state types.String, resp *resource.ModifyPlanResponse) bool {
	if config.IsUnknown() {
		return false
	}
	if config.IsNull() {
		plan.Region = types.StringValue(d.aws.Region())
	}
	if !state.IsNull() && !state.Equal(plan.Region) && !slices.ContainsFunc(resp.RequiresReplace, path.Root("region").Equal) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("region"))
	}
	return true
}
