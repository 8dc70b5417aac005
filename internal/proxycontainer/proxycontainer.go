// Package proxycontainer makes the container definition of fargatedirect-proxy
// for a task definition of ECS on Fargate.
//
// It knows no Terraform: what a user says comes as plain values, of which some
// may not be known yet, and what comes out is what RegisterTaskDefinition
// takes.
package proxycontainer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Unknown stands for a value that is not known yet.
type Unknown struct{}

// Who reads a secret.
const (
	// ExecutionRole has ECS put the secret into the environment when a task
	// starts. The task role may be empty.
	ExecutionRole = "execution_role"
	// TaskRole has the proxy read the secret, and follow it.
	TaskRole = "task_role"
)

const (
	// binary is where the image has the proxy.
	binary = "/fargatedirect-proxy"
	// user is the one that the image is for; it is not root.
	user = "65532:65532"
	// variablePrefix is what the names of the proxy's settings begin with.
	variablePrefix = "FARGATEDIRECT_"

	defaultName        = "proxy"
	defaultStopTimeout = 30
	// maxStopTimeout is what Fargate allows, in seconds.
	maxStopTimeout = 120
	// exitMargin is how many seconds of the stop timeout are kept for the end
	// of the process after it has drained.
	exitMargin = 5
)

// New makes the definition that arguments ask for. A value is nil (which is as
// good as not given), Unknown, a string, a bool, a *big.Float, a []any or a
// map[string]any, and is converted where Terraform would convert it. The image
// is used where the arguments give none; it may be empty, and then they must.
//
// False means that the definition cannot be told yet, because something is
// Unknown; what is known was checked. The error names everything that is
// wrong, a line for each.
func New(arguments map[string]any, image string) (Definition, bool, error) {
	r := &reader{given: map[string]any{}}
	for key, value := range arguments {
		if value != nil {
			r.given[key] = value
		}
	}
	r.refuseOtherKeys(arguments)
	d := base()
	d.Name = r.textOr("name", defaultName, containerName)
	d.Image = r.image(image)
	variables := map[string]string{}
	set := func(name, value string) {
		if value != "" {
			variables[variablePrefix+name] = value
		}
	}
	r.certificate(&d, set)
	r.hostname(set)
	r.backend(&d, set)
	r.listeners(&d, set)
	r.stopping(&d, set)
	r.resources(&d)
	d.LogConfiguration = r.logConfiguration()
	r.furtherSettings(variables)
	d.HealthCheck.StartPeriod = startPeriod(variables)
	r.health(&d, variables)
	d.Environment = sorted(variables)
	if len(r.problems) > 0 {
		slices.Sort(r.problems)
		return Definition{}, false, errors.New(strings.Join(r.problems, "\n"))
	}
	return d, !r.unknown, nil
}

// image is the one that is given, or else the release's.
func (r *reader) image(release string) string {
	if !r.may("image") && release == "" {
		r.problem("image", "this provider is not of a release, so it knows no image; build one with \"make image\", push it, and give its reference")
	}
	return r.textOr("image", release, imageReference)
}

// certificate says where the certificate is, and who reads it.
func (r *reader) certificate(d *Definition, set func(name, value string)) {
	bucket := r.text("bucket", bucketName)
	prefix := r.text("prefix", objectPrefix)
	secret := r.text("secret_arn", secretARN)
	by := r.textOr("secret_read_by", ExecutionRole, oneOf(ExecutionRole, TaskRole))
	region := r.text("region", regionName)
	interval := r.text("interval", positiveDuration)
	names, namesGiven := r.texts("names", certificateName)
	if list, is := r.given["names"].([]any); is && len(list) == 0 {
		r.problem("names", "an empty list would let a certificate for any names pass; leave it out for the names below domain")
	}
	r.oneSource()

	set("BUCKET", bucket)
	set("PREFIX", prefix)
	set("REGION", region)
	set("INTERVAL", interval)
	if domain := r.text("domain", nil); domain != "" && !namesGiven {
		names = []string{"*." + domain}
	}
	set("NAMES", strings.Join(names, ","))
	if secret == "" || by == "" {
		return
	}
	if by == TaskRole {
		set("SECRET_ARN", secret)
		own := strings.Split(secret, ":")[3]
		if region != "" && region != own {
			r.problem("region", fmt.Sprintf("the secret is in %s, as its ARN says; leave region out", own))
		}
		// Tasks may run elsewhere.
		set("REGION", own)
		return
	}
	for _, key := range []string{"region", "interval"} {
		if r.is(key) {
			r.problem(key, "ECS reads the secret when a task starts, and nobody afterwards; leave it out, or give secret_read_by = \"task_role\"")
		}
	}
	d.Secrets = []Secret{{Name: secretVariable, ValueFrom: secret}}
}

