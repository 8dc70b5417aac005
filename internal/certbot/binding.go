package certbot

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/go-acme/lego/v4/acme"
	"github.com/go-acme/lego/v4/acme/api"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// register answers the account that the key has, or else has one made (RFC
// 8555, 7.3), bound to an account at the authority's site if there is one
// (7.3.4). The HMAC key is read for a new account alone: authorities withdraw
// it once it was used, and the account's own key is all that is needed then.
func register(ctx context.Context, core *api.Core, t *transport, request acme.Account, eab *EAB, clients Clients) (acme.ExtendedAccount, error) {
	if eab == nil {
		return core.Accounts.New(request)
	}
	existing := request
	existing.OnlyReturnExisting = true
	account, err := core.Accounts.New(existing)
	if !isUnknownAccount(err) {
		return account, err
	}
	key, err := eab.hmacKey(ctx, clients)
	if err != nil {
		return acme.ExtendedAccount{}, err
	}
	account, err = core.Accounts.NewEAB(request, eab.KeyID, base64.RawURLEncoding.EncodeToString(key))
	if err != nil {
		err = &bindingError{keyID: eab.KeyID, err: asProblem(err, t.retryAfter())}
	}
	return account, err
}

// isUnknownAccount tells whether an authority refused a key only because it
// has no account yet. Some check the binding first.
func isUnknownAccount(err error) bool {
	details, ok := errors.AsType[*acme.ProblemDetails](err)
	if !ok {
		return false
	}
	kind := strings.TrimPrefix(details.Type, problemPrefix)
	return kind == "accountDoesNotExist" || kind == "externalAccountRequired"
}

// bindingError tells that an authority did not take a binding.
type bindingError struct {
	keyID string
	err   error
}

func (e *bindingError) Error() string {
	return fmt.Sprintf("binding it to the external account %q: %s", e.keyID, e.err)
}

func (e *bindingError) Unwrap() error { return e.err }

// bindingAdvice is what can be done where an authority refuses a binding.
func bindingAdvice(err error, f *Failure) string {
	if _, ok := errors.AsType[*bindingError](err); !ok {
		return ""
	}
	switch strings.TrimPrefix(f.ProblemType, problemPrefix) {
	case "unauthorized", "malformed", "externalAccountRequired", "badPublicKey":
		return "Check the key id and the HMAC key in acme.eab, and raise hmac_key_wo_version when you correct that key. Authorities may take a key once or for some days only: then get a new one at the authority's site."
	}
	return ""
}

// hmacKey reads the HMAC key. Its errors hold nothing of it.
func (e *EAB) hmacKey(ctx context.Context, clients Clients) ([]byte, error) {
	read, place := e.readParameter, fmt.Sprintf("SSM parameter (%s)", e.HMACParameter)
	if e.HMACSecretARN != "" {
		read, place = e.readSecret, fmt.Sprintf("secret (%s)", e.HMACSecretARN)
	}
	text, err := read(ctx, clients)
	var key []byte
	if err == nil {
		key, err = DecodeHMACKey(text)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the HMAC key of external account %q from %s: %w", e.KeyID, place, err)
	}
	return key, nil
}

func (e *EAB) readParameter(ctx context.Context, clients Clients) (string, error) {
	out, err := clients.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: &e.HMACParameter, WithDecryption: aws.Bool(true)})
	if awserr.Is(err, "ParameterNotFound") {
		return "", errors.New("it does not exist; apply the resource again")
	}
	if err != nil {
		return "", err
	}
	if out.Parameter == nil {
		return "", errors.New("it has no value; apply the resource again")
	}
	return aws.ToString(out.Parameter.Value), nil
}

func (e *EAB) readSecret(ctx context.Context, clients Clients) (string, error) {
	out, err := clients.SecretsManager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &e.HMACSecretARN})
	if awserr.Is(err, "ResourceNotFoundException") {
		return "", errors.New("it does not exist, or has no value yet")
	}
	if err != nil {
		return "", err
	}
	if out.SecretString == nil {
		return "", errors.New("it holds bytes; store the key as text")
	}
	return *out.SecretString, nil
}

// minHMACKey is how many bytes a key for HS256 must have (RFC 7518, 3.2).
const minHMACKey = 32

// DecodeHMACKey decodes an HMAC key as authorities show it: base64url, with or
// without padding. Its errors hold nothing of the key.
func DecodeHMACKey(text string) ([]byte, error) {
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(text), "="))
	switch {
	case err != nil:
		// The error itself would tell a part of what may be another secret.
		return nil, errors.New("it is not base64url; give the key alone and as the authority shows it")
	case len(key) == 0:
		return nil, errors.New("it is empty; give the key as the authority shows it")
	case len(key) < minHMACKey:
		return nil, fmt.Errorf("it has fewer than %d bytes, too few for HS256; give the whole key", minHMACKey)
	}
	return key, nil
}
