package certbotstack

import (
	"fmt"
	"os"
	"regexp"
	"testing"
)

// The guide on tenants says how many certificates one resource can have, which
// the role's policy bounds.
func TestHowManyTenants(t *testing.T) {
	t.Parallel()
	fits := func(n int) bool {
		s := testSpec()
		s.Scope.Name, s.Certificates = "tenants", map[string]Certificate{}
		for i := range n {
			tenant := fmt.Sprintf("tenant-%05d", i)
			s.Certificates[tenant] = Certificate{Domains: []string{"*." + tenant + ".example-tasks.net"}, KeyType: "P256", SecretsManager: true}
		}
		return len(s.RolePolicy().JSON()) <= MaxRolePolicy
	}
	most := 0
	for fits(most + 1) {
		most++
	}
	guide, err := os.ReadFile("../../templates/guides/multi-tenant.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`holds (\d+) tenants`).FindStringSubmatch(string(guide))
	if want := fmt.Sprint(most); said == nil || said[1] != want {
		t.Errorf("the guide says %v, and the policy has room for %s", said, want)
	}
}
