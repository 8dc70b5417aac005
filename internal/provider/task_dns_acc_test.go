package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestAccTaskDNS_basic(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: a.config(a.taskDNS(""))},
		},
	})
}
