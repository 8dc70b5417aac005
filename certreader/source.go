package certreader

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Source is where a certificate lies: FromBucket, FromBundle, FromSecret or
// FromValue.
type Source interface {
	// String names the place, for logs and errors.
	fmt.Stringer
	// look reads what is in force. Where that is still what the caller has, it
	// answers a mark of the same version, and no texts.
	look(ctx context.Context, have mark) (found, error)
}

// mark tells versions apart.
type mark struct {
	// tag is what the next look asks for a change of; it may be empty.
	tag string
	// version is another one for each pair, and never empty.
	version string
}

// found is what a look found.
type found struct {
	mark
	// serial is what the source calls the version; empty if it does not say.
	serial string
	// key and chain are PEM texts, which nobody has looked at yet.
	key, chain []byte
}

// errTooLong is what bounded answers of a body that goes on.
var errTooLong = errors.New("it is too long")

// bounded reads a body of at most so many bytes.
func bounded(body io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil {
		return nil, fmt.Errorf("reading its body: %w", err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%w: more than %d bytes", errTooLong, most)
	}
	return text, nil
}
