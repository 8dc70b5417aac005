package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

type certbotModel struct {
	sharedModel

	Certificates       types.Map    `tfsdk:"certificates"`
	HostedZoneID       types.String `tfsdk:"hosted_zone_id"`
	HostedZoneRole     types.Object `tfsdk:"hosted_zone_role"`
	ACME               types.Object `tfsdk:"acme"`
	NotificationEmails types.Set    `tfsdk:"notification_emails"`
	SuccessTopicARN    types.String `tfsdk:"success_topic_arn"`
	FailureTopicARN    types.String `tfsdk:"failure_topic_arn"`
	Bucket             types.String `tfsdk:"bucket"`
	ReaderRoleARNs     types.Set    `tfsdk:"reader_role_arns"`
	ScheduleExpression types.String `tfsdk:"schedule_expression"`
	IssueOnCreate      types.Bool   `tfsdk:"issue_on_create"`
	ForceDestroy       types.Bool   `tfsdk:"force_destroy"`
	RetainOnDestroy    types.Bool   `tfsdk:"retain_on_destroy"`

	BucketName       types.String `tfsdk:"bucket_name"`
	BucketARN        types.String `tfsdk:"bucket_arn"`
	TopicARN         types.String `tfsdk:"topic_arn"`
	AccountURI       types.String `tfsdk:"account_uri"`
	ReaderPolicyJSON types.Map    `tfsdk:"reader_policy_json"`
	ChallengeNames   types.Map    `tfsdk:"challenge_names"`

	SecretARNs          types.Map `tfsdk:"secret_arns"`
	ExecutionPolicyJSON types.Map `tfsdk:"execution_policy_json"`
}

type certificateModel struct {
	Domains        types.Set    `tfsdk:"domains"`
	Prefix         types.String `tfsdk:"prefix"`
	HostedZoneID   types.String `tfsdk:"hosted_zone_id"`
	HostedZoneRole types.Object `tfsdk:"hosted_zone_role"`
	KeyType        types.String `tfsdk:"key_type"`
	Profile        types.String `tfsdk:"profile"`
	PreferredChain types.String `tfsdk:"preferred_chain"`
	SecretsManager types.Bool   `tfsdk:"secrets_manager"`
}

type acmeModel struct {
	DirectoryURL     types.String `tfsdk:"directory_url"`
	CACertificatePEM types.String `tfsdk:"ca_certificate_pem"`
	ContactEmail     types.String `tfsdk:"contact_email"`
	EAB              types.Object `tfsdk:"eab"`
}

var certificateType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"domains": types.SetType{ElemType: types.StringType}, "prefix": types.StringType, "hosted_zone_id": types.StringType,
	"hosted_zone_role": types.ObjectType{AttrTypes: zoneRoleType},
	"key_type":         types.StringType, "profile": types.StringType, "preferred_chain": types.StringType,
	"secrets_manager": types.BoolType,
}}

var acmeType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"directory_url": types.StringType, "ca_certificate_pem": types.StringType, "contact_email": types.StringType, "eab": eabType,
}}

// certificates are the certificates by key; empty while the map is unknown.
func (m certbotModel) certificates(ctx context.Context, diags *diag.Diagnostics) map[string]certificateModel {
	found := map[string]certificateModel{}
	if !m.Certificates.IsNull() && !m.Certificates.IsUnknown() {
		diags.Append(m.Certificates.ElementsAs(ctx, &found, true)...)
	}
	return found
}

func (m certbotModel) acme(ctx context.Context, diags *diag.Diagnostics) acmeModel {
	var a acmeModel
	if !m.ACME.IsNull() && !m.ACME.IsUnknown() {
		diags.Append(m.ACME.As(ctx, &a, basetypes.ObjectAsOptions{})...)
	}
	return a
}

func certbotZoneRole(ctx context.Context, o types.Object, diags *diag.Diagnostics) certbot.Role {
	arn, externalID := zoneRole(ctx, o, diags)
	return certbot.Role{ARN: arn, ExternalID: externalID}
}

