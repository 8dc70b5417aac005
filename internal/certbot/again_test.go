package certbot

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

// A request that comes twice, as Lambda and the SDK may have it, is answered
// as it was the first time, and costs nothing more.
func TestRequestThatComesAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request Request
		refused bool
		orders  int
	}{
		"force that issues": {Request{RunID: "r", Force: true}, false, 2},
		"force that fails":  {Request{RunID: "r", Force: true}, true, 2},
		"an apply":          {Request{RunID: "r", Trigger: TriggerApply}, false, 1},
		"rollback":          {Request{RunID: "r", Rollback: &Rollback{Key: "a"}}, false, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.mustRun(t, Request{})
				if test.request.Rollback != nil { // so that there is more than one to roll back to
					w.mustRun(t, Request{Force: true})
					w.mustRun(t, Request{Force: true})
				}
				w.refuseAll(test.refused)
				first, err := w.run(t.Context(), test.request)
				if (err != nil) != test.refused {
					t.Fatalf("the first time: %+v, error %v", first, err)
				}
				w.s3.writes, w.sns.messages, w.events.events = nil, nil, nil
				time.Sleep(time.Minute)
				second, err := w.run(t.Context(), test.request)
				if (err != nil) != test.refused || !reflect.DeepEqual(first, second) {
					t.Errorf("the second time: %+v, error %v; the first was %+v", second, err, first)
				}
				if w.ordered() != test.orders || len(w.s3.writes)+len(w.sns.messages)+len(w.events.events) > 0 {
					t.Errorf("%d orders, wrote %q, told %q and %d events", w.ordered(), w.s3.writes, w.sns.told(), len(w.events.events))
				}
			})
		})
	}
}

// Neither another run in between nor the end of the function in the middle has
// a forced request that comes again force another certificate.
func TestLateRepetitionForcesNothing(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(*testing.T, *world){
		"after a run that told": func(t *testing.T, w *world) {
			w.mustRun(t, Request{RunID: "other", Trigger: TriggerApply})
		},
		"after a run that died": func(t *testing.T, w *world) {
			status := decode[Status](t, w.s3.text(StatusObject("prod", "a")))
			status.State = StateRunning
			if err := storeStatus(t.Context(), w.s3, w.config, status); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				request := Request{RunID: "r", Force: true}
				serial := w.mustRun(t, request)[0].Stored.Serial
				between(t, w)
				status := w.mustRun(t, request)[0]
				if w.ordered() != 1 || status.State != StateKept || status.Stored.Serial != serial || status.RunID != "r" {
					t.Errorf("%d orders: %+v", w.ordered(), status)
				}
				w.storedStatusIs(t, status)
				if again := w.mustRun(t, Request{RunID: "s", Force: true})[0]; w.ordered() != 2 || again.State != StateIssued {
					t.Errorf("another request: %d orders: %+v", w.ordered(), again)
				}
			})
		})
	}
}

// Who gives a run an id waits for its status, also while a scheduled run would
// leave without a word.
func TestRunWithAnIDAlwaysTells(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.refuseAll(true)
		w.try(t, Request{})
		status, orders := w.try(t, Request{RunID: "r", Trigger: TriggerManual})
		if status.State != StateFailed || orders != 1 {
			t.Errorf("%d orders: %+v", orders, status)
		}
		w.storedStatusIs(t, status)
	})
}

// A request that comes again while its run is at work waits for that run, and
// answers as it does. Till then the status is that it is at work.
func TestRequestThatComesAgainMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.mustRun(t, Request{})
		// The authority takes its time after the challenges, when all that tells
		// of the run is what it spent.
		w.ca.trusted, w.ca.pace = map[string]bool{"example.com": true}, "40"
		request := Request{RunID: "r", Force: true}
		first := make(chan []outcome)
		go func() { first <- w.runAll(t, request) }()
		time.Sleep(10 * time.Second)
		second := make(chan []outcome)
		go func() { second <- w.runAll(t, request) }()
		time.Sleep(10 * time.Second)
		if status := decode[Status](t, w.s3.text(StatusObject("prod", "a"))); status.State != StateRunning || status.RunID != "r" {
			t.Errorf("while the run is at work the status is %+v", status)
		}
		one, two := <-first, <-second
		if w.ordered() != 2 || one[0].err != nil || one[0].report.Certificates[0].State != StateIssued || !reflect.DeepEqual(one, two) {
			t.Errorf("%d orders; the first: %+v, the second: %+v", w.ordered(), one, two)
		}
	})
}
