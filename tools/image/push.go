package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Variables with the credentials for a push. Without them docker's own
// configuration is asked.
const (
	usernameVariable = "PROXY_IMAGE_USERNAME"
	passwordVariable = "PROXY_IMAGE_PASSWORD"
)

// pushTo puts the image into a registry under a tag. It does nothing when it
// is there already, and refuses to take the tag away from another image. It
// believes the registry only after having asked for what it has now.
func pushTo(ctx context.Context, index v1.ImageIndex, reference string, getenv func(string) string, say io.Writer) error {
	tag, err := name.NewTag(reference, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("reading where to push to (%s): %w; it must be <registry>/<repository>:<tag>", reference, err)
	}
	want, err := index.Digest()
	if err != nil {
		return err
	}
	options := []remote.Option{remote.WithContext(ctx), credentials(getenv)}
	has, err := digestOf(tag, options)
	if err != nil {
		return err
	}
	switch has {
	case want:
		_, err = fmt.Fprintf(say, "%s is there already\n", tag)
		return err
	case v1.Hash{}:
	default:
		return fmt.Errorf("pushing image (%s): the tag is another image's already, %s; a tag that was released is never moved", tag, has)
	}
	if err := remote.WriteIndex(tag, index, options...); err != nil {
		return fmt.Errorf("pushing image (%s): %w", tag, err)
	}
	for _, r := range []name.Reference{tag, tag.Digest(want.String())} {
		has, err := digestOf(r, options)
		if err != nil {
			return err
		}
		if has != want {
			return fmt.Errorf("pushing image (%s): the registry has %s there, and was given %s", r, has, want)
		}
	}
	_, err = fmt.Fprintf(say, "pushed %s\n", tag)
	return err
}

// credentials says how to log in.
func credentials(getenv func(string) string) remote.Option {
	if user := getenv(usernameVariable); user != "" {
		return remote.WithAuth(&authn.Basic{Username: user, Password: getenv(passwordVariable)})
	}
	return remote.WithAuthFromKeychain(authn.DefaultKeychain)
}

// digestOf answers what a registry has for a reference, or the zero value if
// it has nothing. The content is read and not only its headers, which a
// registry could fill in as it likes.
func digestOf(reference name.Reference, options []remote.Option) (v1.Hash, error) {
	found, err := remote.Get(reference, options...)
	if failure := new(transport.Error); errors.As(err, &failure) && failure.StatusCode == http.StatusNotFound {
		return v1.Hash{}, nil
	}
	if err != nil {
		return v1.Hash{}, fmt.Errorf("reading image (%s): %w", reference, err)
	}
	return found.Digest, nil
}
