package certreader_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestModules prints the graph of the module, and refuses whatever is neither
// of it nor of the AWS SDK: a server that reads a certificate gets nothing of
// Terraform or of the function with it.
func TestModules(t *testing.T) {
	t.Parallel()
	for _, arguments := range []string{
		"list -deps -f {{with.Module}}{{.Path}}{{end}} .",
		"list -m -f {{.Path}} all",
	} {
		output, err := exec.CommandContext(t.Context(), "go", strings.Fields(arguments)...).CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", arguments, err, output)
		}
		seen := map[string]bool{}
		for module := range strings.FieldsSeq(string(output)) {
			if seen[module] {
				continue
			}
			seen[module] = true
			t.Log(module)
			if module != "github.com/fargatedirect/terraform-provider-fargatedirect/certreader" &&
				module != "github.com/aws/aws-sdk-go-v2" && !strings.HasPrefix(module, "github.com/aws/aws-sdk-go-v2/") &&
				module != "github.com/aws/smithy-go" {
				t.Errorf("%s is in the graph", module)
			}
		}
		if !seen["github.com/aws/aws-sdk-go-v2/service/s3"] {
			t.Errorf("go %s answered %q", arguments, output)
		}
	}
}

// TestReadme has the README's example be the one that is compiled; only the
// configuration, which is of a module that this one does not need, is not.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(readme), "\nsource := ")
	example, _, whole := strings.Cut("source := "+example, "```")
	if !whole || !strings.Contains(strings.ReplaceAll(string(compiled), "\n\t\t", "\n"), "\n"+example) {
		t.Errorf("README.md has another example than example_test.go: %s", example)
	}
}
