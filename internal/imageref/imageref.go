// Package imageref reads references to container images.
package imageref

import (
	"fmt"
	"regexp"
)

// The grammar of https://pkg.go.dev/github.com/distribution/reference, for
// references that name a registry and end in a SHA-256 digest.
const (
	label      = `[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`
	registry   = `(?:` + label + `(?:\.` + label + `)+(?::[0-9]+)?|` + label + `:[0-9]+)`
	component  = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`
	repository = component + `(?:/` + component + `)*`
	tag        = `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
	digest     = `sha256:[0-9a-f]{64}`
)

var pinned = regexp.MustCompile(`^` + registry + `/` + repository + `(?::` + tag + `)?@` + digest + `$`)

// CheckPinned answers an error unless the reference names a registry, a
// repository and the digest of one image there, which nobody can replace.
func CheckPinned(reference string) error {
	if !pinned.MatchString(reference) {
		return fmt.Errorf("image reference (%s): it is not of the form <registry>/<repository>@sha256:<64 lower-case hex digits>, "+
			"such as 123456789012.dkr.ecr.eu-west-2.amazonaws.com/fargatedirect-proxy@sha256:…", reference)
	}
	return nil
}
