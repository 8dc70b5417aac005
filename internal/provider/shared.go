package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// sharedModel is the arguments and results that both resources have.
type sharedModel struct {
	Name                types.String   `tfsdk:"name"`
	Region              types.String   `tfsdk:"region"`
	Architecture        types.String   `tfsdk:"architecture"`
	LogRetentionDays    types.Int64    `tfsdk:"log_retention_days"`
	KMSKeyARN           types.String   `tfsdk:"kms_key_arn"`
	PermissionsBoundary types.String   `tfsdk:"permissions_boundary"`
	IAMPath             types.String   `tfsdk:"iam_path"`
	Tags                types.Map      `tfsdk:"tags"`
	Timeouts            timeouts.Value `tfsdk:"timeouts"`

	FunctionARN  types.String `tfsdk:"function_arn"`
	FunctionName types.String `tfsdk:"function_name"`
	RoleARN      types.String `tfsdk:"role_arn"`
	CodeSHA256   types.String `tfsdk:"code_sha256"`
	Drift        types.List   `tfsdk:"drift"`
}

// identityModel is the identity of both resources.
type identityModel struct {
	AccountID types.String `tfsdk:"account_id"`
	Region    types.String `tfsdk:"region"`
	Name      types.String `tfsdk:"name"`
}

func sharedIdentity() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"name":       identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the resource."},
		"region":     identityschema.StringAttribute{OptionalForImport: true, Description: "Region; the provider's by default."},
		"account_id": identityschema.StringAttribute{OptionalForImport: true, Description: "AWS account; the provider's by default."},
	}}
}

// retentions are what CloudWatch Logs takes (PutRetentionPolicy).
var retentions = []int64{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func sharedAttributes(ctx context.Context) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the resource, 1 to 32 of `a-z`, `0-9` and hyphen. Every AWS name derives from it: `fargatedirect-<name>-<hash>`. Changing it replaces the resource.",
			Validators: []schemaStringValidator{stringvalidator.RegexMatches(names.Pattern,
				`must be 1 to 32 of a-z, 0-9 and hyphen, with no hyphen at either end, because it becomes part of an S3 bucket name; a right value is "prod"`)},
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"region": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Region of all parts; the provider's by default. Changing it replaces the resource.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"architecture": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("arm64"),
			MarkdownDescription: "Processor of the Lambda function, `arm64` (default, cheaper) or `x86_64`. Changes in place.",
			Validators:          []schemaStringValidator{stringvalidator.OneOf("arm64", "x86_64")},
		},
		"log_retention_days": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(30),
			MarkdownDescription: "Days for which the function's log is kept, one of the values that CloudWatch Logs takes; `0` keeps it for ever. Default 30.",
			Validators:          []schemaInt64Validator{int64validator.OneOf(retentions...)},
		},
		"kms_key_arn": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "ARN of a KMS key that encrypts everything at rest: log group, queues or bucket and topic, the function's environment. Its key policy must let CloudWatch Logs (and EventBridge, for queues) of this account use it. By default each service's own key is used.",
			Validators:          []schemaStringValidator{arnOf("kms", "key/", "arn:aws:kms:eu-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab")},
		},
		"permissions_boundary": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "ARN of a managed policy that bounds the permissions of the function's role.",
			Validators:          []schemaStringValidator{arnOf("iam", "policy/", "arn:aws:iam::123456789012:policy/boundary")},
		},
		"iam_path": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("/"),
			MarkdownDescription: "Path of the function's role, with a slash at both ends. Default `/`. Changing it replaces the resource.",
			Validators:          []schemaStringValidator{iamPath()},
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"tags": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Tags of all parts that can bear tags, beside the provider's `default_tags`. Keys must not begin with `aws:` or `fargatedirect:`.",
			Validators:          []schemaMapValidator{mapvalidator.KeysAre(tagKey()), mapvalidator.ValueStringsAre(tagValue()), mapvalidator.SizeAtMost(40)},
		},
		"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Update: true, Delete: true}),
		"function_arn": schema.StringAttribute{
			Computed: true, MarkdownDescription: "ARN of the Lambda function.",
		},
		"function_name": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Name of the Lambda function, and of most other parts.",
		},
		"role_arn": schema.StringAttribute{
			Computed: true, MarkdownDescription: "ARN of the function's role.",
		},
		"code_sha256": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Hash of the function's code, in the form of Lambda's `CodeSha256`. A new version of the provider shows as a change of this line and updates the code in place.",
		},
		"drift": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "What was found in AWS that differs from what is wanted, a sentence each. Planned as empty: applying repairs it.",
		},
	}
}

// base is what both resources do alike.
type base struct{ data *providerData }

func (b *base) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if req.ProviderData == nil {
		return // validation runs without the provider's configuration
	}
	data, ok := req.ProviderData.(*providerData)
	if !ok {
		resp.Diagnostics.AddError("Unexpected Resource Configure Type", fmt.Sprintf("Expected *providerData, got: %T. Please report this to the provider's developers.", req.ProviderData))
		return
	}
	b.data = data
}

