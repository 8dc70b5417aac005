package certbot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// What the function's events say of themselves.
const (
	EventSource     = "fargatedirect.certbot"
	EventTypeIssued = "Certificate Issued"
	EventTypeFailed = "Certificate Failed"
)

// maxProblemText bounds what an event repeats of an authority's answer: that
// can be long, and EventBridge refuses events that are.
const maxProblemText = 8 << 10

// EventDetail is the detail of the function's events. It never holds a secret.
// Like any event of the default bus it can be forged by whoever may put events
// there.
type EventDetail struct {
	// Name is the resource's name, and Certificate the certificate's key in it.
	Name        string `json:"name"`
	Certificate string `json:"certificate"`
	// Domains are the names that are wanted.
	Domains []string `json:"domains"`
	// Bucket and Prefix are where the certificate lies; KeyObject and
	// CertificateObject are the keys of its two objects.
	Bucket            string `json:"bucket"`
	Prefix            string `json:"prefix"`
	KeyObject         string `json:"keyObject"`
	CertificateObject string `json:"certificateObject"`
	// Directory is the authority's, RunID and Trigger are of the run.
	Directory string `json:"directory"`
	RunID     string `json:"runId"`
	Trigger   string `json:"trigger"`
	// Stored is the certificate that can be used now: the new one, or after a
	// failure the previous one; nil if there is none.
	Stored *EventStored `json:"stored,omitempty"`
	// Problem is why there is no new certificate. Only EventTypeFailed has it.
	Problem *EventProblem `json:"problem,omitempty"`
}

// EventStored is the certificate in the bucket.
type EventStored struct {
	// Version names the version of the certificate below its prefix.
	Version   string    `json:"version"`
	Serial    string    `json:"serial"`
	Issuer    string    `json:"issuer"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	// DaysLeft is how many whole days it is valid yet, negative once expired.
	DaysLeft int `json:"daysLeft"`
	// KeyVersion and CertificateVersion are the S3 versions of the two objects.
	KeyVersion         string `json:"keyVersion"`
	CertificateVersion string `json:"certificateVersion"`
}

// EventProblem is why a run failed for a certificate.
type EventProblem struct {
	// Text is for a person, with the authority's own words.
	Text string `json:"text"`
	// Type is the ACME problem's type, if it was one.
	Type string `json:"type,omitempty"`
	// RetryAfter is when it may be tried again, if that is known.
	RetryAfter time.Time `json:"retryAfter,omitzero"`
	// NextAttempt is from when on a scheduled run tries again, if that is known.
	NextAttempt time.Time `json:"nextAttempt,omitzero"`
}

// tell tells people and programs how it ended for a certificate. What is
// stored stays stored, whoever hears of it. A person who was told is enough:
// an event that could not be put then makes no failed run of a good one.
func (r *run) tell(ctx context.Context, c Certificate, status Status) error {
	published := r.notify(ctx, c, status)
	put := r.putEvent(ctx, c, status)
	if put == nil {
		return published
	}
	r.log.WarnContext(ctx, "no event tells of the certificate", "certificate", c.Key, "error", put.Error())
	if published == nil {
		return nil
	}
	return errors.Join(published, put)
}

// putEvent puts the event of a certificate that was issued or failed on the
// account's default bus.
func (r *run) putEvent(ctx context.Context, c Certificate, status Status) error {
	kind := map[string]string{StateIssued: EventTypeIssued, StateFailed: EventTypeFailed}[status.State]
	if kind == "" {
		return nil
	}
	detail, err := json.Marshal(r.eventDetail(c, status))
	if err != nil {
		return fmt.Errorf("marshalling an event: %w", err)
	}
	entry := types.PutEventsRequestEntry{
		Source: aws.String(EventSource), DetailType: aws.String(kind), Detail: aws.String(string(detail)), Time: aws.Time(status.FinishedAt),
	}
	if lambda, ok := lambdacontext.FromContext(ctx); ok && lambda.InvokedFunctionArn != "" {
		entry.Resources = []string{lambda.InvokedFunctionArn}
	}
	out, err := r.clients.EventBridge.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry}})
	if err != nil {
		return fmt.Errorf("putting an event on the default bus: %w", err)
	}
	// A call that succeeds may still have refused its only event.
	for _, e := range out.Entries {
		if code := aws.ToString(e.ErrorCode); code != "" {
			return fmt.Errorf("putting an event on the default bus: %s: %s", code, aws.ToString(e.ErrorMessage))
		}
	}
	return nil
}

func (r *run) eventDetail(c Certificate, status Status) EventDetail {
	detail := EventDetail{
		Name: r.config.Name, Certificate: c.Key, Domains: normalNames(c.Domains),
		Bucket: r.config.Bucket, Prefix: c.Prefix, KeyObject: c.Prefix + KeyObject, CertificateObject: c.Prefix + CertificateObject,
		Directory: r.config.ACME.DirectoryURL, RunID: r.id, Trigger: r.request.Trigger,
	}
	if s := status.Stored; s != nil {
		detail.Stored = &EventStored{
			Version: s.Serial, Serial: s.Serial, Issuer: s.Issuer, NotBefore: s.NotBefore, NotAfter: s.NotAfter, DaysLeft: wholeDays(s.NotAfter.Sub(status.FinishedAt)),
			KeyVersion: s.KeyVersion, CertificateVersion: s.CertificateVersion,
		}
	}
	if f := status.Failure; f != nil {
		text := f.Message
		if len(text) > maxProblemText {
			text = strings.ToValidUTF8(text[:maxProblemText], "") + "…"
		}
		detail.Problem = &EventProblem{Text: text, Type: f.ProblemType, RetryAfter: f.RetryAfter, NextAttempt: f.NextAttempt}
	}
	return detail
}

// wholeDays rounds down, so that what has expired has not zero days left.
func wholeDays(d time.Duration) int {
	const day = 24 * time.Hour
	days := int(d / day)
	if d < 0 && d%day != 0 {
		days--
	}
	return days
}
