package certreader

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const day = 24 * time.Hour

// Each source finds the pair, follows a renewal and a rollback, and asks for
// nothing that it has.
func TestFollows(t *testing.T) {
	t.Parallel()
	for name := range newFakeAWS(newAuthority().pair()).sources() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { follows(t, name) })
		})
	}
}

func follows(t *testing.T, name string) {
	ca := newAuthority()
	first, second := ca.pair(), ca.pair()
	aws := newFakeAWS(first)
	var log lockedLog
	var told []string
	r := started(t, aws.sources()[name], Options{
		Names: []string{testName, "*.example.com", "EXAMPLE.com"}, Logger: log.logger(),
		OnChange: func(v Version) { told = append(told, v.Serial) },
	})
	v := serves(t, r, first)
	if v.LastError != nil || !v.Since.Equal(time.Now()) || !v.LastLook.Equal(time.Now()) || !slices.Equal(v.Names, []string{"*.example.com", "example.com"}) {
		t.Errorf("at first it says %+v", v)
	}
	aws.calls()
	time.Sleep(time.Hour)
	synctest.Wait()
	calls := aws.calls()
	if len(calls) < 10 || len(calls) > 15 || len(slices.Compact(calls)) != 1 {
		t.Errorf("in an hour without news it asked for %q", calls)
	}
	if again := r.Serving(); !again.Since.Equal(v.Since) || time.Since(again.LastLook) > 6*time.Minute || again.LastError != nil {
		t.Errorf("after an hour without news it says %+v", again)
	}
	for _, next := range []texts{second, first, second} {
		aws.publish(next)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		serves(t, r, next)
	}
	if want := []string{second.serial, first.serial, second.serial}; !slices.Equal(told, want) {
		t.Errorf("OnChange was told %q, want %q", told, want)
	}
	if n := strings.Count(log.String(), "serving another version"); n != 3 {
		t.Errorf("the log tells of %d changes, want 3:\n%s", n, &log)
	}
	holdsNoKeys(t, log.String(), first, second)
}

// holdsNoKeys checks that no line of a key is in a text.
func holdsNoKeys(t *testing.T, text string, pairs ...texts) {
	t.Helper()
	for _, p := range pairs {
		for line := range strings.Lines(p.key) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-") && strings.Contains(text, line) {
				t.Errorf("a private key is in %q", text)
			}
		}
	}
}

// Whatever the interval, there is a pause between looks, and one a day.
func TestPause(t *testing.T) {
	t.Parallel()
	for given, want := range map[time.Duration]time.Duration{
		0: defaultInterval, -1: defaultInterval, time.Hour: time.Hour, math.MaxInt64: day, math.MaxInt64 / 2: day,
	} {
		o := Options{Interval: given}.withDefaults()
		for range 100 {
			if got := o.pause(); got < want*4/5 || got > want*6/5 {
				t.Errorf("an interval of %s makes a pause of %s, want %s, a fifth more or less", given, got, want)
			}
		}
	}
}

// A pointer that is written anew for the same version costs its own request.
func TestSameVersionIsNotReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		aws := newFakeAWS(newAuthority().pair())
		r := started(t, FromBucket(aws, testBucket, testPrefix), Options{})
		aws.change(pointerObject, func(s string) string { return s + "\n" })
		aws.calls()
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if calls := slices.Compact(aws.calls()); !slices.Equal(calls, []string{"a/current.json"}) {
			t.Errorf("asked for %q", calls)
		}
		if v := r.Serving(); v.LastError != nil || time.Since(v.LastLook) > 6*time.Minute {
			t.Errorf("says %+v", v)
		}
	})
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	ca := newAuthority()
	for name, p := range map[string]texts{
		"P-256":    ca.pair(),
		"P-384":    ca.issue(newECKey(elliptic.P384()), nil),
		"RSA 2048": ca.issue(newRSAKey(2048), nil),
		"almost expired here": ca.issue(newECKey(elliptic.P256()), func(c *x509.Certificate) {
			c.NotAfter = time.Now().Add(-time.Minute)
		}),
		"clock behind": ca.issue(newECKey(elliptic.P256()), func(c *x509.Certificate) {
			c.NotBefore = time.Now().Add(time.Minute)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := New(t.Context(), FromBucket(newFakeAWS(p), testBucket, testPrefix), Options{})
			if err != nil {
				t.Fatal(err)
			}
			serves(t, r, p)
		})
	}
}

