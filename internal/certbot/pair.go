package certbot

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-acme/lego/v4/certcrypto"
)

// maxCommonName is the longest common name that X.509 allows (RFC 5280, A.1).
const maxCommonName = 64

// pair is a private key with the chain that certifies it, leaf first.
type pair struct {
	key   crypto.Signer
	chain []*x509.Certificate
}

func (p pair) leaf() *x509.Certificate { return p.chain[0] }

// parsePair reads the two objects of a certificate. A key that does not belong
// to the leaf is an error.
func parsePair(keyPEM, chainPEM []byte) (pair, error) {
	key, err := parseKey(keyPEM)
	if err != nil {
		return pair{}, err
	}
	chain, err := certcrypto.ParsePEMBundle(chainPEM)
	if err != nil {
		return pair{}, fmt.Errorf("parsing the certificate chain: %w", err)
	}
	p := pair{key: key, chain: chain}
	if !p.matches() {
		return pair{}, errors.New("the private key does not belong to the certificate")
	}
	return p, nil
}

// matches tells whether the leaf certifies the key.
func (p pair) matches() bool {
	public, ok := p.leaf().PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(p.key.Public())
}

// check refuses what an authority must not answer, before it replaces a
// certificate that works.
func (p pair) check(names []string, now time.Time) error {
	leaf := p.leaf()
	switch {
	case !p.matches():
		return errors.New("checking the authority's certificate: it is not for our key")
	case !slices.Equal(names, normalNames(leaf.DNSNames)):
		return fmt.Errorf("checking the authority's certificate: it is for %s, not for %s", strings.Join(leaf.DNSNames, ", "), strings.Join(names, ", "))
	case !now.Before(leaf.NotAfter):
		return fmt.Errorf("checking the authority's certificate: it expired on %s", stamp(leaf.NotAfter))
	}
	return nil
}

// keyPEM is the private key in PKCS#8, which every server reads.
func (p pair) keyPEM() ([]byte, error) { return marshalKey(p.key) }

// chainPEM is the chain, leaf first. It is written anew from what was parsed,
// so that nothing else an authority may have sent gets into the bucket.
func (p pair) chainPEM() []byte {
	var text []byte
	for _, certificate := range p.chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	return text
}

// stored describes the pair, but for its places in the bucket.
func (p pair) stored() *Stored {
	leaf := p.leaf()
	return &Stored{
		Serial:    fmt.Sprintf("%x", leaf.SerialNumber),
		Issuer:    leaf.Issuer.String(),
		Domains:   normalNames(leaf.DNSNames),
		NotBefore: leaf.NotBefore.UTC(),
		NotAfter:  leaf.NotAfter.UTC(),
	}
}

// parseKey reads a private key. Its errors hold nothing of the key.
func parseKey(text []byte) (crypto.Signer, error) {
	key, err := certcrypto.ParsePEMPrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("parsing the private key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("parsing the private key: it cannot sign")
	}
	return signer, nil
}

func marshalKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("marshalling the private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// newKey generates a private key of a Certificate's KeyType.
func newKey(keyType string) (crypto.Signer, error) {
	// lego calls the RSA types by their bits alone.
	key, err := certcrypto.GeneratePrivateKey(certcrypto.KeyType(strings.TrimPrefix(keyType, "RSA")))
	if err != nil {
		return nil, fmt.Errorf("generating a private key (%s): %w", keyType, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("generating a private key (%s): it cannot sign", keyType)
	}
	return signer, nil
}

// keyTypeOf is the KeyType of a public key.
func keyTypeOf(public crypto.PublicKey) string {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return fmt.Sprintf("P%d", public.Curve.Params().BitSize)
	case *rsa.PublicKey:
		return "RSA" + strconv.Itoa(public.N.BitLen())
	}
	return "unknown"
}

// newCSR asks for a certificate for the names.
func newCSR(key crypto.Signer, names []string) ([]byte, error) {
	csr, err := certcrypto.CreateCSR(key, certcrypto.CSROptions{Domain: commonName(names), SAN: names})
	if err != nil {
		return nil, fmt.Errorf("making the certificate request: %w", err)
	}
	return csr, nil
}

// commonName is the shortest name that fits a common name, or none.
func commonName(names []string) string {
	shortest := ""
	for _, name := range names {
		if len(name) <= maxCommonName && (shortest == "" || len(name) < len(shortest)) {
			shortest = name
		}
	}
	return shortest
}

// normalNames are the names in lower case, sorted, each once. Authorities
// answer lower-case names, and lego refuses an order whose names changed.
func normalNames(names []string) []string {
	normal := make([]string, len(names))
	for i, name := range names {
		normal[i] = strings.ToLower(name)
	}
	slices.Sort(normal)
	return slices.Compact(normal)
}
