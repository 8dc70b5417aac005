package certbot

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const alternatePath = "/alternate-"

// caChains are the alternate chains of an authority (RFC 8555, 7.4.2).
type caChains struct {
	// roots sign its own root, each for one chain.
	roots []string
	// foreign has them begin with another leaf.
	foreign bool
	// refusal answers whoever downloads one.
	refusal *caProblem
}

func (a *caChains) link(w http.ResponseWriter, order int) {
	for n := range a.roots {
		w.Header().Add("Link", fmt.Sprintf(`<%s%s%d/%d>;rel="alternate"`, caURL, alternatePath, n, order))
	}
	w.Header().Add("Link", fmt.Sprintf(`<%s/dir>;rel="index"`, caURL))
}

func (ca *fakeCA) alternate(w http.ResponseWriter, kind string, order int) *caProblem {
	n, err := strconv.Atoi(strings.TrimPrefix(kind, alternatePath))
	if err != nil || n >= len(ca.chains.roots) {
		return refusal400("malformed", "no such chain "+kind)
	}
	if ca.chains.refusal != nil {
		return ca.chains.refusal
	}
	leaf, _ := pem.Decode(ca.orders[order].chain)
	if ca.chains.foreign {
		leaf.Bytes = ca.sign(&x509.Certificate{DNSNames: []string{"example.com"}}, &ca.key.PublicKey).Raw
	}
	// The root, signed by another one instead of itself.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	signer := &x509.Certificate{Subject: pkix.Name{CommonName: ca.chains.roots[n]}}
	cross, err := x509.CreateCertificate(rand.Reader, ca.root, signer, &ca.key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	for _, der := range [][]byte{leaf.Bytes, cross} {
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	return nil
}
