// Package files keeps a certificate in files, for servers that end TLS
// themselves.
package files

import (
	"context"
	"errors"
	"log/slog"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
)

// Options are where the files go and what is done after a change.
type Options struct {
	// Directory is the folder of the files.
	Directory string
	// Once has Run end when the files are written.
	Once bool
	// Command is run after each change, the first included, and its arguments;
	// empty for none.
	Command []string
	// HealthListen is the address of /healthz while renewals are followed.
	HealthListen string
	// Logger is told of each change.
	Logger *slog.Logger
}

// Run writes the files, and follows renewals until the context ends.
func Run(ctx context.Context, source certreader.Source, reading certreader.Options, o Options) error {
	return errors.New("writing files: not made yet")
}
