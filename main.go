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

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "keep running for a debugger, and print the TF_REATTACH_PROVIDERS to set")
	flag.Parse()

	address := tfaddr.Provider{
		Hostname:  tfaddr.DefaultProviderRegistryHost,
		Namespace: "fargatedirect",
		Type:      "fargatedirect",
	}
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: address.String(),
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
