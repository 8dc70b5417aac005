package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
)

func (r *certbotResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := sharedAttributes(ctx)
	maps.Copy(attributes, certbotArguments())
	maps.Copy(attributes, certbotResults())
	maps.Copy(attributes, secretResults())
	resp.Schema = schema.Schema{
		MarkdownDescription: "A Lambda function that obtains certificates from Let's Encrypt (or any ACME authority) by DNS-01 on Route 53, renews them, puts them in an S3 bucket for containers to read, and tells success and failure by SNS and EventBridge; with its bucket, topic, schedule, alarms, log group and role. [The guide on certificates](../guides/certificates.md) says what it tells, and what to do when an alarm fires.\n\n" +
			"The first certificates are obtained while the resource is created. If that fails, the apply ends with a *warning* that carries the authority's own words, the parts stay in place, and the next apply or scheduled run tries again. Read `data.fargatedirect_certificate` where a missing certificate must stop the run.",
		Attributes: attributes,
	}
}

func certbotArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"certificates": schema.MapNestedAttribute{
			Required:            true,
			MarkdownDescription: "The certificates, by a key of your choice (1 to 64 of `a-z`, `0-9`, hyphen and underscore). Certificates are added, changed and removed in place.",
			Validators:          []schemaMapValidator{mapvalidator.SizeAtLeast(1), mapvalidator.KeysAre(certificateKeyName())},
			NestedObject:        schema.NestedAttributeObject{Attributes: certificateArguments()},
		},
		"hosted_zone_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Id of the Route 53 hosted zone in which the challenges are answered, for all certificates that name none of their own.",
			Validators:          []schemaStringValidator{hostedZoneID()},
		},
		"hosted_zone_role": zoneRoleAttribute(),
		"acme": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "The certificate authority and the account there. By default Let's Encrypt's production, without a contact.",
			Attributes: map[string]schema.Attribute{
				"directory_url": schema.StringAttribute{
					Optional: true, Computed: true, Default: stringdefault.StaticString(certbotstack.DefaultDirectoryURL),
					MarkdownDescription: "URL of the authority's ACME directory. Use Let's Encrypt's staging directory, `https://acme-staging-v02.api.letsencrypt.org/directory`, while you try things out: production issues only five certificates a week for the same names.",
					Validators:          []schemaStringValidator{httpsURL()},
				},
				"ca_certificate_pem": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "PEM certificates to trust for the directory's own TLS, instead of the public ones; for private authorities.",
					Validators:          []schemaStringValidator{certificatePEM()},
				},
				"contact_email": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Address that the authority may write to. Let's Encrypt keeps none.",
					Validators:          []schemaStringValidator{email()},
				},
				"eab": eabAttribute(),
			},
		},
		"notification_emails": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Addresses that are subscribed to the resource's own topic. AWS sends each a message with a link to confirm; until then it gets nothing else.",
			Validators:          []schemaSetValidator{setvalidator.ValueStringsAre(email())},
		},
		"success_topic_arn": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "ARN of an existing topic for success, instead of the resource's own. The alarms tell it too, if its policy lets CloudWatch publish.",
			Validators:          []schemaStringValidator{arnOf("sns", "", "arn:aws:sns:eu-west-2:123456789012:ops")},
		},
		"failure_topic_arn": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "ARN of an existing topic for failure, instead of the resource's own.",
			Validators:          []schemaStringValidator{arnOf("sns", "", "arn:aws:sns:eu-west-2:123456789012:ops")},
		},
		"bucket": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Name of an existing bucket, instead of the resource's own. Its settings and policy are left alone; it should be versioned and private. Destroying the resource leaves the certificates in it, and so does removing one from `certificates`, or giving it another prefix: then nothing is adopted from the old prefix, nor deleted there.",
			Validators:          []schemaStringValidator{existingBucket()},
		},
		"reader_role_arns": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "ARNs of the only roles that may read certificates and keys from the resource's own bucket and from its secrets, whatever other policies say: task roles, and execution roles where ECS reads secrets. The roles need the policy of `reader_policy_json` or `execution_policy_json` as well.",
			Validators:          []schemaSetValidator{setvalidator.ValueStringsAre(arnOf("iam", "role/", "arn:aws:iam::123456789012:role/task"))},
		},
		"schedule_expression": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "When the function looks after the certificates, as an EventBridge schedule in UTC. By default four times a day, or each hour if a certificate has the profile `shortlived`, at a minute that derives from the name. A run in which nothing is due costs next to nothing. Runs that do not come raise an alarm, unless they are more than 56 hours apart or not the same every week.",
			Validators:          []schemaStringValidator{schedule()},
		},
		"issue_on_create": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the first certificates are obtained, and waited for, while the resource is created. With `false` the first scheduled run does it. Default `true`.",
		},
		"force_destroy": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether destroying the resource also destroys the certificates in its bucket. With `false` (default) a bucket that holds certificates stops the destroy before anything is deleted.",
		},
		"retain_on_destroy": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether destroying the resource leaves its bucket and account key behind, for a later resource of the same name to take over. Default `false`.",
		},
	}
}

func eabAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Binds the account to one at the authority's site, for authorities that ask for it (external account binding).",
		Attributes: map[string]schema.Attribute{
			"key_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Id of the key, from the authority's site.",
				Validators:          []schemaStringValidator{stringvalidator.LengthAtLeast(1)},
			},
			"hmac_key_wo": schema.StringAttribute{
				Optional: true, WriteOnly: true, Sensitive: true,
				MarkdownDescription: "The HMAC key in base64url, from the authority's site. It goes to an encrypted SSM parameter and is in neither state nor plan. Needs Terraform 1.11.",
			},
			"hmac_key_wo_version": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Number of the HMAC key: raise it when you change `hmac_key_wo`, as Terraform cannot see that.",
				Validators:          []schemaInt64Validator{int64validator.AtLeast(1)}, // 0 is that of no key
			},
			"hmac_key_secret_arn": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ARN of a secret in Secrets Manager that holds the HMAC key in base64url, instead of `hmac_key_wo`.",
				Validators:          []schemaStringValidator{arnOf("secretsmanager", "secret:", "arn:aws:secretsmanager:eu-west-2:123456789012:secret:zerossl-AbCdEf")},
			},
		},
	}
}

func certificateArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		// Required would have the plugin framework refuse a certificate that is
		// not known yet as a whole, such as a module's variable.
		"domains": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "(Required.) Names in the certificate, such as `[\"tasks.example.com\", \"*.tasks.example.com\"]`. The shortest of at most 64 characters becomes the common name. A change issues a new certificate at apply.",
		},
		"prefix": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Where `key.pem` and `cert.pem` lie in the bucket; by default `<key>/`. No prefix may lie inside another. In the resource's own bucket a new prefix adopts the certificate of the old one, and what lies at a prefix that no certificate has any more is deleted 30 days after it expired.",
			Validators:          []schemaStringValidator{objectPrefix()},
		},
		"hosted_zone_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Id of the hosted zone of this certificate's challenges; by default the resource's, with its `hosted_zone_role`.",
			Validators:          []schemaStringValidator{hostedZoneID()},
		},
		"hosted_zone_role": zoneRoleAttribute(),
		"key_type": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("P256"),
			MarkdownDescription: "Kind of the private key: `P256` (default), `P384`, `RSA2048`, `RSA3072` or `RSA4096`. Each renewal makes a new key.",
			Validators:          []schemaStringValidator{stringvalidator.OneOf("P256", "P384", "RSA2048", "RSA3072", "RSA4096")},
		},
		"profile": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "The authority's certificate profile, such as Let's Encrypt's `shortlived`; by default the authority chooses.",
			Validators:          []schemaStringValidator{stringvalidator.LengthBetween(1, 64)},
		},
		"preferred_chain": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Common name of the root, or of another issuer, of the chain to store where the authority offers several, such as `ISRG Root X1`. If none has it, the default chain is stored and a warning is logged.",
			Validators:          []schemaStringValidator{stringvalidator.LengthBetween(1, 64)},
		},
		"secrets_manager": secretsManagerAttribute(),
	}
}

func certbotResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"challenge_names": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Names of the TXT records in which the challenges are answered, by the names at which the authority looks for them. Both are the same unless a CNAME record leads elsewhere.",
		},
		"bucket_name": schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the bucket that holds the certificates."},
		"bucket_arn":  schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of that bucket."},
		"topic_arn":   schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the resource's own topic; null if both existing topics are given."},
		"account_uri": schema.StringAttribute{Computed: true, MarkdownDescription: "URL of the account at the authority, known once a certificate was asked for. A CAA record with `accounturi` restricts issuance to it."},
		"reader_policy_json": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "For each certificate's key the IAM policy that a task role needs to read it.",
		},
	}
}
