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
		JWK                  *publicJWK
	}
	_ = json.Unmarshal(protected, &header)
	if !ca.nonces[header.Nonce] {
		return nil, 0, refusal400("badNonce", header.Nonce)
	}
	delete(ca.nonces, header.Nonce)
	if header.URL != request.URL.String() || (header.JWK == nil) == (header.Kid == "") {
		return nil, 0, refusal400("malformed", string(protected))
	}
	account, key := -1, (*ecdsa.PublicKey)(nil)
	if header.JWK == nil {
		_, _ = fmt.Sscanf(header.Kid, caURL+"/account/%d", &account)
		if account < 0 || account >= len(ca.accounts) {
			return nil, 0, refusal400("accountDoesNotExist", header.Kid)
		}
		key = ca.accounts[account]
	} else {
		var err error
		if key, err = header.JWK.key(); err != nil {
			return nil, 0, refusal400("badPublicKey", err.Error())
		}
	}
	sum := sha256.Sum256([]byte(jws.Protected + "." + jws.Payload))
	signature, _ := base64.RawURLEncoding.DecodeString(jws.Signature)
	if len(signature) != 64 || !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return nil, 0, refusal400("malformed", "bad signature")
	}
	payload, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
	if account < 0 {
		if account = slices.IndexFunc(ca.accounts, func(known *ecdsa.PublicKey) bool { return known.Equal(key) }); account < 0 {
			if problem := ca.admit(payload, header.URL, header.JWK); problem != nil {
				return nil, 0, problem
			}
			ca.accounts = append(ca.accounts, key)
			account = len(ca.accounts) - 1
		}
	}
	return payload, account, nil
}

// publicJWK is a P-256 key (RFC 7518, 6.2.1).
type publicJWK struct{ Kty, Crv, X, Y string }

func (k *publicJWK) key() (*ecdsa.PublicKey, error) {
	x, _ := base64.RawURLEncoding.DecodeString(k.X)
	y, _ := base64.RawURLEncoding.DecodeString(k.Y)
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
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
