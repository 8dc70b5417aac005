package imageref

import (
	"strings"
	"testing"
)

func TestCheckPinned(t *testing.T) {
	t.Parallel()
	const registry = "123456789012.dkr.ecr.eu-west-2.amazonaws.com"
	digest := "@sha256:" + strings.Repeat("0a", 32)
	for _, good := range []string{
		registry + "/proxy" + digest,
		registry + "/some/where/fargatedirect-proxy" + digest,
		registry + "/proxy:v1.2.3" + digest,
		"localhost:5000/a__b.c--d" + digest,
		"registry.example.com:8443/a" + digest,
	} {
		if err := CheckPinned(good); err != nil {
			t.Error(err)
		}
	}
	for name, bad := range map[string]string{
		"empty":                "",
		"no digest":            registry + "/proxy:v1.2.3",
		"digest of another":    registry + "/proxy@sha512:" + strings.Repeat("0a", 64),
		"digest cut":           registry + "/proxy" + digest[:len(digest)-1],
		"digest too long":      registry + "/proxy" + digest + "0",
		"digest in upper case": registry + "/proxy" + strings.ToUpper(digest),
		"no registry":          "fargatedirect/proxy" + digest,
		"no repository":        registry + digest,
		"empty repository":     registry + "/" + digest,
		"scheme":               "https://" + registry + "/proxy" + digest,
		"upper case":           registry + "/Proxy" + digest,
		"two lines":            registry + "/proxy" + digest + "\n",
		"space before":         " " + registry + "/proxy" + digest,
		"digest alone":         digest[1:],
	} {
		if err := CheckPinned(bad); err == nil || !strings.Contains(err.Error(), "sha256:<64") {
			t.Errorf("%s (%q): error %v, want one that shows the form", name, bad, err)
		}
	}
}
