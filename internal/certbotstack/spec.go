// Package certbotstack turns what a user wants of a fargatedirect_certbot into
// the AWS parts that it consists of, has its certificates issued, and reads a
// whole resource back for import.
package certbotstack

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/parts"
	"github.com/fargatedirect/terraform-provider-fargatedirect/lambdas"
)

// Spec is the whole of a fargatedirect_certbot as the user wants it, with all
// defaults filled in.
type Spec struct {
	Scope names.Scope
	// Certificates by key.
	Certificates map[string]Certificate
	// HostedZoneID is the zone of certificates that name none, and
	// HostedZoneRole the role to assume for it; its zero value is none.
	HostedZoneID   string
	HostedZoneRole certbot.Role

	// Challenges are where the proofs for the authority are given, by the
	// names at which it looks for them. A proof that is not here is given where
	// it is looked for.
	Challenges map[string]string

	DirectoryURL     string
	CACertificatePEM string
	ContactEmail     string
	EAB              EAB

	NotificationEmails []string
	// SuccessTopicARN and FailureTopicARN are existing topics; empty means our
	// own.
	SuccessTopicARN, FailureTopicARN string
	// ExistingBucket is the name of a bucket that is not ours; empty means our
	// own.
	ExistingBucket string
	// ReaderRoleARNs are the only roles that may read keys; empty leaves
	// reading to IAM.
	ReaderRoleARNs []string

	ScheduleExpression            string
	ForceDestroy, RetainOnDestroy bool

	Architecture        string
	LogRetentionDays    int32
	KMSKeyARN           string
	PermissionsBoundary string
	IAMPath             string

	// Tags are the user's and the provider's, without our own.
	Tags map[string]string
	// IgnoreTag tells which tags others may keep on the parts.
	IgnoreTag func(key string) bool
	// Creating marks the parts as those of an unfinished create.
	Creating bool

	Artifact lambdas.Artifact
}

// Certificate is one certificate as the user wants it.
type Certificate struct {
	Domains []string
	// Prefix is empty for "<key>/".
	Prefix string
	// HostedZoneID is empty for the resource's, with its role.
	HostedZoneID string
	// HostedZoneRole is for HostedZoneID.
	HostedZoneRole certbot.Role
	KeyType        string
	Profile        string
	PreferredChain string
	// SecretsManager keeps a copy of the certificate in a secret.
	SecretsManager bool
}

// EAB is the account at the authority's site that ours is bound to. Its zero
// value is none.
type EAB struct {
	KeyID string
	// HMACKey is the HMAC key in base64url. It is known only while the
	// resource is created or updated.
	HMACKey parts.Secret
	// KeyVersion counts the HMAC keys that the user gave; 0 if none was.
	KeyVersion int64
	// SecretARN is an existing secret that holds the HMAC key.
	SecretARN string
}

// DefaultDirectoryURL is Let's Encrypt's production directory.
const DefaultDirectoryURL = "https://acme-v02.api.letsencrypt.org/directory"

// profileShortLived is Let's Encrypt's profile of certificates for six days,
// which are to be renewed in a window of three hours.
const profileShortLived = "shortlived"

// DefaultSchedule looks four times a day, as Let's Encrypt asks, or each hour
// where a certificate lives for days only. The minute differs between
// resources, so that they do not all come at once.
func (s Spec) DefaultSchedule() string {
	sum := sha256.Sum256([]byte(s.Scope.Physical()))
	minute, hour := int(sum[0])%60, int(sum[1])%6
	for _, c := range s.Certificates {
		if c.Profile == profileShortLived {
			return fmt.Sprintf("cron(%d * * * ? *)", minute)
		}
	}
	return fmt.Sprintf("cron(%d %d/6 * * ? *)", minute, hour)
}

// Prefix is where the certificate of a key lies in the bucket.
func (s Spec) Prefix(key string) string {
	return cmp.Or(s.Certificates[key].Prefix, key+"/")
}

// ZoneID is the hosted zone that takes the challenges of a key's certificate.
func (s Spec) ZoneID(key string) string {
	return cmp.Or(s.Certificates[key].HostedZoneID, s.HostedZoneID)
}

// ZoneRole is the role for that zone; its zero value is none.
func (s Spec) ZoneRole(key string) certbot.Role {
	if c := s.Certificates[key]; c.HostedZoneID != "" || c.HostedZoneRole != (certbot.Role{}) {
		return c.HostedZoneRole
	}
	return s.HostedZoneRole
}

// Keys are the certificates' keys, sorted.
func (s Spec) Keys() []string { return slices.Sorted(maps.Keys(s.Certificates)) }

// BucketName is our own bucket or the existing one.
func (s Spec) BucketName() string { return cmp.Or(s.ExistingBucket, s.Scope.Physical()) }

