package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

var _ datasource.DataSourceWithConfigure = (*certificateDataSource)(nil)

type certificateDataSource struct{ data *providerData }

func newCertificateDataSource() datasource.DataSource { return &certificateDataSource{} }

type certificateDataModel struct {
	Certbot types.String `tfsdk:"certbot"`
	Region  types.String `tfsdk:"region"`
	Key     types.String `tfsdk:"key"`

	Domains            types.Set    `tfsdk:"domains"`
	Serial             types.String `tfsdk:"serial"`
	Issuer             types.String `tfsdk:"issuer"`
	NotBefore          types.String `tfsdk:"not_before"`
	NotAfter           types.String `tfsdk:"not_after"`
	Version            types.String `tfsdk:"version"`
	BucketName         types.String `tfsdk:"bucket_name"`
	KeyObjectKey       types.String `tfsdk:"key_object_key"`
	KeyObjectARN       types.String `tfsdk:"key_object_arn"`
	CertificateKey     types.String `tfsdk:"certificate_object_key"`
	CertificateARN     types.String `tfsdk:"certificate_object_arn"`
	LastFailureMessage types.String `tfsdk:"last_failure"`
}

func (d *certificateDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_certificate"
}

func (d *certificateDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	result := func(text string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: text}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A certificate that a `fargatedirect_certbot` keeps: what it is and where it lies, without any secret. Reading it fails, with the authority's own words, while there is none; so it is the way to stop a run that must not go on without a certificate.",
		Attributes: map[string]schema.Attribute{
			"certbot": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name of the `fargatedirect_certbot`.",
				Validators: []schemaStringValidator{stringvalidator.RegexMatches(names.Pattern, `must be the name of a fargatedirect_certbot; a right value is "prod"`)},
			},
			"region": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the `fargatedirect_certbot`; the provider's by default."},
			"key": schema.StringAttribute{
				Required: true, MarkdownDescription: "Key of the certificate in `certificates`.",
				Validators: []schemaStringValidator{certificateKeyName()},
			},
			"domains":                schema.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Names in the certificate."},
			"serial":                 result("Serial number, in lower-case hex."),
			"issuer":                 result("Distinguished name of the issuer."),
			"not_before":             result("Start of validity, RFC 3339 in UTC."),
			"not_after":              result("End of validity, RFC 3339 in UTC."),
			"version":                result("S3 version of the certificate's object; it changes at each renewal."),
			"bucket_name":            result("Bucket that holds the objects."),
			"key_object_key":         result("Object key of the private key, PEM (PKCS #8)."),
			"key_object_arn":         result("ARN of that object."),
			"certificate_object_key": result("Object key of the certificate with its chain, PEM."),
			"certificate_object_arn": result("ARN of that object."),
			"last_failure":           result("Why the last attempt to renew failed; null if it did not."),
		},
	}
}

func (d *certificateDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	if req.ProviderData == nil {
		return // validation runs without the provider's configuration
	}
	data, ok := req.ProviderData.(*providerData)
	if !ok {
		resp.Diagnostics.AddError("Unexpected Data Source Configure Type", fmt.Sprintf("Expected *providerData, got: %T. Please report this to the provider's developers.", req.ProviderData))
		return
	}
	d.data = data
}

func (d *certificateDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m certificateDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Region.IsNull() {
		m.Region = types.StringValue(d.data.aws.Region())
	}
	title := fmt.Sprintf("No certificate %q of fargatedirect_certbot (%s)", m.Key.ValueString(), m.Certbot.ValueString())
	c, scope, err := d.data.scope(ctx, names.KindCertbot, sharedModel{Name: m.Certbot, Region: m.Region})
	if err != nil {
		resp.Diagnostics.AddError(title, err.Error())
		return
	}
	spec, err := certbotstack.DiscoverCertificates(ctx, c, scope)
	if errors.Is(err, stack.ErrNotFound) {
		resp.Diagnostics.AddError(title, fmt.Sprintf("There is no fargatedirect_certbot of that name in region %s of account %s.", c.Region, c.Account))
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(title, err.Error())
		return
	}
	key := m.Key.ValueString()
	if _, ok := spec.Certificates[key]; !ok {
		resp.Diagnostics.AddError(title, fmt.Sprintf("Its certificates are %q.", spec.Keys()))
		return
	}
	st, err := certbotstack.ReadStatus(ctx, c.S3, spec, key)
	if err != nil {
		resp.Diagnostics.AddError(title, noCertificate(err))
		return
	}
	if st.Stored == nil {
		text := "The function is working on it."
		if st.Failure != nil {
			text = st.Failure.Message
		}
		resp.Diagnostics.AddError(title, text)
		return
	}
	m.set(ctx, spec, key, st, resp)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func noCertificate(err error) string {
	if awserr.IsAccessDenied(err) {
		return err.Error() + "\n\nThe credentials of the provider lack s3:GetObject on the status objects (or s3:ListBucket, without which S3 answers 403 for an absent object)."
	}
	return err.Error()
}

func (m *certificateDataModel) set(ctx context.Context, s certbotstack.Spec, key string, st certbot.Status, resp *datasource.ReadResponse) {
	m.Domains = setOf(ctx, st.Stored.Domains, &resp.Diagnostics)
	m.Serial = types.StringValue(st.Stored.Serial)
	m.Issuer = types.StringValue(st.Stored.Issuer)
	m.NotBefore = types.StringValue(st.Stored.NotBefore.UTC().Format(time.RFC3339))
	m.NotAfter = types.StringValue(st.Stored.NotAfter.UTC().Format(time.RFC3339))
	m.Version = types.StringValue(st.Stored.CertificateVersion)
	m.BucketName = types.StringValue(s.BucketName())
	m.KeyObjectKey = types.StringValue(s.Prefix(key) + certbot.KeyObject)
	m.CertificateKey = types.StringValue(s.Prefix(key) + certbot.CertificateObject)
	bucket := s.Scope.BucketARN(s.BucketName())
	m.KeyObjectARN = types.StringValue(bucket + "/" + m.KeyObjectKey.ValueString())
	m.CertificateARN = types.StringValue(bucket + "/" + m.CertificateKey.ValueString())
	m.LastFailureMessage = types.StringNull()
	if st.Failure != nil {
		m.LastFailureMessage = types.StringValue(st.Failure.Message)
	}
}
