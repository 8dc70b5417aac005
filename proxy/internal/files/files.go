// Package files keeps a certificate in files, for servers that end TLS
// themselves.
//
// Below the folder:
//
//	bundle.pem  -> current/bundle.pem    key and chain in one file
//	cert.pem    -> current/cert.pem      the certificate and its chain
//	key.pem     -> current/key.pem       the private key
//	current     -> versions/<version>    changes with each renewal, by one rename
//	versions/<version>/…                 three files that never change
//
// So all names change at the same moment, and what a name leads to is never
// half written. A server that opens key.pem and cert.pem one after the other,
// just when they change, could still get one of each. Whoever reads at any time
// therefore opens bundle.pem once, or resolves current once and opens both
// below that; a version stays for a minute after the next one. For a server
// that reads when it is told to, the command runs after the change, until it
// succeeds.
package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/health"
)

// Options are where the files go and what is done after a change.
type Options struct {
	// Directory is the folder of the files. It is made if there is none.
	Directory string
	// KeyMode is the mode of the files that hold the private key.
	KeyMode fs.FileMode
	// Once has Run end when the files are written and the command has succeeded.
	Once bool
	// Command is run after each change, the first included, and its arguments;
	// empty for none. Its environment is Environment without the secret, and it
	// may take ExecTimeout.
	Command     []string
	Environment []string
	ExecTimeout time.Duration
	// HealthListen is the address of /healthz while renewals are followed; empty
	// for none.
	HealthListen string
	// Logger is told of each change, and of what the command says.
	Logger *slog.Logger
}

// Run writes the files, and follows renewals until the context ends. Then it
// answers nil, except where it was to end by itself and has not got so far.
//
// That the first files cannot be written, or that no certificate is found in
// time, is an error. Later failures, and the command's, are logged and tried
// again.
func Run(ctx context.Context, source certreader.Source, reading certreader.Options, o Options) error {
	if err := checkCommand(o.Command); err != nil {
		return err
	}
	folder, err := openFolder(o.Directory, o.KeyMode)
	if err != nil {
		return err
	}
	defer folder.close()
	w := &writer{folder: folder, options: o}
	if !o.Once && o.HealthListen != "" {
		tells, err := health.Start(o.HealthListen, health.Source{Serving: w.serving, Missed: w.missed, Draining: func() bool { return ctx.Err() != nil }}, o.Logger)
		if err != nil {
			return err
		}
		defer tells.Close()
	}
	changed := make(chan struct{}, 1)
	reading.OnChange = func(certreader.Version) {
		select {
		case changed <- struct{}{}:
		default: // it is not yet seen that there is news, and news is all that this says
		}
	}
	reader, err := certreader.New(ctx, source, reading)
	if err != nil && ctx.Err() != nil && !o.Once {
		return nil //nolint:nilerr // it was told to end before there was anything to do
	}
	if err != nil {
		return err
	}
	w.reader.Store(reader)
	if _, _, err := w.write(); err != nil {
		return err
	}
	if o.Once {
		return errors.Join(w.apply(ctx), folder.tidy())
	}
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { reader.Run(ctx) })
	keeper{apply: w.apply, tidy: folder.tidy, log: o.Logger}.keep(ctx, changed)
	return nil
}

// checkCommand finds out at the start what would fail at each change.
func checkCommand(command []string) error {
	if len(command) == 0 {
		return nil
	}
	_, err := exec.LookPath(command[0])
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("looking for the command: %w; it must be a program that the user %d of this container may run", err, os.Getuid())
	}
	return fmt.Errorf("looking for the command: %w; the proxy's own image has no programs: copy /fargatedirect-proxy into the image that has this one", err)
}

// writer writes what a reader serves.
type writer struct {
	folder  *folder
	options Options
	// reader is there when it has found a certificate.
	reader atomic.Pointer[certreader.Reader]
	// now is what is in force for the server that reads the files.
	now atomic.Pointer[outcome]
}

// outcome is the version that was last written and told to the command, and why
// there is none, or a later one is not.
type outcome struct {
	version certreader.Version
	err     error
}

// apply writes what the reader has, if it is not there, and runs the command.
func (w *writer) apply(ctx context.Context) error {
	version, key, err := w.write()
	if err == nil && len(w.options.Command) > 0 {
		err = runCommand(ctx, w.options, key)
	}
	if err == nil {
		w.now.Store(&outcome{version: version})
		return nil
	}
	next := outcome{err: err}
	if old := w.now.Load(); old != nil {
		next.version = old.version
	}
	w.now.Store(&next)
	return err
}

// write answers the version that is there now, with its key.
func (w *writer) write() (certreader.Version, []byte, error) {
	key, chain, version := w.reader.Load().PEM()
	changed, err := w.folder.publish(version.Serial, key, chain)
	if changed {
		w.options.Logger.Info("wrote the certificate", "directory", w.folder.path, "serial", version.Serial, "not_after", version.NotAfter)
	}
	return version, key, err
}

// serving tells what the server that reads the files has, as far as can be
// known: not what the reader found, if it could not be written or if the
// command failed.
func (w *writer) serving() certreader.Version {
	reader, now := w.reader.Load(), w.now.Load()
	if reader == nil {
		return certreader.Version{}
	}
	found := reader.Serving()
	switch {
	case now == nil:
		return certreader.Version{LastError: errors.New("the command is not over yet")}
	case now.err == nil && now.version.Since.Equal(found.Since):
		return found
	}
	v := now.version
	v.LastLook, v.LastError = found.LastLook, now.err
	return v
}

// missed is what the reader found and the server has not got, because it could
// not be written or the command failed; the zero value is nothing.
func (w *writer) missed() certreader.Version {
	reader, now := w.reader.Load(), w.now.Load()
	if reader == nil || now == nil || now.err == nil {
		return certreader.Version{}
	}
	return reader.Serving()
}
