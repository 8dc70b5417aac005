package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
)

// providerModel has the names of the AWS provider's arguments, so that people
// can copy their block. Its nested blocks are attributes here.
type providerModel struct {
	Region                 types.String                    `tfsdk:"region"`
	Profile                types.String                    `tfsdk:"profile"`
	AccessKey              types.String                    `tfsdk:"access_key"`
	SecretKey              types.String                    `tfsdk:"secret_key"`
	Token                  types.String                    `tfsdk:"token"`
	SharedConfigFiles      types.List                      `tfsdk:"shared_config_files"`
	SharedCredentialsFiles types.List                      `tfsdk:"shared_credentials_files"`
	AssumeRole             *assumeRoleModel                `tfsdk:"assume_role"`
	AssumeRoleWebIdentity  *assumeRoleWithWebIdentityModel `tfsdk:"assume_role_with_web_identity"`
	AllowedAccountIDs      types.Set                       `tfsdk:"allowed_account_ids"`
	ForbiddenAccountIDs    types.Set                       `tfsdk:"forbidden_account_ids"`
	DefaultTags            types.Map                       `tfsdk:"default_tags"`
	IgnoreTags             *ignoreTagsModel                `tfsdk:"ignore_tags"`
	MaxRetries             types.Int64                     `tfsdk:"max_retries"`
	RetryMode              types.String                    `tfsdk:"retry_mode"`
	HTTPProxy              types.String                    `tfsdk:"http_proxy"`
	HTTPSProxy             types.String                    `tfsdk:"https_proxy"`
	NoProxy                types.String                    `tfsdk:"no_proxy"`
	CustomCABundle         types.String                    `tfsdk:"custom_ca_bundle"`
	Insecure               types.Bool                      `tfsdk:"insecure"`
	UseFIPS                types.Bool                      `tfsdk:"use_fips_endpoint"`
	UseDualStack           types.Bool                      `tfsdk:"use_dualstack_endpoint"`
	SkipCredentials        types.Bool                      `tfsdk:"skip_credentials_validation"`
	SkipAccountID          types.Bool                      `tfsdk:"skip_requesting_account_id"`
	SkipMetadata           types.Bool                      `tfsdk:"skip_metadata_api_check"`
	S3UsePathStyle         types.Bool                      `tfsdk:"s3_use_path_style"`
	Endpoints              types.Map                       `tfsdk:"endpoints"`
	NameServers            types.List                      `tfsdk:"nameservers"`
}

type assumeRoleModel struct {
	RoleARN           types.String `tfsdk:"role_arn"`
	SessionName       types.String `tfsdk:"session_name"`
	ExternalID        types.String `tfsdk:"external_id"`
	Duration          types.String `tfsdk:"duration"`
	Policy            types.String `tfsdk:"policy"`
	PolicyARNs        types.Set    `tfsdk:"policy_arns"`
	Tags              types.Map    `tfsdk:"tags"`
	TransitiveTagKeys types.Set    `tfsdk:"transitive_tag_keys"`
	SourceIdentity    types.String `tfsdk:"source_identity"`
}

type assumeRoleWithWebIdentityModel struct {
	RoleARN              types.String `tfsdk:"role_arn"`
	SessionName          types.String `tfsdk:"session_name"`
	Duration             types.String `tfsdk:"duration"`
	Policy               types.String `tfsdk:"policy"`
	PolicyARNs           types.Set    `tfsdk:"policy_arns"`
	WebIdentityToken     types.String `tfsdk:"web_identity_token"`
	WebIdentityTokenFile types.String `tfsdk:"web_identity_token_file"`
}

type ignoreTagsModel struct {
	Keys        types.Set `tfsdk:"keys"`
	KeyPrefixes types.Set `tfsdk:"key_prefixes"`
}

