package certbot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
)

// caBindings are the external accounts that an authority wants new accounts
// bound to.
type caBindings struct {
	// keys are HMAC keys by key id; nil wants no binding.
	keys map[string][]byte
	// first has it check the binding before it looks for the account.
	first bool
	// bound are the key ids that new accounts were bound to, in order.
	bound []string
}

// admit decides on a new account (RFC 8555, 7.3.1 and 7.3.4).
func (ca *fakeCA) admit(payload []byte, url string, jwk *publicJWK) *caProblem {
	var request struct {
		OnlyReturnExisting     bool
		ExternalAccountBinding *struct{ Protected, Payload, Signature string }
	}
	if err := json.Unmarshal(payload, &request); err != nil {
		return refusal400("malformed", err.Error())
	}
	eab := request.ExternalAccountBinding
	if ca.bindings.keys != nil && eab == nil && (ca.bindings.first || !request.OnlyReturnExisting) {
		return refusal400("externalAccountRequired", "bind the account")
	}
	if request.OnlyReturnExisting {
		return refusal400("accountDoesNotExist", "no account has this key")
	}
	if eab == nil {
		return nil
	}
	protected, err := base64.RawURLEncoding.DecodeString(eab.Protected)
	header := map[string]string{}
	if err != nil || json.Unmarshal(protected, &header) != nil {
		return refusal400("malformed", "binding's header")
	}
	// "nonce" must not be there (RFC 8555, 7.3.4), and there is no need for
	// anything else.
	if got := slices.Sorted(maps.Keys(header)); !slices.Equal(got, []string{"alg", "kid", "url"}) || header["alg"] != "HS256" || header["url"] != url {
		return refusal400("malformed", "binding's header "+string(protected))
	}
	bound, err := base64.RawURLEncoding.DecodeString(eab.Payload)
	var boundKey publicJWK
	if err != nil || json.Unmarshal(bound, &boundKey) != nil || boundKey != *jwk {
		return refusal400("malformed", "the binding is for another key: "+string(bound))
	}
	key, ok := ca.bindings.keys[header["kid"]]
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(eab.Protected + "." + eab.Payload))
	signature, err := base64.RawURLEncoding.DecodeString(eab.Signature)
	if !ok || err != nil || !hmac.Equal(signature, mac.Sum(nil)) {
		return &caProblem{ProblemDetails: refusal400("unauthorized", "external account binding JWS verification error").ProblemDetails}
	}
	ca.bindings.bound = append(ca.bindings.bound, header["kid"])
	return nil
}
