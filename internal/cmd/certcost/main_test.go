package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestTableIsInTheGuide keeps the documentation at what the command prints.
func TestTableIsInTheGuide(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := table(&out); err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../../templates/guides/certificates.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), out.String()) {
		t.Errorf("the guide does not hold this table:\n%s", out.String())
	}
}

func TestCostGrows(t *testing.T) {
	t.Parallel()
	one := cost(use{certificates: 1, lifetime: 90, renewed: 0.5, runsPerDay: 4}).total()
	for name, more := range map[string]use{
		"certificates":   {certificates: 2, lifetime: 90, renewed: 0.5, runsPerDay: 4},
		"issuances":      {certificates: 1, lifetime: 6, renewed: 0.5, runsPerDay: 4},
		"runs":           {certificates: 1, lifetime: 90, renewed: 0.5, runsPerDay: 24},
		"a key of KMS's": {certificates: 1, lifetime: 90, renewed: 0.5, runsPerDay: 4, key: true},
	} {
		if got := cost(more).total(); got <= one {
			t.Errorf("more %s cost $%.4f, fewer $%.4f", name, got, one)
		}
	}
}
