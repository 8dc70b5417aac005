package route53fake_test

import (
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/route53fake/conformance"
)

// The local cloud's tests run the same scenarios.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, listed := range map[string]bool{"one text": false, "a list": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := route53fake.New()
			f.Requests, f.PerAction = route53fake.Rate{}, route53fake.Rate{}
			f.SyncDelay = 50 * time.Millisecond
			f.Listed = listed
			conformance.Run(t, f)
		})
	}
}
