package main

import (
	"os"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/imageref"
)

// TestProxyImage checks what the linker put into a release, which runs this
// test with the release's own linker flags and PROXY_IMAGE set. Elsewhere
// there is no image.
func TestProxyImage(t *testing.T) {
	t.Parallel()
	if want := os.Getenv("PROXY_IMAGE"); proxyImage != want {
		t.Errorf("linked with %q, PROXY_IMAGE is %q", proxyImage, want)
	}
	if proxyImage == "" {
		return
	}
	if err := imageref.CheckPinned(proxyImage); err != nil {
		t.Error(err)
	}
}
