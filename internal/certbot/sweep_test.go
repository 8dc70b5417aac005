package certbot

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// below are the keys of all objects below a prefix of which any version is
// left.
func (f *fakeS3) below(prefix string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for _, v := range f.versions {
		if strings.HasPrefix(*v.Key, prefix) {
			keys = append(keys, *v.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// place writes an object that is not the function's.
func (f *fakeS3) place(t *testing.T, key, text string) {
	t.Helper()
	if _, err := putObject(t.Context(), f, f.bucket, key, "text/plain", []byte(text), nil); err != nil {
		t.Fatal(err)
	}
}

// sleepUntil sleeps, and has the certificates that are wanted looked after each
// ten days.
func (w *world) sleepUntil(t *testing.T, then time.Time) {
	t.Helper()
	for rest := time.Until(then); rest > 0; rest = time.Until(then) {
		time.Sleep(min(rest, 10*24*time.Hour))
		w.mustRun(t, Request{})
	}
}

// What nobody wants any more goes thirty days after it expired, and not before.
func TestSweep(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*world)
		// gone is of what nothing is left in the end.
		gone []string
	}{
		"removed": {func(w *world) { w.config.Certificates = w.config.Certificates[1:] }, []string{"a/", "status/prod/a."}},
		"renamed": {func(w *world) {
			w.config.Certificates[0].Key, w.config.Certificates[0].Prefix = "new", "new/"
		}, []string{"a/", "status/prod/a."}},
		"moved":              {func(w *world) { w.config.Certificates[0].Prefix = "certs/a/" }, []string{"a/"}},
		"renamed, not moved": {func(w *world) { w.config.Certificates[0].Key = "new" }, []string{"status/prod/a."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"}, []string{"example.org"})
				w.mustRun(t, Request{})
				over := w.mustRun(t, Request{Force: true})[0].Stored.NotAfter.Add(sweepAfter)
				var before [][]string
				for _, prefix := range test.gone {
					before = append(before, w.s3.below(prefix))
				}
				test.change(w)
				w.sleepUntil(t, over.Add(-24*time.Hour))
				for i, prefix := range test.gone {
					if now := w.s3.below(prefix); len(before[i]) == 0 || !slices.Equal(now, before[i]) {
						t.Errorf("a day before the time there are %q, were %q", now, before[i])
					}
				}
				w.sleepUntil(t, over.Add(24*time.Hour))
				for _, prefix := range test.gone {
					if now := w.s3.below(prefix); len(now) > 0 {
						t.Errorf("a day after the time %q are left", now)
					}
				}
				for i, status := range w.mustRun(t, Request{Trigger: TriggerManual}) {
					c := w.config.Certificates[i]
					w.inForce(t, strings.TrimSuffix(c.Prefix, "/"), status.Stored.Serial)
					if now := w.s3.below(c.Prefix + VersionsPrefix); len(now) != 2*keepVersions {
						t.Errorf("of the versions of %s there are %q", c.Key, now)
					}
				}
			})
		})
	}
}

// A certificate that came back is nobody's to sweep, however old it is.
func TestSweepLeavesWhatCameBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"}, []string{"example.org"})
		over := w.mustRun(t, Request{})[0].Stored.NotAfter.Add(sweepAfter)
		back := slices.Clone(w.config.Certificates)
		w.config.Certificates = back[1:]
		w.sleepUntil(t, over.Add(-time.Hour))
		had := w.s3.below("a/")
		w.config.Certificates = back
		time.Sleep(48 * time.Hour)
		w.refuseAll(true) // so that only what was there is there
		if _, err := w.run(t.Context(), Request{}); err == nil {
			t.Error("the certificate that came back was not due")
		}
		if got := w.s3.below("a/"); !slices.Equal(got, had) || len(got) == 0 {
			t.Errorf("there are %q, were %q", got, had)
		}
		if got := w.s3.below("status/prod/a."); len(got) != 2 {
			t.Errorf("of its statuses there are %q", got)
		}
	})
}

