package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newTrial makes a module of one function and its tests.
func newTrial(t *testing.T) (*trial, *bytes.Buffer) {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":      "module example.com/sum\n\ngo 1.26.0\n",
		"sum/sum.go":  "package sum\n\nfunc Sum(a, b int) int {\n\treturn a + b\n}\n",
		"sum/text.go": "package sum\n\nconst Unit = \"m\"\n",
		"own/go.mod":  "module example.com/sum/own\n\ngo 1.26.0\n",
		"own/own.go":  "package own\n\nfunc Own(a int) int {\n\treturn a + 1\n}\n",
		"own/own_test.go": `package own

import "testing"

func TestOwn(t *testing.T) {
	if Own(1) != 2 {
		t.Error("wrong")
	}
}
`,
		"sum/sum_test.go": `package sum

import "testing"

func TestSum(t *testing.T) {
	if Sum(1, 2) != 3 {
		t.Error("wrong")
	}
}

func TestWrong(t *testing.T) {
	t.Error("always")
}

func TestSkipped(t *testing.T) {
	t.Skip("never")
}
`,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	return &trial{root: root, work: t.TempDir(), parallel: 2, out: &out}, &out
}

func TestRun(t *testing.T) {
	t.Parallel()
	killed := mutant{name: "minus", file: "sum/sum.go", old: "a + b", new: "a - b", pkg: "./sum", test: "^TestSum$"}
	change := func(f func(*mutant)) mutant {
		m := killed
		f(&m)
		return m
	}
	tests := map[string]struct {
		mutants []mutant
		// want is in the output, wantErr in the error; no error if empty.
		want, wantErr string
	}{
		"killed": {
			mutants: []mutant{killed, change(func(m *mutant) { m.name = "times"; m.new = "a * b" })},
			want:    "\nmutants: 2 killed, 0 survived\n",
		},
		"in a module of its own": {
			mutants: []mutant{{name: "two", file: "own/own.go", old: "a + 1", new: "a + 2", pkg: "./own", test: "^TestOwn$"}},
			want:    "\nmutants: 1 killed, 0 survived\n",
		},
		"survived": {
			mutants: []mutant{killed, change(func(m *mutant) { m.name = "swap"; m.new = "b + a" })},
			want:    "\nmutants: 1 killed, 1 survived\n",
			wantErr: "not all mutants were killed",
		},
		"survivor by name": {
			mutants: []mutant{change(func(m *mutant) { m.name = "swap"; m.new = "b + a" })},
			want:    "SURVIVED swap (./sum ^TestSum$)",
			wantErr: "not all mutants were killed",
		},
		"does not compile": {
			mutants: []mutant{change(func(m *mutant) { m.new = "a + c" })},
			want:    "BROKEN minus: does not compile",
			wantErr: "not all mutants were killed",
		},
		"text is absent": {
			mutants: []mutant{change(func(m *mutant) { m.old = "a / b" })},
			want:    "BROKEN minus: the text to change occurs 0 times",
			wantErr: "not all mutants were killed",
		},
		"text is ambiguous": {
			mutants: []mutant{change(func(m *mutant) { m.old = "a" })},
			want:    "BROKEN minus: the text to change occurs 4 times",
			wantErr: "not all mutants were killed",
		},
		"changes nothing": {
			mutants: []mutant{change(func(m *mutant) { m.new = m.old })},
			want:    "BROKEN minus: the mutant changes nothing",
			wantErr: "not all mutants were killed",
		},
		"test fails anyway": {
			mutants: []mutant{change(func(m *mutant) { m.test = "^TestWrong$" })},
			wantErr: "./sum ^TestWrong$ fails on the unchanged product",
		},
		"test does not exist": {
			mutants: []mutant{change(func(m *mutant) { m.test = "^TestNone$" })},
			wantErr: "./sum ^TestNone$ runs no test",
		},
		"test is skipped": {
			mutants: []mutant{change(func(m *mutant) { m.test = "^TestS" })},
			wantErr: "./sum ^TestS skips a test",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trial, out := newTrial(t)
			err := trial.run(t.Context(), test.mutants)
			if !strings.Contains(out.String(), test.want) {
				t.Errorf("got output %q, want %q", out.String(), test.want)
			}
			switch {
			case test.wantErr == "" && err != nil:
				t.Errorf("got error %v", err)
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Errorf("got error %v, want %q", err, test.wantErr)
			}
		})
	}
}

// The product changes, and with it what is to be broken.
func TestMutantsFitTheProduct(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..")
	seen := map[string]bool{}
	for _, m := range all() {
		if _, err := m.overlay(root, t.TempDir()); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if seen[m.name] {
			t.Errorf("two mutants are called %s", m.name)
		}
		seen[m.name] = true
	}
}
