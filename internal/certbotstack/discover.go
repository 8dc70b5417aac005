package certbotstack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/deployed"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// Discover reads a resource back from AWS, for import. It answers
// stack.ErrNotFound if its function does not exist. What AWS does not hold
// (force_destroy and its like) has its default, and Tags are all tags of the
// function, ours too.
func Discover(ctx context.Context, c *awsclient.Clients, scope names.Scope) (Spec, error) {
	s, err := DiscoverCertificates(ctx, c, scope)
	if err != nil {
		return s, err
	}
	return s, s.discoverParts(ctx, c)
}

// DiscoverCertificates is Discover for what the function is told alone: the
// certificates, the bucket and the authority. Who only asks for a certificate
// needs no rights beyond the function and the bucket.
func DiscoverCertificates(ctx context.Context, c *awsclient.Clients, scope names.Scope) (Spec, error) {
	s := Spec{Scope: scope}
	fn, err := deployed.ReadFunction(ctx, c, scope)
	if err != nil {
		return s, err
	}
	s.Architecture, s.KMSKeyARN, s.Artifact.SHA256, s.Tags = fn.Architecture, fn.KMSKeyARN, fn.CodeSHA256, fn.Tags
	if bucket := fn.Environment[certbot.EnvConfigBucket]; bucket != scope.Physical() {
		s.ExistingBucket = bucket
	}
	return s, s.discoverConfig(ctx, c, fn.Environment)
}

func (s *Spec) discoverConfig(ctx context.Context, c *awsclient.Clients, env map[string]string) error {
	object := env[certbot.EnvConfigKey]
	body, err := read(ctx, c.S3, *s, object)
	if err != nil {
		return fmt.Errorf("reading the function's configuration (%s/%s): %w", s.BucketName(), object, err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != env[certbot.EnvConfigSHA256] {
		return fmt.Errorf("reading the function's configuration (%s/%s): somebody changed it, its hash is not the one that the function expects", s.BucketName(), object)
	}
	var config certbot.Config
	if err := json.Unmarshal(body, &config); err != nil {
		return fmt.Errorf("decoding the function's configuration (%s/%s): %w", s.BucketName(), object, err)
	}
	s.DirectoryURL = config.ACME.DirectoryURL
	s.CACertificatePEM = config.ACME.CACertificatePEM
	s.ContactEmail = config.ACME.ContactEmail
	if config.SuccessTopicARN != s.TopicARN() {
		s.SuccessTopicARN = config.SuccessTopicARN
	}
	if config.FailureTopicARN != s.TopicARN() {
		s.FailureTopicARN = config.FailureTopicARN
	}
	if eab := config.ACME.EAB; eab != nil {
		s.EAB = EAB{KeyID: eab.KeyID, SecretARN: eab.HMACSecretARN}
	}
	s.HostedZoneID, s.HostedZoneRole = commonZone(config.Certificates)
	s.Certificates, s.Challenges = map[string]Certificate{}, map[string]string{}
	for _, cert := range config.Certificates {
		found := Certificate{Domains: cert.Domains, Prefix: cert.Prefix, HostedZoneID: cert.HostedZoneID, KeyType: cert.KeyType, Profile: cert.Profile, PreferredChain: cert.PreferredChain, SecretsManager: cert.Secret != ""}
		if cert.ZoneRole != nil {
			found.HostedZoneRole = *cert.ZoneRole
		}
		if found.Prefix == cert.Key+"/" {
			found.Prefix = ""
		}
		if found.HostedZoneID == s.HostedZoneID && found.HostedZoneRole == s.HostedZoneRole {
			found.HostedZoneID, found.HostedZoneRole = "", certbot.Role{}
		}
		maps.Copy(s.Challenges, cert.Challenges)
		s.Certificates[cert.Key] = found
	}
	return nil
}

// commonZone is the zone that most certificates use, and the role for it: the
// resource's own, as far as can be told from outside.
func commonZone(certificates []certbot.Certificate) (string, certbot.Role) {
	type place struct {
		zone string
		role certbot.Role
	}
	count := map[place]int{}
	var common place
	for _, c := range certificates {
		at := place{zone: c.HostedZoneID}
		if c.ZoneRole != nil {
			at.role = *c.ZoneRole
		}
		count[at]++
		if count[at] > count[common] {
			common = at
		}
	}
	return common.zone, common.role
}

func (s *Spec) discoverParts(ctx context.Context, c *awsclient.Clients) error {
	rule, err := c.Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(s.Scope.Physical())})
	if err != nil {
		return fmt.Errorf("reading EventBridge rule (%s): %w", s.Scope.Physical(), err)
	}
	s.ScheduleExpression = aws.ToString(rule.ScheduleExpression)
	role, err := deployed.ReadRole(ctx, c, s.Scope)
	if err != nil {
		return err
	}
	s.IAMPath, s.PermissionsBoundary = role.Path, role.PermissionsBoundary
	if s.LogRetentionDays, err = deployed.ReadRetention(ctx, c, s.LogGroup()); err != nil {
		return err
	}
	if err := s.discoverHMACKey(ctx, c); err != nil {
		return err
	}
	if err := s.discoverEmails(ctx, c); err != nil {
		return err
	}
	return s.discoverReaders(ctx, c)
}

func (s *Spec) discoverEmails(ctx context.Context, c *awsclient.Clients) error {
	if !s.OwnTopic() {
		return nil
	}
	pages := sns.NewListSubscriptionsByTopicPaginator(c.SNS, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(s.TopicARN())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing the subscriptions of SNS topic (%s): %w", s.TopicARN(), err)
		}
		for _, sub := range page.Subscriptions {
			if aws.ToString(sub.Protocol) == "email" {
				s.NotificationEmails = append(s.NotificationEmails, aws.ToString(sub.Endpoint))
			}
		}
	}
	return nil
}

// discoverReaders reads the readers' roles out of our own bucket's policy.
func (s *Spec) discoverReaders(ctx context.Context, c *awsclient.Clients) error {
	if s.ExistingBucket != "" {
		return nil
	}
	out, err := c.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(s.BucketName())})
	if awserr.Is(err, "NoSuchBucketPolicy") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the policy of S3 bucket (%s): %w", s.BucketName(), err)
	}
	var policy iampolicy.Document
	if err := json.Unmarshal([]byte(aws.ToString(out.Policy)), &policy); err != nil {
		// Not written by us. It will show as drift.
		policy = iampolicy.Document{}
	}
	for _, st := range policy.Statement {
		if st.Sid == sidReaders {
			readers := slices.Clone(st.Condition["ArnNotEquals"]["aws:PrincipalArn"])
			s.ReaderRoleARNs = slices.DeleteFunc(readers, func(arn string) bool { return arn == s.RoleARN() })
		}
	}
	return nil
}
