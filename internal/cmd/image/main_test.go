package main

import (
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	const unreleased = "# Changelog\n\n## Unreleased\n\n## 1.0.0 (2001-02-03)\n"
	for _, tt := range []struct{ changelog, release, want, complaint string }{
		{unreleased, "", "dev", ""},
		{unreleased, "1.0.0", "", `"## Unreleased", and 1.0.0 is released`},
		{"# Changelog\n\n## 1.2.3 (2001-02-03)\n\n## 1.2.2\n", "1.2.3", "1.2.3", ""},
		{"# Changelog\n\n## 1.2.3 (2001-02-03)\n\n## 1.2.2\n", "1.2.2", "", `"## 1.2.3", and 1.2.2 is released`},
		{"# Changelog\n\n## 1.2.3\n", "", "1.2.3", ""},
		{"# Changelog\n\n## v1.2.3-rc.1\n", "1.2.3-rc.1", "1.2.3-rc.1", ""},
		{"# Changelog\n\n## Something else\n", "", "", "no heading"},
		{"", "1.2.3", "", "no heading"},
	} {
		got, err := version([]byte(tt.changelog), tt.release)
		if got != tt.want || (err == nil) != (tt.complaint == "") || err != nil && !strings.Contains(err.Error(), tt.complaint) {
			t.Errorf("%q, %q: version %q, error %v; want %q, %q", tt.changelog, tt.release, got, err, tt.want, tt.complaint)
		}
	}
}
