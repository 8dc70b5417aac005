package certbot

import (
	"bytes"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// fakeSecretsManager holds secrets by their ARNs.
type fakeSecretsManager struct {
	texts map[string]string
	bytes map[string][]byte
	reads int
	// fail may answer an error before anything is done.
	fail func(action string) error
}

func (f *fakeSecretsManager) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.reads++
	if f.fail != nil {
		if err := f.fail("secretsmanager:GetSecretValue"); err != nil {
			return nil, err
		}
	}
	if b, ok := f.bytes[*in.SecretId]; ok {
		return &secretsmanager.GetSecretValueOutput{ARN: in.SecretId, SecretBinary: b}, nil
	}
	text, ok := f.texts[*in.SecretId]
	if !ok {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret.")}
	}
	return &secretsmanager.GetSecretValueOutput{ARN: in.SecretId, SecretString: aws.String(text)}, nil
}

const (
	hmacParameter = "/fargatedirect/prod/eab"
	hmacSecret    = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:zerossl-AbCdEf"
)

// hmacKey is of such bytes that its base64 differs from its base64url and
// needs padding.
var hmacKey = append(bytes.Repeat([]byte{0xfb, 0xff}, 16), 1)

// newBoundWorld has an authority that wants accounts bound, and the right key
// in the parameter.
func newBoundWorld(names ...[]string) *world {
	w := newWorld(names...)
	w.ca.bindings.keys = map[string][]byte{"kid-1": hmacKey}
	w.config.ACME.EAB = &EAB{KeyID: "kid-1", HMACParameter: hmacParameter}
	w.ssm.values[hmacParameter] = base64.RawURLEncoding.EncodeToString(hmacKey)
	return w
}

func TestAccountIsBound(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"unpadded": func(*world) {},
		"padded":   func(w *world) { w.ssm.values[hmacParameter] = base64.URLEncoding.EncodeToString(hmacKey) + "\n" },
		"by a secret": func(w *world) {
			w.config.ACME.EAB = &EAB{KeyID: "kid-1", HMACSecretARN: hmacSecret}
			w.secrets.texts = map[string]string{hmacSecret: w.ssm.values[hmacParameter]}
			delete(w.ssm.values, hmacParameter)
		},
		"where the binding is looked at first": func(w *world) { w.ca.bindings.first = true },
		"where no binding is wanted":           func(w *world) { w.ca.bindings.keys = map[string][]byte{"kid-1": hmacKey, "": nil} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBoundWorld([]string{"example.com"})
				change(w)
				w.config.ACME.ContactEmail = "ops@example.com"
				w.mustRun(t, Request{})
				w.holdsValidPair(t, "a", "example.com")
				if !slices.Equal(w.ca.bindings.bound, []string{"kid-1"}) || len(w.ca.accounts) != 1 {
					t.Errorf("accounts were bound to %q, want one to kid-1", w.ca.bindings.bound)
				}
				if !slices.Equal(w.ca.contacts[0], []string{"mailto:ops@example.com"}) {
					t.Errorf("the account's contacts are %q", w.ca.contacts[0])
				}
			})
		})
	}
}

// An account is bound once. Later its own key is all that is needed, and the
// HMAC key may be gone.
func TestBoundAccountNeedsNoHMACKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBoundWorld([]string{"example.com"})
		first := w.mustRun(t, Request{})[0]
		delete(w.ssm.values, hmacParameter)
		w.ca.bindings.keys = map[string][]byte{}
		if got := w.mustRun(t, Request{Force: true})[0]; got.State != StateIssued || got.AccountURI != first.AccountURI {
			t.Errorf("the second run: %+v, want a certificate of account %s", got, first.AccountURI)
		}
	})
}

// Another external account is another account at once, and stays the one that
// is told although the certificate is still the old one's.
func TestAnotherExternalAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBoundWorld([]string{"example.com"})
		first := w.mustRun(t, Request{Trigger: TriggerApply})[0]
		w.ca.bindings.keys["kid-2"] = bytes.Repeat([]byte{2}, 32)
		w.config.ACME.EAB = &EAB{KeyID: "kid-2", HMACParameter: hmacParameter}
		w.config.ACME.KeyParameter += "-2"

		refused := w.mustRun(t, Request{Trigger: TriggerApply})[0]
		if refused.State != StateKept || refused.AccountURI != first.AccountURI || len(refused.Warnings) != 1 || !strings.Contains(refused.Warnings[0], `external account "kid-2"`) {
			t.Errorf("with the old HMAC key: %+v, want a warning", refused)
		}
		w.ssm.values[hmacParameter] = base64.RawURLEncoding.EncodeToString(w.ca.bindings.keys["kid-2"])
		bound := w.mustRun(t, Request{Trigger: TriggerApply})[0]
		if bound.State != StateKept || bound.AccountURI == first.AccountURI || len(bound.Warnings) != 0 {
			t.Errorf("with the new one: %+v, want another account than %s", bound, first.AccountURI)
		}
		if later := w.mustRun(t, Request{Trigger: TriggerManual})[0]; later.AccountURI != bound.AccountURI {
			t.Errorf("later the account is %s, want %s", later.AccountURI, bound.AccountURI)
		}
		if issued := w.mustRun(t, Request{Force: true})[0]; issued.State != StateIssued || issued.AccountURI != bound.AccountURI {
			t.Errorf("a renewal: %+v, want one by %s", issued, bound.AccountURI)
		}
		if !slices.Equal(w.ca.bindings.bound, []string{"kid-1", "kid-2"}) {
			t.Errorf("accounts were bound to %q", w.ca.bindings.bound)
		}
	})
}

