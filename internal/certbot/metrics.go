package certbot

import (
	"context"
	"maps"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
)

// Namespace is the CloudWatch namespace of the function's metrics.
// DimensionName is the name of the resource, and DimensionCertificate, which
// not all of them have, the key of one certificate.
const (
	Namespace            = "Fargatedirect/Certbot"
	DimensionName        = "Name"
	DimensionCertificate = "Certificate"
)

// The metrics.
const (
	// MetricDaysLeft is for how many days a stored certificate is valid yet.
	// It has both dimensions.
	MetricDaysLeft = "DaysLeft"
	// MetricFractionLeft is how much of its lifetime is left, from 1 to 0. It
	// exists for each certificate, and without DimensionCertificate once for
	// every certificate of a run, so that its minimum is that of the worst.
	MetricFractionLeft = "FractionLeft"
	// MetricSinceSuccess is for how many seconds a stored certificate has been
	// valid: since an issuance last succeeded. It has both dimensions.
	MetricSinceSuccess = "SecondsSinceSuccess"
	// MetricFailures is how many certificates failed in a run.
	MetricFailures = "Failures"
	// MetricRuns is 1 for each run that has looked at all certificates.
	MetricRuns = "Runs"
)

// measure records what came of a run. The alarms stand on what a run knows of
// all certificates, so one that was asked for some only tells of those: else
// it would end the alarm of another. A failure is told in any case.
func (r *run) measure(ctx context.Context, statuses []Status) {
	whole := r.recorder(nil)
	failures := 0
	for _, status := range statuses {
		if status.State == StateFailed || status.State == StateWaiting { // the last attempt failed
			failures++
		}
		if status.Stored == nil {
			continue // nothing is known; that it failed is told
		}
		now := time.Now()
		left, lifetime := status.Stored.NotAfter.Sub(now), status.Stored.NotAfter.Sub(status.Stored.NotBefore)
		fraction := 0.0
		if left > 0 && lifetime > 0 {
			fraction = min(left.Seconds()/lifetime.Seconds(), 1)
		}
		one := r.recorder(map[string]string{DimensionCertificate: status.Key})
		one.Add(MetricDaysLeft, emf.None, max(left.Hours()/24, 0))
		one.Add(MetricFractionLeft, emf.None, fraction)
		one.Add(MetricSinceSuccess, emf.Seconds, max(now.Sub(status.Stored.NotBefore).Seconds(), 0))
		r.flush(ctx, one)
		if r.ofAll() {
			whole.Add(MetricFractionLeft, emf.None, fraction)
		}
	}
	if r.ofAll() {
		whole.Add(MetricRuns, emf.Count, 1)
	}
	if r.ofAll() || failures > 0 {
		whole.Add(MetricFailures, emf.Count, float64(failures))
	}
	r.flush(ctx, whole)
}

// ofAll tells whether the run looks at all certificates.
func (r *run) ofAll() bool { return len(r.request.Keys) == 0 && r.request.Rollback == nil }

func (r *run) recorder(more map[string]string) *emf.Recorder {
	dimensions := map[string]string{DimensionName: r.config.Name}
	maps.Copy(dimensions, more)
	return emf.New(r.metrics, Namespace, dimensions, time.Now)
}

// flush writes metrics. A run whose metrics are lost has done its work.
func (r *run) flush(ctx context.Context, recorder *emf.Recorder) {
	if err := recorder.Flush(); err != nil {
		r.log.WarnContext(ctx, "metrics are lost", "error", err.Error())
	}
}
