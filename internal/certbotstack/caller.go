package certbotstack

import (
	"maps"
	"slices"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/callerpolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// CallerPolicy is all that the caller of Terraform needs to create, read,
// update, import and delete the resource, its certificates' data source
// included.
func (s Spec) CallerPolicy() iampolicy.Document { return callerpolicy.Document(s.CallerGrants(true)) }

// CallerGrants are what CallerPolicy consists of. With issue, a create has
// certificates issued.
func (s Spec) CallerGrants(issue bool) []callerpolicy.Grant {
	grants := s.bucketGrants()
	if s.OwnTopic() {
		grants = append(grants, s.topicGrants()...)
	}
	grants = append(grants, callerpolicy.LogGroup(s.Scope, s.LogGroup(), s.LogRetentionDays, s.KMSKeyARN)...)
	grants = append(grants, callerpolicy.Role(s.Scope, s.IAMPath, s.PermissionsBoundary)...)
	function := callerpolicy.Function(s.FunctionARN())
	function.Create = append(function.Create, "lambda:AddPermission", "lambda:GetPolicy")
	function.Other = append(function.Other, "lambda:RemovePermission", "lambda:InvokeFunction")
	if issue {
		function.Create = append(function.Create, "lambda:InvokeFunction")
	}
	grants = append(grants, function, callerpolicy.Rules(s.RuleARN()))
	grants = append(grants, callerpolicy.Alarms(s.Scope, s.alarmARN(alarmFailing), s.alarmARN(alarmExpiring), s.alarmARN(alarmDidNotRun))...)
	if !s.RetainOnDestroy {
		// AWS knows no resource for DescribeParameters, which tells no values.
		// GetParametersByPath would let the caller read the keys.
		grants = append(grants, callerpolicy.Grant{
			Sid: "AccountKeys", Other: []string{"ssm:DeleteParameters"},
			Resources: []string{s.Scope.ARN("ssm", "parameter"+s.ParameterPath()+"/*")},
		}, callerpolicy.Grant{Sid: "ListAccountKeys", Other: []string{"ssm:DescribeParameters"}, Resources: []string{"*"}})
	}
	grants = append(grants, s.hmacGrants()...)
	grants = append(grants, s.secretGrants()...)
	if zones := s.zoneARNs(); len(zones) > 0 {
		// A zone that the caller may not read is left to the function.
		grants = append(grants, callerpolicy.Grant{Sid: "HostedZones", Other: []string{"route53:GetHostedZone", "route53:ListResourceRecordSets"}, Resources: zones})
	}
	return append(grants, callerpolicy.Key(s.KMSKeyARN)...)
}

func (s Spec) bucketGrants() []callerpolicy.Grant {
	bucket := s.Scope.BucketARN(s.BucketName())
	config := callerpolicy.Grant{
		Sid: "Configuration", Create: []string{"s3:GetObject", "s3:PutObject"},
		Resources: []string{bucket + "/" + certbot.ConfigPrefix + "*"},
	}
	status := callerpolicy.Grant{
		Sid: "Statuses", Create: []string{"s3:GetObject"},
		Resources: []string{bucket + "/" + certbot.StatusPrefix + s.Scope.Name + "/*"},
	}
	pointers := callerpolicy.Grant{Sid: "Pointers", Other: []string{"s3:GetObject"}, Resources: s.pointerARNs()}
	if s.ExistingBucket != "" {
		return append(s.existingBucketGrants(bucket, config, status), pointers)
	}
	own := callerpolicy.Grant{
		Sid: "Bucket",
		Create: []string{
			// The second and third are for what CreateBucket sets besides.
			"s3:CreateBucket", "s3:TagResource", "s3:PutBucketOwnershipControls",
			"s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging",
			"s3:GetBucketVersioning", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:ListBucket",
			"s3:PutBucketPolicy", "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutLifecycleConfiguration",
		},
		// A new bucket is encrypted and closed to the public already.
		Other: []string{
			"s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions",
			"s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration",
		},
		Resources: []string{bucket},
	}
	emptying := callerpolicy.Grant{Sid: "EmptyBucket", Other: []string{"s3:AbortMultipartUpload", "s3:DeleteObjectVersion"}, Resources: []string{bucket + "/*"}}
	return []callerpolicy.Grant{own, config, status, pointers, emptying}
}

// existingBucketGrants are for a bucket that is not ours. Its own policy may
// allow the same, so none of it is checked.
func (s Spec) existingBucketGrants(bucket string, config, status callerpolicy.Grant) []callerpolicy.Grant {
	prefixes := []string{certbot.ConfigPrefix + "*", certbot.StatusPrefix + s.Scope.Name + "/*"}
	for _, key := range s.Keys() {
		prefixes = append(prefixes, s.Prefix(key)+"*")
	}
	for _, g := range []*callerpolicy.Grant{&config, &status} {
		g.Other = append(g.Create, "s3:DeleteObjectVersion")
		g.Create = nil
	}
	return []callerpolicy.Grant{
		{
			Sid: "Bucket", Other: []string{"s3:ListBucket", "s3:ListBucketVersions"}, Resources: []string{bucket},
			Condition: iampolicy.Condition{"StringLike": {"s3:prefix": prefixes}},
		},
		config, status,
	}
}

func (s Spec) topicGrants() []callerpolicy.Grant {
	topic := callerpolicy.Grant{
		Sid: "Topic",
		Create: []string{
			"sns:CreateTopic", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource",
			"sns:TagResource", "sns:UntagResource",
		},
		Other:     []string{"sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe"},
		Resources: []string{s.TopicARN()},
	}
	if len(s.NotificationEmails) > 0 {
		topic.Create = append(topic.Create, "sns:Subscribe")
	}
	// AWS knows no resource for Unsubscribe.
	return []callerpolicy.Grant{topic, {Sid: "Unsubscribe", Other: []string{"sns:Unsubscribe"}, Resources: []string{"*"}}}
}

// zoneARNs are the zones of all certificates, but those that only the function
// looks at.
func (s Spec) zoneARNs() []string {
	zones := map[string]bool{}
	for _, key := range s.Keys() {
		if id := s.ZoneID(key); id != "" && s.ZoneRole(key).ARN == "" {
			zones[s.Scope.HostedZoneARN(id)] = true
		}
	}
	return slices.Sorted(maps.Keys(zones))
}
