package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// What is in the image, and who runs it: a number, as there is no
// /etc/passwd, and one that is nobody on any machine.
const (
	binary       = "fargatedirect-proxy"
	certificates = "certificates"
	user         = 65532
)

// architectures are those that Fargate has.
var architectures = []string{"arm64", "amd64"}

// epoch is the time of everything in the image: the time of the build would
// give each build another digest.
var epoch = time.Unix(0, 0).UTC()

// pack makes the index of images, one for each architecture, of the binaries
// in a folder.
func pack(binaries, version string) (v1.ImageIndex, error) {
	about := annotations(version)
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range architectures {
		content, err := os.ReadFile(filepath.Join(binaries, "proxy_"+arch))
		if err != nil {
			return nil, err
		}
		image, err := packOne(content, arch, about)
		if err != nil {
			return nil, fmt.Errorf("packing the image for %s: %w", arch, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        plain{image},
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	annotated, ok := mutate.Annotations(index, about).(v1.ImageIndex)
	if !ok {
		return nil, fmt.Errorf("annotating the index: it is a %T now", annotated)
	}
	return annotated, nil
}

// plain is an image whose entry in an index bears no type of artifact: the
// field is for what is no image, and other builders leave it out, too.
type plain struct{ v1.Image }

// ArtifactType is asked for by the library that writes the entry.
func (plain) ArtifactType() (string, error) { return "", nil }

// annotations say what the image is, in the words of
// https://github.com/opencontainers/image-spec/blob/main/annotations.md.
func annotations(version string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       binary,
		"org.opencontainers.image.description": "TLS for a Fargate task, with a certificate of fargatedirect_certbot",
		"org.opencontainers.image.licenses":    "MPL-2.0",
		"org.opencontainers.image.source":      "https://github.com/fargatedirect/terraform-provider-fargatedirect",
		"org.opencontainers.image.version":     version,
	}
}

// packOne makes the image for one architecture.
func packOne(content []byte, arch string, about map[string]string) (v1.Image, error) {
	files, err := layer(content)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(base, &v1.ConfigFile{
		OS:           "linux",
		Architecture: arch,
		Created:      v1.Time{Time: epoch},
		RootFS:       v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}},
		Config: v1.Config{
			User:         fmt.Sprintf("%d:%d", user, user),
			Entrypoint:   []string{"/" + binary},
			WorkingDir:   "/",
			Volumes:      map[string]struct{}{"/" + certificates: {}},
			ExposedPorts: map[string]struct{}{"443/tcp": {}},
			StopSignal:   "SIGTERM",
			Labels:       about,
		},
	})
	if err != nil {
		return nil, err
	}
	image, err = mutate.Append(image, mutate.Addendum{
		Layer:   files,
		History: v1.History{Created: v1.Time{Time: epoch}, CreatedBy: "make image"},
	})
	if err != nil {
		return nil, err
	}
	annotated, ok := mutate.Annotations(image, about).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("annotating: it is a %T now", annotated)
	}
	return annotated, nil
}

// layer makes the only layer: the binary, and the folder that the proxy may
// write to. A volume that a container runtime makes there takes over the
// folder's owner.
func layer(content []byte) (v1.Layer, error) {
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	headers := []*tar.Header{
		{Typeflag: tar.TypeDir, Name: certificates + "/", Mode: 0o755, Uid: user, Gid: user},
		{Typeflag: tar.TypeReg, Name: binary, Mode: 0o555, Size: int64(len(content))},
	}
	for _, header := range headers {
		header.Format, header.ModTime = tar.FormatUSTAR, epoch
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithCompressedCaching,
		tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithMediaType(types.OCILayer))
}
