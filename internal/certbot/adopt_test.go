package certbot

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMovedCertificatesAreAdopted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*world)
		prefix string
		// issued tells that a new certificate is right nevertheless.
		issued bool
	}{
		"renamed":            {func(w *world) { w.config.Certificates[0].Key, w.config.Certificates[0].Prefix = "new", "new/" }, "new/", false},
		"moved":              {func(w *world) { w.config.Certificates[0].Prefix = "certs/a/" }, "certs/a/", false},
		"moved below itself": {func(w *world) { w.config.Certificates[0].Prefix = "a/b/" }, "a/b/", false},
		"renamed, of the two objects of old": {func(w *world) {
			for key := range w.s3.objects {
				if strings.HasPrefix(key, "a/") && key != "a/key.pem" && key != "a/cert.pem" {
					delete(w.s3.objects, key)
				}
			}
			w.config.Certificates[0].Prefix = "new/"
		}, "new/", false},
		"names changed too": {func(w *world) {
			w.config.Certificates[0].Prefix, w.config.Certificates[0].Domains = "new/", []string{"www.example.com"}
		}, "new/", true},
		"profile changed too": {func(w *world) {
			w.config.Certificates[0].Prefix, w.config.Certificates[0].Profile = "new/", "shortlived"
		}, "new/", true},
		"key type changed too": {func(w *world) { w.config.Certificates[0].Prefix, w.config.Certificates[0].KeyType = "new/", "P384" }, "new/", true},
		"due as well": {func(w *world) {
			w.config.Certificates[0].Prefix = "new/"
			time.Sleep(61 * 24 * time.Hour)
		}, "new/", true},
		"another certificate's": {func(w *world) {
			other := w.config.Certificates[0]
			other.Key, other.Prefix = "b", "b/"
			w.config.Certificates = append(w.config.Certificates, other)
		}, "b/", true},
		"the bucket may not be listed": {func(w *world) {
			w.config.Certificates[0].Prefix = "new/"
			w.s3.fail = func(action, key string) error {
				if action == "s3:ListBucket" && key == "" {
					return denied(action)
				}
				return nil
			}
		}, "new/", true},
		"a bucket of the user's": {func(w *world) { w.config.Certificates[0].Prefix, w.config.OwnBucket = "new/", false }, "new/", true},
		"forced":                 {func(w *world) { w.config.Certificates[0].Prefix = "new/" }, "new/", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				first := w.mustRun(t, Request{})[0]
				told := len(w.sns.messages)
				test.change(w)
				statuses := w.mustRun(t, Request{Force: name == "forced", Keys: []string{w.config.Certificates[len(w.config.Certificates)-1].Key}})
				got, want := statuses[0], StateAdopted
				if test.issued {
					want = StateIssued
				}
				if got.State != want || (got.Stored.Serial == first.Stored.Serial) == test.issued {
					t.Errorf("status %+v, want it %s", got, want)
				}
				if !test.issued && (w.ordered() != 1 || len(w.sns.messages) != told || got.AccountURI != first.AccountURI) {
					t.Errorf("%d orders, %d messages, account %q", w.ordered(), len(w.sns.messages), got.AccountURI)
				}
				w.inForce(t, strings.TrimSuffix(test.prefix, "/"), got.Stored.Serial)
				w.storedStatusIs(t, got)
				if again := w.mustRun(t, Request{}); again[len(again)-1].State != StateKept {
					t.Errorf("the next run: %+v, want it kept", again)
				}
			})
		})
	}
}

// In a bucket of the user's a renamed key keeps its certificate if its prefix
// stays.
func TestRenamedKeyKeepsItsPrefix(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.config.OwnBucket = false
		first := w.mustRun(t, Request{})[0].Stored.Serial
		w.config.Certificates[0].Key = "new"
		if got := w.mustRun(t, Request{})[0]; got.State != StateKept || got.Stored.Serial != first || w.ordered() != 1 {
			t.Errorf("status %+v after %d orders, want version %s kept", got, w.ordered(), first)
		}
	})
}

// Names that come back find their certificate of before.
func TestEarlierVersionIsAdopted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		first := w.mustRun(t, Request{})[0].Stored.Serial
		w.config.Certificates[0].Domains = []string{"www.example.com"}
		w.mustRun(t, Request{})
		w.config.Certificates[0].Domains = []string{"example.com"}
		if got := w.mustRun(t, Request{})[0]; got.State != StateAdopted || got.Stored.Serial != first || w.ordered() != 2 {
			t.Errorf("status %+v after %d orders, want version %s adopted", got, w.ordered(), first)
		}
		w.inForce(t, "a", first)
	})
}

// What is too old is not renewed by something as old.
func TestEarlierVersionIsNoRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.ca.lifetime = 6 * 24 * time.Hour
		w.mustRun(t, Request{})
		w.ca.lifetime = 90 * 24 * time.Hour
		long := w.mustRun(t, Request{Force: true})[0].Stored.Serial
		time.Sleep(time.Hour)
		w.ca.lifetime = 6 * 24 * time.Hour
		w.mustRun(t, Request{Force: true})
		time.Sleep(4 * 24 * time.Hour) // the long one is not due, but the present one is
		if got := w.mustRun(t, Request{})[0]; got.State != StateIssued || got.Stored.Serial == long {
			t.Errorf("status %+v, want a new certificate", got)
		}
	})
}

