package provider

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/cname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/dnsname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
)

type (
	schemaStringValidator = validator.String
	schemaInt64Validator  = validator.Int64
	schemaMapValidator    = validator.Map
	schemaSetValidator    = validator.Set
	schemaListValidator   = validator.List
)

// check is a string validator made of a function that tells what is wrong.
type check struct {
	description string
	problem     func(value string) string
}

func (c check) Description(context.Context) string         { return c.description }
func (c check) MarkdownDescription(context.Context) string { return c.description }

func (c check) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if text := c.problem(req.ConfigValue.ValueString()); text != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+c.description, text)
	}
}

func arnOf(service, resource, example string) validator.String {
	return check{service + " ARN", func(v string) string {
		a, err := arn.Parse(v)
		if err != nil || a.Service != service || !strings.HasPrefix(a.Resource, resource) {
			return fmt.Sprintf("%q is not the ARN of %s %s; a right value is %q", v, service, strings.TrimRight(resource, "/:"), example)
		}
		return ""
	}}
}

// maxTaskDomain is how long a domain may be, so that the names below it stay
// within the 253 characters of DNS: a task's id has up to 36, and there is a
// dot.
const maxTaskDomain = 253 - 36 - 1

func taskDomain() validator.String { return check{"domain", taskDomainProblem} }

// hostDomain checks a domain but for its length, which depends on the names
// that are made below it.
func hostDomain() validator.String {
	return check{"domain", func(v string) string {
		if err := dnsname.Check(v); err != nil {
			return err.Error()
		}
		return ""
	}}
}

func hostnameTemplate() validator.String {
	return check{"hostname template", func(v string) string {
		if _, err := hostname.Parse(v); err != nil {
			return err.Error()
		}
		return ""
	}}
}

var externalIDPattern = regexp.MustCompile(`^[A-Za-z0-9_+=,.@:/-]+$`)

func externalID() validator.String {
	return check{"external id", func(v string) string {
		if len(v) >= 2 && len(v) <= 1224 && externalIDPattern.MatchString(v) {
			return ""
		}
		return fmt.Sprintf("%q is not 2 to 1224 of letters, digits and _+=,.@:/-", v)
	}}
}

func reconcileInterval() validator.String {
	return check{"interval", func(v string) string {
		d, err := time.ParseDuration(v)
		if err != nil || d < time.Minute || d > 24*time.Hour || d%time.Minute != 0 {
			return fmt.Sprintf("%q is not a number of whole minutes from 1m to 24h; right values are %q and %q", v, "5m", "1h")
		}
		return ""
	}}
}

// taskDomainProblem tells why tasks cannot have names below a domain, or "".
func taskDomainProblem(domain string) string {
	if err := dnsname.Check(domain); err != nil {
		return err.Error()
	}
	if len(domain) > maxTaskDomain {
		return fmt.Sprintf("%q has %d characters; with a task's id before it there is room for %d", domain, len(domain), maxTaskDomain)
	}
	return ""
}

var zoneID = regexp.MustCompile(`^[A-Z0-9]{1,32}$`)

func hostedZoneID() validator.String {
	return check{"hosted zone id", func(v string) string {
		if zoneID.MatchString(v) {
			return ""
		}
		return fmt.Sprintf(`%q is not the id of a hosted zone; a right value is "Z0123456789ABCDEFGHIJ", without "/hostedzone/"`, v)
	}}
}

func email() validator.String {
	return check{"e-mail address", func(v string) string {
		a, err := mail.ParseAddress(v)
		if err != nil || a.Address != v || !strings.Contains(v[strings.LastIndex(v, "@"):], ".") {
			return fmt.Sprintf("%q is not an e-mail address; a right value is %q", v, "ops@example.com")
		}
		return ""
	}}
}

func httpsURL() validator.String {
	return check{"directory URL", func(v string) string {
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			return fmt.Sprintf("%q is not an https URL, as RFC 8555 demands of an ACME directory; a right value is %q", v, "https://acme-staging-v02.api.letsencrypt.org/directory")
		}
		return ""
	}}
}

