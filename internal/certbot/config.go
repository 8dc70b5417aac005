// Package certbot is what the renewal function does: it keeps certificates in
// a bucket valid by obtaining them from an ACME authority with DNS-01 on
// Route 53.
package certbot

import "time"

// Config is all that the function is told. The provider stores it as the
// object config/<sha256>.json in the bucket, because a Lambda environment
// holds only 4 KB; the environment names the object and its hash.
type Config struct {
	// Name is the resource's name.
	Name string `json:"name"`
	// Bucket takes certificates and status objects.
	Bucket string `json:"bucket"`
	// RoleARN is the function's own role. It is for people who are to let it
	// in elsewhere.
	RoleARN string `json:"role_arn"`
	// OwnBucket tells that nothing lies in the bucket but what the function
	// wrote, and its Config.
	OwnBucket bool `json:"own_bucket,omitempty"`
	// ACME is the certificate authority and the account there.
	ACME ACME `json:"acme"`
	// SuccessTopicARN and FailureTopicARN are told of every attempt.
	SuccessTopicARN string `json:"success_topic_arn"`
	FailureTopicARN string `json:"failure_topic_arn"`
	// Certificates are in the order of their keys.
	Certificates []Certificate `json:"certificates"`
}

// ACME names a certificate authority and our account there.
type ACME struct {
	// DirectoryURL is the https URL of the directory object (RFC 8555, 7.1.1).
	DirectoryURL string `json:"directory_url"`
	// CACertificatePEM are roots to trust for the directory's own TLS,
	// instead of the system's; empty for public authorities.
	CACertificatePEM string `json:"ca_certificate_pem,omitempty"`
	// ContactEmail is given to the authority; it may be empty.
	ContactEmail string `json:"contact_email,omitempty"`
	// KeyParameter is the name of the SSM parameter (SecureString) that holds
	// the account's private key. The function creates it when it is absent.
	KeyParameter string `json:"key_parameter"`
	// KMSKeyARN encrypts the parameter; empty for the account's default key.
	KMSKeyARN string `json:"kms_key_arn,omitempty"`
	// EAB binds a new account to one at the authority's site (RFC 8555,
	// 7.3.4); nil where the authority asks for none.
	EAB *EAB `json:"eab,omitempty"`
}

// EAB names an account at an authority's site, and where its key lies. The key
// itself is never in the configuration.
type EAB struct {
	KeyID string `json:"key_id"`
	// HMACParameter is the name of an SSM parameter (SecureString), and
	// HMACSecretARN is a secret in Secrets Manager. One of them holds the HMAC
	// key in base64url.
	HMACParameter string `json:"hmac_parameter,omitempty"`
	HMACSecretARN string `json:"hmac_secret_arn,omitempty"`
}

// Role is a role to assume.
type Role struct {
	ARN string `json:"arn"`
	// ExternalID may be empty.
	ExternalID string `json:"external_id,omitempty"`
}

// Certificate is one certificate that the function keeps valid.
type Certificate struct {
	// Key identifies the certificate within the resource.
	Key string `json:"key"`
	// Domains are lower-case names, sorted; a wildcard is "*.example.com".
	Domains []string `json:"domains"`
	// Prefix is where the objects lie in the bucket; it ends with a slash.
	Prefix string `json:"prefix"`
	// HostedZoneID is the zone that takes the challenge records, and ZoneRole
	// the role to assume for it; nil for a zone of the function's own account.
	HostedZoneID string `json:"hosted_zone_id"`
	ZoneRole     *Role  `json:"zone_role,omitempty"`
	// Challenges are the names that CNAME records lead to, by the names at
	// which the authority looks for proofs. A name that is not here has no
	// such record.
	Challenges map[string]string `json:"challenges,omitempty"`
	// KeyType is one of "P256", "P384", "RSA2048", "RSA3072", "RSA4096".
	KeyType string `json:"key_type"`
	// Profile is the authority's certificate profile; empty for its default.
	Profile string `json:"profile,omitempty"`
	// PreferredChain is the common name of the root, or of an issuer on the
	// way to it, of the chain to store; empty for the authority's default.
	PreferredChain string `json:"preferred_chain,omitempty"`
	// Secret is the name of the secret that holds a copy of what is in force;
	// empty for none.
	Secret string `json:"secret,omitempty"`
}

// The function's environment.
const (
	// EnvConfigBucket, EnvConfigKey and EnvConfigSHA256 name the Config object
	// and the hex SHA-256 of its bytes.
	EnvConfigBucket = "CONFIG_BUCKET"
	EnvConfigKey    = "CONFIG_KEY"
	EnvConfigSHA256 = "CONFIG_SHA256"
)

// Names of objects in the bucket.
const (
	// KeyObject and CertificateObject follow a certificate's prefix: the
	// private key, and the leaf with its chain, both PEM.
	KeyObject         = "key.pem"
	CertificateObject = "cert.pem"
	// ConfigPrefix and StatusPrefix are ours; no certificate may lie there.
	ConfigPrefix = "config/"
	StatusPrefix = "status/"
)

// ConfigObject is the object key of a Config with that hex SHA-256.
func ConfigObject(sha256 string) string { return ConfigPrefix + sha256 + ".json" }

// StatusObject is the object key of a certificate's Status. It bears the
// resource's name because several resources may share a bucket.
func StatusObject(name, key string) string { return StatusPrefix + name + "/" + key + ".json" }

