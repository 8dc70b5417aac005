package files

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// A task whose server has an expired certificate, and does not take the next
// one, asks to be replaced by one that begins with it.
func TestMissed(t *testing.T) {
	t.Parallel()
	bucket := proxytest.NewBucket(t)
	// The clocks' difference is allowed for, so it is taken.
	bucket.Publish(bucket.Authority.Issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Second) }))
	broken := filepath.Join(t.TempDir(), "broken")
	_, environment := following(t, bucket, t.TempDir(), "--", "sh", "-c", `[ ! -e "$0" ]`, broken)
	await(t, func() bool { return check(t, environment) == nil })
	touch(t, broken)
	bucket.Publish(bucket.Authority.Issue(nil))
	await(t, func() bool {
		err := check(t, environment)
		return err != nil && strings.Contains(err.Error(), "and the next one could not be put in use: another task can")
	})
	must(t, os.Remove(broken))
	await(t, func() bool { return check(t, environment) == nil })
}