// spec is what the model wants. Unknown values are taken as not given.
func (m certbotModel) spec(ctx context.Context, d *providerData, scope names.Scope, diags *diag.Diagnostics) certbotstack.Spec {
	acme := m.acme(ctx, diags)
	s := certbotstack.Spec{
		Scope:               scope,
		Certificates:        map[string]certbotstack.Certificate{},
		HostedZoneID:        m.HostedZoneID.ValueString(),
		HostedZoneRole:      certbotZoneRole(ctx, m.HostedZoneRole, diags),
		Challenges:          mapOf(ctx, m.ChallengeNames, diags),
		DirectoryURL:        cmp.Or(acme.DirectoryURL.ValueString(), certbotstack.DefaultDirectoryURL),
		CACertificatePEM:    acme.CACertificatePEM.ValueString(),
		ContactEmail:        acme.ContactEmail.ValueString(),
		EAB:                 acme.eab(ctx, diags),
		NotificationEmails:  stringsOf(m.NotificationEmails),
		SuccessTopicARN:     m.SuccessTopicARN.ValueString(),
		FailureTopicARN:     m.FailureTopicARN.ValueString(),
		ExistingBucket:      m.Bucket.ValueString(),
		ReaderRoleARNs:      stringsOf(m.ReaderRoleARNs),
		ForceDestroy:        m.ForceDestroy.ValueBool(),
		RetainOnDestroy:     m.RetainOnDestroy.ValueBool(),
		Architecture:        m.Architecture.ValueString(),
		LogRetentionDays:    int32(m.LogRetentionDays.ValueInt64()), //nolint:gosec // one of the values of retentions
		KMSKeyARN:           m.KMSKeyARN.ValueString(),
		PermissionsBoundary: m.PermissionsBoundary.ValueString(),
		IAMPath:             m.IAMPath.ValueString(),
		Tags:                d.tags(m.sharedModel),
		IgnoreTag:           d.ignoreTag,
		Artifact:            lambdas.Artifact{SHA256: m.CodeSHA256.ValueString()},
	}
	for key, c := range m.certificates(ctx, diags) {
		s.Certificates[key] = certbotstack.Certificate{
			Domains:      stringsOf(c.Domains),
			Prefix:       c.Prefix.ValueString(),
			HostedZoneID: c.HostedZoneID.ValueString(),
			KeyType:      c.KeyType.ValueString(),
			Profile:      c.Profile.ValueString(),

			HostedZoneRole: certbotZoneRole(ctx, c.HostedZoneRole, diags),
			PreferredChain: c.PreferredChain.ValueString(),
			SecretsManager: c.SecretsManager.ValueBool(),
		}
	}
	s.ScheduleExpression = cmp.Or(m.ScheduleExpression.ValueString(), s.DefaultSchedule())
	return s
}

// setSchedule fills in the default schedule where the user names none. It is
// not known before the certificates' profiles are.
func (m *certbotModel) setSchedule(ctx context.Context, s certbotstack.Spec, diags *diag.Diagnostics) {
	if !m.ScheduleExpression.IsNull() {
		return
	}
	m.ScheduleExpression = types.StringUnknown()
	if !m.certificatesKnown() {
		return
	}
	for _, c := range m.certificates(ctx, diags) {
		if c.Profile.IsUnknown() {
			return
		}
	}
	m.ScheduleExpression = types.StringValue(s.ScheduleExpression)
}

// setResults fills in everything that derives from the spec. What derives
// from arguments that are still unknown is left unknown.
func (m *certbotModel) setResults(ctx context.Context, s certbotstack.Spec, diags *diag.Diagnostics) {
	m.setFunction(s.FunctionARN(), s.Scope.Physical(), s.RoleARN(), s.Artifact.SHA256)
	m.setSchedule(ctx, s, diags)
	m.BucketName, m.BucketARN = types.StringUnknown(), types.StringUnknown()
	if !m.Bucket.IsUnknown() {
		m.BucketName = types.StringValue(s.BucketName())
		m.BucketARN = types.StringValue(s.Scope.BucketARN(s.BucketName()))
	}
	switch {
	case m.SuccessTopicARN.IsUnknown() || m.FailureTopicARN.IsUnknown():
		m.TopicARN = types.StringUnknown()
	case s.OwnTopic():
		m.TopicARN = types.StringValue(s.TopicARN())
	default:
		m.TopicARN = types.StringNull()
	}
	m.ReaderPolicyJSON = types.MapUnknown(types.StringType)
	if !m.Bucket.IsUnknown() && !m.KMSKeyARN.IsUnknown() && !m.prefixesUnknown(ctx, diags) {
		policies := map[string]string{}
		for _, key := range s.Keys() {
			policies[key] = s.ReaderPolicy(key).JSON()
		}
		v, ds := types.MapValueFrom(ctx, types.StringType, policies)
		diags.Append(ds...)
		m.ReaderPolicyJSON = v
	}
}

