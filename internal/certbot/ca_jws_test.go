package certbot

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
)

// open checks a request's nonce and signature, and answers its payload and
// account. An account is made where a new key registers.
func (ca *fakeCA) open(request *http.Request) ([]byte, int, *caProblem) {
	var jws struct{ Protected, Payload, Signature string }
	body, _ := io.ReadAll(request.Body)
	_ = json.Unmarshal(body, &jws)
	protected, _ := base64.RawURLEncoding.DecodeString(jws.Protected)
	var header struct {
		Alg, Nonce, URL, Kid string
		JWK                  *struct{ X, Y string }
	}
	_ = json.Unmarshal(protected, &header)
	if !ca.nonces[header.Nonce] {
		return nil, 0, refusal400("badNonce", header.Nonce)
	}
	delete(ca.nonces, header.Nonce)
	if header.URL != request.URL.String() || (header.JWK == nil) == (header.Kid == "") {
		return nil, 0, refusal400("malformed", string(protected))
	}
	account := -1
	if header.JWK == nil {
		_, _ = fmt.Sscanf(header.Kid, caURL+"/account/%d", &account)
	} else {
		x, _ := base64.RawURLEncoding.DecodeString(header.JWK.X)
		y, _ := base64.RawURLEncoding.DecodeString(header.JWK.Y)
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err != nil {
			return nil, 0, refusal400("badPublicKey", err.Error())
		}
		if account = slices.IndexFunc(ca.accounts, func(known *ecdsa.PublicKey) bool { return known.Equal(public) }); account < 0 {
			ca.accounts = append(ca.accounts, public)
			account = len(ca.accounts) - 1
		}
	}
	if account < 0 || account >= len(ca.accounts) {
		return nil, 0, refusal400("accountDoesNotExist", header.Kid)
	}
	sum := sha256.Sum256([]byte(jws.Protected + "." + jws.Payload))
	signature, _ := base64.RawURLEncoding.DecodeString(jws.Signature)
	if len(signature) != 64 || !ecdsa.Verify(ca.accounts[account], sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return nil, 0, refusal400("malformed", "bad signature")
	}
	payload, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
	return payload, account, nil
}

// thumbprint is RFC 7638's, for a P-256 key.
func thumbprint(key *ecdsa.PublicKey) string {
	point, err := key.Bytes()
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, encode(point[1:33]), encode(point[33:])))
	return encode(sum[:])
}
