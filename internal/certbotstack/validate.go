package certbotstack

import (
	"fmt"
	"strings"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/dnsname"
)

// Problem is a wrong value. Key is the certificate that it belongs to, empty
// for the resource; Attribute is the attribute's name.
type Problem struct {
	Key, Attribute string
	Text           string
}

// CheckPrefixes tells which certificates would lie inside each other or among
// our own objects. Prefixes is by key.
func CheckPrefixes(prefixes map[string]string) []Problem {
	var problems []Problem
	for key, prefix := range prefixes {
		for _, own := range []string{certbot.ConfigPrefix, certbot.StatusPrefix} {
			if strings.HasPrefix(prefix, own) {
				problems = append(problems, Problem{key, "prefix", fmt.Sprintf("%q is where the resource keeps its own objects; choose another, such as \"certs/%s/\"", own, key)})
			}
		}
		for other, outer := range prefixes {
			if other != key && strings.HasPrefix(prefix, outer) && (prefix != outer || key > other) {
				problems = append(problems, Problem{key, "prefix", fmt.Sprintf("%q lies inside %q of certificate %q; prefixes may not be nested, or who may read one could read the other", prefix, outer, other)})
			}
		}
	}
	return problems
}

// CheckDomains tells what is wrong with the names of one certificate.
func CheckDomains(domains []string) []string {
	var problems []string
	if len(domains) == 0 {
		problems = append(problems, `there is no name; a right value is ["*.tasks.example.com"]`)
	}
	if len(domains) > 100 {
		problems = append(problems, fmt.Sprintf("there are %d names; authorities take at most 100 in one certificate", len(domains)))
	}
	wildcards := map[string]bool{}
	for _, d := range domains {
		if d != dnsname.Base(d) {
			wildcards[dnsname.Base(d)] = true
		}
	}
	for _, d := range domains {
		if err := dnsname.CheckCertificate(d); err != nil {
			problems = append(problems, err.Error())
			continue
		}
		if _, parent, ok := strings.Cut(d, "."); ok && d == dnsname.Base(d) && wildcards[parent] {
			problems = append(problems, fmt.Sprintf("%q is covered by \"*.%s\" already; authorities refuse both in one certificate", d, parent))
		}
	}
	return problems
}

// CheckSizes refuses what AWS would refuse for its size.
func (s Spec) CheckSizes() []Problem {
	var problems []Problem
	if n := len(s.RolePolicy().JSON()); n > MaxRolePolicy {
		problems = append(problems, Problem{"", "certificates", fmt.Sprintf("the function's role policy would have %d characters and IAM takes %d; divide the certificates over several fargatedirect_certbot", n, MaxRolePolicy)})
	}
	if n := len(s.BucketPolicy().JSON()); n > MaxBucketPolicy && s.ExistingBucket == "" {
		problems = append(problems, Problem{"", "reader_role_arns", fmt.Sprintf("the bucket policy would have %d bytes and S3 takes %d; name fewer roles", n, MaxBucketPolicy)})
	}
	return problems
}
