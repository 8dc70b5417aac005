package proxycontainer

import "slices"

// Key is one of the arguments.
type Key struct {
	Name string
	// Type is what Terraform calls its type.
	Type string
	// Example is how it may be written in Terraform's language.
	Example string
	// Markdown says what it is.
	Markdown string
	// Required tells whether nothing works without it.
	Required bool
}

// Keys are all arguments, those first that most need.
func Keys() []Key { return slices.Clone(keys) }

var keys = []Key{
	{
		Name: "backend_port", Type: "Number", Example: `8080`, Required: true,
		Markdown: "Port at which your server listens for HTTP; on `127.0.0.1` is enough, and nobody gets past the proxy then.",
	},
	{
		Name: "bucket", Type: "String", Example: `fargatedirect_certbot.browser.bucket_name`,
		Markdown: "Bucket of the certificate, which the task role reads with `reader_policy_json`. Renewals are followed.",
	},
	{
		Name: "prefix", Type: "String", Example: `"browser/"`,
		Markdown: "Prefix of the certificate in the bucket; by default it is the certificate's key and a slash.",
	},
	{
		Name: "secret_arn", Type: "String", Example: `fargatedirect_certbot.browser.secret_arns["browser"]`,
		Markdown: "Secret of the certificate, instead of `bucket` and `prefix`.",
	},
	{
		Name: "secret_read_by", Type: "String", Example: `"task_role"`,
		Markdown: "`\"execution_role\"` (the default): ECS reads the secret when a task starts, with `execution_policy_json` on the execution role, and the task role may be empty. Nobody reads it afterwards, so the health check fails before the certificate expires, and ECS replaces the tasks of a service. `\"task_role\"`: the proxy reads the secret with that policy on the task role, and follows renewals.",
	},
	{
		Name: "domain", Type: "String", Example: `"browser.example.com"`,
		Markdown: "The `domain` of the `fargatedirect_task_dns`. The proxy answers for the task's own name below it, and refuses requests for others (421). Required unless `any_host` is true.",
	},
	{
		Name: "hostname_template", Type: "String", Example: `"{short_id}"`,
		Markdown: "The `hostname_template` of the `fargatedirect_task_dns`, if it has one: of `{task_id}`, `{short_id}`, letters, digits and hyphens. What else a template may hold a container does not know.",
	},
	{
		Name: "any_host", Type: "Bool", Example: `true`,
		Markdown: "Whether to answer requests for other names too. Only for tasks that are all one tenant's. Default: false.",
	},
	{
		Name: "names", Type: "List of String", Example: `["*.browser.example.com"]`,
		Markdown: "What the certificate must be good for; one that is not is refused. Default: `[\"*.<domain>\"]`, or anything without a `domain`.",
	},
	{
		Name: "backend_container", Type: "String", Example: `"app"`,
		Markdown: "Name of your server's container. The proxy starts after it, and stops before it, so that requests which have begun can end.",
	},
	{
		Name: "backend_condition", Type: "String", Example: `"HEALTHY"`,
		Markdown: "What to wait for: `\"START\"` (the default), or `\"HEALTHY\"` if that container has a health check.",
	},
	{
		Name: "backend_protocol", Type: "String", Example: `"h2c"`,
		Markdown: "`\"http1\"` (the default), or `\"h2c\"` for a server of HTTP/2 without TLS, such as gRPC.",
	},
	{
		Name: "redirect_http", Type: "Bool", Example: `true`,
		Markdown: "Whether port 80 is open too, and redirects to HTTPS. Default: false.",
	},
	{
		Name: "stop_timeout", Type: "Number", Example: `60`,
		Markdown: "Seconds from SIGTERM until ECS kills the proxy, 2 to 120. Requests may take 5 of them less to end (with fewer than 10, half of them). Default: 30.",
	},
	{
		Name: "interval", Type: "String", Example: `"5m"`,
		Markdown: "Time between two looks for a renewal. Default: `\"5m\"`.",
	},
	{
		Name: "access_log", Type: "Bool", Example: `false`,
		Markdown: "Whether each request is logged as JSON. Default: true.",
	},
	{
		Name: "region", Type: "String", Example: `"eu-west-2"`,
		Markdown: "Region of the bucket. Default: the task's own. A secret's ARN names its region.",
	},
	{
		Name: "name", Type: "String", Example: `"proxy"`,
		Markdown: "Name of the container. Default: `\"proxy\"`.",
	},
	{
		Name: "image", Type: "String", Example: `"123456789012.dkr.ecr.eu-west-2.amazonaws.com/fargatedirect-proxy@sha256:…"`,
		Markdown: "Reference of the image, for a copy in a registry of your own. Pin it by its digest. Default: the image of the provider's release, by digest; a provider that you built yourself has none.",
	},
	{
		Name: "cpu", Type: "Number", Example: `64`,
		Markdown: "CPU units that the container is sure of. Default: none in particular.",
	},
	{
		Name: "memory", Type: "Number", Example: `128`,
		Markdown: "MiB that the container may have, beyond which it is killed. Default: as many as the task has.",
	},
	{
		Name: "memory_reservation", Type: "Number", Example: `64`,
		Markdown: "MiB that the container is sure of.",
	},
	{
		Name: "log_configuration", Type: "Object", Example: `{ logDriver = "awslogs", options = { "awslogs-group" = "browser", "awslogs-region" = "eu-west-2", "awslogs-stream-prefix" = "proxy" } }`,
		Markdown: "Where the output goes, in the words of the container definition: `logDriver`, `options`, `secretOptions`. Without it there is no log.",
	},
	{
		Name: "environment", Type: "Map of String", Example: `{ FARGATEDIRECT_MAX_CONNECTIONS = 2000 }`,
		Markdown: "Further settings of the proxy, by the names of their variables, such as limits; [its README](https://github.com/fargatedirect/terraform-provider-fargatedirect/tree/main/proxy#settings) has all of them; and Go's own `GOGC` and `GOMEMLIMIT`. What another key sets is refused. With a longer `FARGATEDIRECT_CERTIFICATE_TIMEOUT` ECS gives the container more time until it must be healthy, 5 minutes at most.",
	},
}

// example is how a key may be written, or "" for what is no key.
func example(name string) string {
	for _, k := range keys {
		if k.Name == name {
			return k.Name + " = " + k.Example
		}
	}
	return ""
}