// Nothing goes but what is known to be of a certificate that nobody wants.
func TestSweepLeavesWhatIsOfOthers(t *testing.T) {
	t.Parallel()
	forsaken := []string{"a/bundle.pem", "a/cert.pem", "a/current.json", "a/key.pem"}
	for name, test := range map[string]struct {
		change func(*testing.T, *world)
		// left are objects that stay, and gone says whether the rest goes.
		left []string
		gone bool
	}{
		"others' beside it": {func(t *testing.T, w *world) {
			w.s3.place(t, "a/notes.txt", "mine")
			w.s3.place(t, "mine/key.pem", "mine")
			w.s3.place(t, "status/other/a.json", "{}")
			w.s3.place(t, "status/prod/a.lease.json", "{}")
		}, []string{"a/notes.txt", "mine/key.pem", "status/other/a.json", "status/prod/a.lease.json"}, true},
		"a certificate below it": {func(t *testing.T, w *world) {
			w.config.Certificates[0].Prefix = "a/versions/b/"
			w.mustRun(t, Request{})
		}, []string{"a/versions/b/bundle.pem", "a/versions/b/cert.pem", "a/versions/b/current.json", "a/versions/b/key.pem"}, true},
		"a certificate around it":       {func(t *testing.T, w *world) { w.config.Certificates[0].Prefix = "a/" }, forsaken, false},
		"a pointer that cannot be read": {func(t *testing.T, w *world) { w.s3.place(t, "a/current.json", "{}") }, forsaken, false},
		"a bucket of the user's":        {func(t *testing.T, w *world) { w.config.OwnBucket = false }, forsaken, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"}, []string{"example.org"})
				over := w.mustRun(t, Request{})[0].Stored.NotAfter.Add(sweepAfter)
				w.config.Certificates = w.config.Certificates[1:]
				test.change(t, w)
				w.sleepUntil(t, over.Add(48*time.Hour))
				for _, key := range test.left {
					if !slices.Contains(w.s3.below(""), key) {
						t.Errorf("%s is gone", key)
					}
				}
				for _, key := range forsaken {
					if test.gone && slices.Contains(w.s3.below(""), key) {
						t.Errorf("%s is left", key)
					}
				}
				if got := w.s3.below("status/prod/a.json"); len(got) > 0 {
					t.Errorf("%q are left", got)
				}
			})
		})
	}
}

// Only scheduled runs of all certificates sweep, once a day, and what fails
// does not fail the run.
func TestSweepIsRareAndHarmless(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"}, []string{"example.org"})
		over := w.mustRun(t, Request{Trigger: TriggerApply})[0].Stored.NotAfter.Add(sweepAfter)
		w.config.Certificates = w.config.Certificates[1:]
		sweeps, refused := 0, true
		w.s3.fail = func(action, key string) error {
			if action == "s3:PutObject" && key == SweepObject("prod") {
				sweeps++
			}
			if action == "s3:DeleteObjectVersion" && refused && strings.HasPrefix(key, "a/") {
				return denied(action)
			}
			return nil
		}
		for _, request := range []Request{{Trigger: TriggerApply}, {Trigger: TriggerManual}, {Force: true}, {Keys: []string{"b"}}, {Rollback: &Rollback{Key: "b"}}} {
			w.mustRun(t, request)
		}
		if sweeps != 0 {
			t.Errorf("%d sweeps by runs that are not the schedule's", sweeps)
		}
		time.Sleep(time.Until(over) + 24*time.Hour)
		w.mustRun(t, Request{})
		if sweeps != 1 || len(w.s3.below("a/")) == 0 || !strings.Contains(w.log.String(), "was not deleted, or not all of it") {
			t.Errorf("%d sweeps; left are %q", sweeps, w.s3.below("a/"))
		}
		refused = false
		for _, pause := range []time.Duration{6 * time.Hour, 13 * time.Hour} {
			time.Sleep(pause)
			w.mustRun(t, Request{})
		}
		if sweeps != 1 {
			t.Errorf("%d sweeps within a day", sweeps)
		}
		time.Sleep(6 * time.Hour)
		w.mustRun(t, Request{})
		if sweeps != 2 || len(w.s3.below("a/")) != 0 {
			t.Errorf("%d sweeps; left are %q", sweeps, w.s3.below("a/"))
		}
	})
}

// lateS3 is a bucket into which somebody writes after it was listed.
type lateS3 struct {
	*fakeS3
	late func()
}

func (f lateS3) ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, options ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	out, err := f.fakeS3.ListObjectVersions(ctx, in, options...)
	if err == nil && !aws.ToBool(out.IsTruncated) {
		f.late()
	}
	return out, err
}

// A run with a new configuration may publish where one with the old is
// sweeping. Nothing that it wrote goes.
func TestSweepLeavesWhatIsWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"}, []string{"example.org"})
		over := w.mustRun(t, Request{})[0].Stored.NotAfter.Add(sweepAfter)
		time.Sleep(time.Until(over) + time.Hour)
		old := w.config
		old.Certificates = old.Certificates[1:]
		var serial string
		bucket := lateS3{w.s3, func() { serial = w.mustRun(t, Request{Keys: []string{"a"}})[0].Stored.Serial }}
		log := slog.New(slog.DiscardHandler)
		sweeper := run{Runner: New(Clients{S3: bucket}, Source{}, log, &w.metrics), log: log, config: old}
		if err := sweeper.sweepDaily(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.inForce(t, "a", serial)
	})
}