func TestRollback(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"}, []string{"b.example.com"})
		var serials []string
		for range 3 {
			serials = append(serials, w.mustRun(t, Request{Force: true, Keys: []string{"a"}})[0].Stored.Serial)
			time.Sleep(24 * time.Hour)
		}
		ordered := w.ordered()
		steps := []struct {
			rollback  *Rollback
			state     string
			version   string
			withdrawn []bool
		}{
			{&Rollback{Key: "a"}, StateRolledBack, serials[1], []bool{true, false, false}},
			{nil, StateKept, serials[1], []bool{true, false, false}},
			{&Rollback{Key: "a", Serial: serials[0]}, StateRolledBack, serials[0], []bool{true, true, false}},
			{&Rollback{Key: "a", Serial: serials[2]}, StateRolledBack, serials[2], []bool{false, true, false}},
			{&Rollback{Key: "a"}, StateRolledBack, serials[0], []bool{true, true, false}},
		}
		for i, step := range steps {
			request := Request{Rollback: step.rollback}
			if step.rollback == nil {
				request.Keys = []string{"a"}
			}
			statuses := w.mustRun(t, request)
			if len(statuses) != 1 || statuses[0].State != step.state || statuses[0].Stored.Serial != step.version {
				t.Errorf("step %d: statuses %+v, want version %s %s", i, statuses, step.version, step.state)
			}
			w.inForce(t, "a", step.version)
			var pointer Pointer
			if err := json.Unmarshal([]byte(w.s3.text("a/current.json")), &pointer); err != nil {
				t.Fatal(err)
			}
			var withdrawn []bool
			for _, v := range pointer.Versions {
				withdrawn = append(withdrawn, v.Withdrawn)
			}
			if !slices.Equal(withdrawn, step.withdrawn) {
				t.Errorf("step %d: withdrawn %v, want %v", i, withdrawn, step.withdrawn)
			}
		}
		if w.ordered() != ordered || len(w.ca.orders) != 3 {
			t.Errorf("%d orders, want none by a rollback", w.ordered()-ordered)
		}
		time.Sleep(61 * 24 * time.Hour)
		if got := w.mustRun(t, Request{Keys: []string{"a"}})[0]; got.State != StateIssued {
			t.Errorf("once it is due: %+v, want a new certificate rather than a withdrawn one", got)
		}
	})
}

func TestRollbackRefusesWhatWouldNotServe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange  func(*world)
		rollback Rollback
		want     string
	}{
		"no such certificate":  {func(*world) {}, Rollback{Key: "nope"}, `none with the key "nope"`},
		"no such version":      {func(*world) {}, Rollback{Key: "a", Serial: "12"}, "rolling back to version (12): it is in force or not kept"},
		"no such object":       {func(*world) {}, Rollback{Key: "a", Serial: "../b"}, "not kept"},
		"expired":              {func(*world) { time.Sleep(91 * 24 * time.Hour) }, Rollback{Key: "a"}, "it expired on"},
		"of other names":       {func(w *world) { w.config.Certificates[0].Domains = []string{"www.example.com"} }, Rollback{Key: "a"}, "not for www.example.com"},
		"its objects are gone": {func(w *world) { w.loseVersions() }, Rollback{Key: "a"}, "its objects are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.mustRun(t, Request{})
				now := w.mustRun(t, Request{Force: true})[0].Stored.Serial
				test.arrange(w)
				pointer := w.s3.text("a/current.json")
				_, err := w.run(t.Context(), Request{Rollback: &test.rollback})
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				if w.s3.text("a/current.json") != pointer || w.ordered() != 2 {
					t.Errorf("the refused rollback changed the pointer or placed an order; %s was in force", now)
				}
			})
		})
	}
}

// loseVersions deletes all objects of versions.
func (w *world) loseVersions() {
	for key := range w.s3.objects {
		if strings.HasPrefix(key, "a/versions/") {
			delete(w.s3.objects, key)
		}
	}
}

func TestRollbackWithoutAnEarlierVersion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		if _, err := w.run(t.Context(), Request{Rollback: &Rollback{Key: "a"}}); err == nil || !strings.Contains(err.Error(), "no versions at s3://certs/a/ yet") {
			t.Errorf("error %v without any", err)
		}
		w.mustRun(t, Request{})
		if _, err := w.run(t.Context(), Request{Rollback: &Rollback{Key: "a"}}); err == nil || !strings.Contains(err.Error(), "no version before") {
			t.Errorf("error %v with one", err)
		}
	})
}

func TestRollbackDecodes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Rollback{
		`{"rollback":"browser"}`:                            {Key: "browser"},
		`{"rollback":{"key":"browser","serial":"7f"}}`:      {Key: "browser", Serial: "7f"},
		`{"rollback":{"key":"browser"},"trigger":"manual"}`: {Key: "browser"},
	} {
		var got Request
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.Rollback == nil || *got.Rollback != want {
			t.Errorf("%s is %+v, error %v", text, got.Rollback, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"rollback":1}`), &Request{}); err == nil {
		t.Error("a number was taken for a rollback")
	}
}
