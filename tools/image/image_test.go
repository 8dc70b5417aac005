package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// fakeBinaries are what is packed in these tests.
func fakeBinaries(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	for _, arch := range architectures {
		if err := os.WriteFile(filepath.Join(dir, "proxy_"+arch), []byte(content+" for "+arch), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func packed(t *testing.T, content string) v1.ImageIndex {
	t.Helper()
	index, err := pack(fakeBinaries(t, content), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func TestPack(t *testing.T) {
	t.Parallel()
	index := packed(t, "a proxy")
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	about := annotations("1.2.3")
	if !reflect.DeepEqual(manifest.Annotations, about) || len(manifest.Manifests) != 2 {
		t.Errorf("the index is %+v", manifest)
	}
	for i, arch := range []string{"arm64", "amd64"} {
		m := manifest.Manifests[i]
		if m.Platform.String() != "linux/"+arch || m.ArtifactType != "" {
			t.Errorf("image %d is for %s, want %s; it is a %q", i, m.Platform, arch, m.ArtifactType)
		}
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		want := v1.Config{
			User: "65532:65532", Entrypoint: []string{"/fargatedirect-proxy"}, WorkingDir: "/", StopSignal: "SIGTERM", Labels: about,
			Volumes: map[string]struct{}{"/certificates": {}}, ExposedPorts: map[string]struct{}{"443/tcp": {}},
		}
		if !reflect.DeepEqual(config.Config, want) || config.OS != "linux" || config.Architecture != arch || !config.Created.Equal(epoch) {
			t.Errorf("the configuration for %s is %+v", arch, config)
		}
		checkLayer(t, image, "a proxy for "+arch)
	}
}

// checkLayer checks that an image holds the binary, the folder and nothing
// else.
func checkLayer(t *testing.T, image v1.Image, content string) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("layers %v, error %v; want one", layers, err)
	}
	files, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	reader := tar.NewReader(files)
	want := []tar.Header{
		{Typeflag: tar.TypeDir, Name: "certificates/", Mode: 0o755, Uid: 65532, Gid: 65532},
		{Typeflag: tar.TypeReg, Name: "fargatedirect-proxy", Mode: 0o555, Size: int64(len(content))},
	}
	for _, w := range want {
		got, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got.Typeflag != w.Typeflag || got.Name != w.Name || got.Mode != w.Mode || got.Uid != w.Uid || got.Gid != w.Gid || got.Size != w.Size || !got.ModTime.Equal(epoch) {
			t.Errorf("the layer has %+v, want %+v", got, w)
		}
		if text, err := io.ReadAll(reader); err != nil || w.Size > 0 && string(text) != content {
			t.Errorf("%s is %q (%v)", w.Name, text, err)
		}
	}
	if more, err := reader.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("the layer has %+v (%v), too", more, err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	// What was there before is replaced, and what others put there is left.
	one, two := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(one, "other"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{}
	for _, step := range []struct{ name, content, out string }{
		{"old", "an old proxy", one}, {"new", "a proxy", one}, {"again", "a proxy", two},
	} {
		var said bytes.Buffer
		if err := run(t.Context(), fakeBinaries(t, step.content), step.out, "1.2.3", "", &said); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		outputs[step.name] = lines[len(lines)-1]
		if !strings.Contains(said.String(), "linux/arm64  ") || !strings.Contains(said.String(), "linux/amd64  ") {
			t.Errorf("it says\n%s", said.String())
		}
	}
	if outputs["new"] != outputs["again"] || outputs["new"] == outputs["old"] || !strings.HasPrefix(outputs["new"], "sha256:") {
		t.Errorf("digests %v; want the same for the same binaries, and another one for others", outputs)
	}
	a, errA := os.ReadFile(filepath.Join(one, tarballName))
	b, errB := os.ReadFile(filepath.Join(two, tarballName))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the tarballs differ (%d and %d bytes, %v, %v)", len(a), len(b), errA, errB)
	}
	index, err := layout.ImageIndexFromPath(filepath.Join(one, layoutName))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest.String() != outputs["new"] {
		t.Errorf("the folder holds %+v (%v), want %s alone", manifest, err, outputs["new"])
	}
	if left, err := os.ReadDir(one); err != nil || len(left) != 3 {
		t.Errorf("the output folder holds %v (%v)", left, err)
	}
	if err := run(t.Context(), t.TempDir(), two, "1.2.3", "", io.Discard); err == nil {
		t.Error("an image was made of nothing")
	}
}
