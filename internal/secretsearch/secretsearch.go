// Package secretsearch finds secrets in what a program leaves behind: logs,
// messages, objects, archives. It is for tests.
//
// It finds a secret in every form in which it is likely to be written, and any
// sixteen characters of such a form, so that neither line breaks nor an excerpt
// hides it. What is no secret of a key, such as its public half, is not found.
package secretsearch

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
)

// window is how many characters of a form are enough to know it.
const window = 16

// Searcher knows secrets. The zero value knows none.
type Searcher struct {
	windows map[[window]byte]label
	// starts are the pairs of characters that windows begin with.
	starts [1 << 16]bool
	// names are those of the secrets.
	names []string
}

// label is what a window belongs to.
type label struct{ secret, form string }

// Finding is a secret that was found. It does not hold the secret itself.
type Finding struct {
	// Place is where it was found: what Find was told, and within an archive
	// the member.
	Place string
	// Secret is its name, and Form how it was written.
	Secret, Form string
	// Offset is where it begins within the place.
	Offset int
}

func (f Finding) String() string {
	return fmt.Sprintf("%s holds %s (%s, at %d)", f.Place, f.Secret, f.Form, f.Offset)
}

// Secrets are the names of the secrets that the searcher knows.
func (s *Searcher) Secrets() []string { return s.names }

// Find searches content, and what it holds if it is an archive. Each secret is
// told once for each form and place.
func (s *Searcher) Find(place string, content []byte) ([]Finding, error) {
	found := s.scan(place, content)
	if joined := unbroken.Replace(string(content)); joined != string(content) {
		for _, f := range s.scan(place, []byte(joined)) {
			f.Form += ", lines joined"
			if !slices.ContainsFunc(found, func(o Finding) bool { return o.Secret == f.Secret }) {
				found = append(found, f)
			}
		}
	}
	inner, err := s.unpack(place, content)
	return append(found, inner...), err
}

// unbroken takes away what breaks lines, and brings back what URLs and JSON
// write otherwise.
var unbroken = strings.NewReplacer(
	"\n", "", "\r", "", "\t", "", " ", "",
	`\\n`, "", `\\r`, "", `\n`, "", `\r`, "", "%0A", "", "%0a", "", "%0D", "", "%0d", "", "&#xA;", "", "&#10;", "",
	"%2B", "+", "%2b", "+", "%2F", "/", "%2f", "/", `\u002b`, "+", `\u002B`, "+", `\u002f`, "/", `\u002F`, "/", `\/`, "/", "&#43;", "+", "&#47;", "/",
)

func (s *Searcher) scan(place string, content []byte) []Finding {
	var found []Finding
	seen := map[label]bool{}
	for i := 0; i+window <= len(content); i++ {
		if !s.starts[int(content[i])<<8|int(content[i+1])] {
			continue
		}
		l, ok := s.windows[[window]byte(content[i:i+window])]
		if ok && !seen[l] {
			seen[l] = true
			found = append(found, Finding{Place: place, Secret: l.secret, Form: l.form, Offset: i})
		}
	}
	return found
}

// unpack searches the members of an archive.
func (s *Searcher) unpack(place string, content []byte) ([]Finding, error) {
	var found []Finding
	search := func(member string, r io.Reader) error {
		text, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("unpacking %s: %w", member, err)
		}
		inner, err := s.Find(member, text)
		found = append(found, inner...)
		return err
	}
	switch {
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", place, err)
		}
		for _, file := range archive.File {
			member, err := file.Open()
			if err != nil {
				return found, fmt.Errorf("unpacking %s/%s: %w", place, file.Name, err)
			}
			err = search(place+"/"+file.Name, member)
			if _ = member.Close(); err != nil {
				return found, err
			}
		}
	case bytes.HasPrefix(content, []byte{0x1f, 0x8b, 8}):
		member, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", place, err)
		}
		return found, search(place+"/gunzip", member)
	}
	return found, nil
}
