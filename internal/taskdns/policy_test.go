package taskdns

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/iampolicy/iamtest"
)

// RolePolicy is the policy of the function's role for a configuration. The
// package that writes it uses this one, so TestMain, which is outside, sets it.
var RolePolicy func(Config) iampolicy.Document

// guard answers a function that fails the test for each batch that the
// function's role may not send. The configuration is that of the moment.
func guard(t testing.TB, cfg *Config) func(*route53.ChangeResourceRecordSetsInput) {
	t.Helper()
	return func(in *route53.ChangeResourceRecordSetsInput) {
		iamtest.Guard(t, RolePolicy(*cfg))(in)
	}
}
