package certbot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

// Whoever hears of a failure hears when it is tried again: by mail, from the
// status, and from the event, whatever the failure was.
func TestFailuresTellTheNextAttempt(t *testing.T) {
	t.Parallel()
	limited := func(seconds string) func(*world) {
		return func(w *world) {
			w.ca.refuse = func(path string) *caProblem {
				if path != "/order" {
					return nil
				}
				return &caProblem{retryAfter: seconds, ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "rateLimited", Detail: "too many", HTTPStatus: 429}}
			}
		}
	}
	for name, test := range map[string]struct {
		arrange func(*world)
		// pause is from the end of the run to the next attempt.
		pause time.Duration
	}{
		"refused":            {func(w *world) { w.refuseAll(true) }, time.Minute},
		"out of time":        {func(w *world) { w.ca.stuck = true }, time.Minute},
		"limited":            {limited("7200"), 2 * time.Hour},
		"limited for little": {limited("5"), time.Minute},
		"denied":             {func(w *world) { w.ssm.fail = denied }, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				test.arrange(w)
				ctx, cancel := context.WithTimeout(t.Context(), LongestRun)
				defer cancel()
				status := w.mustFail(t, ctx)
				next := status.Failure.NextAttempt
				if next.Sub(status.FinishedAt.Add(test.pause)).Abs() > time.Second {
					t.Errorf("the next attempt is %s later, want %s", next.Sub(status.FinishedAt), test.pause)
				}
				want := "The next scheduled run after " + stamp(next) + " tries again."
				if !strings.HasSuffix(status.Failure.Message, want) || !strings.Contains(*w.sns.messages[0].Message, want) {
					t.Errorf("the message lacks %q:\n%s", want, *w.sns.messages[0].Message)
				}
				_, details := w.events.take(t)
				if len(details) != 1 || details[0].Problem == nil || !details[0].Problem.NextAttempt.Equal(next) || !strings.HasSuffix(details[0].Problem.Text, want) {
					t.Errorf("the events are %+v", details)
				}
				time.Sleep(time.Until(next) - time.Second)
				if status, _ := w.try(t, Request{}); status.State != StateWaiting {
					t.Errorf("a second before: %+v", status)
				}
				time.Sleep(time.Second)
				again, cancel := context.WithTimeout(t.Context(), LongestRun)
				defer cancel()
				if _, err := w.run(again, Request{}); err == nil || len(w.sns.messages) != 2 {
					t.Errorf("at that time: error %v, %d messages", err, len(w.sns.messages))
				}
			})
		})
	}
	t.Run("a rollback", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld([]string{"example.com"})
			if status, _ := w.try(t, Request{Rollback: &Rollback{Key: "a"}}); status.Failure == nil || strings.Contains(status.Failure.Message, "tries again") {
				t.Errorf("status %+v: nobody repeats a rollback", status)
			}
		})
	})
}

// A certificate that is in force, though not everywhere, was touched.
func TestTornPublicationIsNotToldAsUntouched(t *testing.T) {
	t.Parallel()
	for object, inForce := range map[string]bool{"a/cert.pem": true, "a/bundle.pem": true, "a/current.json": false} {
		t.Run(object, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.mustRun(t, Request{})
				w.sns.messages = nil
				w.s3.fail = func(action, key string) error {
					if action == "s3:PutObject" && key == object {
						return errors.New("connection reset")
					}
					return nil
				}
				status, _ := w.try(t, Request{Force: true})
				text := *w.sns.messages[0].Message
				if status.Failure.InForce != inForce || strings.Contains(text, "was not touched") == inForce || strings.Contains(text, "in the bucket is the new one") != inForce {
					t.Errorf("in force: %t; told:\n%s", status.Failure.InForce, text)
				}
			})
		})
	}
}
