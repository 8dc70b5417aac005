package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/callerpolicy"
)

// permissionsTimeout is how long a create waits to be told what the caller may
// do, before it just tries.
const permissionsTimeout = 30 * time.Second

// permissionsGuide is where the whole policy of the caller is.
const permissionsGuide = `The guide "Permissions" in the provider's documentation has the whole policy.`

// checkPermissions refuses a create that would stop halfway because the caller
// lacks permissions, and names them all. It tells whether to go on. Where IAM
// cannot be asked, the create goes on and AWS itself will tell.
func checkPermissions(ctx context.Context, c *awsclient.Clients, kind, name string, grants []callerpolicy.Grant, diags *diag.Diagnostics) bool {
	asking, cancel := context.WithTimeout(ctx, permissionsTimeout)
	defer cancel()
	missing, err := callerpolicy.Missing(asking, c.STS, c.IAM, grants)
	if err != nil {
		tflog.Debug(ctx, "not all permissions of the caller could be checked", map[string]any{"error": err.Error()})
	}
	if len(missing) == 0 {
		return true
	}
	lines := make([]string, 0, len(missing))
	for _, p := range missing {
		lines = append(lines, "  "+p.String())
	}
	diags.AddError(fmt.Sprintf("Creating fargatedirect_%s (%s): missing permissions", kind, name),
		"The policies of the provider's credentials do not allow:\n\n"+strings.Join(lines, "\n")+"\n\nNothing was created. "+permissionsGuide)
	return false
}
