package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// certbotName is of an argument that names a certbot without managing it.
func certbotName() validator.String {
	return stringvalidator.RegexMatches(names.Pattern, `must be the name of a fargatedirect_certbot; a right value is "prod"`)
}

// lookUp reads back the certificates of a certbot that arguments name. It tells
// under the title what is wrong with them, and whether nothing is.
func (d *providerData) lookUp(ctx context.Context, title string, name, region types.String, diags *diag.Diagnostics) (*awsclient.Clients, certbotstack.Spec, bool) {
	c, scope, err := d.scope(ctx, names.KindCertbot, sharedModel{Name: name, Region: region})
	if err != nil {
		diags.AddAttributeError(path.Root("region"), title, err.Error())
		return nil, certbotstack.Spec{}, false
	}
	spec, err := certbotstack.DiscoverCertificates(ctx, c, scope)
	switch {
	case errors.Is(err, stack.ErrNotFound):
		diags.AddAttributeError(path.Root("certbot"), title, fmt.Sprintf("There is no fargatedirect_certbot of the name %q in region %s of account %s.", name.ValueString(), c.Region, c.Account))
	case err != nil:
		diags.AddError(title, withPermissions(err))
	}
	return c, spec, err == nil
}

// withPermissions is what an error says and, where a permission is missing,
// where all of them are.
func withPermissions(err error) string {
	if awserr.IsAccessDenied(err) {
		return err.Error() + "\n\nThe credentials of the provider lack this permission. " + permissionsGuide
	}
	return err.Error()
}

// hasKey tells whether the certbot has a certificate of the key that an
// argument names.
func hasKey(s certbotstack.Spec, title, key string, at path.Path, diags *diag.Diagnostics) bool {
	_, ok := s.Certificates[key]
	if !ok {
		diags.AddAttributeError(at, title, fmt.Sprintf("fargatedirect_certbot (%s) has no certificate %q. Its certificates are %q.", s.Scope.Name, key, s.Keys()))
	}
	return ok
}
