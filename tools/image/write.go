package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// What is written into the output folder, both with the same content: a folder
// and a tarball in the layout of
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md.
const (
	layoutName  = "layout"
	tarballName = binary + ".tar"
)

// write puts the image into a folder in place of an earlier one, and tells
// what it is.
func write(index v1.ImageIndex, out string, say io.Writer) error {
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(out, "new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	folder, archive := filepath.Join(fresh, layoutName), filepath.Join(fresh, tarballName)
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return fmt.Errorf("writing folder (%s): %w", folder, err)
	}
	if err := path.AppendIndex(index); err != nil {
		return fmt.Errorf("writing folder (%s): %w", folder, err)
	}
	if err := archiveFolder(folder, archive); err != nil {
		return fmt.Errorf("writing tarball (%s): %w", archive, err)
	}
	for _, name := range []string{layoutName, tarballName} {
		target := filepath.Join(out, name)
		if err := os.RemoveAll(target); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(fresh, name), target); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(say, target); err != nil {
			return err
		}
	}
	return tell(index, say)
}

// tell says what the index holds.
func tell(index v1.ImageIndex, say io.Writer) error {
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			return err
		}
		layers, err := image.Layers()
		if err != nil {
			return err
		}
		var size int64
		for _, l := range layers {
			n, err := l.Size()
			if err != nil {
				return err
			}
			size += n
		}
		if _, err := fmt.Fprintf(say, "%s  %d bytes compressed  %s\n", m.Platform, size, m.Digest); err != nil {
			return err
		}
	}
	return nil
}

// archiveFolder makes a tarball of a folder's files. Equal files give an equal
// tarball.
func archiveFolder(folder, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := tar.NewWriter(file)
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return archiveEntry(w, path, filepath.ToSlash(name), entry.IsDir())
	})
	return errors.Join(err, w.Close(), file.Close())
}

func archiveEntry(w *tar.Writer, path, name string, isDir bool) error {
	header := &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: epoch, Format: tar.FormatUSTAR}
	if isDir {
		return w.WriteHeader(header)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	header.Typeflag, header.Name, header.Mode, header.Size = tar.TypeReg, name, 0o644, int64(len(content))
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}
