package certbot

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const secretName = "fargatedirect-prod/a/certificate"

// newSecretWorld has one certificate with a secret that holds nothing yet.
func newSecretWorld() (*world, *fakeSecret) {
	w := newWorld([]string{"example.com", "*.example.com"})
	w.config.Certificates[0].Secret = secretName
	return w, w.secrets.make(secretName)
}

// delivers checks that the secret holds the version that is in force.
func (w *world) delivers(t *testing.T, s *fakeSecret, serial string) {
	t.Helper()
	w.inForce(t, "a", serial)
	// ECS gives containers strings only.
	var members map[string]string
	if err := json.Unmarshal([]byte(s.current()), &members); err != nil {
		t.Fatalf("the secret's value %.40q: %v", s.current(), err)
	}
	if members["private_key"] != w.s3.text("a/key.pem") || members["certificate"] != w.s3.text("a/cert.pem") {
		t.Error("the secret's key or certificate is not the one in the bucket")
	}
	pointer := w.pointer(t)
	for name, want := range map[string]string{
		"version": serial, "domains": "*.example.com,example.com", "issuer": pointer.Issuer,
		"not_before": pointer.NotBefore.Format(time.RFC3339), "not_after": pointer.NotAfter.Format(time.RFC3339),
	} {
		if members[name] != want {
			t.Errorf("the secret's %s is %q, want %q", name, members[name], want)
		}
	}
	if !pointer.InSecret(s.stages[stageCurrent]) {
		t.Errorf("%s is not known as a version of %s", s.stages[stageCurrent], serial)
	}
}

func (w *world) pointer(t *testing.T) *Pointer {
	t.Helper()
	var pointer Pointer
	if err := json.Unmarshal([]byte(w.s3.text("a/current.json")), &pointer); err != nil {
		t.Fatal(err)
	}
	return &pointer
}

// A certificate is in its secret once the pointer names it, is written there
// once, and costs runs in which nothing is due no call at all.
func TestDelivered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s := newSecretWorld()
		w.secrets.wrote = func(value string) {
			var secret Secret
			if err := json.Unmarshal([]byte(value), &secret); err != nil || w.pointer(t).Version != secret.Version {
				t.Errorf("the secret got %q before the pointer, error %v", secret.Version, err)
			}
		}
		first := w.mustRun(t, Request{})[0].Stored.Serial
		w.delivers(t, s, first)
		w.mustRun(t, Request{}) // learns when to renew
		calls := w.secrets.calls
		w.mustRun(t, Request{})
		if w.secrets.calls != calls {
			t.Errorf("a quiet run made %d calls of Secrets Manager", w.secrets.calls-calls)
		}
		w.mustRun(t, Request{Trigger: TriggerManual})
		if w.secrets.puts != 1 {
			t.Errorf("one version was written %d times", w.secrets.puts)
		}
		second := w.mustRun(t, Request{Force: true})[0].Stored.Serial
		w.delivers(t, s, second)
		if second == first || w.secrets.puts != 2 {
			t.Errorf("a renewal gave %s after %s, and %d writes", second, first, w.secrets.puts)
		}
	})
}

// A version that comes into force again becomes the current one again, however
// often, although Secrets Manager ignores a write of what it has.
func TestRollbackIsDelivered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s := newSecretWorld()
		first := w.mustRun(t, Request{})[0].Stored.Serial
		second := w.mustRun(t, Request{Force: true})[0].Stored.Serial
		for range 2 {
			w.mustRun(t, Request{Rollback: &Rollback{Key: "a", Serial: first}})
			w.delivers(t, s, first)
			w.mustRun(t, Request{Rollback: &Rollback{Key: "a", Serial: second}})
			w.delivers(t, s, second)
		}
	})
}

// Whatever somebody did to the secret, the next run that looks repairs it.
func TestSecretIsRepaired(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*testing.T, *world, *fakeSecret){
		"another value": func(_ *testing.T, _ *world, s *fakeSecret) {
			s.values["somebody's-own-0123456789-0123456789"] = "x"
			s.move("somebody's-own-0123456789-0123456789")
		},
		"label moved back": func(_ *testing.T, _ *world, s *fakeSecret) { s.move(s.stages["AWSPREVIOUS"]) },
		"label moved back twice": func(t *testing.T, w *world, s *fakeSecret) {
			previous := s.stages["AWSPREVIOUS"]
			s.move(previous)
			w.mustRun(t, Request{Trigger: TriggerManual})
			s.move(previous)
		},
		"made anew": func(_ *testing.T, w *world, s *fakeSecret) {
			*s = *w.secrets.make(secretName)
			w.secrets.secrets[secretName] = s
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, s := newSecretWorld()
				w.mustRun(t, Request{})
				serial := w.mustRun(t, Request{Force: true})[0].Stored.Serial
				harm(t, w, s)
				w.mustRun(t, Request{Trigger: TriggerManual})
				w.delivers(t, s, serial)
			})
		})
	}
}

