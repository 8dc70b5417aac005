package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
)

func secretsManagerAttribute() schema.Attribute {
	return schema.BoolAttribute{
		Optional: true, Computed: true, Default: booldefault.StaticBool(false),
		MarkdownDescription: "Whether a copy of the certificate is kept as one JSON object in a secret of Secrets Manager, from which ECS can give it to a container by the task's *execution* role, so that the task role needs no right at all. [The guide](../guides/certificates.md#who-may-hold-the-key) has the object's members. With `false` (default) an existing copy is deleted.",
	}
}

func secretResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"secret_arns": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "For the key of each certificate with `secrets_manager` the full ARN of its secret. `valueFrom = \"<arn>:certificate::\"` gives a container a member of it.",
		},
		"execution_policy_json": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "For the same keys the IAM policy that a task *execution* role needs to give the secret to containers.",
		},
	}
}

// setSecrets fills in the ARNs of the secrets that exist, and what derives from
// them.
func (m *certbotModel) setSecrets(ctx context.Context, c *awsclient.Clients, s certbotstack.Spec, diags *diag.Diagnostics) error {
	arns, err := s.SecretARNs(ctx, c)
	if err != nil {
		return err
	}
	m.SecretARNs, m.ExecutionPolicyJSON = secretMaps(s, arns, nil, diags)
	return nil
}

// noSecrets is setSecrets before there are any.
func (m *certbotModel) noSecrets(s certbotstack.Spec, diags *diag.Diagnostics) {
	m.SecretARNs, m.ExecutionPolicyJSON = secretMaps(s, nil, nil, diags)
}

// planSecrets keeps the ARNs of the secrets that exist and stay. AWS ends an ARN
// in characters of its own, so that of a new secret is unknown.
func (m *certbotModel) planSecrets(ctx context.Context, s certbotstack.Spec, state certbotModel, diags *diag.Diagnostics) {
	m.SecretARNs, m.ExecutionPolicyJSON = types.MapUnknown(types.StringType), types.MapUnknown(types.StringType)
	if m.Region.IsUnknown() || !m.certificatesKnown() {
		return
	}
	for _, c := range m.certificates(ctx, diags) {
		if c.SecretsManager.IsUnknown() {
			return
		}
	}
	arns := map[string]string{}
	if state.Name.Equal(m.Name) && state.Region.Equal(m.Region) {
		for key, arn := range state.SecretARNs.Elements() {
			if arn, ok := arn.(types.String); ok {
				arns[key] = arn.ValueString()
			}
		}
	}
	secrets, policies := secretMaps(s, arns, types.StringUnknown(), diags)
	m.SecretARNs = secrets
	if !m.KMSKeyARN.IsUnknown() {
		m.ExecutionPolicyJSON = policies
	}
}

// secretMaps are the ARNs and the policies of all secrets that s has. A secret
// without an ARN has the value absent, or is left out if that is nil.
func secretMaps(s certbotstack.Spec, arns map[string]string, absent attr.Value, diags *diag.Diagnostics) (secrets, policies types.Map) {
	secretARNs, documents := map[string]attr.Value{}, map[string]attr.Value{}
	for _, key := range s.SecretKeys() {
		arn, ok := arns[key]
		switch {
		case ok:
			secretARNs[key], documents[key] = types.StringValue(arn), types.StringValue(s.ExecutionPolicy(arn).JSON())
		case absent != nil:
			secretARNs[key], documents[key] = absent, absent
		}
	}
	secrets, ds := types.MapValue(types.StringType, secretARNs)
	diags.Append(ds...)
	policies, ds = types.MapValue(types.StringType, documents)
	diags.Append(ds...)
	return secrets, policies
}