// oneSource refuses what is not exactly one of a bucket with a prefix, and a
// secret.
func (r *reader) oneSource() {
	switch {
	case r.is("secret_arn") && (r.is("bucket") || r.is("prefix")):
		r.problem("secret_arn", "the certificate is read either from a bucket (bucket and prefix) or from a secret; leave one of them out")
	case !r.may("secret_arn") && !r.may("bucket") && !r.may("prefix"):
		r.problem("bucket", "it is not said where the certificate is; give bucket and prefix, or secret_arn")
	case !r.may("secret_arn") && !r.may("bucket"):
		r.problem("bucket", "a prefix is one of a bucket, and none is given")
	case !r.may("secret_arn") && !r.may("prefix"):
		r.problem("prefix", "it is not said which of the bucket's certificates to read; a certificate's key with a slash is its usual prefix")
	}
	if r.is("secret_read_by") && !r.may("secret_arn") {
		r.problem("secret_read_by", "there is no secret_arn whose reader it could say")
	}
}

// hostname says what the task is called, so that the proxy answers for that
// name only.
func (r *reader) hostname(set func(name, value string)) {
	set("DOMAIN", r.text("domain", taskDomain))
	set("HOSTNAME_TEMPLATE", r.text("hostname_template", hostnameTemplate))
	anyHost := r.flag("any_host", false)
	if anyHost {
		set("ANY_HOST", "true")
	}
	if !r.may("domain") && !r.unsure("any_host") && !anyHost {
		r.problem("domain", "without it the proxy cannot know the task's name, and would answer for any. "+
			"Addresses of stopped tasks go to other tasks while clients still know the old name, and a wildcard certificate is good for both. "+
			"Give the domain of the fargatedirect_task_dns; if all tasks are one tenant's, any_host = true will do")
	}
	if r.is("hostname_template") && !r.may("domain") {
		r.problem("hostname_template", "there is no domain below which it could make names")
	}
}

// backend says where requests go.
func (r *reader) backend(d *Definition, set func(name, value string)) {
	if !r.may("backend_port") {
		r.problem("backend_port", "it is required: the port of the task at which your server listens for HTTP")
	}
	port := r.number("backend_port", 1, 65535)
	set("BACKEND_PORT", digits(port))
	set("BACKEND_PROTOCOL", r.text("backend_protocol", oneOf("http1", "h2c")))
	container := r.text("backend_container", containerName)
	condition := r.textOr("backend_condition", "START", backendCondition)
	if r.is("backend_condition") && !r.may("backend_container") {
		r.problem("backend_condition", "there is no backend_container to wait for")
	}
	if container == "" {
		return
	}
	if container == d.Name {
		r.problem("backend_container", fmt.Sprintf("%q is the proxy's own name; give that of your server's container", container))
	}
	d.DependsOn = []Dependency{{ContainerName: container, Condition: condition}}
}

// listeners says where clients come in.
func (r *reader) listeners(d *Definition, set func(name, value string)) {
	if r.flag("redirect_http", false) {
		set("REDIRECT_LISTEN", ":80")
		d.PortMappings = append(d.PortMappings, port(80))
	}
	if !r.flag("access_log", true) {
		set("ACCESS_LOG", "false")
	}
	if backend := r.number("backend_port", 1, 65535); slices.ContainsFunc(d.PortMappings, func(p PortMapping) bool { return p.ContainerPort == backend }) {
		r.problem("backend_port", fmt.Sprintf("the proxy itself listens on %d, and a task's containers share their ports; let your server listen on another one", backend))
	}
}

// stopping gives the proxy time to end what was begun.
func (r *reader) stopping(d *Definition, set func(name, value string)) {
	d.StopTimeout = defaultStopTimeout
	if r.is("stop_timeout") {
		d.StopTimeout = r.number("stop_timeout", 2, maxStopTimeout)
	}
	drain := d.StopTimeout - min(exitMargin, d.StopTimeout/2)
	set("DRAIN_TIMEOUT", (time.Duration(drain) * time.Second).String())
}

// resources are the container's share of the task's. A container has at least
// 6 MiB.
func (r *reader) resources(d *Definition) {
	const most = 1 << 20
	d.CPU = r.number("cpu", 1, most)
	d.Memory = r.number("memory", 6, most)
	d.MemoryReservation = r.number("memory_reservation", 6, most)
	if d.Memory > 0 && d.MemoryReservation >= d.Memory {
		r.problem("memory_reservation", fmt.Sprintf("ECS wants it to be less than memory (%d)", d.Memory))
	}
}
