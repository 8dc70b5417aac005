package certbotstack

import (
	"maps"
	"slices"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
)

// MaxRolePolicy is how many characters the inline policies of a role may have
// together (IAM quotas).
const MaxRolePolicy = 10240

// MaxBucketPolicy is how many bytes a bucket policy may have.
const MaxBucketPolicy = 20480

// RolePolicy is all that the function may do.
func (s Spec) RolePolicy() iampolicy.Document {
	bucket := s.Scope.BucketARN(s.BucketName())
	status := certbot.StatusPrefix + s.Scope.Name + "/"
	read := []string{bucket + "/" + certbot.ConfigPrefix + "*", bucket + "/" + status + "*"}
	write := []string{bucket + "/" + status + "*"}
	list := iampolicy.Condition{"StringLike": {"s3:prefix": {certbot.ConfigPrefix + "*", status + "*"}}}
	prune := iampolicy.Statement{Sid: "Prune", Effect: iampolicy.Allow, Action: []string{"s3:DeleteObjectVersion"}, Resource: []string{bucket + "/" + status + "*"}}
	for _, key := range s.Keys() {
		read = append(read, bucket+"/"+s.Prefix(key)+"*")
		write = append(write, bucket+"/"+s.Prefix(key)+"*")
		list["StringLike"]["s3:prefix"] = append(list["StringLike"]["s3:prefix"], s.Prefix(key)+"*")
	}
	if s.ExistingBucket == "" {
		// All there is its own. It looks for a certificate whose key or prefix
		// was another before, and deletes what such a one left behind.
		read, list = []string{bucket + "/*"}, nil
		for _, part := range []string{certbot.PointerObject, certbot.BundleObject, certbot.KeyObject, certbot.CertificateObject, certbot.VersionsPrefix + "*"} {
			prune.Resource = append(prune.Resource, bucket+"/*/"+part)
		}
	} else {
		// In a bucket without versions there is nothing but the object.
		prune.Action = append(prune.Action, "s3:DeleteObject")
		for _, key := range s.Keys() {
			prune.Resource = append(prune.Resource, bucket+"/"+s.Prefix(key)+certbot.VersionsPrefix+"*")
		}
	}
	statements := []iampolicy.Statement{
		{Sid: "Read", Effect: iampolicy.Allow, Action: []string{"s3:GetObject", "s3:GetObjectVersion"}, Resource: read},
		{Sid: "Write", Effect: iampolicy.Allow, Action: []string{"s3:PutObject"}, Resource: write},
		prune,
		// Without it, S3 answers 403 instead of 404 for an absent object.
		{
			Sid: "List", Effect: iampolicy.Allow, Action: []string{"s3:ListBucket", "s3:ListBucketVersions"}, Resource: []string{bucket},
			Condition: list,
		},
		{
			Sid: "AccountKey", Effect: iampolicy.Allow, Action: []string{"ssm:GetParameter", "ssm:PutParameter"},
			Resource: []string{s.Scope.ARN("ssm", "parameter"+s.KeyParameter())},
		},
		{Sid: "Tell", Effect: iampolicy.Allow, Action: []string{"sns:Publish"}, Resource: s.topics()},
		{
			Sid: "Events", Effect: iampolicy.Allow, Action: []string{"events:PutEvents"}, Resource: []string{s.Scope.ARN("events", "event-bus/default")},
			// Anybody's rules hear that bus, so the function may speak for itself alone.
			Condition: iampolicy.Condition{"StringEquals": {"events:source": {certbot.EventSource}}},
		},
		{Sid: "Log", Effect: iampolicy.Allow, Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resource: []string{s.Scope.ARN("logs", "log-group:"+s.LogGroup()+":*")}},
	}
	statements = append(statements, s.bindingStatements()...)
	if s.KMSKeyARN != "" {
		statements = append(statements, iampolicy.Statement{Sid: "Key", Effect: iampolicy.Allow, Action: []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}, Resource: []string{s.KMSKeyARN}})
	}
	return iampolicy.New(slices.Concat(statements, s.secretStatements(), s.zoneStatements())...)
}

// zoneStatements let the function answer challenges in the zones of its own
// account. For the others they let it assume the roles that may.
func (s Spec) zoneStatements() []iampolicy.Statement {
	var statements []iampolicy.Statement
	zones := s.challengeNames()
	for _, id := range slices.Sorted(maps.Keys(zones)) {
		statements = append(statements, zoneStatements(s.Scope.HostedZoneARN(id), zones[id])...)
	}
	if len(zones) > 0 {
		statements = append(statements, iampolicy.Statement{Sid: "Insync", Effect: iampolicy.Allow, Action: []string{"route53:GetChange"}, Resource: []string{s.Scope.ChangeARN("*")}})
	}
	if roles := s.zoneRoles(); len(roles) > 0 {
		statements = append(statements, iampolicy.Statement{Sid: "ZoneRole", Effect: iampolicy.Allow, Action: []string{"sts:AssumeRole"}, Resource: roles})
	}
	return statements
}

// zoneStatements let answer challenges at these names of one zone.
func zoneStatements(zone string, challenges []string) []iampolicy.Statement {
	return []iampolicy.Statement{
		{Effect: iampolicy.Allow, Action: []string{"route53:ListResourceRecordSets"}, Resource: []string{zone}},
		{
			Effect: iampolicy.Allow, Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{zone},
			Condition: challengeCondition(challenges),
		},
	}
}

