package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A release tells its image, and another provider why there is none.
func TestProxyImage(t *testing.T) {
	t.Parallel()
	for image, complaint := range map[string]string{testProxyImage: "", "": `this provider is not of a release, so it knows no image; build one with "make image"`} {
		server := providerserver.NewProtocol6(New("test", image)())()
		resp, err := server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "proxy_image"})
		if err != nil {
			t.Fatal(err)
		}
		if resp.Error != nil || complaint != "" {
			if resp.Error == nil || complaint == "" || !strings.Contains(resp.Error.Text, complaint) {
				t.Errorf("%q: got %v, want %q", image, resp.Error, complaint)
			}
			continue
		}
		result, err := resp.Result.Unmarshal(tftypes.String)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := result.As(&got); err != nil || got != image {
			t.Errorf("got %q (%v), want %q", got, err, image)
		}
	}
}
