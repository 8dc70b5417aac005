package certbot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// maxSubject is the longest subject that SNS takes.
const maxSubject = 99

// notify tells of a certificate that was issued or failed. Nobody needs to
// know of one that was kept.
func (r *run) notify(ctx context.Context, c Certificate, status Status) error {
	var topic, subject, body string
	switch status.State {
	case StateIssued:
		topic, subject, body = r.config.SuccessTopicARN, "Certificate Issue Success", r.successBody(c, status)
	case StateFailed:
		topic, subject, body = r.config.FailureTopicARN, "Certificate Issue Failure", r.failureBody(c, status)
	}
	if topic == "" {
		return nil
	}
	_, err := r.clients.SNS.Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(topic),
		Subject:  aws.String(plainSubject(fmt.Sprintf("%s: %s/%s", subject, r.config.Name, c.Key))),
		Message:  aws.String(body),
	})
	if err != nil {
		return fmt.Errorf("publishing to SNS topic (%s): %w", topic, err)
	}
	return nil
}

func (r *run) successBody(c Certificate, status Status) string {
	stored := status.Stored
	var text strings.Builder
	fmt.Fprintf(&text, "A certificate was issued and stored.\n\n")
	r.facts(&text, c)
	fmt.Fprintf(&text, "Valid:     %s until %s\n", stamp(stored.NotBefore), stamp(stored.NotAfter))
	fmt.Fprintf(&text, "Issuer:    %s\n", stored.Issuer)
	fmt.Fprintf(&text, "Serial:    %s\n", stored.Serial)
	for _, warning := range status.Warnings {
		fmt.Fprintf(&text, "\nWarning: %s\n", warning)
	}
	fmt.Fprintf(&text, "\nServers that read the certificate only when they start need a restart before the previous one expires.\n")
	return text.String()
}

func (r *run) failureBody(c Certificate, status Status) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", status.Failure.Message)
	r.facts(&text, c)
	switch {
	case status.Stored == nil:
		fmt.Fprintf(&text, "\nThe bucket holds no certificate that can be used.\n")
	case status.FinishedAt.After(status.Stored.NotAfter):
		fmt.Fprintf(&text, "\nThe certificate in the bucket EXPIRED on %s.\n", stamp(status.Stored.NotAfter))
	default:
		state := "was not touched"
		if status.Failure.InForce {
			state = "is the new one"
		}
		left := status.Stored.NotAfter.Sub(status.FinishedAt)
		fmt.Fprintf(&text, "\nThe certificate in the bucket %s. It is valid until %s (%d days left).\n", state, stamp(status.Stored.NotAfter), int(left/(24*time.Hour)))
	}
	fmt.Fprintf(&text, "The function's log tells more: look for the run's id.\n")
	return text.String()
}

// facts are what every message holds.
func (r *run) facts(text *strings.Builder, c Certificate) {
	fmt.Fprintf(text, "Names:     %s\n", strings.Join(normalNames(c.Domains), ", "))
	fmt.Fprintf(text, "Where:     s3://%s/%s{%s,%s}\n", r.config.Bucket, c.Prefix, KeyObject, CertificateObject)
	fmt.Fprintf(text, "Authority: %s\n", r.config.ACME.DirectoryURL)
	fmt.Fprintf(text, "Resource:  fargatedirect_certbot %q, certificate %q\n", r.config.Name, c.Key)
	fmt.Fprintf(text, "Run:       %s (%s)\n", r.id, r.request.Trigger)
}

// plainSubject makes a text fit for a subject: printable ASCII, and not too
// long.
func plainSubject(text string) string {
	plain := []byte(strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, text))
	return string(plain[:min(len(plain), maxSubject)])
}
