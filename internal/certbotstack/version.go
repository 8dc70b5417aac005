package certbotstack

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
)

// ReadVersion reads the private key and the chain, leaf first, of the version
// that a pointer names. Both are PEM, are the objects that the pointer means,
// and belong together. Api must log nothing of its calls.
func ReadVersion(ctx context.Context, api StoreAPI, s Spec, p certbot.Pointer) (key, chain []byte, err error) {
	if key, err = s.readPointed(ctx, api, p.Key); err != nil {
		return nil, nil, err
	}
	if chain, err = s.readPointed(ctx, api, p.Certificate); err != nil {
		return nil, nil, err
	}
	if _, err := tls.X509KeyPair(chain, key); err != nil {
		return nil, nil, fmt.Errorf("reading version (%s): %w", p.Version, err)
	}
	return key, chain, nil
}

func (s Spec) readPointed(ctx context.Context, api StoreAPI, o certbot.PointedObject) ([]byte, error) {
	body, err := read(ctx, api, s, o.ObjectKey)
	if awserr.Is(err, "NoSuchKey", "NotFound") {
		return nil, fmt.Errorf("reading object (%s/%s): it is gone; a run may have deleted it meanwhile, so try again", s.BucketName(), o.ObjectKey)
	}
	if err != nil {
		return nil, fmt.Errorf("reading object (%s/%s): %w", s.BucketName(), o.ObjectKey, err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != o.SHA256 {
		return nil, fmt.Errorf("reading object (%s/%s): it is not the one that the pointer names, somebody changed it; roll back to another version, or have the certificate renewed", s.BucketName(), o.ObjectKey)
	}
	return body, nil
}
