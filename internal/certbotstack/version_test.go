package certbotstack_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
)

// newPair is a private key and a certificate for it.
func newPair(t *testing.T) (keyPEM, chainPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	leaf, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf})
}

func pointed(object string, text []byte) certbot.PointedObject {
	sum := sha256.Sum256(text)
	return certbot.PointedObject{ObjectKey: object, SHA256: hex.EncodeToString(sum[:])}
}

func TestReadVersion(t *testing.T) {
	t.Parallel()
	const keyObject, chainObject = "a/versions/1/key.pem", "a/versions/1/cert.pem"
	key, chain := newPair(t)
	otherKey, otherChain := newPair(t)
	whole := certbot.Pointer{Version: "1", Key: pointed(keyObject, key), Certificate: pointed(chainObject, chain)}
	for name, test := range map[string]struct {
		bucket  bucket
		pointer certbot.Pointer
		want    string
	}{
		"whole":             {bucket{keyObject: key, chainObject: chain}, whole, ""},
		"another key":       {bucket{keyObject: otherKey, chainObject: chain}, whole, "a/versions/1/key.pem): it is not the one that the pointer names"},
		"another chain":     {bucket{keyObject: key, chainObject: otherChain}, whole, "a/versions/1/cert.pem): it is not the one that the pointer names"},
		"no key":            {bucket{chainObject: chain}, whole, "a/versions/1/key.pem): it is gone"},
		"no chain":          {bucket{keyObject: key}, whole, "a/versions/1/cert.pem): it is gone"},
		"not a pair":        {bucket{keyObject: otherKey, chainObject: chain}, certbot.Pointer{Version: "1", Key: pointed(keyObject, otherKey), Certificate: pointed(chainObject, chain)}, "reading version (1): tls: private key does not match public key"},
		"no certificate":    {bucket{keyObject: key, chainObject: key}, certbot.Pointer{Version: "1", Key: pointed(keyObject, key), Certificate: pointed(chainObject, key)}, "reading version (1): tls: "},
		"another version's": {bucket{keyObject: key, chainObject: chain}, certbot.Pointer{Version: "1", Key: whole.Key, Certificate: pointed("a/versions/2/cert.pem", chain)}, "a/versions/2/cert.pem): it is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gotKey, gotChain, err := certbotstack.ReadVersion(t.Context(), test.bucket, twoCertificates(), test.pointer)
			if test.want == "" {
				if err != nil || string(gotKey) != string(key) || string(gotChain) != string(chain) {
					t.Errorf("got %d and %d bytes, error %v", len(gotKey), len(gotChain), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "PRIVATE") || gotKey != nil || gotChain != nil {
				t.Errorf("got %d and %d bytes, error %v; want %q", len(gotKey), len(gotChain), err, test.want)
			}
		})
	}
}
