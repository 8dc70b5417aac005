// Command terraform-provider-fargatedirect is the provider's plugin, which
// Terraform and OpenTofu start.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	tfaddr "github.com/hashicorp/terraform-registry-address"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/provider"
)

// Both are set by the linker when a release is built. The image is the proxy's,
// pinned by its digest; a provider that is built from source knows of none.
var (
	version    = "dev"
	proxyImage = ""
)

func main() {
	debug := flag.Bool("debug", false, "keep running for a debugger, and print the TF_REATTACH_PROVIDERS to set")
	flag.Parse()

	address := tfaddr.Provider{
		Hostname:  tfaddr.DefaultProviderRegistryHost,
		Namespace: "fargatedirect",
		Type:      "fargatedirect",
	}
	err := providerserver.Serve(context.Background(), provider.New(version, proxyImage), providerserver.ServeOpts{
		Address: address.String(),
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
