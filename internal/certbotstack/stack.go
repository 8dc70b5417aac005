package certbotstack

import (
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

const (
	memoryMB = 256
	// timeoutSeconds is Lambda's longest: an authority may take its time.
	timeoutSeconds = 900
	// noncurrentDays is how long replaced certificates can be brought back.
	noncurrentDays = 90
	statementID    = "schedule"
)

// Stack is the parts of the resource: first what holds data, then the
// function's configuration, the function, and last what starts it.
func (s Spec) Stack(c *awsclient.Clients) stack.Stack {
	_, body, sha := s.Config()
	data := []stack.Part{s.logGroup(c), s.role(c)}
	if s.ExistingBucket == "" {
		data = append(data, s.Bucket(c))
	}
	if s.ownHMACKey() {
		data = append(data, s.hmacParameter(c))
	}
	data = append(data, s.secrets(c)...)
	stages := [][]stack.Part{data}
	if s.OwnTopic() {
		data = append(data, &parts.Topic{API: c.SNS, Name: s.Scope.Physical(), ARN: s.TopicARN(), KMSKeyARN: s.KMSKeyARN, Policy: s.TopicPolicy(), Tags: s.tags()})
		stages[0] = data
	}
	config := []stack.Part{&parts.Object{
		API: c.S3, Bucket: s.BucketName(), Account: s.Scope.Account,
		Key: certbot.ConfigObject(sha), Body: body, ContentType: "application/json",
	}}
	if s.OwnTopic() {
		config = append(config, &parts.Subscriptions{API: c.SNS, TopicARN: s.TopicARN(), Emails: s.NotificationEmails})
	}
	stages = append(stages, config, []stack.Part{s.Function(c)}, append([]stack.Part{
		&parts.Permission{
			API: c.Lambda, Function: s.Scope.Physical(), StatementID: statementID, Principal: "events.amazonaws.com",
			SourceARN: s.RuleARN(), SourceAccount: s.Scope.Account,
		},
		s.Rule(c),
	}, s.alarms(c)...))
	return stack.Stack{Owner: s.Scope.Owner(), Stages: stages, Leftovers: s.leftovers(c)}
}

// leftovers are the account keys, and in a bucket that is not ours what the
// function told there. Certificates in such a bucket stay: it is not ours.
func (s Spec) leftovers(c *awsclient.Clients) []stack.Leftover {
	var left []stack.Leftover
	if !s.RetainOnDestroy {
		left = append(left, &parts.Parameters{API: c.SSM, Path: s.ParameterPath()})
	}
	if s.ExistingBucket != "" {
		left = append(left, &parts.Objects{API: c.S3, Bucket: s.ExistingBucket, Account: s.Scope.Account, Prefix: certbot.StatusPrefix + s.Scope.Name + "/"})
	}
	return left
}

// Bucket is our own bucket.
func (s Spec) Bucket(c *awsclient.Clients) *parts.Bucket {
	return &parts.Bucket{
		API: c.S3, Name: s.Scope.Physical(), Region: s.Scope.Region, Account: s.Scope.Account,
		KMSKeyARN: s.KMSKeyARN, Policy: s.BucketPolicy(), NoncurrentDays: noncurrentDays, Tags: s.tags(),
		ForceDestroy: s.ForceDestroy, Keep: s.RetainOnDestroy,
		Internal: []string{certbot.ConfigPrefix, certbot.StatusPrefix},
	}
}

// Function is the function.
func (s Spec) Function(c *awsclient.Clients) *parts.Function {
	_, _, sha := s.Config()
	return &parts.Function{
		API: c.Lambda, Name: s.Scope.Physical(), ARN: s.FunctionARN(), RoleARN: s.RoleARN(),
		Description:  "Obtains and renews the certificates of fargatedirect_certbot " + s.Scope.Name,
		Architecture: s.Architecture, MemoryMB: memoryMB, TimeoutSeconds: timeoutSeconds,
		Environment: map[string]string{
			certbot.EnvConfigBucket: s.BucketName(),
			certbot.EnvConfigKey:    certbot.ConfigObject(sha),
			certbot.EnvConfigSHA256: sha,
		},
		Zip: s.Artifact.Zip, CodeSHA256: s.Artifact.SHA256, KMSKeyARN: s.KMSKeyARN, Tags: s.tags(),
	}
}

// Rule is the schedule.
func (s Spec) Rule(c *awsclient.Clients) *parts.Rule {
	return &parts.Rule{
		API: c.Events, Name: s.Scope.Physical(), ARN: s.RuleARN(),
		Description:        "Starts the renewal of fargatedirect_certbot " + s.Scope.Name,
		ScheduleExpression: s.ScheduleExpression,
		Target:             parts.Target{ID: "function", ARN: s.FunctionARN(), Input: `{"trigger":"schedule"}`},
		Tags:               s.tags(),
	}
}

func (s Spec) logGroup(c *awsclient.Clients) *parts.LogGroup {
	return &parts.LogGroup{
		API: c.Logs, Name: s.LogGroup(), ARN: s.Scope.ARN("logs", "log-group:"+s.LogGroup()),
		RetentionDays: s.LogRetentionDays, KMSKeyARN: s.KMSKeyARN, Tags: s.tags(),
	}
}

func (s Spec) role(c *awsclient.Clients) *parts.Role {
	return &parts.Role{
		API: c.IAM, Name: s.Scope.Physical(), Path: s.IAMPath,
		Description: "Role of the renewal function of fargatedirect_certbot " + s.Scope.Name,
		TrustPolicy: s.TrustPolicy(), Policy: s.RolePolicy(), PermissionsBoundary: s.PermissionsBoundary, Tags: s.tags(),
	}
}

func (s Spec) tags() parts.Tags {
	return parts.OwnTags(s.Scope.Owner(), s.Creating, s.Tags, s.IgnoreTag)
}
