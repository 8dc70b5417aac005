package dnsname

import (
	"strings"
	"testing"
)

func TestCheckCertificate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, wantError string }{
		{"example.com", ""},
		{"*.tasks.example.com", ""},
		{"xn--bcher-kva.example", ""},
		{strings.Repeat("a", 63) + ".example.com", ""},
		{"", "empty"},
		{"*.", "empty"},
		{"example.com.", "ends with a dot"},
		{"Example.com", `write "example.com"`},
		{"localhost", "only one label"},
		{"a.*.example.com", "wildcard"},
		{"*.*.example.com", "wildcard"},
		{"w*.example.com", "wildcard"},
		{"-a.example.com", "hyphen"},
		{"a..example.com", "label"},
		{"a_b.example.com", "label"},
		{"bücher.example", "ASCII form"},
		{strings.Repeat("a", 64) + ".example.com", "63"},
		{strings.Repeat("a.", 127) + "example.com", "at most 253"},
	} {
		err := CheckCertificate(tc.name)
		switch {
		case tc.wantError == "" && err != nil:
			t.Errorf("CheckCertificate(%q): %v", tc.name, err)
		case tc.wantError != "" && (err == nil || !strings.Contains(err.Error(), tc.wantError)):
			t.Errorf("CheckCertificate(%q) = %v, want an error with %q", tc.name, err, tc.wantError)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, zone string
		want       bool
	}{
		{"example.com", "example.com.", true},
		{"a.example.com", "Example.com", true},
		{"anexample.com", "example.com", false},
		{"example.com", "a.example.com", false},
	} {
		if got := Within(tc.name, tc.zone); got != tc.want {
			t.Errorf("Within(%q, %q) = %t", tc.name, tc.zone, got)
		}
	}
}