// Request is the function's payload. The zero value is a scheduled run. A
// payload with other members is refused, and so is one that contradicts
// itself.
type Request struct {
	// RunID names the run in status objects and logs; the invocation's
	// request id where it is empty. Who sets it waits for the statuses: they
	// are written whatever the run finds. A request that comes again with the
	// id of a run that is over is answered by that run's status, and orders
	// nothing more: Lambda may deliver one twice.
	RunID string `json:"run_id,omitempty"`
	// Trigger is one of the Trigger constants. Where it is empty it is
	// TriggerManual with Force, DryRun or Rollback, and else TriggerSchedule.
	// It is told in statuses, and TriggerApply alone makes the run wait for
	// permissions that IAM has not spread yet.
	Trigger string `json:"trigger,omitempty"`
	// Force renews certificates that would not be due yet. It passes over the
	// pauses after failures, but not over an authority's Retry-After, nor over
	// the budgets that keep us below its limits.
	Force bool `json:"force,omitempty"`
	// DryRun only tells what the same request without it would do and why, in
	// the Report, and whether what an order needs is there. It places no
	// order, registers no account, and writes and tells nothing.
	DryRun bool `json:"dry_run,omitempty"`
	// Keys are the certificates to look at; all where it is empty.
	Keys []string `json:"keys,omitempty"`
	// Rollback puts an earlier version of one certificate in force, and does
	// nothing else; so it goes with neither Force nor DryRun nor Keys.
	Rollback *Rollback `json:"rollback,omitempty"`
}

// The triggers of a Request.
const (
	TriggerSchedule = "schedule"
	TriggerApply    = "apply"
	TriggerManual   = "manual"
)

// The metadata of a certificate object. They tell what the certificate itself
// does not: who was asked, and for which profile and chain.
const (
	MetadataDirectory = "fargatedirect-directory"
	MetadataProfile   = "fargatedirect-profile"
	MetadataAccount   = "fargatedirect-account"
	MetadataChain     = "fargatedirect-chain"
)

// The states of a Status.
const (
	// StateRunning: a run is working on it.
	StateRunning = "running"
	// StateIssued: the run obtained and stored a new certificate.
	StateIssued = "issued"
	// StateKept: the stored certificate is good and not due.
	StateKept = "kept"
	// StateAdopted: a certificate that lay in the bucket already is in force
	// now; nothing was issued.
	StateAdopted = "adopted"
	// StateRolledBack: an earlier version is in force now.
	StateRolledBack = "rolled_back"
	// StateWaiting: the last attempt failed, and it is too early for another.
	// Only reports hold it; the status in the bucket stays as it was.
	StateWaiting = "waiting"
	// StateFailed: the run failed; the previous certificate, if there was
	// one, lies untouched in the bucket. A dry run tells so that a run would
	// fail.
	StateFailed = "failed"
	// StateWouldIssue and StateWouldAdopt: a run would obtain a certificate, or
	// put one in force that lies in the bucket already. Only the reports of dry
	// runs hold them.
	StateWouldIssue = "would_issue"
	StateWouldAdopt = "would_adopt"
)

// Status is what a run tells of one certificate, in the bucket as
// status/<name>/<key>.json. It never holds a secret.
type Status struct {
	Key       string `json:"key"`
	RunID     string `json:"run_id"`
	Trigger   string `json:"trigger"`
	State     string `json:"state"`
	ConfigSHA string `json:"config_sha256"`
	// StartedAt and FinishedAt are in UTC; FinishedAt is zero while running.
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// Reason is why a new certificate is needed, or why a dry run says what it
	// says; empty where there is nothing to explain.
	Reason string `json:"reason,omitempty"`
	// AccountURI is our account at the authority, once it is known.
	AccountURI string `json:"account_uri,omitempty"`
	// Failure is set in StateFailed.
	Failure *Failure `json:"failure,omitempty"`
	// Warnings are whole sentences about what is not as wanted, although the
	// run did not fail.
	Warnings []string `json:"warnings,omitempty"`
	// Stored is the certificate that lies in the bucket now, whatever the
	// state is; nil while there is none.
	Stored *Stored `json:"stored,omitempty"`
}

// Failure is why a run failed for one certificate.
type Failure struct {
	// Message is whole sentences for a person, with the authority's own text.
	Message string `json:"message"`
	// ProblemType is the ACME problem's type (RFC 8555, 6.7), if it was one.
	ProblemType string `json:"problem_type,omitempty"`
	// RetryAfter is when the authority allows the next attempt, if it said so.
	RetryAfter time.Time `json:"retry_after,omitzero"`
	// NextAttempt is from when on a scheduled run tries again. An apply or a
	// forced run need not wait for it, but for RetryAfter.
	NextAttempt time.Time `json:"next_attempt,omitzero"`
	// InForce tells that the new certificate is in force all the same, but that
	// some of its objects, or of its other places, are not written yet.
	InForce bool `json:"in_force,omitempty"`
}

// Stored describes a certificate in the bucket.
type Stored struct {
	// Serial is the leaf's serial number in lower-case hex.
	Serial string `json:"serial"`
	// Issuer is the leaf's issuer, as RFC 2253 writes names.
	Issuer    string    `json:"issuer"`
	Domains   []string  `json:"domains"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// KeyVersion and CertificateVersion are the S3 versions of the two
	// objects.
	KeyVersion         string `json:"key_version"`
	CertificateVersion string `json:"certificate_version"`
}

// Report is the function's answer to an invocation.
type Report struct {
	RunID        string   `json:"run_id"`
	Certificates []Status `json:"certificates"`
}
