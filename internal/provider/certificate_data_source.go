package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
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
	LastFailureMessage types.String `tfsdk:"last_failure"`

	BucketName            types.String `tfsdk:"bucket_name"`
	KeyObjectKey          types.String `tfsdk:"key_object_key"`
	KeyObjectARN          types.String `tfsdk:"key_object_arn"`
	CertificateKey        types.String `tfsdk:"certificate_object_key"`
	CertificateARN        types.String `tfsdk:"certificate_object_arn"`
	BundleKey             types.String `tfsdk:"bundle_object_key"`
	BundleARN             types.String `tfsdk:"bundle_object_arn"`
	PointerKey            types.String `tfsdk:"pointer_object_key"`
	PointerARN            types.String `tfsdk:"pointer_object_arn"`
	VersionKeyKey         types.String `tfsdk:"version_key_object_key"`
	VersionKeyARN         types.String `tfsdk:"version_key_object_arn"`
	VersionCertificateKey types.String `tfsdk:"version_certificate_object_key"`
	VersionCertificateARN types.String `tfsdk:"version_certificate_object_arn"`
}

func (d *certificateDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_certificate"
}

func (d *certificateDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A certificate that a `fargatedirect_certbot` keeps: what it is and where it lies, without any secret. It is the one in force, after a rollback too. Reading it fails, with the authority's own words, while there is none; so it is the way to stop a run that must not go on without a certificate.",
		Attributes:          certificateAttributes(),
	}
}

// certificateAttributes are the arguments and results of the data source,
// which the ephemeral resource has as well.
func certificateAttributes() map[string]schema.Attribute {
	result := func(text string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: text}
	}
	arn := result("ARN of that object.")
	return map[string]schema.Attribute{
		"certbot": schema.StringAttribute{
			Required: true, MarkdownDescription: "Name of the `fargatedirect_certbot`.",
			Validators: []schemaStringValidator{certbotName()},
		},
		"region": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the `fargatedirect_certbot`; the provider's by default."},
		"key": schema.StringAttribute{
			Required: true, MarkdownDescription: "Key of the certificate in `certificates`.",
			Validators: []schemaStringValidator{certificateKeyName()},
		},
		"domains":                        schema.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Names in the certificate."},
		"serial":                         result("Serial number, in lower-case hex."),
		"issuer":                         result("Distinguished name of the issuer."),
		"not_before":                     result("Start of validity, RFC 3339 in UTC."),
		"not_after":                      result("End of validity, RFC 3339 in UTC."),
		"version":                        result("Version in force, which is called by its serial number. It changes at each renewal and each rollback."),
		"bucket_name":                    result("Bucket that holds the objects."),
		"key_object_key":                 result("Object key of the private key, PEM (PKCS #8). It is `key.pem`, for servers that read two files; for a moment of each renewal it is newer than `cert.pem`."),
		"key_object_arn":                 arn,
		"certificate_object_key":         result("Object key of the certificate with its chain, PEM. It is `cert.pem`."),
		"certificate_object_arn":         arn,
		"bundle_object_key":              result("Object key of `bundle.pem`: private key, certificate and chain in one, so that they always match."),
		"bundle_object_arn":              arn,
		"pointer_object_key":             result("Object key of `current.json`, which names the version in force. It holds no secret, and `reader_role_arns` does not close it."),
		"pointer_object_arn":             arn,
		"version_key_object_key":         result("Object key of this version's private key. Like all of a version it never changes, and is deleted when three newer versions are there."),
		"version_key_object_arn":         arn,
		"version_certificate_object_key": result("Object key of this version's certificate with its chain."),
		"version_certificate_object_arn": arn,
		"last_failure":                   result("Why the last attempt to renew failed; null if it did not."),
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
	if _, ok := m.read(ctx, d.data, &resp.Diagnostics); ok {
		resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	}
}

// inForce is the version of a certificate that is in force, and where it lies.
type inForce struct {
	key     string
	clients *awsclient.Clients
	spec    certbotstack.Spec
	pointer certbot.Pointer
}