// A run that dies when the pointer is written is followed by one that delivers,
// although nothing is due.
func TestDeliveredAfterACrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s := newSecretWorld()
		first := w.mustRun(t, Request{})[0].Stored.Serial
		w.mustRun(t, Request{}) // learns when to renew
		dead := false
		die := func() error {
			if dead {
				return errors.New("dead")
			}
			return nil
		}
		w.s3.wrote = func(key string) { dead = dead || key == "a/current.json" }
		w.s3.fail = func(string, string) error { return die() }
		w.secrets.fail = func(string) error { return die() }
		if _, err := w.run(t.Context(), Request{Force: true}); err == nil {
			t.Fatal("the run did not die")
		}
		w.s3.wrote, w.s3.fail, w.secrets.fail = nil, nil, nil
		second := w.pointer(t).Version
		time.Sleep(20 * time.Minute) // its lease is over
		w.mustRun(t, Request{})
		w.delivers(t, s, second)
		if second == first || w.ordered() != 2 {
			t.Errorf("%s is in force after %s, by %d orders", second, first, w.ordered())
		}
	})
}

// Who asks for a secret does not wait until the next renewal.
func TestSecretOfAnEarlierCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com", "*.example.com"})
		serial := w.mustRun(t, Request{})[0].Stored.Serial
		w.mustRun(t, Request{})
		w.config.Certificates[0].Secret = secretName
		s := w.secrets.make(secretName)
		w.mustRun(t, Request{}) // although nothing is due
		w.delivers(t, s, serial)
	})
}

// A run fails if it cannot deliver, says that the certificate is in force, and
// the next one delivers.
func TestFailureToDeliver(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		harm  func(*world, *fakeSecret)
		words string
	}{
		"denied": {func(w *world, _ *fakeSecret) {
			w.secrets.fail = func(action string) error {
				if action == "secretsmanager:PutSecretValue" {
					return denied(action)
				}
				return nil
			}
		}, "forbids it"},
		"gone":    {func(w *world, _ *fakeSecret) { w.secrets.fail = func(string) error { return errors.New("no answer") } }, "no answer"},
		"absent":  {func(w *world, _ *fakeSecret) { delete(w.secrets.secrets, secretName) }, "does not exist; apply the resource again"},
		"deleted": {func(_ *world, s *fakeSecret) { now := time.Now(); s.deleted = &now }, "scheduled its deletion; apply the resource again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, s := newSecretWorld()
				test.harm(w, s)
				status := w.mustFail(t, t.Context())
				for _, words := range []string{"The certificate is in force, but not for readers of its secret", secretName, test.words, "the next run delivers it"} {
					if !strings.Contains(status.Failure.Message, words) {
						t.Errorf("the failure %q does not say %q", status.Failure.Message, words)
					}
				}
				w.inForce(t, "a", status.Stored.Serial)
				w.secrets.fail, s.deleted, w.secrets.secrets[secretName] = nil, nil, s
				time.Sleep(time.Minute)
				w.mustRun(t, Request{})
				w.delivers(t, s, status.Stored.Serial)
				if w.ordered() != 1 {
					t.Errorf("%d orders, want 1", w.ordered())
				}
			})
		})
	}
}

// Neither a renewal nor a delivery is kept back by the other's failure.
func TestDeliveryAndRenewalDoNotBlockEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s := newSecretWorld()
		w.secrets.fail = denied
		first := w.mustFail(t, t.Context()).Stored.Serial
		time.Sleep(62 * 24 * time.Hour)
		report, err := w.run(t.Context(), Request{})
		second := report.Certificates[0].Stored.Serial
		if err == nil || second == first {
			t.Fatalf("%s stays in force, error %v; want a renewal that could not be delivered", second, err)
		}
		w.inForce(t, "a", second)
		// The authority fails, and the secret is there again.
		w.secrets.fail, w.zone.fail = nil, denied
		time.Sleep(62 * 24 * time.Hour)
		report, err = w.run(t.Context(), Request{})
		if err == nil {
			t.Fatal("a run without the zone did not fail")
		}
		if text := report.Certificates[0].Failure.Message; !strings.HasPrefix(text, notStored) {
			t.Errorf("the failure is %q, want that of the renewal", text)
		}
		w.delivers(t, s, second)
	})
}

// Two runs at once must not leave the older version in the secret.
func TestAnotherRunsPointerIsNotUndone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s := newSecretWorld()
		w.secrets.read = func() {
			pointer := w.s3.objects["a/current.json"]
			pointer.body = []byte(strings.Replace(string(pointer.body), `"version": "`, `"version": "1`, 1))
			w.s3.objects["a/current.json"] = pointer
		}
		report, err := w.run(t.Context(), Request{})
		if err == nil || !strings.Contains(err.Error(), "another run changed") || s.current() != "" {
			t.Errorf("the run gave %+v, error %v; want it to leave the secret alone", report, err)
		}
	})
}

// What Secrets Manager would refuse for its length is refused in plain words.
func TestSecretTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newSecretWorld()
		w.mustRun(t, Request{})
		s, err := readShelf(t.Context(), w.s3, "certs", "a/")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.secretText(); err != nil {
			t.Errorf("a usual certificate: %v", err)
		}
		for len(s.have.chain) < 200 {
			s.have.chain = slices.Concat(s.have.chain, s.have.chain)
		}
		if _, err := s.secretText(); err == nil || !strings.Contains(err.Error(), "Secrets Manager takes 65536") {
			t.Errorf("error %v, want the limit", err)
		}
	})
}
