package certbot

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
)

func TestWrongPayloadsAreRefused(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{"forced":true}`:                       `unknown field "forced"`,
		`{"force":"yes"}`:                       "cannot unmarshal string",
		`{"keys":"browser"}`:                    "cannot unmarshal string",
		`["browser"]`:                           "cannot unmarshal array",
		`{"rollback":{"key":"a","version":1}}`:  `unknown field "version"`,
		`{"rollback":7}`:                        "want a certificate's key",
		`{"rollback":""}`:                       "rollback names no certificate",
		`{"rollback":{"serial":"4a"}}`:          "rollback names no certificate",
		`{"rollback":"a","force":true}`:         "rollback does nothing else",
		`{"rollback":"a","dry_run":true}`:       "rollback does nothing else",
		`{"rollback":"a","keys":["a"]}`:         "rollback does nothing else",
		`{"trigger":"cron"}`:                    `trigger "cron" is none of schedule, apply, manual`,
		`{"detail-type":"x","source":"my.app"}`: "unknown field",
	} {
		t.Run(payload, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				var request Request
				err := json.Unmarshal([]byte(payload), &request)
				if err == nil {
					_, err = w.run(t.Context(), request)
				}
				if err == nil || !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(), rightPayloads) {
					t.Errorf("error %v, want %q and right payloads", err, want)
				}
				if len(w.s3.writes)+len(w.ca.requests) > 0 {
					t.Errorf("a refused payload wrote %q and asked %q", w.s3.writes, w.ca.requests)
				}
			})
		})
	}
}

// The payloads that errors offer are right, and what is left out is filled in.
func TestRightPayloads(t *testing.T) {
	t.Parallel()
	for payload, trigger := range map[string]string{
		`{}`:                                TriggerSchedule,
		`null`:                              TriggerSchedule,
		`{"force":true,"keys":["browser"]}`: TriggerManual,
		`{"dry_run":true}`:                  TriggerManual,
		`{"dry_run":true,"force":true}`:     TriggerManual,
		`{"rollback":"browser"}`:            TriggerManual,
		`{"rollback":{"key":"browser","serial":"4a"}}`:          TriggerManual,
		`{"run_id":"r","trigger":"apply","force":true}`:         TriggerApply,
		`{"source":"aws.events","detail-type":"x","detail":{}}`: TriggerSchedule,
	} {
		request := decode[Request](t, payload)
		err := request.check()
		if request.fillIn(); err != nil || request.Trigger != trigger {
			t.Errorf("%s is %+v, error %v; want it of %s", payload, request, err, trigger)
		}
	}
}

func TestCertificateNamedTwiceIsRenewedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		if got := w.mustRun(t, Request{Force: true, Keys: []string{"a", "a"}}); len(got) != 1 || w.ordered() != 1 {
			t.Errorf("%d orders: %+v", w.ordered(), got)
		}
	})
}