// scope answers the clients of the model's region and the resource's scope.
func (d *providerData) scope(ctx context.Context, kind string, m sharedModel) (*awsclient.Clients, names.Scope, error) {
	c, err := d.aws.For(ctx, m.Region.ValueString())
	if err != nil {
		return nil, names.Scope{}, err
	}
	return c, names.Scope{Kind: kind, Partition: c.Partition, DNSSuffix: c.DNSSuffix, Account: c.Account, Region: c.Region, Name: m.Name.ValueString()}, nil
}

// tags are the user's tags over the provider's, as far as they are known.
func (d *providerData) tags(m sharedModel) map[string]string {
	tags := maps.Clone(d.defaultTags)
	if tags == nil {
		tags = map[string]string{}
	}
	for key, v := range m.Tags.Elements() {
		// While a plan is made a tag may be unknown; null is no tag.
		if text, ok := v.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			tags[key] = text.ValueString()
		}
	}
	return tags
}

// importedTags are the tags of a part without ours, the provider's and those
// of others.
func (d *providerData) importedTags(ctx context.Context, have map[string]string, diags *diag.Diagnostics) types.Map {
	own := map[string]string{}
	for k, v := range have {
		if strings.HasPrefix(k, "fargatedirect:") || strings.HasPrefix(k, "aws:") || d.ignoreTag(k) {
			continue
		}
		if def, ok := d.defaultTags[k]; ok && def == v {
			continue
		}
		own[k] = v
	}
	if len(own) == 0 {
		return types.MapNull(types.StringType)
	}
	m, ds := types.MapValueFrom(ctx, types.StringType, own)
	diags.Append(ds...)
	return m
}

// setDrift makes the list that a plan shows.
func (m *sharedModel) setDrift(ctx context.Context, drift []string, diags *diag.Diagnostics) {
	if drift == nil {
		drift = []string{}
	}
	list, ds := types.ListValueFrom(ctx, types.StringType, drift)
	diags.Append(ds...)
	m.Drift = list
}

// setFunction fills in what derives from the arguments that both resources
// have. What derives from one that is still unknown is left unknown.
func (m *sharedModel) setFunction(functionARN, functionName, roleARN, codeSHA256 string) {
	m.FunctionARN, m.FunctionName = types.StringValue(functionARN), types.StringValue(functionName)
	m.RoleARN, m.CodeSHA256 = types.StringUnknown(), types.StringUnknown()
	if !m.IAMPath.IsUnknown() {
		m.RoleARN = types.StringValue(roleARN)
	}
	if !m.Architecture.IsUnknown() {
		m.CodeSHA256 = types.StringValue(codeSHA256)
	}
}

func (m *sharedModel) identity(c *awsclient.Clients) identityModel {
	return identityModel{AccountID: types.StringValue(c.Account), Region: types.StringValue(c.Region), Name: m.Name}
}

// gone takes a resource out of the state. Its identity stays in the answer:
// Terraform before 1.12 does not send it along, and the framework fails without
// one even where there is no resource.
func (m *sharedModel) gone(ctx context.Context, c *awsclient.Clients, resp *resource.ReadResponse) {
	resp.State.RemoveResource(ctx)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity(c))...)
}

// addError tells that doing something to a resource failed, and what to do.
func addError(diags *diag.Diagnostics, doing, kind, name string, err error) {
	if err == nil {
		return
	}
	detail := err.Error()
	var owned *stack.OwnershipError
	switch {
	case errors.As(err, &owned) && owned.Finished:
		detail += fmt.Sprintf("\n\nNothing was changed. To manage the existing resource with Terraform, import it:\n\n  terraform import fargatedirect_%s.<label> %s", kind, name)
	case errors.As(err, &owned):
		detail += "\n\nNothing was changed. Choose another name, or remove what is in the way by hand."
	case awserr.IsAccessDenied(err):
		detail += "\n\nThe credentials of the provider lack this permission. " + permissionsGuide
	}
	diags.AddError(fmt.Sprintf("%s fargatedirect_%s (%s)", doing, kind, name), detail)
}

// stringsOf reads a set or list of strings. Null and unknown are empty, and
// elements that are not known yet are left out.
func stringsOf(v interface{ Elements() []attr.Value }) []string {
	var out []string
	for _, e := range v.Elements() {
		if text, ok := e.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			out = append(out, text.ValueString())
		}
	}
	return out
}

// setOf is the set of values, null if there is none.
func setOf(ctx context.Context, values []string, diags *diag.Diagnostics) types.Set {
	if len(values) == 0 {
		return types.SetNull(types.StringType)
	}
	set, ds := types.SetValueFrom(ctx, types.StringType, values)
	diags.Append(ds...)
	return set
}

// optional is the string, null if it is empty.
func optional(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
