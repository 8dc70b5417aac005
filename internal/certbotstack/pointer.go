package certbotstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
)

// ErrNoPointer tells that no version of a certificate is in force: none was
// ever published.
var ErrNoPointer = errors.New("the bucket holds no certificate of this key yet")

// ReadPointer reads which version of a key's certificate is in force. It
// answers ErrNoPointer while there is none. What it answers holds no secret,
// and names the objects that do.
//
// Where the version lies follows from its name and the certificate's prefix
// (certbot.VersionObject), not from what stands in the pointer: ReadPointer
// refuses one that says otherwise.
func ReadPointer(ctx context.Context, api StoreAPI, s Spec, key string) (certbot.Pointer, error) {
	object := s.PointerObject(key)
	body, err := read(ctx, api, s, object)
	if awserr.Is(err, "NoSuchKey", "NoSuchBucket", "NotFound") {
		return certbot.Pointer{}, ErrNoPointer
	}
	if err != nil {
		return certbot.Pointer{}, fmt.Errorf("reading pointer object (%s/%s): %w", s.BucketName(), object, err)
	}
	var p certbot.Pointer
	if err := json.Unmarshal(body, &p); err != nil {
		return certbot.Pointer{}, fmt.Errorf("decoding pointer object (%s/%s): %w; the next run of the function writes it again", s.BucketName(), object, err)
	}
	prefix := s.Prefix(key)
	if p.Version == "" ||
		p.Key.ObjectKey != certbot.VersionObject(prefix, p.Version, certbot.KeyObject) ||
		p.Certificate.ObjectKey != certbot.VersionObject(prefix, p.Version, certbot.CertificateObject) {
		return certbot.Pointer{}, fmt.Errorf("reading pointer object (%s/%s): it names objects that are not of a version below %s; the next run of the function writes it again", s.BucketName(), object, prefix)
	}
	return p, nil
}

// PointerObject is the object key of the pointer to the version in force of a
// key's certificate.
func (s Spec) PointerObject(key string) string { return s.Prefix(key) + certbot.PointerObject }

// pointerARNs are the ARNs of all pointers.
func (s Spec) pointerARNs() []string {
	var arns []string
	for _, key := range s.Keys() {
		arns = append(arns, s.Scope.BucketARN(s.BucketName())+"/"+s.PointerObject(key))
	}
	return arns
}
