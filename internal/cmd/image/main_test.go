package main

import "testing"

func TestVersion(t *testing.T) {
	t.Parallel()
	for changelog, want := range map[string]string{
		"# Changelog\n\n## Unreleased\n\n## 1.0.0 (2001-02-03)\n": "dev",
		"# Changelog\n\n## 1.2.3 (2001-02-03)\n\n## 1.2.2\n":      "1.2.3",
		"# Changelog\n\n## 1.2.3\n":                               "1.2.3",
		"# Changelog\n\n## v1.2.3-rc.1\n":                         "1.2.3-rc.1",
		"# Changelog\n\n## Something else\n":                      "",
		"":                                                        "",
	} {
		got, err := version([]byte(changelog))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: version %q, error %v; want %q", changelog, got, err, want)
		}
	}
}
