package taskdns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/emf"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/pace"
)

// zone is the hosted zone of one Place, and brings the records there to what
// is wanted. It keeps nothing between calls.
type zone struct {
	place    Place
	owner    string
	template hostname.Template
	ttl      int64
	takeOver bool
	most     int // records that one batch changes
	route53  Route53
	pacer    *pace.Pacer
	metrics  *emf.Recorder
	now      func() time.Time
	log      *slog.Logger
}

// newZone makes the zone of a place, which need not be the configuration's
// own. It fails when the place's template is none.
func newZone(cfg Config, place Place, api Route53, s Settings, p *pace.Pacer, m *emf.Recorder) (*zone, error) {
	text := place.HostnameTemplate
	if text == "" {
		text = hostname.Default
	}
	template, err := hostname.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	most := maxBatchRecords
	if burst := int(cfg.Limits.ChangeBurst); burst > 0 && burst < most {
		most = max(burst, 2) // one name's DELETE and CREATE stay together
	}
	return &zone{
		place: place, owner: cfg.Owner, template: template, ttl: cfg.TTL, takeOver: cfg.TakeOver, most: most,
		route53: api, pacer: p, metrics: m, now: s.Now, log: s.Log,
	}, nil
}

// The rates at which Route 53 is called unless the configuration says
// otherwise. That of requests is Route 53's own for an account. It publishes
// no figure for changes: ours lets a batch of the greatest size through at
// once.
const (
	requestBurst      = 50
	requestsPerSecond = 10
	changeBurst       = 1000
	changesPerSecond  = 100
)

// zonePacer makes the pacer for Route 53, which all zones share: its limits are
// an account's.
func zonePacer(l Limits, s Settings, m *emf.Recorder) *pace.Pacer {
	or := func(limit, otherwise float64) float64 {
		if limit > 0 {
			return limit
		}
		return otherwise
	}
	return &pace.Pacer{
		Requests:   pace.NewBucket(or(l.RequestBurst, requestBurst), or(l.RequestsPerSecond, requestsPerSecond)),
		Changes:    pace.NewBucket(or(l.ChangeBurst, changeBurst), or(l.ChangesPerSecond, changesPerSecond)),
		Random:     s.Random,
		OnThrottle: func() { m.Add(MetricThrottles, emf.Count, 1) },
	}
}

// name is a task's name, without a dot at the end.
func (z *zone) name(t hostname.Task) string { return z.template.Label(t) + "." + z.place.Domain }

// change makes changes in one batch, and answers the change's id. Route 53
// makes all of them or none.
func (z *zone) change(ctx context.Context, changes []types.Change, comment string) (string, error) {
	var id string
	unanswered := false
	err := z.pacer.Do(ctx, len(changes), func(ctx context.Context) error {
		out, err := z.route53.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: aws.String(z.place.HostedZoneID),
			ChangeBatch:  &types.ChangeBatch{Comment: aws.String(comment), Changes: changes},
		})
		var refused *types.InvalidChangeBatch
		switch {
		case err == nil && out.ChangeInfo != nil:
			id = aws.ToString(out.ChangeInfo.Id)
		case errors.As(err, &refused) && unanswered:
			return repeatedError{err}
		case err != nil && !pace.IsThrottle(err) && !awserr.Is(err, "PriorRequestNotComplete"):
			unanswered = true
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("changing records of zone (%s): %w", z.place.HostedZoneID, err)
	}
	return id, nil
}

// repeatedError is the refusal of a change that had been sent before without an
// answer. It may have been made then, under an id that nobody knows.
type repeatedError struct{ error }

// Unwrap gives the refusal itself.
func (e repeatedError) Unwrap() error { return e.error }

// changeInfo tells how far a change has come.
func (z *zone) changeInfo(ctx context.Context, changeID string) (*types.ChangeInfo, error) {
	var info *types.ChangeInfo
	err := z.pacer.Do(ctx, 0, func(ctx context.Context) error {
		out, err := z.route53.GetChange(ctx, &route53.GetChangeInput{Id: aws.String(changeID)})
		if err == nil {
			info = out.ChangeInfo
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading change (%s): %w", changeID, err)
	}
	return info, nil
}
