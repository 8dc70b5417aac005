// Package lambdas holds the compiled Lambda functions inside the provider.
//
// The zips in dist are made by "make lambdas". The package compiles without
// them, so that tools work on a fresh checkout; then Load answers ErrNotBuilt.
package lambdas

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
)

//go:generate go run ./build

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt tells that the provider was compiled before the functions were.
var ErrNotBuilt = errors.New("this provider was built without its Lambda code; run `make lambdas` and build the provider again")

// The functions.
const (
	Certbot = "certbot"
	TaskDNS = "taskdns"
)

// Artifact is the deployment package of one function.
type Artifact struct {
	// Zip is the package as Lambda takes it; its only file is "bootstrap".
	Zip []byte
	// SHA256 is the package's hash in the form of Lambda's CodeSha256.
	SHA256 string
}

// Load answers the package of a function for an architecture, "arm64" or
// "x86_64" as Lambda names them.
func Load(function, architecture string) (Artifact, error) {
	return load(dist, function, architecture)
}

// load is Load from the packages in files.
func load(files fs.ReadFileFS, function, architecture string) (Artifact, error) {
	zip, err := files.ReadFile(FileName(function, architecture))
	if errors.Is(err, fs.ErrNotExist) {
		return Artifact{}, fmt.Errorf("loading the %s function for %s: %w", function, architecture, ErrNotBuilt)
	}
	if err != nil {
		return Artifact{}, fmt.Errorf("loading the %s function for %s: %w", function, architecture, err)
	}
	sum := sha256.Sum256(zip)
	return Artifact{Zip: zip, SHA256: base64.StdEncoding.EncodeToString(sum[:])}, nil
}

// FileName is where the build puts the package of a function, relative to
// this folder.
func FileName(function, architecture string) string {
	return "dist/" + function + "_" + architecture + ".zip"
}
