package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

var _ function.Function = (*proxyImageFunction)(nil)

// proxyImageFunction tells the image that the release pins, for containers
// that proxyContainerFunction does not make.
type proxyImageFunction struct {
	// image is the release's; empty if there is none.
	image string
}

func newProxyImageFunction(image string) function.Function {
	return &proxyImageFunction{image: image}
}

func (f *proxyImageFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "proxy_image"
}

func (f *proxyImageFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Image of the proxy that belongs to this release",
		MarkdownDescription: "The image of `fargatedirect-proxy` that was released with this version of the provider, pinned by its digest. " +
			"`proxy_container` uses it by itself; this is for containers that keep the certificate [in files](../guides/serving-tls.md#files-for-a-server-that-terminates-tls-itself), or to make a copy. " +
			"It changes with the provider's version, and never by itself. A provider that you built yourself has no image, and fails.",
		Return: function.StringReturn{},
	}
}

func (f *proxyImageFunction) Run(ctx context.Context, _ function.RunRequest, resp *function.RunResponse) {
	if f.image == "" {
		resp.Error = function.NewFuncError(`this provider is not of a release, so it knows no image; build one with "make image", push it, and write its reference instead of proxy_image()`)
		return
	}
	resp.Error = resp.Result.Set(ctx, f.image)
}
