package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// versionPattern is for the names that are given to versions: all others are
// somebody's.
var versionPattern = regexp.MustCompile(`^([0-9]{8}T[0-9]{6}\.[0-9]{9}Z)-[0-9a-f]+$`)

const (
	folderMode fs.FileMode = 0o755
	chainMode  fs.FileMode = 0o644
)

// folder is where the files are. One process writes there at a time. But other
// containers share the volume, and may have put anything there: no link in it
// leads out of it, and nothing is waited for.
type folder struct {
	path    string
	root    *os.Root
	keyMode fs.FileMode
	lock    *os.File
}

// openFolder makes the folder if it is not there, finds out whether it can be
// written to, and keeps others from doing so until close.
func openFolder(path string, keyMode fs.FileMode) (*folder, error) {
	if err := os.MkdirAll(path, folderMode); err != nil {
		return nil, hinted(fmt.Errorf("making the folder of the certificate: %w", err))
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, hinted(fmt.Errorf("opening the folder of the certificate: %w", err))
	}
	f := &folder{path: path, root: root, keyMode: keyMode}
	if err := f.take(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

func (f *folder) take() error {
	if err := f.mkdir(versions); err != nil && !errors.Is(err, fs.ErrExist) {
		return f.failed("making the folder of versions", err)
	}
	lock, err := f.root.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return f.failed("locking the folder of the certificate", err)
	}
	// A file system that knows no locks has none to break.
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		_ = lock.Close()
		return fmt.Errorf("locking the folder of the certificate: another proxy writes to %s; give each a -directory of its own", f.path)
	}
	f.lock = lock
	return nil
}

func (f *folder) close() {
	// A child that is just being started still has the file open for a moment.
	_ = syscall.Flock(int(f.lock.Fd()), syscall.LOCK_UN)
	_ = f.lock.Close()
	_ = f.root.Close()
}

// failed is an error of the file system, which tells paths below the folder.
func (f *folder) failed(what string, err error) error {
	return hinted(fmt.Errorf("%s in %s: %w", what, f.path, err))
}

// publish puts a pair in force, and tells whether it was not already. Whatever
// fails, or kills the process, leaves the pair before it in force and whole.
func (f *folder) publish(serial string, key, chain []byte) (bool, error) {
	if err := f.links(); err != nil {
		return false, err
	}
	before, err := f.root.Readlink(currentLink)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, f.failed("looking for the certificate in use", fmt.Errorf("%w; it must be a link, which is made if it is not there", err))
	}
	contents := []content{{keyFile, f.keyMode, key}, {chainFile, chainMode, chain}, {bundleFile, f.keyMode, slices.Concat(key, chain)}}
	if f.holds(before, contents) {
		return false, nil
	}
	now := filepath.Join(versions, time.Now().UTC().Format(stamp)+"-"+serial)
	if err := f.writeVersion(now, contents); err != nil {
		return false, f.failed("writing the certificate", err)
	}
	if err := f.replaceLink(now); err != nil {
		return false, f.failed("putting the certificate in use", err)
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
	folder, name := filepath.Split(version)
	if folder != versions+"/" || !versionPattern.MatchString(name) {
		return false
	}
	return !slices.ContainsFunc(contents, func(c content) bool {
		return !f.holdsFile(filepath.Join(version, c.name), c)
	})
}

func (f *folder) holdsFile(path string, c content) bool {
	// Of a pipe nobody writes to, opening it would wait for ever.
	file, err := f.root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Mode() != c.mode {
		return false
	}
	text, err := io.ReadAll(io.LimitReader(file, int64(len(c.text))+1))
	return err == nil && bytes.Equal(text, c.text)
}

// writeVersion writes the files of a version, which has its name only when all
// of them are on disk.
func (f *folder) writeVersion(version string, contents []content) error {
	next := filepath.Join(versions, nextVersion)
	if err := f.root.RemoveAll(next); err != nil { // of one that was killed
		return err
	}
	if err := f.mkdir(next); err != nil {
		return err
	}
	for _, c := range contents {
		if err := f.writeFile(filepath.Join(next, c.name), c); err != nil {
			return errors.Join(err, f.root.RemoveAll(next))
		}
	}
	if err := f.sync(next); err != nil {
		return err
	}
	if err := f.root.Rename(next, version); err != nil {
		return err
	}
	return f.sync(versions)
}

// mkdir makes a folder with its mode, whatever the umask. Before Linux 6.6
// (fchmodat2) Root.Chmod would need /proc for that.
func (f *folder) mkdir(path string) error {
	if err := f.root.Mkdir(path, folderMode); err != nil {
		return err
	}
	folder, err := f.root.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Chmod(folderMode), folder.Close())
}

func (f *folder) writeFile(path string, c content) error {
	// Nobody else may read it before it has its mode.
	file, err := f.root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(c.text)
	return errors.Join(err, file.Chmod(c.mode), file.Sync(), file.Close())
}

// replaceLink has current lead to a version.
func (f *folder) replaceLink(version string) error {
	if err := f.root.Remove(nextLink); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := f.root.Symlink(version, nextLink); err != nil {
		return err
	}
	if err := f.root.Rename(nextLink, currentLink); err != nil {
		return err
	}
	return f.sync(".")
}

// links makes the names that lead through current, and nowhere until there is a
// certificate. What bears such a name and is something else is somebody's.
func (f *folder) links() error {
	for _, name := range []string{keyFile, chainFile, bundleFile} {
		target := filepath.Join(currentLink, name)
		err := f.root.Symlink(target, name)
		if errors.Is(err, fs.ErrExist) {
			if got, _ := f.root.Readlink(name); got != target {
				return fmt.Errorf("making %s: it exists and is not a link to %s; remove it, or set another -directory", filepath.Join(f.path, name), target)
			}
			continue
		}
		if err != nil {
			return f.failed("making a link to the certificate", err)
		}
	}
	return nil
}

// tidy removes the versions that others have followed for a while, and what a
// process left that was killed. What it does not know it leaves.
func (f *folder) tidy() error {
	link, err := f.root.Readlink(currentLink)
	if err != nil {
		return f.failed("looking for the certificate in use", err)
	}
	entries, err := fs.ReadDir(f.root.FS(), versions) // by name
	if err != nil {
		return f.failed("looking for old versions", err)
	}
	var names []string
	for _, entry := range entries {
		if versionPattern.MatchString(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	old := []string{nextVersion}
	for i, name := range names {
		if followed(names, i, filepath.Base(link)) {
			old = append(old, name)
		}
	}
	for _, name := range old {
		if err := f.root.RemoveAll(filepath.Join(versions, name)); err != nil {
			return f.failed("removing an old version", err)
		}
	}
	return nil
}

// followed tells whether a version has been followed for a while. Names begin
// with the time, so the next name says when. One that is after the current one
// is of a clock that was wrong, or of a process that was killed before it was
// in use.
func followed(names []string, i int, current string) bool {
	next := current
	switch {
	case names[i] == current:
		return false
	case names[i] < current && i+1 < len(names):
		next = names[i+1]
	}
	match := versionPattern.FindStringSubmatch(next)
	if match == nil {
		return false
	}
	at, err := time.Parse(stamp, match[1])
	return err == nil && time.Since(at) >= stay
}

// sync has the names in a folder written to disk.
func (f *folder) sync(path string) error {
	folder, err := f.root.Open(path)
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