// Whatever keeps S3 from answering, for however long, what is there is served;
// the news comes soon after it answers again.
func TestOutage(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context, string) error{
		"denied":    func(context.Context, string) error { return errDenied },
		"throttled": func(context.Context, string) error { return errThrottled },
		"black hole": func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		},
		"black hole behind the pointer": func(ctx context.Context, key string) error {
			if strings.HasSuffix(key, pointerObject) {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ca := newAuthority()
				first, second := ca.pair(), ca.pair()
				aws := newFakeAWS(first)
				var log lockedLog
				r := started(t, FromBucket(aws, testBucket, testPrefix), Options{Interval: time.Minute, Logger: log.logger()})
				began := time.Now()
				aws.failing(fail)
				aws.publish(second)
				aws.calls()
				for time.Since(began) < 10*time.Minute {
					time.Sleep(time.Second)
					serves(t, r, first)
				}
				synctest.Wait()
				calls := slices.DeleteFunc(aws.calls(), func(key string) bool { return !strings.HasSuffix(key, pointerObject) })
				if n := len(calls); n < 7 || n > 24 {
					t.Errorf("it looked %d times in ten minutes", n)
				}
				if v := r.Serving(); v.LastError == nil || v.LastLook.After(began) {
					t.Errorf("in the outage it says %+v", v)
				}
				aws.failing(nil)
				time.Sleep(90 * time.Second)
				synctest.Wait()
				if v := serves(t, r, second); v.LastError != nil {
					t.Errorf("after the outage it says %v", v.LastError)
				}
			})
		})
	}
}

// A pair that expires is served on, whether or not S3 answers, and said so
// loudly; the next good one is taken.
func TestExpiresWhileServed(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context, string) error{
		"not renewed": nil,
		"outage":      func(context.Context, string) error { return errThrottled },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ca := newAuthority()
				first := ca.pair()
				aws := newFakeAWS(first)
				var log lockedLog
				r := started(t, FromBucket(aws, testBucket, testPrefix), Options{Interval: time.Hour, Logger: log.logger()})
				aws.failing(fail)
				time.Sleep(89 * day)
				if strings.Contains(log.String(), `"level":"ERROR"`) {
					t.Fatalf("it is loud too early: %s", &log)
				}
				time.Sleep(2 * day)
				synctest.Wait()
				if v := serves(t, r, first); v.LastError == nil {
					t.Error("it says that all is well")
				}
				if text := log.String(); !strings.Contains(text, `"level":"ERROR","msg":"serving a certificate that has expired, as there is no other"`) {
					t.Errorf("the log is %.2000s", text)
				}
				aws.failing(nil)
				second := ca.issue(newECKey(elliptic.P256()), func(c *x509.Certificate) { c.NotAfter = time.Now().Add(90 * day) })
				aws.publish(second)
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				if v := serves(t, r, second); v.LastError != nil {
					t.Errorf("with a new one it says %v", v.LastError)
				}
			})
		})
	}
}

// A reader that starts before the certificate waits for it, but not for ever.
func TestNewWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority()
		first := ca.pair()
		aws := newFakeAWS(first)
		aws.change(pointerObject, nil)
		source := FromBucket(aws, testBucket, testPrefix)
		var log lockedLog
		began := time.Now()
		_, err := New(t.Context(), source, Options{Timeout: 3 * time.Minute, Logger: log.logger()})
		if took := time.Since(began); took != 3*time.Minute || err == nil || !strings.Contains(err.Error(), "there is no certificate yet") || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s the error is %v", took, err)
		}
		stopped, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		if _, err := New(stopped, source, Options{Logger: log.logger()}); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "there is no certificate yet") {
			t.Errorf("stopped, the error is %v", err)
		}
		time.AfterFunc(40*time.Second, func() { aws.publish(first) })
		began = time.Now()
		r, err := New(t.Context(), source, Options{Logger: log.logger()})
		if err != nil || time.Since(began) > time.Minute {
			t.Fatalf("after %s the error is %v", time.Since(began), err)
		}
		serves(t, r, first)
		if _, err := New(t.Context(), nil, Options{}); err == nil {
			t.Error("it takes no source")
		}
	})
}

// Run ends with its context, in a look too.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		aws := newFakeAWS(newAuthority().pair())
		r, err := New(t.Context(), FromBucket(aws, testBucket, testPrefix), Options{})
		if err != nil {
			t.Fatal(err)
		}
		aws.failing(func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r.Run(ctx)
		}()
		aws.calls()
		for len(aws.calls()) == 0 {
			time.Sleep(time.Second)
		}
		stop()
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Error("it goes on")
		}
	})
}
