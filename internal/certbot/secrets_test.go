package certbot

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	"github.com/go-acme/lego/v4/acme"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/secretsearch"
)

// traces are what runs leave behind where secrets must not be, by place, and
// the secrets that they had in their hands.
type traces struct {
	w       *world
	secrets map[string]string // PEM or base64url texts by name
	texts   map[string]string
	reports strings.Builder
}

// trace follows a world's runs from now on.
func (w *world) trace() *traces {
	tr := &traces{w: w, secrets: map[string]string{}, texts: map[string]string{}}
	w.s3.wrote = func(key string) {
		o := w.s3.objects[key]
		place := "object " + key
		tr.texts[place+"'s metadata"] += fmt.Sprint(o.metadata)
		switch {
		case strings.HasSuffix(key, KeyObject):
			tr.secrets[fmt.Sprintf("the private key %d", len(w.s3.writes))] = string(o.body)
		case !strings.HasSuffix(key, BundleObject):
			tr.texts[place] += string(o.body)
		}
	}
	return tr
}

// run makes a run and keeps what it answers.
func (tr *traces) run(t *testing.T, request Request) error {
	t.Helper()
	report, err := tr.w.run(t.Context(), request)
	text, marshalErr := json.Marshal(report)
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	fmt.Fprintf(&tr.reports, "%s %v\n", text, err)
	for name, value := range tr.w.ssm.values {
		tr.secrets[fmt.Sprintf("the key in %s (%.8s)", name, hexSum([]byte(value)))] = value
	}
	return err
}

// searcher knows all secrets, each once.
func (tr *traces) searcher(t *testing.T) *secretsearch.Searcher {
	t.Helper()
	var s secretsearch.Searcher
	known := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(tr.secrets)) {
		text := tr.secrets[name]
		if known[text] {
			continue
		}
		known[text] = true
		if err := addSecret(&s, name, text); err != nil {
			t.Fatal(err)
		}
	}
	return &s
}

// addSecret adds a private key in PEM form, or an HMAC key in base64url.
func addSecret(s *secretsearch.Searcher, name, text string) error {
	if strings.HasPrefix(text, "-----BEGIN") {
		return s.AddPEM(name, []byte(text))
	}
	key, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return s.AddBytes(name, key)
}

// all are all texts by place.
func (tr *traces) all() map[string]string {
	all := maps.Clone(tr.texts)
	all["the log"], all["the metrics"], all["the answers"] = tr.w.log.String(), tr.w.metrics.String(), tr.reports.String()
	for _, m := range tr.w.sns.messages {
		all["the messages"] += *m.Subject + "\n" + *m.Message + "\n"
	}
	for _, e := range tr.w.events.events {
		all["the events"] += *e.Detail + strings.Join(e.Resources, " ")
	}
	return all
}