func TestRefusedBindings(t *testing.T) {
	t.Parallel()
	secret := func(w *world) { w.config.ACME.EAB = &EAB{KeyID: "kid-1", HMACSecretARN: hmacSecret} }
	for name, test := range map[string]struct {
		change func(*world)
		want   []string
	}{
		"another key": {
			func(w *world) { w.ssm.values[hmacParameter] = strings.Repeat("hunter2_", 6) },
			[]string{`binding it to the external account "kid-1"`, "binding JWS verification error", "raise hmac_key_wo_version"},
		},
		"another key id": {
			func(w *world) { w.config.ACME.EAB.KeyID = "kid-9" },
			[]string{`external account "kid-9"`, "Check the key id"},
		},
		"not configured": {
			func(w *world) { w.config.ACME.EAB = nil },
			[]string{"bind the account", "set acme.eab"},
		},
		"no parameter": {
			func(w *world) { delete(w.ssm.values, hmacParameter) },
			[]string{"SSM parameter (" + hmacParameter + "): it does not exist"},
		},
		"not base64url": {
			func(w *world) { w.ssm.values[hmacParameter] = "hunter2+/hunter2" },
			[]string{"SSM parameter (" + hmacParameter + "): it is not base64url"},
		},
		"short": {
			func(w *world) { w.ssm.values[hmacParameter] = "hunter2_" },
			[]string{"it has fewer than 32 bytes"},
		},
		"empty": {
			func(w *world) { w.ssm.values[hmacParameter] = " \n" },
			[]string{"it is empty"},
		},
		"no secret": {secret, []string{"secret (" + hmacSecret + "): it does not exist, or has no value"}},
		"a secret of bytes": {
			func(w *world) { secret(w); w.secrets.bytes = map[string][]byte{hmacSecret: []byte("hunter2")} },
			[]string{"it holds bytes"},
		},
		"a secret that may not be read": {
			func(w *world) { secret(w); w.secrets.fail = denied },
			[]string{"secretsmanager:GetSecretValue", "forbids it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBoundWorld([]string{"example.com"})
				test.change(w)
				status := w.mustFail(t, t.Context())
				for _, want := range test.want {
					if !strings.Contains(status.Failure.Message, want) {
						t.Errorf("the failure is %q, want %q in it", status.Failure.Message, want)
					}
				}
				if w.ordered() > 0 || len(w.ca.bindings.bound) > 0 {
					t.Errorf("%d orders, bound %q", w.ordered(), w.ca.bindings.bound)
				}
				if told := w.log.String() + *w.sns.messages[0].Message; strings.Contains(told, "hunter2") {
					t.Errorf("the HMAC key was told:\n%s", told)
				}
			})
		})
	}
}

func TestDryRunLooksForTheHMACKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBoundWorld([]string{"example.com"})
		if got := w.mustRun(t, Request{DryRun: true})[0]; got.State != StateWouldIssue {
			t.Errorf("with the key: %+v", got)
		}
		delete(w.ssm.values, hmacParameter)
		if got := w.mustRun(t, Request{DryRun: true})[0]; got.State != StateFailed || !strings.Contains(got.Failure.Message, "A run would fail: reading the HMAC key") {
			t.Errorf("without it: %+v", got)
		}
	})
}

// IAM spreads the permission to read a secret as slowly as any other.
func TestPermissionForTheSecretMaySpreadSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBoundWorld([]string{"example.com"})
		w.config.ACME.EAB = &EAB{KeyID: "kid-1", HMACSecretARN: hmacSecret}
		w.secrets.texts = map[string]string{hmacSecret: w.ssm.values[hmacParameter]}
		start := time.Now()
		w.secrets.fail = func(action string) error {
			if time.Since(start) < 40*time.Second {
				return denied(action)
			}
			return nil
		}
		w.mustRun(t, Request{Trigger: TriggerApply})
		w.holdsValidPair(t, "a", "example.com")
	})
}
