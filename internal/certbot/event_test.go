package certbot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/go-acme/lego/v4/acme"
)

// fakeEventBridge is the default bus.
type fakeEventBridge struct {
	mu     sync.Mutex
	events []types.PutEventsRequestEntry
	// fail is the answer to all calls; refuse is the code for each event.
	fail   error
	refuse string
}

func (f *fakeEventBridge) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.fail != nil {
		return nil, f.fail
	}
	out := &eventbridge.PutEventsOutput{}
	for _, e := range in.Entries {
		if aws.ToString(e.Source) != EventSource || e.EventBusName != nil {
			return nil, denied("events:PutEvents")
		}
		if f.refuse != "" {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, types.PutEventsResultEntry{ErrorCode: aws.String(f.refuse), ErrorMessage: aws.String("not now")})
			continue
		}
		if !json.Valid([]byte(aws.ToString(e.Detail))) || len(*e.Detail) > 200_000 {
			return nil, errors.New("ValidationException: the detail")
		}
		f.events = append(f.events, e)
		out.Entries = append(out.Entries, types.PutEventsResultEntry{EventId: aws.String("e")})
	}
	return out, nil
}

// take answers the details of all events by their types, and forgets them.
func (f *fakeEventBridge) take(t *testing.T) (kinds []string, details []EventDetail) {
	t.Helper()
	for _, e := range f.events {
		var d EventDetail
		if err := json.Unmarshal([]byte(*e.Detail), &d); err != nil {
			t.Fatal(err)
		}
		kinds, details = append(kinds, *e.DetailType), append(details, d)
	}
	f.events = nil
	return kinds, details
}

func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"*.example.com", "example.com"})
		const arn = "arn:aws:lambda:eu-west-2:123456789012:function:f"
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "q1", InvokedFunctionArn: arn})
		report, err := w.run(ctx, Request{})
		if err != nil {
			t.Fatal(err)
		}
		stored := report.Certificates[0].Stored
		if len(w.events.events) != 1 || !slices.Equal(w.events.events[0].Resources, []string{arn}) {
			t.Fatalf("the events are %+v", w.events.events)
		}
		if text := *w.events.events[0].Detail; strings.Contains(text, "problem") || strings.Contains(text, "PRIVATE") {
			t.Errorf("the event of a success is %s", text)
		}
		kinds, details := w.events.take(t)
		want := EventDetail{
			Name: "prod", Certificate: "a", Domains: []string{"*.example.com", "example.com"}, Bucket: "certs", Prefix: "a/", KeyObject: "a/key.pem",
			CertificateObject: "a/cert.pem", Directory: caURL + "/dir", RunID: "q1", Trigger: TriggerSchedule,
		}
		is := func(got EventDetail, daysLeft int) {
			t.Helper()
			want.Stored = &EventStored{
				Version: stored.Serial, Serial: stored.Serial, Issuer: stored.Issuer, NotBefore: stored.NotBefore, NotAfter: stored.NotAfter, DaysLeft: daysLeft,
				KeyVersion: stored.KeyVersion, CertificateVersion: stored.CertificateVersion,
			}
			if g, w := jsonText(t, got), jsonText(t, want); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
		}
		if !slices.Equal(kinds, []string{EventTypeIssued}) {
			t.Fatalf("the events are %q", kinds)
		}
		is(details[0], details[0].Stored.DaysLeft)
		if left := details[0].Stored.DaysLeft; left < 88 || left > 90 {
			t.Errorf("%d days left of a new certificate", left)
		}

		w.mustRun(t, Request{}) // nothing is due, and nobody needs to know
		if len(w.events.events) > 0 {
			t.Errorf("a kept certificate is told: %+v", w.events.events)
		}

		time.Sleep(70 * 24 * time.Hour)
		w.ca.refuse = func(path string) *caProblem {
			return &caProblem{retryAfter: "3600", ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "rateLimited", Detail: strings.Repeat("ä", maxProblemText), HTTPStatus: 429}}
		}
		if report, err = w.run(t.Context(), Request{RunID: "r2", Force: true}); err == nil {
			t.Fatal("the run succeeded")
		}
		kinds, details = w.events.take(t)
		if !slices.Equal(kinds, []string{EventTypeFailed}) {
			t.Fatalf("the events are %q", kinds)
		}
		p := details[0].Problem
		if p == nil || p.Type != problemPrefix+"rateLimited" || !p.RetryAfter.Equal(report.Certificates[0].Failure.RetryAfter) || len(p.Text) > maxProblemText+5 ||
			!strings.HasPrefix(p.Text, "No new certificate was stored: ") {
			t.Errorf("the problem is %+v", p)
		}
		want.RunID, want.Trigger, want.Problem = "r2", TriggerManual, p
		is(details[0], int(time.Until(stored.NotAfter)/(24*time.Hour)))
	})
}

// Nothing that was issued is lost because nobody could be told, and a run is
// good if a person was.
func TestTelling(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bus    *fakeEventBridge
		topic  error
		fails  []string
		logged string
	}{
		"both hear":        {bus: &fakeEventBridge{}},
		"no event":         {bus: &fakeEventBridge{fail: denied("events:PutEvents")}, logged: "events:PutEvents"},
		"an event refused": {bus: &fakeEventBridge{refuse: "ThrottlingException"}, logged: "ThrottlingException: not now"},
		"no message":       {bus: &fakeEventBridge{}, topic: denied("sns:Publish"), fails: []string{"sns:Publish"}},
		"neither":          {bus: &fakeEventBridge{refuse: "InternalFailure"}, topic: denied("sns:Publish"), fails: []string{"sns:Publish", "InternalFailure"}, logged: "InternalFailure"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.events, w.sns.fail = test.bus, test.topic
				report, err := w.run(t.Context(), Request{})
				if (err != nil) != (len(test.fails) > 0) {
					t.Errorf("the run's error is %v", err)
				}
				for _, part := range test.fails {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Errorf("the run's error %v lacks %q", err, part)
					}
				}
				if logged := strings.Contains(w.log.String(), "no event tells of the certificate"); logged != (test.logged != "") || !strings.Contains(w.log.String(), test.logged) {
					t.Errorf("the log lacks %q:\n%s", test.logged, w.log.String())
				}
				if got := report.Certificates[0].State; got != StateIssued {
					t.Errorf("the state is %s", got)
				}
				w.storedStatusIs(t, report.Certificates[0])
				w.holdsValidPair(t, "a", "example.com")
				w.events, w.sns.fail = &fakeEventBridge{}, nil
				if again := w.mustRun(t, Request{})[0]; again.State != StateKept || w.ordered() != 1 {
					t.Errorf("the next run: %+v, %d orders", again, w.ordered())
				}
			})
		})
	}
}

func TestWholeDays(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int{
		0: 0, time.Hour: 0, 24 * time.Hour: 1, 47 * time.Hour: 1, -time.Hour: -1, -24 * time.Hour: -1, -25 * time.Hour: -2,
	} {
		if got := wholeDays(d); got != want {
			t.Errorf("%s are %d days, want %d", d, got, want)
		}
	}
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(fmt.Errorf("marshalling: %w", err))
	}
	return string(text)
}