// read fills in the results by the arguments. It tells what is wrong, and
// whether nothing is.
func (m *certificateDataModel) read(ctx context.Context, d *providerData, diags *diag.Diagnostics) (inForce, bool) {
	ctx = d.aws.Context(ctx)
	if m.Region.IsNull() {
		m.Region = types.StringValue(d.aws.Region())
	}
	title := fmt.Sprintf("No certificate %q of fargatedirect_certbot (%s)", m.Key.ValueString(), m.Certbot.ValueString())
	c, spec, ok := d.lookUp(ctx, title, m.Certbot, m.Region, diags)
	key := m.Key.ValueString()
	if !ok || !hasKey(spec, title, key, path.Root("key"), diags) {
		return inForce{}, false
	}
	// What is in force is the pointer's to say: a status tells what a run made
	// of it, and a run may have died in between.
	pointer, err := certbotstack.ReadPointer(ctx, c.S3, spec, key)
	missing := errors.Is(err, certbotstack.ErrNoPointer)
	if err != nil && !missing {
		diags.AddError(title, unreadable(err))
		return inForce{}, false
	}
	st, err := certbotstack.ReadStatus(ctx, c.S3, spec, key)
	switch {
	case err != nil && (missing || !errors.Is(err, certbotstack.ErrNoStatus)):
		diags.AddError(title, unreadable(err))
		return inForce{}, false
	case missing:
		diags.AddError(title, whyNone(st))
		return inForce{}, false
	}
	m.set(ctx, pointer, st.Failure, diags)
	m.place(spec, key, pointer.Version)
	return inForce{key, c, spec, pointer}, true
}

// whyNone is what the function last told of a certificate that is not there.
func whyNone(st certbot.Status) string {
	switch {
	case st.Failure != nil:
		return st.Failure.Message
	case st.State == certbot.StateRunning:
		return "The function is working on it."
	}
	return "The function has put none in force, though its last run did not fail. Its next run repairs that; a plan shows what else is missing."
}

func unreadable(err error) string {
	if awserr.IsAccessDenied(err) {
		return err.Error() + "\n\nThe credentials of the provider lack s3:GetObject on that object (or s3:ListBucket, without which S3 answers 403 for an absent object). The guide \"Permissions\" has the whole policy."
	}
	return err.Error()
}

// set fills in what the certificate is.
func (m *certificateDataModel) set(ctx context.Context, p certbot.Pointer, last *certbot.Failure, diags *diag.Diagnostics) {
	m.Domains = setOf(ctx, p.Domains, diags)
	m.Serial = types.StringValue(p.Version)
	m.Issuer = types.StringValue(p.Issuer)
	m.NotBefore = types.StringValue(p.NotBefore.UTC().Format(time.RFC3339))
	m.NotAfter = types.StringValue(p.NotAfter.UTC().Format(time.RFC3339))
	m.Version = types.StringValue(p.Version)
	m.LastFailureMessage = types.StringNull()
	if last != nil {
		m.LastFailureMessage = types.StringValue(last.Message)
	}
}

// place fills in where the certificate lies.
func (m *certificateDataModel) place(s certbotstack.Spec, key, version string) {
	m.BucketName = types.StringValue(s.BucketName())
	prefix := s.Prefix(key)
	object := func(name string) (objectKey, arn types.String) {
		return types.StringValue(name), types.StringValue(s.Scope.BucketARN(s.BucketName()) + "/" + name)
	}
	m.KeyObjectKey, m.KeyObjectARN = object(prefix + certbot.KeyObject)
	m.CertificateKey, m.CertificateARN = object(prefix + certbot.CertificateObject)
	m.BundleKey, m.BundleARN = object(prefix + certbot.BundleObject)
	m.PointerKey, m.PointerARN = object(s.PointerObject(key))
	m.VersionKeyKey, m.VersionKeyARN = object(certbot.VersionObject(prefix, version, certbot.KeyObject))
	m.VersionCertificateKey, m.VersionCertificateARN = object(certbot.VersionObject(prefix, version, certbot.CertificateObject))
}
