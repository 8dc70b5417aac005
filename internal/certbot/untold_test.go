package certbot

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Programs wait for the news of a certificate to have tasks read it. So it is
// told once, as soon as all readers have it, whichever run brings that about.
func TestCertificateThatFailedHalfwayIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*world){
		"undelivered": func(w *world) { w.secrets.fail = denied },
		"torn": func(w *world) {
			w.s3.fail = func(action, key string) error {
				if action == "s3:PutObject" && key == "a/"+BundleObject {
					return denied(action)
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, _ := newSecretWorld()
				harm(w)
				for range 2 {
					status, _ := w.try(t, Request{})
					if status.State != StateFailed || status.Stored == nil {
						t.Fatalf("status %+v", status)
					}
					time.Sleep(day)
				}
				first := *w.sns.messages[0].Message
				if strings.Contains(first, "was not touched") {
					t.Errorf("told of a new certificate: %s", first)
				}
				w.secrets.fail, w.s3.fail, w.sns.messages, w.events.events = nil, nil, nil, nil
				for range 3 {
					w.mustRun(t, Request{})
					time.Sleep(day)
				}
				if told := w.sns.told(); !slices.Equal(told, []string{"good Certificate Issue Success: prod/a"}) || len(w.events.events) != 1 {
					t.Errorf("told %q and put %d events, want the new certificate once", told, len(w.events.events))
				}
				if w.ordered() != 1 {
					t.Errorf("%d orders", w.ordered())
				}
			})
		})
	}
}

// A certificate that lay there before is not told of as a new one.
func TestKeptCertificateThatIsDeliveredIsNoNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newSecretWorld()
		w.mustRun(t, Request{})
		w.config.Certificates[0].Secret = "other"
		w.sns.messages = nil
		status, _ := w.try(t, Request{})
		if text := *w.sns.messages[0].Message; status.State != StateFailed || !strings.Contains(text, "was not touched") {
			t.Errorf("status %+v, told %s", status, text)
		}
		w.secrets.make("other")
		w.sns.messages = nil
		time.Sleep(day)
		if w.mustRun(t, Request{}); len(w.sns.messages) != 0 {
			t.Errorf("told %q", w.sns.told())
		}
	})
}
