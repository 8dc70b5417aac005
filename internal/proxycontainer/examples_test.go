package proxycontainer

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	exampleCall = regexp.MustCompile(`(?s)proxy_container\(\{\n(.*?)\n *\}\)`)
	exampleKey  = regexp.MustCompile(`(?m)^ *([a-z_]+) *=`)
)

// documents are the files with configurations that people copy.
func documents(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..")
	files := []string{filepath.Join(root, "README.md")}
	for _, folder := range []string{"examples", "templates"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// The AWS provider is not here to have the examples and guides validated by
// Terraform, so at least the keys in them are.
func TestExamplesHaveRightKeys(t *testing.T) {
	t.Parallel()
	calls := 0
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		waiting := 0
		for _, call := range exampleCall.FindAllStringSubmatch(string(text), -1) {
			calls++
			given := map[string]bool{}
			for _, key := range exampleKey.FindAllStringSubmatch(call[1], -1) {
				given[key[1]] = true
				if !slices.Contains(names(keys), key[1]) {
					t.Errorf("%s has the key %s, which there is not", file, key[1])
				}
			}
			if !given["backend_port"] || !given["domain"] && !given["any_host"] || given["secret_arn"] == (given["bucket"] && given["prefix"]) {
				t.Errorf("%s lacks a key in\n%s", file, strings.TrimSpace(call[1]))
			}
			// The guide says that the server's container has a health check, and
			// the proxy waits for it.
			if strings.Contains(call[1], `backend_container = "`) {
				waiting++
				if !strings.Contains(call[1], `backend_condition = "HEALTHY"`) {
					t.Errorf("%s does not wait for the server to be healthy in\n%s", file, strings.TrimSpace(call[1]))
				}
			}
		}
		if checks := strings.Count(string(text), "http://127.0.0.1:8080/"); checks < waiting {
			t.Errorf("%s has %d health checks of the server, and %d proxies that wait for one", file, checks, waiting)
		}
	}
	if calls < 5 {
		t.Errorf("only %d calls were found", calls)
	}
}
