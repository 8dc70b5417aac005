package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// certificatesChange tells whether an update tells the function something new,
// and there are certificates already that it may concern.
func certificatesChange(ctx context.Context, c *awsclient.Clients, old, next certbotstack.Spec) (bool, error) {
	_, _, before := old.Config()
	_, _, after := next.Config()
	if before == after && old.EAB.KeyVersion == next.EAB.KeyVersion {
		return false, nil
	}
	missing, err := old.Missing(ctx, c.S3)
	return len(missing) < len(old.Certificates), err
}

// due tells whether an update is to have certificates issued: those that
// change, and those that are missing unless the user leaves the first ones to
// the schedule.
func due(ctx context.Context, c *awsclient.Clients, s certbotstack.Spec, changed, first bool) (bool, error) {
	if changed || !first {
		return changed, nil
	}
	missing, err := s.Missing(ctx, c.S3)
	if len(missing) > 0 || err != nil {
		return len(missing) > 0, err
	}
	undelivered, err := s.Undelivered(ctx, c.S3, c.SecretsManager)
	return len(undelivered) > 0, err
}

// issue has the function look after the certificates and warns of what it
// could not do. First tells whether missing certificates are an apply's to get.
func (r *certbotResource) issue(ctx context.Context, c *awsclient.Clients, s certbotstack.Spec, first bool, diags *diag.Diagnostics) {
	runID, err := uuid.GenerateUUID()
	if err != nil {
		addError(diags, "Creating", names.KindCertbot, s.Scope.Name, err)
		return
	}
	statuses, err := certbotstack.Issuer{Lambda: c.Lambda, Store: c.S3}.Run(ctx, s, certbot.Request{RunID: runID, Trigger: certbot.TriggerApply})
	var failed, warned []string
	for _, key := range s.Keys() {
		st := statuses[key]
		if st.RunID == runID && st.State == certbot.StateFailed && st.Failure != nil {
			failed = append(failed, fmt.Sprintf("Certificate %q: %s", key, st.Failure.Message))
		}
		if st.RunID == runID && len(st.Warnings) > 0 {
			warned = append(warned, fmt.Sprintf("Certificate %q: %s", key, strings.Join(st.Warnings, " ")))
		}
	}
	if len(failed) > 0 {
		diags.AddWarning(fmt.Sprintf("No certificate from %s", s.DirectoryURL), strings.Join(append(failed, tryAgain(ctx, c, s, first)), "\n\n"))
	}
	if len(warned) > 0 {
		diags.AddWarning("Certificates are not all as wanted", strings.Join(warned, "\n\n"))
	}
	if err != nil {
		diags.AddWarning("Outcome of the issuance unknown", fmt.Sprintf("%s.\n\nIf the function was started it goes on by itself; its log group is %s. If not, the next scheduled run does its work. Everything else is in place.", withPermissions(err), s.LogGroup()))
	}
}

// tryAgain tells what there is to do about certificates that could not be
// obtained. Their failures tell when scheduled runs try again.
func tryAgain(ctx context.Context, c *awsclient.Clients, s certbotstack.Spec, first bool) string {
	again, err := due(ctx, c, s, false, first)
	switch {
	case err != nil:
		return "Everything else is in place."
	case again:
		return "Everything else is in place. The next terraform apply tries again as well, but for what the authority's limits forbid."
	}
	return fmt.Sprintf(`Everything else is in place. A further terraform apply leaves this to the scheduled runs; to try again at once invoke Lambda function %s with the payload {"force":true}, or with "keys" for some certificates alone.`, s.Scope.Physical())
}

// setAccount takes the account's URL from what the function last told. It is
// not worth an error if that cannot be read.
func (m *certbotModel) setAccount(ctx context.Context, c *awsclient.Clients, s certbotstack.Spec) {
	for _, key := range s.Keys() {
		st, err := certbotstack.ReadStatus(ctx, c.S3, s, key)
		if err == nil && st.AccountURI != "" {
			m.AccountURI = types.StringValue(st.AccountURI)
			return
		}
	}
}
