package files

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Names below the folder.
const (
	keyFile     = "key.pem"
	chainFile   = "cert.pem"
	bundleFile  = "bundle.pem"
	currentLink = "current"
	nextLink    = ".current"
	versions    = "versions"
	nextVersion = ".next"
	lockFile    = ".lock"
)

// stamp is the time of a version, in its name.
const stamp = "20060102T150405.000000000Z"

const (
	folderMode fs.FileMode = 0o755
	chainMode  fs.FileMode = 0o644
)

// folder is where the files are. One process writes there at a time.
type folder struct {
	path    string
	keyMode fs.FileMode
	lock    *os.File
}

// openFolder makes the folder if it is not there, finds out whether it can be
// written to, and keeps others from doing so until close.
func openFolder(path string, keyMode fs.FileMode) (*folder, error) {
	f := &folder{path: path, keyMode: keyMode}
	if err := os.MkdirAll(f.at(versions), folderMode); err != nil {
		return nil, hinted(fmt.Errorf("making the folder of the certificate: %w", err))
	}
	lock, err := os.OpenFile(f.at(lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, hinted(fmt.Errorf("locking the folder of the certificate: %w", err))
	}
	// A file system that knows no locks has none to break.
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		_ = lock.Close()
		return nil, fmt.Errorf("locking the folder of the certificate: another proxy writes to %s; give each a -directory of its own", path)
	}
	f.lock = lock
	return f, nil
}

func (f *folder) close() { _ = f.lock.Close() }

func (f *folder) at(names ...string) string {
	return filepath.Join(append([]string{f.path}, names...)...)
}

// publish puts a pair in force, and tells whether it was not already. Whatever
// fails, or kills the process, leaves the pair before it in force and whole.
func (f *folder) publish(serial string, key, chain []byte) (bool, error) {
	if err := f.links(); err != nil {
		return false, err
	}
	before, err := os.Readlink(f.at(currentLink))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, hinted(fmt.Errorf("looking for the certificate in use: %w; it must be a link, which is made if it is not there", err))
	}
	contents := []content{{keyFile, f.keyMode, key}, {chainFile, chainMode, chain}, {bundleFile, f.keyMode, slices.Concat(key, chain)}}
	if before != "" && f.holds(before, contents) {
		return false, nil
	}
	now := filepath.Join(versions, time.Now().UTC().Format(stamp)+"-"+serial)
	if err := f.writeVersion(now, contents); err != nil {
		return false, hinted(fmt.Errorf("writing the certificate: %w", err))
	}
	if err := f.replaceLink(now); err != nil {
		return false, hinted(fmt.Errorf("putting the certificate in use: %w", err))
	}
	return true, nil
}

// content is what a file of a version is to hold.
type content struct {
	name string
	mode fs.FileMode
	text []byte
}

// holds tells whether a version is what it should be.
func (f *folder) holds(version string, contents []content) bool {
	return !slices.ContainsFunc(contents, func(c content) bool {
		path := f.at(version, c.name)
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(text, c.text) {
			return true
		}
		info, err := os.Stat(path)
		return err != nil || info.Mode() != c.mode
	})
}

// writeVersion writes the files of a version, which has its name only when all
// of them are on disk.
func (f *folder) writeVersion(version string, contents []content) error {
	next := f.at(versions, nextVersion)
	if err := os.RemoveAll(next); err != nil { // of one that was killed
		return err
	}
	if err := os.Mkdir(next, folderMode); err != nil {
		return err
	}
	if err := os.Chmod(next, folderMode); err != nil { // whatever the umask
		return err
	}
	for _, c := range contents {
		if err := writeFile(filepath.Join(next, c.name), c); err != nil {
			return errors.Join(err, os.RemoveAll(next))
		}
	}
	if err := syncFolder(next); err != nil {
		return err
	}
	if err := os.Rename(next, f.at(version)); err != nil {
		return err
	}
	return syncFolder(f.at(versions))
}

func writeFile(path string, c content) error {
	// Nobody else may read it before it has its mode.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(c.text)
	return errors.Join(err, file.Chmod(c.mode), file.Sync(), file.Close())
}

// replaceLink has current lead to a version.
func (f *folder) replaceLink(version string) error {
	if err := os.Remove(f.at(nextLink)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(version, f.at(nextLink)); err != nil {
		return err
	}
	if err := os.Rename(f.at(nextLink), f.at(currentLink)); err != nil {
		return err
	}
	return syncFolder(f.path)
}

// links makes the names that lead through current, and nowhere until there is a
// certificate. What bears such a name and is something else is somebody's.
func (f *folder) links() error {
	for _, name := range []string{keyFile, chainFile, bundleFile} {
		target := filepath.Join(currentLink, name)
		err := os.Symlink(target, f.at(name))
		if errors.Is(err, fs.ErrExist) {
			if got, _ := os.Readlink(f.at(name)); got != target {
				return fmt.Errorf("making %s: it exists and is not a link to %s; remove it, or set another -directory", f.at(name), target)
			}
			continue
		}
		if err != nil {
			return hinted(fmt.Errorf("making a link to the certificate: %w", err))
		}
	}
	return nil
}

// tidy removes the versions that others have followed for a while, and what a
// process left that was killed. Names begin with the time, so the next name
// says when a version was followed.
func (f *folder) tidy() error {
	current, err := os.Readlink(f.at(currentLink))
	if err != nil {
		return fmt.Errorf("looking for the certificate in use: %w", err)
	}
	entries, err := os.ReadDir(f.at(versions)) // by name
	if err != nil {
		return fmt.Errorf("looking for old versions: %w", err)
	}
	old := []string{nextVersion}
	for i, entry := range entries[:max(len(entries)-1, 0)] {
		next, _, _ := strings.Cut(entries[i+1].Name(), "-")
		followed, err := time.Parse(stamp, next)
		if err == nil && time.Since(followed) >= stay && entry.Name() != filepath.Base(current) {
			old = append(old, entry.Name())
		}
	}
	for _, name := range old {
		if err := os.RemoveAll(f.at(versions, name)); err != nil {
			return fmt.Errorf("removing an old version: %w", err)
		}
	}
	return nil
}

// syncFolder has the names in a folder written to disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// hinted adds to an error of the file system what to do about it.
func hinted(err error) error {
	switch {
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w; mount a volume there, and not readOnly: with readonlyRootFilesystem only volumes can be written to", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; it must belong to the user %d of this container: on Fargate a new volume belongs to root, unless the image declares a VOLUME at the path where it is mounted, as the proxy's own does at /certificates", err, os.Getuid())
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w; a certificate takes less than a megabyte: something else fills the volume (ephemeralStorage)", err)
	}
	return err
}
