package certbot

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// readerData is where package certreader, a module of its own, has what the
// function publishes.
const readerData = "../../certreader/testdata"

// TestReadersFormat compares what a run publishes, its layout and texts, with
// what certreader's tests read: so neither can change without the other. What
// differs in each run has placeholders. UPDATE_GOLDEN=1 writes the files.
func TestReadersFormat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s := newSecretWorld()
		w.mustRun(t, Request{})
		w.holdsValidPair(t, "a", "example.com", "any.example.com")
		p := w.pointer(t)
		key, chain := w.s3.text(p.Key.ObjectKey), w.s3.text(p.Certificate.ObjectKey)
		blank := strings.NewReplacer(
			key, "KEY_PEM", chain, "CERTIFICATE_PEM",
			insideJSON(t, key), "KEY_JSON", insideJSON(t, chain), "CERTIFICATE_JSON",
			p.Key.SHA256, "KEY_SHA256", p.Certificate.SHA256, "CERTIFICATE_SHA256",
			p.Version, "SERIAL",
			p.NotBefore.Format(time.RFC3339), "NOT_BEFORE", p.NotAfter.Format(time.RFC3339), "NOT_AFTER",
		)
		got := map[string]string{"secret.json": blank.Replace(s.current())}
		for object := range w.s3.objects {
			if below, ok := strings.CutPrefix(object, "a/"); ok {
				got["published/"+blank.Replace(below)] = blank.Replace(w.s3.text(object))
			}
		}
		compareReaderData(t, got)
	})
}

func insideJSON(t *testing.T, text string) string {
	t.Helper()
	body, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(body), `"`)
}

func compareReaderData(t *testing.T, got map[string]string) {
	t.Helper()
	var files []string
	for name, text := range got {
		path := filepath.Join(readerData, filepath.FromSlash(name))
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		files = append(files, name)
		want, err := os.ReadFile(path)
		if err != nil || string(want) != text {
			t.Errorf("%s is\n%s\nwant\n%s\nerror %v; UPDATE_GOLDEN=1 writes it, if certreader's tests pass with it", name, text, want, err)
		}
	}
	var there []string
	root := os.DirFS(readerData)
	for _, part := range []string{"published", "secret.json"} {
		err := fs.WalkDir(root, part, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				there = append(there, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if slices.Sort(files); !slices.Equal(there, files) {
		t.Errorf("the function publishes %q, certreader reads %q", files, there)
	}
}