func (m certbotModel) prefixesUnknown(ctx context.Context, diags *diag.Diagnostics) bool {
	if m.Certificates.IsUnknown() {
		return true
	}
	for _, v := range m.Certificates.Elements() {
		if v.IsUnknown() {
			return true
		}
	}
	for _, c := range m.certificates(ctx, diags) {
		if c.Prefix.IsUnknown() {
			return true
		}
	}
	return false
}

// fromSpec is the model of a resource that was read back from AWS.
func (m *certbotModel) fromSpec(ctx context.Context, d *providerData, c *awsclient.Clients, s certbotstack.Spec, diags *diag.Diagnostics) {
	m.Region = types.StringValue(c.Region)
	m.Architecture = types.StringValue(s.Architecture)
	m.LogRetentionDays = types.Int64Value(int64(s.LogRetentionDays))
	m.KMSKeyARN = optional(s.KMSKeyARN)
	m.PermissionsBoundary = optional(s.PermissionsBoundary)
	m.IAMPath = types.StringValue(s.IAMPath)
	m.Tags = d.importedTags(ctx, s.Tags, diags)
	m.HostedZoneID = optional(s.HostedZoneID)
	m.HostedZoneRole = zoneRoleOf(ctx, s.HostedZoneRole.ARN, s.HostedZoneRole.ExternalID, diags)
	m.NotificationEmails = setOf(ctx, s.NotificationEmails, diags)
	m.SuccessTopicARN, m.FailureTopicARN = optional(s.SuccessTopicARN), optional(s.FailureTopicARN)
	m.Bucket = optional(s.ExistingBucket)
	m.ReaderRoleARNs = setOf(ctx, s.ReaderRoleARNs, diags)
	m.ScheduleExpression = types.StringValue(s.ScheduleExpression)
	m.IssueOnCreate, m.ForceDestroy, m.RetainOnDestroy = types.BoolValue(true), types.BoolValue(false), types.BoolValue(false)

	m.ACME = types.ObjectNull(acmeType.AttrTypes)
	if s.DirectoryURL != certbotstack.DefaultDirectoryURL || s.CACertificatePEM != "" || s.ContactEmail != "" || s.EAB.KeyID != "" {
		acme, ds := types.ObjectValueFrom(ctx, acmeType.AttrTypes, acmeModel{
			types.StringValue(s.DirectoryURL), optional(s.CACertificatePEM), optional(s.ContactEmail), eabOf(ctx, s.EAB, diags),
		})
		diags.Append(ds...)
		m.ACME = acme
	}
	certificates := map[string]certificateModel{}
	for key, cert := range s.Certificates {
		certificates[key] = certificateModel{
			Domains: setOf(ctx, cert.Domains, diags), Prefix: optional(cert.Prefix), HostedZoneID: optional(cert.HostedZoneID),
			HostedZoneRole: zoneRoleOf(ctx, cert.HostedZoneRole.ARN, cert.HostedZoneRole.ExternalID, diags),
			KeyType:        types.StringValue(cert.KeyType), Profile: optional(cert.Profile), PreferredChain: optional(cert.PreferredChain),
			SecretsManager: types.BoolValue(cert.SecretsManager),
		}
	}
	v, ds := types.MapValueFrom(ctx, certificateType, certificates)
	diags.Append(ds...)
	m.Certificates = v
	m.setChallenges(ctx, s, diags)
	m.setResults(ctx, s, diags)
}
