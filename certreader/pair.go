package certreader

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// maxCertificates is the longest chain. Public ones have two to four.
	maxCertificates = 10

	keyBlock         = "PRIVATE KEY"
	certificateBlock = "CERTIFICATE"
)

// parsePair reads a key and the chain that certifies it, leaf first. Each must
// be signed by the next.
func parsePair(keyPEM, chainPEM []byte) (*tls.Certificate, error) {
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("reading the private key: %w", err)
	}
	chain, err := parseChain(chainPEM)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	public, ok := chain[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(key.Public()) {
		return nil, errors.New("the private key does not belong to the certificate")
	}
	pair := &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, certificate := range chain {
		pair.Certificate = append(pair.Certificate, certificate.Raw)
	}
	return pair, nil
}

// parseKey reads a key in PKCS #8 of the kinds that a certbot makes.
func parseKey(text []byte) (crypto.Signer, error) {
	blocks, err := parsePEM(text, 1)
	if err != nil {
		return nil, err
	}
	if blocks[0].Type != keyBlock {
		return nil, errors.New("it is not in PKCS #8")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(blocks[0].Bytes)
	if err != nil {
		return nil, errors.New("it is damaged, or of a kind that is not known")
	}
	switch key := parsed.(type) {
	case *ecdsa.PrivateKey:
		if key.Curve == elliptic.P256() || key.Curve == elliptic.P384() {
			return key, nil
		}
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits >= 2048 && bits <= 8192 {
			return key, nil
		}
	}
	return nil, errors.New("it is neither of P-256 or P-384 nor RSA of 2048 to 8192 bits")
}

func parseChain(text []byte) ([]*x509.Certificate, error) {
	blocks, err := parsePEM(text, maxCertificates)
	if err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	for i, block := range blocks {
		if block.Type != certificateBlock {
			return nil, fmt.Errorf("block %d of its PEM is no certificate", i+1)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of its chain is damaged", i+1)
		}
		chain = append(chain, certificate)
	}
	for i, certificate := range chain[1:] {
		if err := chain[i].CheckSignatureFrom(certificate); err != nil {
			return nil, fmt.Errorf("certificate %d of its chain is not signed by the next: %w", i+1, err)
		}
	}
	return chain, nil
}

// parsePEM reads blocks exactly as pem.Encode writes them, which is how the
// function does: at least one, and nothing between them or after.
func parsePEM(text []byte, most int) ([]*pem.Block, error) {
	var blocks []*pem.Block
	for len(text) > 0 {
		block, rest := pem.Decode(text)
		if block == nil || len(block.Headers) > 0 || !bytes.Equal(pem.EncodeToMemory(block), text[:len(text)-len(rest)]) {
			return nil, fmt.Errorf("from block %d on it is not plain PEM", len(blocks)+1)
		}
		if len(blocks) == most {
			return nil, fmt.Errorf("its PEM has more blocks than %d", most)
		}
		blocks, text = append(blocks, block), rest
	}
	if len(blocks) == 0 {
		return nil, errors.New("it is empty")
	}
	return blocks, nil
}

// splitBundle divides a bundle into the key, which is first, and the chain.
func splitBundle(text []byte) (key, chain []byte, err error) {
	at := bytes.Index(text, []byte("-----BEGIN "+certificateBlock+"-----"))
	if at <= 0 {
		return nil, nil, errors.New("it is not a private key followed by a certificate")
	}
	return text[:at], text[at:], nil
}

// check tells why a pair is not to be used now.
func (o Options) check(pair *tls.Certificate, serial string, now time.Time) error {
	leaf := pair.Leaf
	if serial != "" && serial != serialOf(leaf) {
		return fmt.Errorf("the certificate's serial number is %s, not %s", serialOf(leaf), serial)
	}
	for _, name := range o.Names {
		if !covers(leaf, name) {
			return fmt.Errorf("the certificate (%s) is for %s, not for %s", serialOf(leaf), strings.Join(leaf.DNSNames, ", "), name)
		}
	}
	switch {
	case now.Add(o.ClockSkew).Before(leaf.NotBefore):
		return fmt.Errorf("the certificate (%s) is not valid before %s", serialOf(leaf), stamp(leaf.NotBefore))
	case now.Add(-o.ClockSkew).After(leaf.NotAfter):
		return fmt.Errorf("the certificate (%s) expired on %s", serialOf(leaf), stamp(leaf.NotAfter))
	}
	return nil
}

// covers tells whether a certificate is good for a name. A name that begins
// with an asterisk must be in it as it is.
func covers(leaf *x509.Certificate, name string) bool {
	if strings.HasPrefix(name, "*.") {
		return slices.ContainsFunc(leaf.DNSNames, func(n string) bool { return strings.EqualFold(n, name) })
	}
	return leaf.VerifyHostname(name) == nil
}

func serialOf(leaf *x509.Certificate) string { return fmt.Sprintf("%x", leaf.SerialNumber) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
