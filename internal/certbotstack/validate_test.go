package certbotstack

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckPrefixes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prefixes map[string]string
		want     map[string]string // by key
	}{
		"apart":             {prefixes: map[string]string{"a": "a/", "b": "b/", "ab": "ab/"}},
		"beside":            {prefixes: map[string]string{"a": "certs/a/", "b": "certs/b/"}},
		"inside":            {prefixes: map[string]string{"a": "certs/", "b": "certs/b/"}, want: map[string]string{"b": `"certs/b/" lies inside "certs/" of certificate "a"`}},
		"the same":          {prefixes: map[string]string{"a": "x/", "b": "x/"}, want: map[string]string{"b": `"x/" lies inside "x/" of certificate "a"`}},
		"our configuration": {prefixes: map[string]string{"a": "config/"}, want: map[string]string{"a": "keeps its own objects"}},
		"our status":        {prefixes: map[string]string{"a": "status/a/"}, want: map[string]string{"a": "keeps its own objects"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := CheckPrefixes(test.prefixes)
			if len(got) != len(test.want) {
				t.Fatalf("got %+v, want %q", got, test.want)
			}
			for _, p := range got {
				if p.Attribute != "prefix" || test.want[p.Key] == "" || !strings.Contains(p.Text, test.want[p.Key]) {
					t.Errorf("got %+v, want %q", p, test.want)
				}
			}
		})
	}
}

func TestCheckDomains(t *testing.T) {
	t.Parallel()
	var many []string
	for n := range 101 {
		many = append(many, fmt.Sprintf("n%d.example.com", n))
	}
	for name, test := range map[string]struct {
		domains []string
		want    []string
	}{
		"apex and wildcard": {domains: []string{"example.com", "*.example.com"}},
		"two levels":        {domains: []string{"*.example.com", "*.tasks.example.com", "a.tasks.example.org"}},
		"a hundred":         {domains: many[:100]},
		"none":              {want: []string{"there is no name"}},
		"too many":          {domains: many, want: []string{"there are 101 names"}},
		"covered":           {domains: []string{"*.example.com", "www.example.com"}, want: []string{`"www.example.com" is covered by "*.example.com"`}},
		"malformed":         {domains: []string{"Example.com", "*.*.example.com", "example.com."}, want: []string{"upper-case", "wildcard", "ends with a dot"}},
		"bare wildcard":     {domains: []string{"*"}, want: []string{"*"}},
		"top-level domain":  {domains: []string{"*.com"}, want: []string{"only one label"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := CheckDomains(test.domains)
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			for i := range got {
				if !strings.Contains(got[i], test.want[i]) {
					t.Errorf("got %q, want %q", got[i], test.want[i])
				}
			}
		})
	}
}

func TestCheckSizes(t *testing.T) {
	t.Parallel()
	s := testSpec()
	if got := s.CheckSizes(); len(got) != 0 {
		t.Fatalf("got %+v", got)
	}
	for n := range 300 {
		s.ReaderRoleARNs = append(s.ReaderRoleARNs, fmt.Sprintf("arn:aws:iam::123456789012:role/a-role-with-a-rather-long-name-for-a-team-%03d", n))
	}
	got := s.CheckSizes()
	if len(got) != 1 || got[0].Attribute != "reader_role_arns" || !strings.Contains(got[0].Text, "name fewer roles") {
		t.Errorf("got %+v", got)
	}
	s.ExistingBucket = "theirs" // whose policy is not ours
	if got := s.CheckSizes(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	s.Certificates = map[string]Certificate{}
	for n := range 100 {
		s.Certificates[fmt.Sprintf("certificate-of-the-team-%03d", n)] = Certificate{Domains: []string{fmt.Sprintf("team-%03d.tasks.example.com", n)}}
	}
	got = s.CheckSizes()
	if len(got) != 1 || got[0].Attribute != "certificates" || !strings.Contains(got[0].Text, "divide the certificates") {
		t.Errorf("got %+v", got)
	}
}
