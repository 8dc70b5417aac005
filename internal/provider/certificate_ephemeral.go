package provider

import (
	"context"
	"encoding/pem"
	"fmt"
	"time"

	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*certificateEphemeral)(nil)

type certificateEphemeral struct{ data *providerData }

func newCertificateEphemeral() ephemeral.EphemeralResource { return &certificateEphemeral{} }

type certificateEphemeralModel struct {
	certificateDataModel
	CertificatePEM types.String `tfsdk:"certificate_pem"`
	ChainPEM       types.String `tfsdk:"chain_pem"`
	PrivateKeyPEM  types.String `tfsdk:"private_key_pem"`
}

func (e *certificateEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_certificate"
}

func (e *certificateEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"certificate_pem": schema.StringAttribute{Computed: true, MarkdownDescription: "Certificate alone, PEM."},
		"chain_pem":       schema.StringAttribute{Computed: true, MarkdownDescription: "Certificate with its chain, leaf first, PEM, as in `cert.pem`."},
		"private_key_pem": schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "Private key, PEM (PKCS #8). It belongs to the certificate, which was checked."},
	}
	for name, attribute := range certificateAttributes() {
		switch a := attribute.(type) {
		case dataschema.StringAttribute:
			attributes[name] = schema.StringAttribute{Required: a.Required, Optional: a.Optional, Computed: a.Computed, MarkdownDescription: a.MarkdownDescription, Validators: a.Validators}
		case dataschema.SetAttribute:
			attributes[name] = schema.SetAttribute{Computed: a.Computed, ElementType: a.ElementType, MarkdownDescription: a.MarkdownDescription}
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A certificate that a `fargatedirect_certbot` keeps, with its private key, for providers and write-only arguments that take one. It is the one in force, and is in neither the plan nor the state. One that has expired is answered with a warning. Reading it fails while there is none; Terraform does so in the plan already if all arguments are known then, whatever `depends_on` says, so take them from the data source as in the example. Beside what `data.fargatedirect_certificate` needs, the caller must be allowed what `reader_policy_json` of the `fargatedirect_certbot` allows, and with `reader_role_arns` must be one of these roles. It needs Terraform 1.10 or later.",
		Attributes:          attributes,
	}
}

func (e *certificateEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	if req.ProviderData == nil {
		return // validation runs without the provider's configuration
	}
	data, ok := req.ProviderData.(*providerData)
	if !ok {
		resp.Diagnostics.AddError("Unexpected Ephemeral Resource Configure Type", fmt.Sprintf("Expected *providerData, got: %T. Please report this to the provider's developers.", req.ProviderData))
		return
	}
	e.data = data
}

// Open reads the pointer and then the version that it names, which never
// changes: so the key and the certificate belong together whatever a run does
// meanwhile.
func (e *certificateEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m certificateEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, ok := m.read(ctx, e.data, &resp.Diagnostics)
	if !ok {
		return
	}
	key, chain, err := certbotstack.ReadVersion(ctx, found.clients.SecretS3, found.spec, found.pointer)
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("No private key of certificate %q of fargatedirect_certbot (%s)", m.Key.ValueString(), m.Certbot.ValueString()), keyUnreadable(found, err))
		return
	}
	if now := time.Now(); !now.Before(found.pointer.NotAfter) {
		resp.Diagnostics.AddWarning(fmt.Sprintf("Certificate %q of fargatedirect_certbot (%s) has expired", m.Key.ValueString(), m.Certbot.ValueString()),
			fmt.Sprintf("It was valid until %s. The guide \"Certificates\" tells what to do about renewals that fail.", m.NotAfter.ValueString()))
	}
	m.PrivateKeyPEM, m.ChainPEM = types.StringValue(string(key)), types.StringValue(string(chain))
	leaf, _ := pem.Decode(chain)
	m.CertificatePEM = types.StringValue(string(pem.EncodeToMemory(leaf)))
	resp.Diagnostics.Append(resp.Result.Set(ctx, m)...)
}

// keyUnreadable is an error and, where a permission is missing, which it is.
func keyUnreadable(found inForce, err error) string {
	if !awserr.IsAccessDenied(err) {
		return err.Error()
	}
	s := found.spec
	text := fmt.Sprintf("%s\n\nThe credentials of the provider need s3:GetObject on %s/%s*", err, s.Scope.BucketARN(s.BucketName()), s.Prefix(found.key))
	if s.KMSKeyARN != "" {
		text += " and kms:Decrypt on " + s.KMSKeyARN
	}
	return text + ", as reader_policy_json of the resource has it. If the resource has reader_role_arns, only these roles may read keys, whatever else is allowed."
}