// TestNoSecrets lets runs succeed and fail in many ways, and finds no private
// key in anything that they leave, but for the objects that are to hold them.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	damaged := func(text string) string { return strings.Replace(text, "\n-----END", "!\n-----END", 1) }
	rebind := func(w *world, hmac string) {
		delete(w.ssm.values, w.config.ACME.KeyParameter)
		w.ssm.values[hmacParameter] = hmac
	}
	for name, test := range map[string]struct {
		// between is what happens after the first certificate.
		between func(w *world)
		request Request
		fails   bool
	}{
		"renewed": {func(*world) {}, Request{Force: true}, false},
		"refused": {func(w *world) {
			w.ca.judge = func(string) *acme.ProblemDetails {
				return &acme.ProblemDetails{Type: problemPrefix + "dns", Detail: "SERVFAIL"}
			}
		}, Request{Force: true}, true},
		"forged":      {func(w *world) { w.ca.forged = true }, Request{Force: true}, true},
		"rolled back": {func(*world) {}, Request{Rollback: &Rollback{Key: "a"}}, false},
		"not stored":  {func(w *world) { w.s3.fail = failsFor("s3:PutObject", "a/cert.pem") }, Request{Force: true}, true},
		"not delivered": {func(w *world) {
			w.secrets.fail = func(action string) error { return denied(action) }
		}, Request{Force: true}, true},
		"too large for its secret": {func(w *world) {
			w.secrets.fail = func(string) error {
				return &smithy.GenericAPIError{Code: "InvalidParameterException", Message: "Member must have length less than or equal to 65536"}
			}
		}, Request{Force: true}, true},
		"not told": {func(w *world) { w.sns.fail = denied("sns:Publish") }, Request{Force: true}, true},
		"account key damaged": {func(w *world) {
			for name, value := range w.ssm.values {
				w.ssm.values[name] = damaged(value)
			}
		}, Request{Force: true}, true},
		"account key lost": {func(w *world) {
			clear(w.ssm.values)
			w.ssm.fail = func(action string) error {
				if action == "ssm:PutParameter" {
					return denied(action)
				}
				return nil
			}
		}, Request{Force: true}, true},
		"key objects damaged": {func(w *world) {
			for key, o := range w.s3.objects {
				if strings.HasSuffix(key, KeyObject) || strings.HasSuffix(key, BundleObject) {
					o.body = []byte(damaged(string(o.body)))
					w.s3.objects[key] = o
				}
			}
		}, Request{}, false},
		"external account refused":   {func(w *world) { rebind(w, randomHMACKey()) }, Request{Force: true}, true},
		"external account's key cut": {func(w *world) { rebind(w, w.ssm.values[hmacParameter]+"!") }, Request{Force: true}, true},
		"another kind of key":        {func(w *world) { w.config.Certificates[0].KeyType = "RSA2048" }, Request{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBoundWorld([]string{"example.com", "*.example.com"})
				w.ssm.values[hmacParameter] = randomHMACKey()
				w.ca.bindings.keys["kid-1"], _ = base64.RawURLEncoding.DecodeString(w.ssm.values[hmacParameter])
				w.config.Certificates[0].Secret = secretName
				secret := w.secrets.make(secretName)
				tr := w.trace()
				for range 2 { // so that there is a version to roll back to
					if err := tr.run(t, Request{Trigger: TriggerManual, Force: true}); err != nil {
						t.Fatal(err)
					}
				}
				test.between(w)
				time.Sleep(time.Hour)
				if err := tr.run(t, test.request); (err != nil) != test.fails {
					t.Errorf("the run's error is %v", err)
				}
				// What was damaged on purpose is known from before.
				maps.DeleteFunc(tr.secrets, func(_, text string) bool { return strings.Contains(text, "!") })
				tr.wantNone(t)
				if secret.current() == "" {
					t.Error("nothing was delivered; the test shows nothing of deliveries")
				}
			})
		})
	}
}

func randomHMACKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return base64.RawURLEncoding.EncodeToString(key)
}

// failsFor denies one action on one object.
func failsFor(action, key string) func(action, key string) error {
	return func(a, k string) error {
		if a == action && k == key {
			return denied(a)
		}
		return nil
	}
}

// wantNone searches everything, and then makes sure that it was searched: a
// secret that is planted there is found.
func (tr *traces) wantNone(t *testing.T) {
	t.Helper()
	s := tr.searcher(t)
	if got := len(s.Secrets()); got < 4 {
		t.Fatalf("the runs had %q, want keys of two certificates, of the account and of the external one", s.Secrets())
	}
	for place, text := range tr.all() {
		found, err := s.Find(place, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Error(f)
		}
		for secret, value := range tr.secrets {
			if found, err := s.Find(place, []byte(text+value)); err != nil || len(found) == 0 {
				t.Errorf("%s planted in %s is not found", secret, place)
			}
		}
	}
	for _, place := range []string{"the log", "the metrics", "the answers", "the messages", "the events", "object status/prod/a.json", "object a/cert.pem", "object a/current.json", "object " + MemoryObject("prod", "a")} {
		if tr.all()[place] == "" {
			t.Errorf("nothing was written to %s; the test shows nothing", place)
		}
	}
}
