package localcloud

import (
	"os"
	"strings"
	"testing"
)

// The README has a command for a LocalStack in Docker, which must be as strict
// as the one that is started here.
func TestReadmeHasAllProviders(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, provider := range strictProviders() {
		if !strings.Contains(string(readme), " -e "+provider+" ") {
			t.Errorf("README.md runs LocalStack without %s", provider)
		}
	}
}