// challengeCondition allows only TXT at the exact names. "ForAllValues" is also
// true of a request without the key, hence "Null".
func challengeCondition(challenges []string) iampolicy.Condition {
	const (
		recordNames = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
		recordTypes = "route53:ChangeResourceRecordSetsRecordTypes"
		actions     = "route53:ChangeResourceRecordSetsActions"
	)
	return iampolicy.Condition{
		"ForAllValues:StringEquals": {recordNames: challenges, recordTypes: {"TXT"}, actions: {"CREATE", "DELETE"}},
		"Null":                      {recordNames: {"false"}, recordTypes: {"false"}, actions: {"false"}},
	}
}

func (s Spec) topics() []string {
	c, _, _ := s.Config()
	return slices.Compact([]string{c.SuccessTopicARN, c.FailureTopicARN})
}

// TrustPolicy lets Lambda run functions of this account with the role.
func (s Spec) TrustPolicy() iampolicy.Document {
	return iampolicy.New(iampolicy.Statement{
		Effect: iampolicy.Allow, Principal: map[string][]string{"Service": {"lambda.amazonaws.com"}},
		Action: []string{"sts:AssumeRole"},
	})
}

// BucketPolicy is the policy of our own bucket: TLS only, certificates written
// by the function alone, and keys read by the readers alone where they are
// named. Roles are compared by condition rather than named as principals, so
// that the policy stays valid when a role is deleted.
func (s Spec) BucketPolicy() iampolicy.Document {
	bucket := s.Scope.BucketARN(s.BucketName())
	anybody := map[string][]string{"AWS": {"*"}}
	statements := []iampolicy.Statement{
		{
			Sid: "TLSOnly", Effect: iampolicy.Deny, Principal: anybody, Action: []string{"s3:*"},
			Resource:  []string{bucket, bucket + "/*"},
			Condition: iampolicy.Condition{"Bool": {"aws:SecureTransport": {"false"}}},
		},
		{
			// The provider itself writes under config/; the function checks
			// the hash of what it reads there.
			Sid: sidWriter, Effect: iampolicy.Deny, Principal: anybody,
			Action:      []string{"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},
			NotResource: []string{bucket + "/" + certbot.ConfigPrefix + "*"},
			Condition:   iampolicy.Condition{"ArnNotEquals": {"aws:PrincipalArn": {s.RoleARN()}}},
		},
	}
	if len(s.ReaderRoleARNs) > 0 {
		// Pointers hold no secret, and data.fargatedirect_certificate reads them.
		open := append([]string{bucket + "/" + certbot.ConfigPrefix + "*", bucket + "/" + certbot.StatusPrefix + "*"}, s.pointerARNs()...)
		statements = append(statements, iampolicy.Statement{
			Sid: sidReaders, Effect: iampolicy.Deny, Principal: anybody, Action: []string{"s3:GetObject", "s3:GetObjectVersion"},
			NotResource: open,
			Condition:   iampolicy.Condition{"ArnNotEquals": {"aws:PrincipalArn": append(s.readers(), s.RoleARN())}},
		})
	}
	return iampolicy.New(statements...)
}

// readers are the only roles that may read keys, sorted.
func (s Spec) readers() []string { return slices.Sorted(slices.Values(s.ReaderRoleARNs)) }

const (
	sidWriter  = "Writer"
	sidReaders = "Readers"
)

// TopicPolicy refuses plain HTTP, and lets CloudWatch tell of our own alarms.
// Publishing from within the account is left to IAM.
func (s Spec) TopicPolicy() iampolicy.Document {
	return iampolicy.New(iampolicy.Statement{
		Sid: "TLSOnly", Effect: iampolicy.Deny, Principal: map[string][]string{"AWS": {"*"}},
		Action: []string{"sns:Publish"}, Resource: []string{s.TopicARN()},
		Condition: iampolicy.Condition{"Bool": {"aws:SecureTransport": {"false"}}},
	}, iampolicy.Statement{
		Sid: "Alarms", Effect: iampolicy.Allow, Principal: map[string][]string{"Service": {"cloudwatch.amazonaws.com"}},
		Action: []string{"sns:Publish"}, Resource: []string{s.TopicARN()},
		Condition: iampolicy.Condition{
			"ArnLike":      {"aws:SourceArn": {s.alarmARN("*")}},
			"StringEquals": {"aws:SourceAccount": {s.Scope.Account}},
		},
	})
}

// ReaderPolicy is what a task needs to read the certificate of a key.
func (s Spec) ReaderPolicy(key string) iampolicy.Document {
	bucket := s.Scope.BucketARN(s.BucketName())
	prefix := s.Prefix(key)
	statements := []iampolicy.Statement{
		{Sid: "Read", Effect: iampolicy.Allow, Action: []string{"s3:GetObject", "s3:GetObjectVersion"}, Resource: []string{bucket + "/" + prefix + "*"}},
		{
			Sid: "List", Effect: iampolicy.Allow, Action: []string{"s3:ListBucket"}, Resource: []string{bucket},
			Condition: iampolicy.Condition{"StringLike": {"s3:prefix": {prefix + "*"}}},
		},
	}
	if s.KMSKeyARN != "" {
		statements = append(statements, iampolicy.Statement{Sid: "Key", Effect: iampolicy.Allow, Action: []string{"kms:Decrypt"}, Resource: []string{s.KMSKeyARN}})
	}
	return iampolicy.New(statements...)
}
