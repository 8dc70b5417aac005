package proxycontainer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/dnsname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
)

// check tells what is wrong with a text, or "".
type check func(text string) string

// longest is how long a text can be that is only of the wrong form.
const longest = 1024

// problem is check for texts that may be anything. Nothing is told of one that
// can be a key or a secret, given by mistake where its name was wanted.
func (c check) problem(text string) string {
	if len(text) > longest || strings.ContainsAny(text, "\r\n") || strings.Contains(text, "PRIVATE KEY") {
		return "it is a text too long, or of several lines, to be right; it is not shown because it may be a secret"
	}
	return c(text)
}

var (
	containerPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	// imagePattern is of what ECS takes; digests are of SHA-256.
	imagePattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/#-]{0,254}(@sha256:[0-9a-f]{64})?$`)
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(`^([A-Za-z0-9!_.'()-]+/)+$`)
	regionPattern = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
	// secretPattern has no room for what ECS would take after the name: a key of
	// the JSON, or a version.
	secretPattern = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$`)
)

func containerName(v string) string {
	if containerPattern.MatchString(v) {
		return ""
	}
	return fmt.Sprintf("%q is not the name of a container: 1 to 255 letters, digits, hyphens and underscores", v)
}

func imageReference(v string) string {
	if strings.Contains(v, "://") {
		return fmt.Sprintf("%q is an address; a reference of an image has no https:// before it", v)
	}
	if imagePattern.MatchString(v) {
		return ""
	}
	return fmt.Sprintf("%q is not a reference of an image, such as <registry>/<repository>@sha256:<digest> (or :<tag>, which may become another image)", v)
}

func bucketName(v string) string {
	if bucketPattern.MatchString(v) {
		return ""
	}
	return fmt.Sprintf("%q is not the name of a bucket", v)
}

func objectPrefix(v string) string {
	if prefixPattern.MatchString(v) {
		return ""
	}
	return fmt.Sprintf("%q is not a prefix: folders that each end with a slash", v)
}

func regionName(v string) string {
	if regionPattern.MatchString(v) {
		return ""
	}
	return fmt.Sprintf("%q is not a region", v)
}

func secretARN(v string) string {
	if secretPattern.MatchString(v) {
		return ""
	}
	return fmt.Sprintf("%q is not the ARN of a secret, with no key and no version after it: secret_arns of the fargatedirect_certbot has it", v)
}

func certificateName(v string) string {
	if err := dnsname.CheckCertificate(v); err != nil {
		return err.Error()
	}
	return ""
}

// taskDomain leaves room for a task's id, which has up to 36 characters, and a
// dot.
func taskDomain(v string) string {
	const most = 253 - 36 - 1
	if err := dnsname.Check(v); err != nil {
		return err.Error()
	}
	if len(v) > most {
		return fmt.Sprintf("%q has %d characters; with a task's id before it there is room for %d", v, len(v), most)
	}
	return ""
}

// hostnameTemplate takes the templates whose names follow from the task's id.
func hostnameTemplate(v string) string {
	t, err := hostname.Parse(v)
	if err != nil {
		return err.Error()
	}
	if !t.OfIDAlone() {
		return fmt.Sprintf("a container learns the task's id from ECS, but not for sure what else is in %q, "+
			"so the proxy could not tell its own name from others. Let fargatedirect_task_dns make names of {task_id} or {short_id}, or leave domain and hostname_template out and give any_host = true", v)
	}
	return ""
}

// positiveDuration takes Go's durations of up to a day, as the proxy does.
func positiveDuration(v string) string {
	if d, err := time.ParseDuration(v); err != nil || d <= 0 || d > 24*time.Hour {
		return fmt.Sprintf("%q is not a time of at most a day, such as \"90s\" or \"5m\"", v)
	}
	return ""
}

func backendCondition(v string) string {
	switch v {
	case "START", "HEALTHY":
		return ""
	case "COMPLETE", "SUCCESS":
		return fmt.Sprintf("with %q ECS would start the proxy when your server has ended; write \"START\" or \"HEALTHY\"", v)
	}
	return oneOf("START", "HEALTHY")(v)
}

func oneOf(values ...string) check {
	return func(v string) string {
		if slices.Contains(values, v) {
			return ""
		}
		return fmt.Sprintf("%q is not one of \"%s\"", v, strings.Join(values, `", "`))
	}
}
