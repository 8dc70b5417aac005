package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
)

type eabModel struct {
	KeyID            types.String `tfsdk:"key_id"`
	HMACKey          types.String `tfsdk:"hmac_key_wo"`
	HMACKeyVersion   types.Int64  `tfsdk:"hmac_key_wo_version"`
	HMACKeySecretARN types.String `tfsdk:"hmac_key_secret_arn"`
}

var eabType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"key_id": types.StringType, "hmac_key_wo": types.StringType, "hmac_key_wo_version": types.Int64Type, "hmac_key_secret_arn": types.StringType,
}}

func (a acmeModel) eabModel(ctx context.Context, diags *diag.Diagnostics) eabModel {
	var e eabModel
	if !a.EAB.IsNull() && !a.EAB.IsUnknown() {
		diags.Append(a.EAB.As(ctx, &e, basetypes.ObjectAsOptions{})...)
	}
	return e
}

// eab is without the HMAC key, which no plan and no state holds.
func (a acmeModel) eab(ctx context.Context, diags *diag.Diagnostics) certbotstack.EAB {
	e := a.eabModel(ctx, diags)
	return certbotstack.EAB{KeyID: e.KeyID.ValueString(), KeyVersion: e.HMACKeyVersion.ValueInt64(), SecretARN: e.HMACKeySecretARN.ValueString()}
}

// externalAccount is the key id, unknown as long as it may still be any.
func (a acmeModel) externalAccount(ctx context.Context, diags *diag.Diagnostics) types.String {
	if a.EAB.IsUnknown() {
		return types.StringUnknown()
	}
	return a.eabModel(ctx, diags).KeyID
}

func eabOf(ctx context.Context, e certbotstack.EAB, diags *diag.Diagnostics) types.Object {
	if e.KeyID == "" {
		return types.ObjectNull(eabType.AttrTypes)
	}
	version := types.Int64Null()
	if e.KeyVersion != 0 {
		version = types.Int64Value(e.KeyVersion)
	}
	v, ds := types.ObjectValueFrom(ctx, eabType.AttrTypes, eabModel{types.StringValue(e.KeyID), types.StringNull(), version, optional(e.SecretARN)})
	diags.Append(ds...)
	return v
}

// checkEAB refuses an external account without exactly one HMAC key. What is
// not known yet is checked when it is.
func (m certbotModel) checkEAB(ctx context.Context, diags *diag.Diagnostics) {
	acme := m.acme(ctx, diags)
	if m.ACME.IsUnknown() || acme.EAB.IsNull() || acme.EAB.IsUnknown() {
		return
	}
	e := acme.eabModel(ctx, diags)
	at := path.Root("acme").AtName("eab")
	switch {
	case !e.HMACKey.IsNull() && !e.HMACKeySecretARN.IsNull():
		diags.AddAttributeError(at.AtName("hmac_key_secret_arn"), "Two HMAC keys", "Both hmac_key_wo and hmac_key_secret_arn are set. Set one of them.")
		return
	case e.HMACKey.IsNull() && e.HMACKeySecretARN.IsNull():
		diags.AddAttributeError(at, "No HMAC key", "An external account needs its HMAC key: set hmac_key_wo with hmac_key_wo_version, or hmac_key_secret_arn.")
		return
	case e.HMACKey.IsNull() && !e.HMACKeyVersion.IsNull():
		diags.AddAttributeError(at.AtName("hmac_key_wo_version"), "Version without a key", "hmac_key_wo_version counts the values of hmac_key_wo, which is not set. Leave it out.")
		return
	case !e.HMACKey.IsNull() && e.HMACKeyVersion.IsNull():
		diags.AddAttributeError(at.AtName("hmac_key_wo_version"), "Missing version", "Terraform cannot see whether hmac_key_wo changes. Set hmac_key_wo_version, and raise it with each change.")
	}
	if e.HMACKey.IsNull() || e.HMACKey.IsUnknown() {
		return
	}
	if _, err := certbot.DecodeHMACKey(e.HMACKey.ValueString()); err != nil {
		diags.AddAttributeError(at.AtName("hmac_key_wo"), "Invalid HMAC key", "The value cannot be the HMAC key of an external account: "+err.Error()+".")
	}
}

// recheck checks what was not known before, and puts the HMAC key of the
// configuration into the spec. Plan and state never hold it.
func recheck(ctx context.Context, config tfsdk.Config, s *certbotstack.Spec, diags *diag.Diagnostics) bool {
	var m certbotModel
	diags.Append(config.Get(ctx, &m)...)
	if diags.HasError() {
		return false
	}
	m.checkCertificates(ctx, diags)
	m.checkEAB(ctx, diags)
	s.EAB.HMACKey = parts.Secret(m.acme(ctx, diags).eabModel(ctx, diags).HMACKey.ValueString())
	return !diags.HasError()
}
