package names_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

func scope() names.Scope {
	return names.Scope{Kind: names.KindCertbot, Partition: "aws", Account: "123456789012", Region: "eu-west-2", Name: "web"}
}

// The names of parts may never change: the parts of every resource would be
// lost.
func TestPhysicalIsForEver(t *testing.T) {
	t.Parallel()
	taskDNS := scope()
	taskDNS.Kind = names.KindTaskDNS
	for want, s := range map[string]names.Scope{"fargatedirect-web-b1eac6270aef": scope(), "fargatedirect-web-acaaf8c33796": taskDNS} {
		if got := s.Physical(); got != want {
			t.Errorf("%s/%s: got %s, want %s", s.Kind, s.Name, got, want)
		}
	}
}

func TestPhysicalIsUnique(t *testing.T) {
	t.Parallel()
	change := map[string]func(*names.Scope){
		"as it is":    func(*names.Scope) {},
		"kind":        func(s *names.Scope) { s.Kind = names.KindTaskDNS },
		"account":     func(s *names.Scope) { s.Account = "210987654321" },
		"region":      func(s *names.Scope) { s.Region = "eu-west-1" },
		"name":        func(s *names.Scope) { s.Name = "web2" },
		"joined name": func(s *names.Scope) { s.Region, s.Name = "eu-west", "2web" },
	}
	seen := map[string]string{}
	for name, f := range change {
		s := scope()
		f(&s)
		hash := s.Physical()[strings.LastIndex(s.Physical(), "-")+1:]
		if other, ok := seen[hash]; ok {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[hash] = name
	}
	s := scope()
	s.Partition = "aws-cn"
	if s.Physical() != scope().Physical() {
		t.Error("the partition, which follows from the region, is part of the hash")
	}
}

// The longest name must make a valid name of every part: a bucket has at most
// 63 characters, a role and a function 64.
func TestPhysicalIsABucketName(t *testing.T) {
	t.Parallel()
	bucket := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	for _, name := range []string{"a", "a-b", strings.Repeat("z", 32)} {
		s := scope()
		s.Name = name
		if !names.Pattern.MatchString(name) {
			t.Errorf("%q is refused", name)
		}
		if got := s.Physical(); !bucket.MatchString(got) {
			t.Errorf("%q is no bucket name", got)
		}
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "-a", "a-", "A", "a_b", "a.b", "ä", "a b", "a\n", strings.Repeat("z", 33)} {
		if names.Pattern.MatchString(name) {
			t.Errorf("%q is taken", name)
		}
	}
}

func TestARNs(t *testing.T) {
	t.Parallel()
	gov := scope()
	gov.Partition, gov.Region = "aws-us-gov", "us-gov-west-1"
	china := scope()
	china.Partition, china.Region, china.DNSSuffix = "aws-cn", "cn-north-1", "amazonaws.com.cn"
	for want, got := range map[string]string{
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q": china.QueueURL("q"),
		"certbot/web": scope().Owner(),
		"arn:aws:sqs:eu-west-2:123456789012:my-queue":                 scope().ARN("sqs", "my-queue"),
		"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f": gov.ARN("lambda", "function:f"),
		"arn:aws:iam::123456789012:role/team/r":                       scope().GlobalARN("iam", "role/team/r"),
		"arn:aws-us-gov:s3:::certs":                                   gov.BucketARN("certs"),
		"arn:aws-us-gov:route53:::hostedzone/Z1":                      gov.HostedZoneARN("Z1"),
		"arn:aws-us-gov:route53:::change/*":                           gov.ChangeARN("*"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
