package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	linkPattern    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingPattern = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	anchorPattern  = regexp.MustCompile(`<a id="([^"]+)"`)
	fencePattern   = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	notInAnchor    = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// sourceURL is where the documents of the registry find this repository.
const sourceURL = "https://github.com/fargatedirect/terraform-provider-fargatedirect/tree/main/"

// TestLinks follows the links between the documents of this repository, and to
// headings in them.
func TestLinks(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, root := range []string{"README.md", "DESIGN.md", "docs", "examples", "certreader", "proxy", "bench"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".md" {
				return err
			}
			text, err := os.ReadFile(path)
			texts[path] = fencePattern.ReplaceAllString(string(text), "")
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	for path, text := range texts {
		for _, link := range linkPattern.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(link[1], "#")
			to := path
			if here, ours := strings.CutPrefix(target, sourceURL); ours {
				to = here
			} else if strings.Contains(target, ":") {
				continue // elsewhere
			} else if target != "" {
				to = filepath.Join(filepath.Dir(path), target)
			}
			// Guides of the registry may leave the ending out.
			if _, known := texts[to+".md"]; known {
				to += ".md"
			}
			info, err := os.Stat(to)
			if err == nil && info.IsDir() && anchor != "" && anchor != "readme" {
				to = filepath.Join(to, "README.md") // which is shown with the folder
			} else if err == nil && info.IsDir() {
				continue
			}
			if err != nil {
				t.Errorf("%s leads to %s, which is not there", path, link[1])
				continue
			}
			if anchor != "" && !strings.Contains(anchors(texts[to]), "\n"+anchor+"\n") {
				t.Errorf("%s leads to %s, which has no such heading", path, link[1])
			}
		}
	}
}

// anchors are what a document's headings are called in links, a line each.
func anchors(text string) string {
	list := "\n"
	for _, heading := range headingPattern.FindAllStringSubmatch(text, -1) {
		plain := notInAnchor.ReplaceAllString(strings.ToLower(heading[1]), "")
		list += strings.ReplaceAll(plain, " ", "-") + "\n"
	}
	for _, anchor := range anchorPattern.FindAllStringSubmatch(text, -1) {
		list += anchor[1] + "\n"
	}
	return list
}
