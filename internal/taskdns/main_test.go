package taskdns_test

import (
	"os"
	"slices"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/names"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdnsstack"
)

func TestMain(m *testing.M) {
	taskdns.RolePolicy = rolePolicy
	os.Exit(m.Run())
}

// rolePolicy is that of the function's role, and with it that of zones' roles
// in other accounts, which allows the same of records.
func rolePolicy(cfg taskdns.Config) iampolicy.Document {
	s := taskdnsstack.Spec{
		Scope: names.Scope{
			Kind: names.KindTaskDNS, Partition: "aws", Account: "111122223333", Region: "us-west-2", DNSSuffix: "amazonaws.com", Name: "test",
		},
		Place: cfg.Place, Retired: slices.Clone(cfg.Retired), ClusterARNs: []string{"arn:aws:ecs:us-west-2:111122223333:cluster/web"}, TTL: 60,
	}
	s.Place.RoleARN = ""
	for i := range s.Retired {
		s.Retired[i].RoleARN = ""
	}
	return s.RolePolicy()
}