var (
	rateExpression = regexp.MustCompile(`^rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9][0-9]+) (?:minutes|hours|days))\)$`)
	cronExpression = regexp.MustCompile(`^cron\([^\s()]+( [^\s()]+){5}\)$`)
)

func schedule() validator.String {
	return check{"schedule expression", func(v string) string {
		if !rateExpression.MatchString(v) && !cronExpression.MatchString(v) {
			return fmt.Sprintf(`%q is not a schedule of EventBridge; right values are "rate(6 hours)", "rate(1 hour)" and, with six fields, "cron(32 */6 * * ? *)"`, v)
		}
		fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(v, "cron("), ")"))
		if len(fields) == 6 && (fields[2] == "?") == (fields[4] == "?") {
			return fmt.Sprintf(`%q must have "?" in exactly one of its third (day of month) and fifth (day of week) fields; a right value is "cron(32 */6 * * ? *)"`, v)
		}
		return ""
	}}
}

var clusterPattern = regexp.MustCompile(`^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9_-]{1,255}$`)

// clusterARN is strict about the name, because "*" would mean more than one
// cluster in the role's policy and none in the rule's pattern.
func clusterARN() validator.String {
	return check{"cluster ARN", func(v string) string {
		if clusterPattern.MatchString(v) {
			return ""
		}
		return fmt.Sprintf("%q is not the ARN of an ECS cluster; a right value is %q", v, "arn:aws:ecs:eu-west-2:123456789012:cluster/browsers")
	}}
}

func iamPath() validator.String {
	return stringvalidator.RegexMatches(regexp.MustCompile(`^/([A-Za-z0-9+=,.@_-]+/){0,16}$`),
		`must begin and end with a slash; a right value is "/team/"`)
}

// tagText is what all services take in keys and values of tags.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+@-]*$`)

func tagKey() validator.String {
	return check{"tag key", func(v string) string {
		switch {
		case v == "" || utf8.RuneCountInString(v) > 128:
			return "a tag's key has 1 to 128 characters"
		case !tagText.MatchString(v):
			return fmt.Sprintf("%q has characters other than letters, digits, spaces and _.:/=+-@", v)
		case strings.HasPrefix(strings.ToLower(v), "aws:"), strings.HasPrefix(v, "fargatedirect:"):
			return fmt.Sprintf("%q begins with a prefix that is reserved", v)
		}
		return ""
	}}
}

func tagValue() validator.String {
	return check{"tag value", func(v string) string {
		switch {
		case utf8.RuneCountInString(v) > 256:
			return "a tag's value has at most 256 characters"
		case !tagText.MatchString(v):
			return fmt.Sprintf("%q has characters other than letters, digits, spaces and _.:/=+-@", v)
		}
		return ""
	}}
}

var certificateKey = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$`)

func certificateKeyName() validator.String {
	return stringvalidator.RegexMatches(certificateKey, `must be 1 to 64 of a-z, 0-9, hyphen and underscore, because it becomes part of object names; a right value is "browser"`)
}

var prefixPattern = regexp.MustCompile(`^([A-Za-z0-9!_.'()-]+/)+$`)

func objectPrefix() validator.String {
	return stringvalidator.RegexMatches(prefixPattern, `must be folders that each end with a slash; a right value is "browser/"`)
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func existingBucket() validator.String {
	return stringvalidator.RegexMatches(bucketName, `must be the name of a bucket, not its ARN; a right value is "my-certificates"`)
}

func certificatePEM() validator.String {
	return check{"CA certificate", func(v string) string {
		if !x509.NewCertPool().AppendCertsFromPEM([]byte(v)) {
			return `there is no certificate in it; a right value is file("ca.pem") with "-----BEGIN CERTIFICATE-----" in the file`
		}
		return ""
	}}
}

func nameServer() schemaStringValidator {
	return check{"name server", func(v string) string {
		if err := cname.CheckServer(v); err != nil {
			return err.Error()
		}
		return ""
	}}
}
