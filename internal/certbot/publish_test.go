package certbot

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// published are the writes of a run that issues a certificate, in their order.
func published(key, serial string) []string {
	status := "status/prod/" + key + ".json"
	version := key + "/versions/" + serial
	memory := MemoryObject("prod", key)
	lease := LeaseObject("prod")
	return []string{lease, status, memory, memory, version + "/key.pem", version + "/cert.pem", key + "/current.json", key + "/bundle.pem", key + "/key.pem", key + "/cert.pem", memory, status, lease}
}

// readers read a certificate in the ways that never see two versions at once.
// They answer its serial, or "" if there is none yet.
func (w *world) readers(key string) map[string]func() (string, error) {
	return map[string]func() (string, error){
		"pointer": func() (string, error) {
			text := w.s3.text(key + "/current.json")
			if text == "" {
				return "", nil
			}
			var pointer Pointer
			if err := json.Unmarshal([]byte(text), &pointer); err != nil {
				return "", err
			}
			t := texts{[]byte(w.s3.text(pointer.Key.ObjectKey)), []byte(w.s3.text(pointer.Certificate.ObjectKey))}
			if !pointer.names(t) {
				return "", fmt.Errorf("the pointer's hashes are not those of %s", pointer.Key.ObjectKey)
			}
			return serialOf(t, pointer.Version)
		},
		"bundle": func() (string, error) {
			text := w.s3.text(key + "/bundle.pem")
			if text == "" {
				return "", nil
			}
			return serialOf(splitBundle([]byte(text)), "")
		},
	}
}

// serialOf checks a pair; its serial must be want unless that is empty.
func serialOf(t texts, want string) (string, error) {
	p, err := parsePair(t.key, t.chain)
	if err != nil {
		return "", err
	}
	if got := p.stored().Serial; want == "" || got == want {
		return got, nil
	}
	return "", fmt.Errorf("the certificate is %s, want %s", p.stored().Serial, want)
}

// inForce checks that every reader has the same valid version.
func (w *world) inForce(t *testing.T, key, want string) {
	t.Helper()
	for name, read := range w.readers(key) {
		if got, err := read(); err != nil || got != want {
			t.Errorf("a reader of the %s has %q, error %v; want %s", name, got, err, want)
		}
	}
	if got, err := serialOf(texts{[]byte(w.s3.text(key + "/key.pem")), []byte(w.s3.text(key + "/cert.pem"))}, want); err != nil {
		t.Errorf("a reader of the two objects has %q, error %v; want %s", got, err, want)
	}
}

// TestPublishCrash kills the function after each of its writes. Whatever it
// left behind, the readers have a pair that matches, the old or the new, and
// the next run puts everything right without a certificate more than needed.
func TestPublishCrash(t *testing.T) {
	t.Parallel()
	for _, earlier := range []int{0, 1, 3} {
		for after := 1; ; after++ {
			died := true
			t.Run(fmt.Sprintf("%d versions, %d writes", earlier, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { died = crash(t, earlier, after) })
			})
			if !died {
				break
			}
		}
	}
}

// crash kills a publication after so many writes; false if it has fewer.
func crash(t *testing.T, earlier, after int) (died bool) {
	w := newWorld([]string{"example.com"})
	old := ""
	for range earlier {
		old = w.mustRun(t, Request{Force: true})[0].Stored.Serial
		time.Sleep(62 * 24 * time.Hour) // the next is due
	}
	ordered, writes, seen := w.ordered(), 0, map[string]bool{"": earlier == 0, old: true}
	obtained := false
	w.s3.wrote = func(key string) {
		writes++
		died = writes == after
		obtained = obtained || strings.HasPrefix(key, "a/versions/") && strings.HasSuffix(key, "/cert.pem")
	}
	w.s3.fail = func(string, string) error {
		if writes >= after {
			return errors.New("killed")
		}
		return nil
	}
	_, err := w.run(t.Context(), Request{})
	w.s3.fail, w.s3.wrote = nil, nil
	if writes < after {
		return false
	}
	time.Sleep(LongestRun + leaseMargin) // the run that died holds the lease
	fresh := ""
	for name, read := range w.readers("a") {
		got, readErr := read()
		if readErr != nil {
			t.Fatalf("after the crash (%v) a reader of the %s fails: %v", err, name, readErr)
		}
		if !seen[got] {
			fresh = got
		}
	}
	repaired := w.mustRun(t, Request{})[0].Stored.Serial
	if repaired == old || fresh != "" && repaired != fresh {
		t.Errorf("the next run has %s in force; the old was %s, the new %s", repaired, old, fresh)
	}
	w.inForce(t, "a", repaired)
	if want := ordered + 1; obtained && w.ordered() != want {
		t.Errorf("%d orders, want %d: a certificate that was obtained is not thrown away", w.ordered(), want)
	}
	return true
}

func TestOnlyLastVersionsStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		var serials []string
		for range 5 {
			serials = append(serials, w.mustRun(t, Request{Force: true})[0].Stored.Serial)
			time.Sleep(2 * day) // authorities issue few for the same names in a week
		}
		want := map[string]bool{}
		for _, serial := range serials[2:] {
			want["a/versions/"+serial+"/cert.pem"], want["a/versions/"+serial+"/key.pem"] = true, true
		}
		got := map[string]bool{}
		for _, v := range w.s3.versions {
			if strings.HasPrefix(*v.Key, "a/versions/") {
				got[*v.Key] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("versions %v are left, want %v", got, want)
		}
		w.inForce(t, "a", serials[4])
	})
}

// A bucket of the time before there were versions is taken over as it is.
func TestTwoObjectsAreTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		first := w.mustRun(t, Request{})[0].Stored
		for key := range w.s3.objects {
			if strings.HasPrefix(key, "a/") && key != "a/key.pem" && key != "a/cert.pem" {
				delete(w.s3.objects, key)
			}
		}
		delete(w.s3.objects, MemoryObject("prod", "a"))
		w.s3.writes = nil
		got := w.mustRun(t, Request{})[0]
		if got.State != StateKept || got.Stored.Serial != first.Serial || got.Stored.KeyVersion != first.KeyVersion || got.Stored.CertificateVersion != first.CertificateVersion {
			t.Errorf("status %+v, want the same certificate in the same objects", got)
		}
		want := slices.DeleteFunc(published("a", first.Serial), func(key string) bool { return key == "a/key.pem" || key == "a/cert.pem" })
		want = slices.Delete(want, 2, 4) // nothing is ordered, so neither an attempt nor records are noted
		if !slices.Equal(w.s3.writes, want) {
			t.Errorf("wrote %q, want %q", w.s3.writes, want)
		}
		w.inForce(t, "a", first.Serial)
		if w.ordered() != 1 {
			t.Errorf("%d orders, want one", w.ordered())
		}
	})
}

// Whatever one object is lost or spoiled, the others tell what it was.
func TestAnyLostObjectIsRepaired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		serial := w.mustRun(t, Request{})[0].Stored.Serial
		for _, key := range published("a", serial)[4:10] {
			for _, spoil := range []func(){
				func() { delete(w.s3.objects, key) },
				func() { w.s3.objects[key] = object{body: []byte("spoiled"), etag: `"spoiled"`} },
			} {
				spoil()
				w.mustRun(t, Request{Trigger: TriggerApply})
				w.inForce(t, "a", serial)
			}
		}
		if w.ordered() != 1 {
			t.Errorf("%d orders, want one", w.ordered())
		}
	})
}

// Should two runs be at work at once after all, because the first lost its
// lease, then the one that comes second with its pointer changes nothing that
// anybody reads.
func TestPointerOfAnotherRunStays(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprintf("first %t", first), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				if !first {
					w.mustRun(t, Request{})
				}
				w.zone.delay = 0
				winner, raced := "", false
				w.s3.wrote = func(key string) {
					if raced || !strings.HasPrefix(key, "a/versions/") {
						return
					}
					raced = true
					w.s3.mu.Unlock()
					defer w.s3.mu.Lock()
					delete(w.s3.objects, LeaseObject("prod"))
					winner = w.mustRun(t, Request{Force: true})[0].Stored.Serial
				}
				_, err := w.run(t.Context(), Request{Force: true})
				if err == nil || !strings.Contains(err.Error(), "another run changed it meanwhile") {
					t.Errorf("error %v, want that of a lost race", err)
				}
				w.inForce(t, "a", winner)
			})
		})
	}
}

// The SDK repeats a write whose answer was lost. Its own first attempt is not
// another run.
func TestRepeatedPointerWriteIsNoRace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		api := &repeatingS3{fakeS3: w.s3}
		s, err := readShelf(t.Context(), api, "certs", "a/")
		if err != nil {
			t.Fatal(err)
		}
		w.mustRun(t, Request{})
		issued, err := readShelf(t.Context(), w.s3, "certs", "a/")
		if err != nil {
			t.Fatal(err)
		}
		w.s3.objects = map[string]object{}
		if _, err := s.publish(t.Context(), issued.have.pair, issued.have.origin); err != nil {
			t.Errorf("error %v", err)
		}
		w.inForce(t, "a", issued.pointer.Version)
	})
}

// Two objects that do not match, and nothing to repair them from, are issued
// anew.
func TestTornObjectsWithoutAVersionAreReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		key := w.s3.objects["a/key.pem"]
		w.mustRun(t, Request{Force: true})
		w.s3.objects = map[string]object{"a/key.pem": key, "a/cert.pem": w.s3.objects["a/cert.pem"]}
		got := w.mustRun(t, Request{})[0]
		if got.State != StateIssued {
			t.Errorf("status %+v, want a new certificate", got)
		}
		w.inForce(t, "a", got.Stored.Serial)
	})
}
