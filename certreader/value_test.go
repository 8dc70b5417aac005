package certreader

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A value is served as long as the task lives. Nothing is asked for, and its
// end is told once.
func TestFromValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newAuthority().pair()
		var log lockedLog
		r := started(t, FromValue(p.secret()), Options{Names: []string{testName}, Logger: log.logger()})
		began := time.Now()
		time.Sleep(89 * day)
		v := serves(t, r, p)
		if !v.Fixed || v.LastError != nil || !v.LastLook.Equal(began) || !v.Since.Equal(began) {
			t.Errorf("while it is valid it says %+v", v)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 {
			t.Errorf("the log has %d lines, want the first:\n%s", n, &log)
		}
		time.Sleep(30 * day)
		synctest.Wait()
		v = serves(t, r, p)
		if v.LastError == nil || !strings.Contains(v.LastError.Error(), "renewals reach a task only when another one is started") || !v.LastLook.Equal(began) {
			t.Errorf("after its end it says %+v", v)
		}
		if n := strings.Count(log.String(), "serving a certificate that has expired"); n != 1 || strings.Count(log.String(), "\n") != 2 {
			t.Errorf("the log tells %d times of the end:\n%s", n, &log)
		}
		holdsNoKeys(t, log.String()+v.LastError.Error(), p)
	})
}

// A value that cannot be used is told at once, and not quoted.
func TestFromValueRefused(t *testing.T) {
	t.Parallel()
	ca := newAuthority()
	p, other := ca.pair(), ca.pair()
	expired := ca.issue(newECKey(elliptic.P256()), func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	for name, test := range map[string]struct{ value, want string }{
		"empty":                 {"", "it holds no text"},
		"one field of it":       {p.key, "it is not JSON, from byte 2 on; valueFrom in the container's secrets must be the secret's ARN"},
		"another secret":        {`{"version":"hunter2","password":"hunter2"}`, "its version is not a serial number"},
		"key of another":        {strings.Replace(p.secret(), quoted(p.key), quoted(other.key), 1), "does not belong"},
		"expired":               {expired.secret(), "expired on"},
		"cut by what passed it": {p.secret()[:300], "it is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedLog
			began := time.Now()
			_, err := New(t.Context(), FromValue(test.value), Options{Timeout: time.Hour, Logger: log.logger()})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "start another task when it is mended") || time.Since(began) > 30*time.Minute {
				t.Fatalf("it says %v, want %q", err, test.want)
			}
			said := log.String() + err.Error()
			if strings.Contains(said, "hunter2") {
				t.Errorf("it quotes the secret: %s", said)
			}
			holdsNoKeys(t, said, p, other, expired)
		})
	}
}

// The texts are those that were published, of one version, whatever the source.
func TestPEM(t *testing.T) {
	t.Parallel()
	ca := newAuthority()
	first, second := ca.pair(), ca.pair()
	aws := newFakeAWS(first)
	sources := aws.sources()
	sources["value"] = FromValue(first.secret())
	readers := map[string]*Reader{}
	for name, source := range sources {
		r, err := New(t.Context(), source, Options{})
		if err != nil {
			t.Fatal(err)
		}
		readers[name] = r
		key, chain, version := r.PEM()
		if string(key) != first.key || string(chain) != first.chain || version.Serial != first.serial {
			t.Errorf("%s: got %q, want %q", name, chain, first.chain)
		}
		clear(key) // it is the caller's
		clear(chain)
		if again, _, _ := r.PEM(); string(again) != first.key {
			t.Errorf("%s: a caller changed what is served", name)
		}
	}
	aws.publish(second)
	for name, r := range readers {
		if err := r.look(t.Context()); err != nil {
			t.Error(err)
		}
		want := second
		if name == "value" {
			want = first
		}
		if key, chain, v := r.PEM(); string(key) != want.key || string(chain) != want.chain || v.Serial != want.serial {
			t.Errorf("%s: after a change it has another pair than %s", name, want.serial)
		}
	}
	aws.failing(func(context.Context, string) error { return errDenied })
	if err := readers["pointer"].look(t.Context()); err == nil {
		t.Error("the look succeeds")
	}
	if key, chain, v := readers["pointer"].PEM(); string(key) != second.key || string(chain) != second.chain || v.LastError == nil {
		t.Error("a look that failed took the texts away")
	}
}
