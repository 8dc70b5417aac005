// Package names derives every AWS name of a resource from what identifies it,
// so that nothing has to be remembered to find a part again.
package names

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// The kinds of resources.
const (
	// KindCertbot is the kind of fargatedirect_certbot.
	KindCertbot = "certbot"
	// KindTaskDNS is the kind of fargatedirect_task_dns.
	KindTaskDNS = "task_dns"
	// KindZone is the kind of fargatedirect_zone, whose name is a domain.
	KindZone = "zone"
)

// Pattern is what a resource's name must match: it becomes part of an S3
// bucket name (63 characters of a-z, 0-9 and hyphen) with 26 characters of
// our own.
var Pattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// Scope identifies one resource among all of an AWS partition.
type Scope struct {
	// Kind is KindCertbot, KindTaskDNS or KindZone.
	Kind string
	// Partition is "aws", "aws-cn", "aws-us-gov", …
	Partition string
	// Account is the 12-digit account id.
	Account string
	// Region is the region's code, such as "eu-west-2".
	Region string
	// DNSSuffix is the domain of the partition's services, such as
	// "amazonaws.com".
	DNSSuffix string
	// Name is the user's name of the resource.
	Name string
}

// Physical is the name that all parts bear: "fargatedirect-<name>-<hash>". The
// hash covers what the name space of some part spans beyond the resource: S3
// names are shared by all accounts, IAM names by all regions, and all names by
// both kinds.
func (s Scope) Physical() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{s.Kind, s.Account, s.Region, s.Name}, "\x00")))
	return fmt.Sprintf("fargatedirect-%s-%s", s.Name, hex.EncodeToString(sum[:])[:12])
}

// Owner is the value of the owner tag: "<kind>/<name>".
func (s Scope) Owner() string { return s.Kind + "/" + s.Name }

// ARN makes the ARN of a regional object of this account: service "sqs" and
// resource "my-queue" give "arn:aws:sqs:eu-west-2:123456789012:my-queue".
func (s Scope) ARN(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", s.Partition, service, s.Region, s.Account, resource)
}

// GlobalARN makes the ARN of an object of this account that has no region,
// such as an IAM role.
func (s Scope) GlobalARN(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s::%s:%s", s.Partition, service, s.Account, resource)
}

// BucketARN is the ARN of an S3 bucket; it has neither region nor account.
func (s Scope) BucketARN(bucket string) string {
	return fmt.Sprintf("arn:%s:s3:::%s", s.Partition, bucket)
}

// HostedZoneARN is the ARN of a Route 53 hosted zone.
func (s Scope) HostedZoneARN(id string) string {
	return fmt.Sprintf("arn:%s:route53:::hostedzone/%s", s.Partition, id)
}

// ChangeARN is the ARN of a change of record sets.
func (s Scope) ChangeARN(id string) string {
	return fmt.Sprintf("arn:%s:route53:::change/%s", s.Partition, id)
}

// QueueURL is the address of an SQS queue of this account. It follows from the
// queue's name, so that it can be told before the queue exists.
func (s Scope) QueueURL(queue string) string {
	return fmt.Sprintf("https://sqs.%s.%s/%s/%s", s.Region, s.DNSSuffix, s.Account, queue)
}
