package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
)

// planChallenges plans where the challenges are answered, and refuses names
// for which that cannot be. It is left to apply as long as names or zones are
// unknown.
func (m *certbotModel) planChallenges(ctx context.Context, d *providerData, c *awsclient.Clients, s *certbotstack.Spec, state certbotModel, diags *diag.Diagnostics) {
	m.ChallengeNames = types.MapUnknown(types.StringType)
	if diags.HasError() || !m.certificatesKnown() {
		return
	}
	keys := m.placed(ctx, diags)
	s.Challenges = findChallenges(ctx, d, c, *s, keys, state, diags)
	if len(keys) == len(s.Certificates) && !diags.HasError() {
		m.setChallenges(ctx, *s, diags)
	}
}

// placed are the keys of the certificates of which names, zone and the zone's
// role are known.
func (m certbotModel) placed(ctx context.Context, diags *diag.Diagnostics) []string {
	var keys []string
	common := !m.HostedZoneID.IsUnknown() && !unknownRole(ctx, m.HostedZoneRole, diags)
	for key, cert := range m.certificates(ctx, diags) {
		zone := !cert.HostedZoneID.IsUnknown() && !unknownRole(ctx, cert.HostedZoneRole, diags)
		if cert.HostedZoneID.IsNull() {
			zone = zone && common
		}
		if zone && !cert.Domains.IsUnknown() && !anyUnknown(slices.Values(cert.Domains.Elements())) {
			keys = append(keys, key)
		}
	}
	return keys
}

// findChallenges finds out where the challenges of these certificates are
// answered. What before had stands in for what cannot be looked up now.
func findChallenges(ctx context.Context, d *providerData, c *awsclient.Clients, s certbotstack.Spec, keys []string, before certbotModel, diags *diag.Diagnostics) map[string]string {
	found, err := s.FindChallenges(ctx, c.Route53, d.dns, keys, mapOf(ctx, before.ChallengeNames, diags))
	addError(diags, "Checking", names.KindCertbot, s.Scope.Name, err)
	addProblems(diags, found.Problems)
	if len(found.Warnings) > 0 {
		diags.AddWarning("Challenges were not looked up",
			"Where these challenges are to be answered is taken from the state, because it could not be found out:\n\n"+strings.Join(found.Warnings, "\n"))
	}
	return found.Names
}

// setChallenges fills in where the challenges are answered.
func (m *certbotModel) setChallenges(ctx context.Context, s certbotstack.Spec, diags *diag.Diagnostics) {
	v, ds := types.MapValueFrom(ctx, types.StringType, s.ChallengeNames())
	diags.Append(ds...)
	m.ChallengeNames = v
}
