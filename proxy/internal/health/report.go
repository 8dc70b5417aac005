// Package health tells whether a proxy is well, and asks one that runs.
//
// Well is what another task in its place would not do better. So a look for a
// renewal that failed is told and no more: an outage of S3 must not end tasks
// that serve. Nor must a certificate that expired since nobody renewed it: a
// new task would refuse to start with it, while this one takes the next as soon
// as there is one. It is a warning. But where the next one is there, and could
// not be put in use, another task would do better. What a task got only once, when it started,
// is not well before it expires: ECS then replaces the task, and the next one
// has the renewed certificate.
package health

import (
	"errors"
	"fmt"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
)

// Path is where health is told.
const Path = "/healthz"

// ok is the status of what is well.
const ok = "ok"

// Source is what health is told of.
type Source struct {
	// Hostname is the task's own name; empty if it is not known.
	Hostname string
	// Serving is what is served; the zero value is nothing.
	Serving func() certreader.Version
	// Missed is what was found and could not be put in use, so that Serving is
	// older; the zero value is nothing. Nil for never.
	Missed func() certreader.Version
	// Draining tells whether SIGTERM has come; nil for never.
	Draining func() bool
	// Connections are those that clients have now; nil if nobody counts.
	Connections func() int
}

// Report is what is told.
type Report struct {
	// Status is "ok", or why it is not.
	Status string `json:"status"`
	// Warning is what clients notice and another task would not mend; empty if
	// there is no such thing.
	Warning string `json:"warning,omitempty"`
	// Hostname is the task's own name; empty if it is not known.
	Hostname string `json:"hostname,omitempty"`
	// Draining says that the task was told to end, and does so. It is well.
	Draining bool `json:"draining"`
	// Connections are those that clients have now.
	Connections *int `json:"connections,omitempty"`
	// Certificate is what is served; nil if nothing is.
	Certificate *Certificate `json:"certificate,omitempty"`
}

// Certificate is what is told of a certificate. Nothing of it is secret.
type Certificate struct {
	Serial    string    `json:"serial"`
	Names     []string  `json:"names"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// Since is when it began to be served.
	Since time.Time `json:"since"`
	// Followed says that renewals are looked for while the task runs.
	Followed bool `json:"followed"`
	// LastLook is when a look for renewals last succeeded, and LastError is why
	// none has since.
	LastLook  time.Time `json:"last_look"`
	LastError string    `json:"last_error,omitempty"`
}

// report tells how things are. The share, of 0.5 to 1, is of the time before
// the end at which this task asks to be replaced.
func (s Source) report(now time.Time, share float64) Report {
	v := s.Serving()
	r := Report{Status: ok, Hostname: s.Hostname, Draining: s.Draining != nil && s.Draining()}
	if s.Connections != nil {
		n := s.Connections()
		r.Connections = &n
	}
	switch err := wrong(v, now, share); {
	case err != nil:
		r.Status = err.Error()
	case v.NotAfter.IsZero() || !now.After(v.NotAfter):
	case s.Missed != nil && now.Before(s.Missed().NotAfter):
		r.Status = fmt.Sprintf("the certificate expired on %s, and the next one could not be put in use: another task can", stamp(v.NotAfter))
	default:
		r.Warning = fmt.Sprintf("the certificate expired on %s, and is served until there is another", stamp(v.NotAfter))
	}
	if v.NotAfter.IsZero() {
		return r
	}
	r.Certificate = &Certificate{
		Serial: v.Serial, Names: v.Names, NotBefore: v.NotBefore, NotAfter: v.NotAfter,
		Since: v.Since, Followed: !v.Fixed, LastLook: v.LastLook,
	}
	if v.LastError != nil {
		r.Certificate.LastError = v.LastError.Error()
	}
	return r
}

// wrong is why a task should not go on with what it serves.
func wrong(v certreader.Version, now time.Time, share float64) error {
	switch {
	case v.NotAfter.IsZero() && v.LastError != nil:
		return fmt.Errorf("there is no certificate yet: %w", v.LastError)
	case v.NotAfter.IsZero():
		return errors.New("there is no certificate yet")
	case v.Fixed && now.After(v.NotAfter):
		return fmt.Errorf("the certificate expired on %s", stamp(v.NotAfter))
	case v.Fixed && v.NotAfter.Sub(now) < lead(v, share):
		return fmt.Errorf("the certificate expires on %s, and the task has it for its life: another task gets the renewed one", stamp(v.NotAfter))
	}
	return nil
}

// lead is how long before its end a certificate that cannot change makes a task
// unwell: a day, or a tenth of the certificate's life if that is less, so that
// there is time to replace the task. It is spread, so that tasks that started
// together do not go together. And it is at most half of what was left when the
// task started: where renewals fail, a new task is no better off, and without
// this ECS would replace it again and again.
func lead(v certreader.Version, share float64) time.Duration {
	most := min(24*time.Hour, v.NotAfter.Sub(v.NotBefore)/10)
	return min(time.Duration(share*float64(most)), v.NotAfter.Sub(v.Since)/2)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
