package proxytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"sync/atomic"
	"time"
)

// Domain is the one that certificates are for, as a wildcard.
const Domain = "tasks.example.com"

// Authority signs certificates.
type Authority struct {
	root   *x509.Certificate
	key    *ecdsa.PrivateKey
	serial atomic.Int64
}

// NewAuthority makes an authority with a root of its own.
func NewAuthority() *Authority {
	a := &Authority{key: newKey()}
	a.root = a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}, nil, a.key.Public())
	return a
}

// Pair is a key and its chain as the function writes them.
type Pair struct {
	// Serial is the certificate's serial number, in lower-case hex.
	Serial string
	// Key and Chain are PEM texts.
	Key, Chain string
}

// Issue makes a pair for *.Domain and Domain. Change, if it is not nil, may
// alter the certificate before it is signed.
func (a *Authority) Issue(change func(*x509.Certificate)) Pair {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xabc000 + a.serial.Add(1)), DNSNames: []string{"*." + Domain, Domain},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 90),
	}
	if change != nil {
		change(template)
	}
	key := newKey()
	leaf := a.sign(template, a.root, key.Public())
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return Pair{Serial: template.SerialNumber.Text(16), Key: block("PRIVATE KEY", der), Chain: block("CERTIFICATE", leaf.Raw)}
}

// Secret is the pair as it is in a secret of Secrets Manager.
func (p Pair) Secret() string {
	text, err := json.Marshal(map[string]string{"version": p.Serial, "private_key": p.Key, "certificate": p.Chain})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Pool is what a client trusts that trusts the authority.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// RootPEM is the authority's root.
func (a *Authority) RootPEM() string { return block("CERTIFICATE", a.root.Raw) }

func (a *Authority) sign(template, parent *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, a.key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return certificate
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
