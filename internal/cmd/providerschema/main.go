// Command providerschema prints the provider's schema in the form of
// "terraform providers schema -json", for the generator of the documentation.
//
// It asks the provider itself rather than Terraform, so that the documentation
// does not depend on which Terraform is installed: releases before 1.14 leave
// out actions, and those before 1.12 resource identities.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/provider"
)

func main() {
	server, err := providerserver.NewProtocol6WithError(provider.New("docs", "")())()
	if err == nil {
		err = write(context.Background(), os.Stdout, "fargatedirect", server)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// write prints the schema of one provider under its short name.
func write(ctx context.Context, w io.Writer, name string, server tfprotov6.ProviderServer) error {
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	if err := firstError(schemas.Diagnostics); err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return fmt.Errorf("reading the identities: %w", err)
	}
	if err := firstError(identities.Diagnostics); err != nil {
		return fmt.Errorf("reading the identities: %w", err)
	}
	converted, err := convertProvider(schemas, identities.IdentitySchemas)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(providerSchemas{
		FormatVersion: "1.0",
		Schemas:       map[string]providerSchema{name: converted},
	})
}

func firstError(diagnostics []*tfprotov6.Diagnostic) error {
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	return nil
}