func (p *fargatedirectProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	text := func(description string, validators ...schemaStringValidator) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: validators}
	}
	flag := func(description string) schema.BoolAttribute {
		return schema.BoolAttribute{Optional: true, MarkdownDescription: description}
	}
	set := func(description string) schema.SetAttribute {
		return schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: description}
	}
	role := map[string]schema.Attribute{
		"role_arn":     schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the role.", Validators: []schemaStringValidator{arnOf("iam", "role/", "arn:aws:iam::123456789012:role/terraform")}},
		"session_name": text("Name of the session."),
		"duration":     text("How long the credentials last, such as `1h`; 15 minutes to 12 hours.", duration()),
		"policy":       text("JSON of a policy that restricts the session further."),
		"policy_arns":  set("ARNs of managed policies that restrict the session further."),
	}
	assume := map[string]schema.Attribute{
		"external_id":         text("External id that the role's trust policy asks for."),
		"tags":                schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Session tags."},
		"transitive_tag_keys": set("Keys of the session tags to pass on to roles assumed later."),
		"source_identity":     text("Source identity of the session."),
	}
	web := map[string]schema.Attribute{
		"web_identity_token":      schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "The OAuth 2.0 or OpenID Connect token."},
		"web_identity_token_file": text("Path of a file that holds the token."),
	}
	for k, v := range role {
		assume[k], web[k] = v, v
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Gives ECS Fargate tasks with a public address a name and a certificate of their own, so that browsers reach them directly over TLS without a load balancer. The arguments are those of the AWS provider, and credentials are found as it finds them. What they must be allowed to do is in the guide [Permissions](guides/permissions.md).",
		Attributes: map[string]schema.Attribute{
			"region":                        text("Region to work in; `AWS_REGION` and the profile's by default."),
			"profile":                       text("Profile in the shared configuration files."),
			"access_key":                    text("Access key id."),
			"secret_key":                    schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Secret access key."},
			"token":                         schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Session token of temporary credentials."},
			"shared_config_files":           schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Paths of shared configuration files."},
			"shared_credentials_files":      schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Paths of shared credentials files."},
			"assume_role":                   schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Role to assume. (An attribute: write `assume_role = { … }`.)", Attributes: assume},
			"assume_role_with_web_identity": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Role to assume with a token of an identity provider.", Attributes: web},
			"allowed_account_ids":           set("The only accounts to work in."),
			"forbidden_account_ids":         set("Accounts never to work in."),
			"default_tags": schema.MapAttribute{
				Optional: true, ElementType: types.StringType, MarkdownDescription: "Tags of all parts of all resources; a resource's own win.",
				Validators: []schemaMapValidator{mapvalidator.KeysAre(tagKey()), mapvalidator.ValueStringsAre(tagValue())},
			},
			"ignore_tags": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "Tags that others put on the parts and that are left alone.",
				Attributes: map[string]schema.Attribute{"keys": set("Whole keys."), "key_prefixes": set("Beginnings of keys.")},
			},
			"max_retries":                 schema.Int64Attribute{Optional: true, MarkdownDescription: "How often a call to AWS is tried at most. Default 10."},
			"retry_mode":                  text("`standard` (default) or `adaptive`.", stringvalidator.OneOf("standard", "adaptive")),
			"http_proxy":                  text("Proxy for http; `HTTP_PROXY` by default."),
			"https_proxy":                 text("Proxy for https; `HTTPS_PROXY` by default."),
			"no_proxy":                    text("Hosts to reach without a proxy; `NO_PROXY` by default."),
			"custom_ca_bundle":            text("Path of a PEM file with the authorities to trust; `AWS_CA_BUNDLE` by default."),
			"insecure":                    flag("Whether to take any TLS certificate. Never for production."),
			"use_fips_endpoint":           flag("Whether to use FIPS endpoints."),
			"use_dualstack_endpoint":      flag("Whether to use endpoints that also speak IPv6."),
			"skip_credentials_validation": flag("Whether to skip the check of the credentials."),
			"skip_requesting_account_id":  flag("Refused if it leaves the account unknown, because ARNs could not be built."),
			"skip_metadata_api_check":     flag("Whether to leave the EC2 metadata service alone when looking for credentials."),
			"s3_use_path_style":           flag("Whether to put bucket names into the path of a URL. Default `true` if the endpoint of S3 is on `localhost`."),
			"nameservers": schema.ListAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Name servers to ask where a challenge is delegated to, in turn until one answers, such as `10.0.0.2` or `10.0.0.2:5353`; by default the system's. They must know what the certificate authority sees. Nothing is asked of them while all domains lie in hosted zones that can be read.",
				Validators:          []schemaListValidator{listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(nameServer())},
			},
			"endpoints": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "URLs to use instead of AWS's, by service: `" + strings.Join(awsclient.Services(), "`, `") + "`. `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>` are honoured where there is none.",
				Validators:          []schemaMapValidator{mapvalidator.KeysAre(stringvalidator.OneOf(awsclient.Services()...))},
			},
		},
	}
}

