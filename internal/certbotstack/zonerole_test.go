package certbotstack

import (
	"os"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy/iamtest"
)

const zoneRoleARN = "arn:aws:iam::210987654321:role/zone"

// A certificate's own zone has its own role or none; else both are the
// resource's.
func TestZoneRole(t *testing.T) {
	t.Parallel()
	common, own := certbot.Role{ARN: zoneRoleARN, ExternalID: "x1"}, certbot.Role{ARN: zoneRoleARN + "2"}
	for name, test := range map[string]struct {
		certificate Certificate
		want        certbot.Role
	}{
		"the resource's zone":              {want: common},
		"its own zone":                     {certificate: Certificate{HostedZoneID: "ZOWN"}},
		"its own zone and role":            {certificate: Certificate{HostedZoneID: "ZOWN", HostedZoneRole: own}, want: own},
		"its own role for the common zone": {certificate: Certificate{HostedZoneRole: own}, want: own},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Spec{HostedZoneID: "ZMAIN", HostedZoneRole: common, Certificates: map[string]Certificate{"a": test.certificate}}
			if got := s.ZoneRole("a"); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// The function may assume exactly the roles that it is told, and has no rights
// of its own for the zones behind them.
func TestRolePolicyOfAZoneElsewhere(t *testing.T) {
	t.Parallel()
	s := testSpec()
	s.HostedZoneRole = certbot.Role{ARN: zoneRoleARN}
	for _, c := range []struct {
		action, resource string
		want             bool
	}{
		{"sts:AssumeRole", zoneRoleARN, true},
		{"sts:AssumeRole", zoneRoleARN + "2", false},
		{"sts:AssumeRole", "arn:aws:iam::123456789012:role/admin", false},
		{"route53:ListResourceRecordSets", s.Scope.HostedZoneARN("ZMAIN"), false},
		{"route53:ListResourceRecordSets", s.Scope.HostedZoneARN("ZTASKS"), true},
		{"route53:GetChange", s.Scope.ChangeARN("C1"), true},
	} {
		if got, err := iamtest.Allows(s.RolePolicy(), iamtest.Request{Action: c.action, Resource: c.resource}); got != c.want || err != nil {
			t.Errorf("%s on %s is allowed: %v, %v, want %v", c.action, c.resource, got, err, c.want)
		}
	}
	s.Certificates = map[string]Certificate{"web": s.Certificates["web"]}
	if text := s.RolePolicy().JSON(); strings.Contains(text, "route53:") {
		t.Errorf("with no zone of its own the function may\n%s", text)
	}
}

// The guide shows the policy of a zone's role in another account. It is what
// the function's own role would be allowed.
func TestGuideShowsThePolicy(t *testing.T) {
	t.Parallel()
	s := testSpec()
	s.Certificates = map[string]Certificate{"web": {Domains: []string{"*.browser.example.com"}}}
	guide, err := os.ReadFile("../../templates/guides/certificates.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "\n## A zone in another account\n")
	_, rest, _ = strings.Cut(rest, "```json\n") // the trust policy
	_, rest, _ = strings.Cut(rest, "```json\n")
	shown, _, _ := strings.Cut(rest, "```\n")
	shown = strings.ReplaceAll(shown, "<hosted_zone_id>", "ZMAIN")
	statements := s.zoneStatements()
	for i := range statements {
		statements[i].Sid = ""
	}
	if want := iampolicy.New(statements...).JSON(); !iampolicy.Equivalent(shown, want) {
		t.Errorf("the guide shows\n%s\nwant\n%s", shown, want)
	}
}
