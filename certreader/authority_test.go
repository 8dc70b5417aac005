package certreader

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"time"
)

// authority signs certificates for tests by an intermediate.
type authority struct {
	root, intermediate *x509.Certificate
	key                *ecdsa.PrivateKey
	serial             int64
}

func newAuthority() *authority {
	a := &authority{}
	rootKey := newECKey(elliptic.P256())
	a.root = a.sign(a.template("Root", true), nil, rootKey.Public(), rootKey)
	a.key = newECKey(elliptic.P256())
	a.intermediate = a.sign(a.template("Intermediate", true), a.root, a.key.Public(), rootKey)
	return a
}

func newECKey(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func (a *authority) template(name string, ca bool) *x509.Certificate {
	a.serial++
	t := &x509.Certificate{
		SerialNumber: big.NewInt(0xabc000 + a.serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		BasicConstraintsValid: true, IsCA: ca,
	}
	if ca {
		t.KeyUsage = x509.KeyUsageCertSign
	} else {
		t.DNSNames = []string{"*.example.com", "example.com"}
	}
	return t
}

func (a *authority) sign(template, parent *x509.Certificate, public crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return certificate
}

// texts are a pair as the function writes it.
type texts struct{ serial, key, chain string }

// issue makes a pair; change may alter the leaf before it is signed.
func (a *authority) issue(key crypto.Signer, change func(*x509.Certificate)) texts {
	template := a.template("", false)
	if change != nil {
		change(template)
	}
	leaf := a.sign(template, a.intermediate, key.Public(), a.key)
	return texts{serial: serialOf(leaf), key: keyText(key), chain: chainText(leaf, a.intermediate)}
}

func (a *authority) pair() texts { return a.issue(newECKey(elliptic.P256()), nil) }

func keyText(key crypto.Signer) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func chainText(chain ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range chain {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.String()
}