// awsConfig is the configuration in the terms of awsclient.
func (m providerModel) awsConfig(ctx context.Context) (awsclient.Config, diag.Diagnostics) {
	var diags diag.Diagnostics
	c := awsclient.Config{
		Region: m.Region.ValueString(), Profile: m.Profile.ValueString(),
		AccessKey: m.AccessKey.ValueString(), SecretKey: m.SecretKey.ValueString(), Token: m.Token.ValueString(),
		SharedConfigFiles:      stringsOf(m.SharedConfigFiles),
		SharedCredentialsFiles: stringsOf(m.SharedCredentialsFiles),
		AllowedAccountIDs:      stringsOf(m.AllowedAccountIDs),
		ForbiddenAccountIDs:    stringsOf(m.ForbiddenAccountIDs),
		MaxRetries:             int(m.MaxRetries.ValueInt64()), RetryMode: m.RetryMode.ValueString(),
		HTTPProxy: m.HTTPProxy.ValueString(), HTTPSProxy: m.HTTPSProxy.ValueString(), NoProxy: m.NoProxy.ValueString(),
		CustomCABundle: m.CustomCABundle.ValueString(), Insecure: m.Insecure.ValueBool(),
		UseFIPS: m.UseFIPS.ValueBool(), UseDualStack: m.UseDualStack.ValueBool(),
		SkipCredentialsValidation: m.SkipCredentials.ValueBool(), SkipRequestingAccountID: m.SkipAccountID.ValueBool(),
		SkipMetadataAPICheck: m.SkipMetadata.ValueBool(), S3UsePathStyle: m.S3UsePathStyle.ValueBoolPointer(),
		Endpoints: mapOf(ctx, m.Endpoints, &diags),
	}
	if r := m.AssumeRole; r != nil {
		c.AssumeRole = &awsclient.AssumeRole{
			RoleARN: r.RoleARN.ValueString(), SessionName: r.SessionName.ValueString(), ExternalID: r.ExternalID.ValueString(),
			Duration: parsedDuration(r.Duration), Policy: r.Policy.ValueString(), PolicyARNs: stringsOf(r.PolicyARNs),
			Tags: mapOf(ctx, r.Tags, &diags), TransitiveTagKeys: stringsOf(r.TransitiveTagKeys),
			SourceIdentity: r.SourceIdentity.ValueString(),
		}
	}
	if r := m.AssumeRoleWebIdentity; r != nil {
		c.AssumeRoleWithWebIdentity = &awsclient.AssumeRoleWithWebIdentity{
			RoleARN: r.RoleARN.ValueString(), SessionName: r.SessionName.ValueString(), Duration: parsedDuration(r.Duration),
			Policy: r.Policy.ValueString(), PolicyARNs: stringsOf(r.PolicyARNs),
			WebIdentityToken: r.WebIdentityToken.ValueString(), WebIdentityTokenFile: r.WebIdentityTokenFile.ValueString(),
		}
	}
	return c, diags
}

func (m providerModel) defaultTags(ctx context.Context, diags *diag.Diagnostics) map[string]string {
	return mapOf(ctx, m.DefaultTags, diags)
}

func (m providerModel) ignoreTag() func(string) bool {
	if m.IgnoreTags == nil {
		return func(string) bool { return false }
	}
	keys := stringsOf(m.IgnoreTags.Keys)
	prefixes := stringsOf(m.IgnoreTags.KeyPrefixes)
	return func(key string) bool {
		return slices.Contains(keys, key) || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
	}
}

func mapOf(ctx context.Context, v types.Map, diags *diag.Diagnostics) map[string]string {
	if v.IsNull() || v.IsUnknown() {
		return nil
	}
	out := map[string]string{}
	diags.Append(v.ElementsAs(ctx, &out, false)...)
	return out
}

func duration() schemaStringValidator {
	return check{"duration", func(v string) string {
		if d, err := time.ParseDuration(v); err != nil || d < 15*time.Minute || d > 12*time.Hour {
			return fmt.Sprintf("%q is not a duration of 15 minutes to 12 hours; a right value is %q", v, "1h")
		}
		return ""
	}}
}

func parsedDuration(v types.String) time.Duration {
	d, _ := time.ParseDuration(v.ValueString()) // was validated; null is zero
	return d
}

// refuseUnknown reports every value of the configuration that is not known
// yet. AWS cannot be reached with such a configuration, and a guess might reach
// another account.
func refuseUnknown(config tftypes.Value) diag.Diagnostics {
	var diags diag.Diagnostics
	if config.IsFullyKnown() {
		return diags
	}
	var fields map[string]tftypes.Value
	if err := config.As(&fields); err != nil {
		diags.AddError("Reading the provider's configuration", err.Error())
		return diags
	}
	for name, v := range fields {
		if !v.IsFullyKnown() {
			diags.AddAttributeError(path.Root(name), "Unknown value", fmt.Sprintf("%s depends on something that is not known before apply. Give it a known value, or apply what it depends on first with -target.", name))
		}
	}
	return diags
}
