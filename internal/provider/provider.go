// Package provider is the Terraform side of fargatedirect: schemas, plans and
// diagnostics. What happens in AWS is in the packages that it calls.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/cname"
)

var (
	_ provider.Provider              = (*fargatedirectProvider)(nil)
	_ provider.ProviderWithFunctions = (*fargatedirectProvider)(nil)
	_ provider.ProviderWithActions   = (*fargatedirectProvider)(nil)

	_ provider.ProviderWithEphemeralResources = (*fargatedirectProvider)(nil)
)

type fargatedirectProvider struct {
	version string
	// proxyImage is the image of the proxy that was released together with
	// this provider, pinned by its digest; empty when there is none.
	proxyImage string
}

// New answers a constructor of the provider, as the plugin server takes it.
// The version is told to AWS in the user agent. The proxy's image is
// pinned by its digest, or empty in a provider that is no release.
func New(version, proxyImage string) func() provider.Provider {
	return func() provider.Provider { return &fargatedirectProvider{version: version, proxyImage: proxyImage} }
}

// providerData is what the provider's configuration gives to resources.
type providerData struct {
	aws         *awsclient.Provider
	defaultTags map[string]string
	// ignoreTag tells which tags others may keep on our parts.
	ignoreTag func(key string) bool
	// dns asks DNS where challenges are delegated to.
	dns *cname.Resolver
}

func (p *fargatedirectProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "fargatedirect"
	resp.Version = p.version
}

func (p *fargatedirectProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.Diagnostics.Append(refuseUnknown(req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	config, diags := model.awsConfig(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	config.TerraformVersion, config.ProviderVersion = req.TerraformVersion, p.version
	aws, warnings, err := awsclient.New(ctx, config)
	for _, w := range warnings {
		resp.Diagnostics.AddWarning(w.Summary, w.Detail)
	}
	if err != nil {
		resp.Diagnostics.AddError("Configuring AWS", err.Error())
		return
	}
	data := &providerData{aws: aws, ignoreTag: model.ignoreTag(), dns: cname.New(stringsOf(model.NameServers))}
	data.defaultTags = model.defaultTags(ctx, &resp.Diagnostics)
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.EphemeralResourceData = data
	resp.ActionData = data
}

func (p *fargatedirectProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newCertbotResource, newTaskDNSResource, newZoneResource}
}

func (p *fargatedirectProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newCertificateDataSource}
}

func (p *fargatedirectProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newCertificateEphemeral}
}

func (p *fargatedirectProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newRenewAction}
}

func (p *fargatedirectProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		newTaskHostnameFunction,
		func() function.Function { return newProxyContainerFunction(p.proxyImage) },
		func() function.Function { return newProxyImageFunction(p.proxyImage) },
	}
}
