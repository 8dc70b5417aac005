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
	guide, err := os.ReadFile("../../../templates/guides/task-names.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), out.String()) {
		t.Errorf("the guide does not hold this table:\n%s", out.String())
	}
}

func TestCostUnderLoadIsBounded(t *testing.T) {
	t.Parallel()
	// Two environments cannot be busy for more than all of the month.
	most := environments * secondsPerMonth * memoryGB * perGBSecond * 1.2
	if got := cost(10_000_000).lambda; got > most {
		t.Errorf("Lambda costs $%.2f, at most $%.2f are possible", got, most)
	}
	if light, heavy := cost(100).total(), cost(10_000).total(); light >= heavy {
		t.Errorf("100 tasks cost $%.2f and 10,000 cost $%.2f", light, heavy)
	}
}