// OwnTopic tells whether the resource has a topic of its own.
func (s Spec) OwnTopic() bool { return s.SuccessTopicARN == "" || s.FailureTopicARN == "" }

// TopicARN is the ARN of the resource's own topic.
func (s Spec) TopicARN() string { return s.Scope.ARN("sns", s.Scope.Physical()) }

// FunctionARN is the ARN of the function.
func (s Spec) FunctionARN() string { return s.Scope.ARN("lambda", "function:"+s.Scope.Physical()) }

// RoleARN is the ARN of the function's role.
func (s Spec) RoleARN() string {
	return s.Scope.GlobalARN("iam", "role"+s.IAMPath+s.Scope.Physical())
}

// RuleARN is the ARN of the schedule.
func (s Spec) RuleARN() string { return s.Scope.ARN("events", "rule/"+s.Scope.Physical()) }

// LogGroup is the name of the function's log group.
func (s Spec) LogGroup() string { return "/aws/lambda/" + s.Scope.Physical() }

// ParameterPath is the path in SSM under which the function keeps the keys of
// its ACME accounts.
func (s Spec) ParameterPath() string { return "/" + s.Scope.Physical() + "/account" }

// KeyParameter is the parameter with the key of our account at the directory.
// Each directory has its own, so that a change of the authority and back again
// finds the old account. So has each external account: an account is bound when
// it is made, and can never be bound to another.
func (s Spec) KeyParameter() string {
	account := s.DirectoryURL
	if s.EAB.KeyID != "" {
		account += "\n" + s.EAB.KeyID
	}
	sum := sha256.Sum256([]byte(account))
	return s.ParameterPath() + "/" + hex.EncodeToString(sum[:])[:12]
}

// EABParameter is the parameter with the HMAC key that the user gave.
func (s Spec) EABParameter() string { return "/" + s.Scope.Physical() + "/eab" }

// Config is what the function is told, its text, and the hex SHA-256 of it.
func (s Spec) Config() (certbot.Config, []byte, string) {
	c := certbot.Config{
		Name:            s.Scope.Name,
		Bucket:          s.BucketName(),
		RoleARN:         s.RoleARN(),
		OwnBucket:       s.ExistingBucket == "",
		SuccessTopicARN: cmp.Or(s.SuccessTopicARN, s.TopicARN()),
		FailureTopicARN: cmp.Or(s.FailureTopicARN, s.TopicARN()),
		ACME: certbot.ACME{
			DirectoryURL:     s.DirectoryURL,
			CACertificatePEM: s.CACertificatePEM,
			ContactEmail:     s.ContactEmail,
			KeyParameter:     s.KeyParameter(),
			KMSKeyARN:        s.KMSKeyARN,
		},
	}
	if s.EAB.KeyID != "" {
		c.ACME.EAB = &certbot.EAB{KeyID: s.EAB.KeyID, HMACSecretARN: s.EAB.SecretARN}
		if s.EAB.SecretARN == "" {
			c.ACME.EAB.HMACParameter = s.EABParameter()
		}
	}
	for _, key := range s.Keys() {
		cert := s.Certificates[key]
		c.Certificates = append(c.Certificates, certbot.Certificate{
			Key:          key,
			Domains:      slices.Sorted(slices.Values(cert.Domains)),
			Prefix:       s.Prefix(key),
			HostedZoneID: s.ZoneID(key),
			Challenges:   s.delegated(cert.Domains),
			KeyType:      cert.KeyType,
			Profile:      cert.Profile,

			PreferredChain: cert.PreferredChain,
			Secret:         s.SecretName(key),
		})
		if role := s.ZoneRole(key); role.ARN != "" {
			c.Certificates[len(c.Certificates)-1].ZoneRole = &role
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("marshalling a configuration of strings: %v", err)) // cannot happen
	}
	sum := sha256.Sum256(text)
	return c, text, hex.EncodeToString(sum[:])
}

// challengeNames are the names that the function may change in each zone, but
// zones for which it assumes a role.
func (s Spec) challengeNames() map[string][]string {
	zones := map[string][]string{}
	for key, cert := range s.Certificates {
		if s.ZoneRole(key).ARN != "" {
			continue
		}
		for _, d := range cert.Domains {
			zones[s.ZoneID(key)] = append(zones[s.ZoneID(key)], s.challenge(d))
		}
	}
	for id := range zones {
		slices.Sort(zones[id])
		zones[id] = slices.Compact(zones[id])
	}
	return zones
}

// zoneRoles are the ARNs of the roles to assume, each once.
func (s Spec) zoneRoles() []string {
	var roles []string
	for key := range s.Certificates {
		if role := s.ZoneRole(key); role.ARN != "" {
			roles = append(roles, role.ARN)
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}
