package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/proxycontainer"
)

var _ function.Function = (*proxyContainerFunction)(nil)

// proxyContainerFunction makes the container definition of the proxy. It asks
// nobody for anything.
type proxyContainerFunction struct {
	// image is the release's; empty if there is none.
	image string
}

func newProxyContainerFunction(image string) function.Function {
	return &proxyContainerFunction{image: image}
}

func (f *proxyContainerFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "proxy_container"
}

const proxyContainerDescription = "The container definition of `fargatedirect-proxy`, to put into the `jsonencode([…])` of a task definition for Fargate (platform version 1.4.0 or later). " +
	"The proxy terminates TLS on port 443 with a certificate of `fargatedirect_certbot`, follows its renewals, and forwards to a server that speaks plain HTTP in the same task. " +
	"[Serving TLS from a task](../guides/serving-tls.md) tells what that means, and what else there is to choose from; " +
	"[examples/serving](https://github.com/fargatedirect/terraform-provider-fargatedirect/tree/main/examples/serving) has whole configurations.\n\n" +
	"The result has the form in which ECS answers container definitions, so a plan shows what changed and nothing else. " +
	"It runs as a user that is not root, with a read-only file system and no capabilities. " +
	"For that, ports below 1024 are opened to such users (`net.ipv4.ip_unprivileged_port_start`) in the whole task: give none of its other containers a `systemControls` for the same setting. " +
	"With `merge(provider::fargatedirect::proxy_container({…}), {…})` you add what is missing, such as `repositoryCredentials` for a registry that is not ECR, or replace what is not to your liking; a list such as `environment` is then replaced whole.\n\n" +
	"Values may be unknown during a plan; then so is the result, and what is known is checked. " +
	"If one of the values is sensitive, the whole result is: `nonsensitive(…)` around such a value spares a task definition whose plans tell nothing. None of the keys wants a secret."

func (f *proxyContainerFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "Container definition of the proxy that terminates TLS",
		MarkdownDescription: proxyContainerDescription + "\n\n" + proxyContainerKeys(),
		Parameters: []function.Parameter{function.DynamicParameter{
			Name:                "settings",
			MarkdownDescription: "An object with the keys above. Null stands for a key that is not given; other keys are refused.",
			AllowUnknownValues:  true,
		}},
		Return: function.DynamicReturn{},
	}
}

// proxyContainerKeys are the keys for the documentation.
func proxyContainerKeys() string {
	var b strings.Builder
	b.WriteString("## Keys\n")
	for _, k := range proxycontainer.Keys() {
		kind := k.Type
		if k.Required {
			kind += ", Required"
		}
		fmt.Fprintf(&b, "\n- `%s` (%s) %s For example `%s`.", k.Name, kind, k.Markdown, k.Example)
	}
	return b.String()
}

// listed makes a list of several lines. Terraform breaks long lines, so that
// one could not tell where the next begins.
func listed(lines string) string {
	if !strings.Contains(lines, "\n") {
		return lines
	}
	return "\n\n- " + strings.ReplaceAll(lines, "\n", "\n- ")
}

func (f *proxyContainerFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var settings types.Dynamic
	resp.Error = req.Arguments.Get(ctx, &settings)
	if resp.Error != nil {
		return
	}
	value := plain(settings)
	if value == (proxycontainer.Unknown{}) {
		resp.Error = resp.Result.Set(ctx, types.DynamicUnknown())
		return
	}
	arguments, ok := value.(map[string]any)
	if !ok {
		resp.Error = function.NewArgumentFuncError(0, `the argument must be an object, such as { backend_port = 8080, bucket = "my-certificates", prefix = "browser/", domain = "browser.example.com" }`)
		return
	}
	definition, known, err := proxycontainer.New(arguments, f.image)
	switch {
	case err != nil:
		resp.Error = function.NewArgumentFuncError(0, listed(err.Error()))
		return
	case !known:
		resp.Error = resp.Result.Set(ctx, types.DynamicUnknown())
		return
	}
	result, err := dynamicOf(ctx, definition)
	if err != nil {
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, result)
}
