package localcloud_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/localcloud"
)

// cloud is shared by all tests of this package: a start costs seconds.
var cloud *localcloud.Cloud

func TestMain(m *testing.M) {
	if localcloud.RunHelper() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	started, err := localcloud.Start(ctx, localcloud.Options{Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cloud = started
	code := m.Run()
	if err := cloud.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
