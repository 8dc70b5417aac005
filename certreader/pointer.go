package certreader

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// Names of objects below a certificate's prefix.
const (
	pointerObject  = "current.json"
	bundleObject   = "bundle.pem"
	versionsPrefix = "versions/"
	keyObject      = "key.pem"
	chainObject    = "cert.pem"
)

// pointer is what a reader needs of current.json. The rest, and what may be
// added, is told by the certificate itself or by nobody.
type pointer struct {
	Version     string        `json:"version"`
	Key         pointedObject `json:"key"`
	Certificate pointedObject `json:"certificate"`
}

type pointedObject struct {
	ObjectKey string `json:"object_key"`
	SHA256    string `json:"sha256"`
}

var (
	serialPattern = regexp.MustCompile(`^[0-9a-f]{1,40}$`)
	sumPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// parsePointer reads a pointer. It refuses one that names anything but the
// objects of its version below the prefix, because whoever can write a pointer
// must not choose what readers fetch.
func parsePointer(text []byte, prefix string) (pointer, error) {
	var p pointer
	if err := decode(text, &p); err != nil {
		return pointer{}, err
	}
	folder := prefix + versionsPrefix + p.Version + "/"
	switch {
	case !serialPattern.MatchString(p.Version):
		return pointer{}, errors.New("its version is not a serial number in lower-case hex")
	case p.Key.ObjectKey != folder+keyObject, p.Certificate.ObjectKey != folder+chainObject:
		return pointer{}, fmt.Errorf("it names other objects than %s and %s below %s", keyObject, chainObject, folder)
	case !sumPattern.MatchString(p.Key.SHA256), !sumPattern.MatchString(p.Certificate.SHA256):
		return pointer{}, errors.New("its SHA-256 hashes are none")
	}
	return p, nil
}

// identity is another one for each pair of texts.
func (p pointer) identity() string {
	return p.Version + " " + p.Key.SHA256 + " " + p.Certificate.SHA256
}

// decode reads one JSON object and nothing after it. Its errors hold nothing of
// the text, which may be a secret.
func decode(text []byte, into any) error {
	err := json.Unmarshal(text, into)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON, from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("it is JSON of another kind, at byte %d", kind.Offset)
	}
	return errors.New("it is not the JSON that it should be")
}
