package imagetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// image is what a container runtime needs of an image.
type image struct {
	config config
	files  map[string]file
	size   int // of the layers, compressed
}

type config struct {
	User       string
	Entrypoint []string
	Env        []string
	WorkingDir string
	Volumes    map[string]struct{}
	Labels     map[string]string
}

type file struct {
	*tar.Header
	content []byte
}

type descriptor struct {
	Digest   string
	Platform struct{ OS, Architecture string }
}

// read reads the image for an architecture from the tarball, as a container
// runtime does: from the index down, every blob by its digest. It shares no
// code with what wrote it.
func read(t *testing.T, made folder, arch string) image {
	t.Helper()
	archive, err := os.Open(filepath.Join(made.path, "fargatedirect-proxy.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	blobs := untar(t, archive)
	blob := func(digest string) []byte {
		content := blobs["blobs/sha256/"+digest[len("sha256:"):]].content
		if sum := sha256.Sum256(content); "sha256:"+hex.EncodeToString(sum[:]) != digest {
			t.Fatalf("the blob %s has another digest, %x, and %d bytes", digest, sum, len(content))
		}
		return content
	}
	var top, index struct{ Manifests []descriptor }
	parse(t, blobs["index.json"].content, &top)
	if len(top.Manifests) != 1 || top.Manifests[0].Digest != made.digest {
		t.Fatalf("the tarball holds %+v, want %s alone", top.Manifests, made.digest)
	}
	parse(t, blob(made.digest), &index)
	for _, m := range index.Manifests {
		if m.Platform.OS != "linux" || m.Platform.Architecture != arch {
			continue
		}
		var manifest struct {
			Config descriptor
			Layers []descriptor
		}
		parse(t, blob(m.Digest), &manifest)
		var settings struct{ Config config }
		parse(t, blob(manifest.Config.Digest), &settings)
		if len(manifest.Layers) != 1 {
			t.Fatalf("the image has %d layers, want one", len(manifest.Layers))
		}
		layer := blob(manifest.Layers[0].Digest)
		plain, err := gzip.NewReader(bytes.NewReader(layer))
		if err != nil {
			t.Fatal(err)
		}
		return image{settings.Config, untar(t, plain), len(layer)}
	}
	t.Fatalf("there is no image for linux/%s in %+v", arch, index)
	return image{}
}

func parse(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
}

func untar(t *testing.T, from io.Reader) map[string]file {
	t.Helper()
	files := map[string]file{}
	for reader := tar.NewReader(from); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = file{header, content}
	}
}

// checkBinary checks that a binary needs nothing beside it.
func checkBinary(t *testing.T, content []byte, arch string) {
	t.Helper()
	program, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	machine := map[string]elf.Machine{"arm64": elf.EM_AARCH64, "amd64": elf.EM_X86_64}[arch]
	if program.Machine != machine || program.Section(".interp") != nil {
		t.Errorf("machine %v, interpreter %v; want a static program for %s", program.Machine, program.Section(".interp"), arch)
	}
}
