package certbot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// propagation is how long IAM may take to spread a new role's permissions.
const propagation = 2 * time.Minute

// Runner is the function. It keeps nothing from one run to the next.
type Runner struct {
	clients Clients
	source  Source
	log     *slog.Logger
	metrics io.Writer
	// connect is newTransport, but in tests.
	connect func(rootsPEM string) (*transport, error)
}

// New makes a Runner that obeys the Config at source. It writes metrics, as
// lines of the log, to metrics.
func New(clients Clients, source Source, log *slog.Logger, metrics io.Writer) *Runner {
	return &Runner{clients: clients, source: source, log: log, metrics: metrics, connect: newTransport}
}

// Handle looks at the certificates that the request names, one after the
// other, and renews those that are due. A certificate's failure does not keep
// the others from their turn; the error joins all of them, and the statuses in
// the bucket say the same as the Report, whether there is an error or not.
//
// Handle ends its work early enough before ctx's deadline to clean up and to
// tell. It must not be called again before it has returned.
func (r *Runner) Handle(ctx context.Context, request Request) (Report, error) {
	run := run{Runner: r, request: request, id: request.RunID, started: time.Now()}
	run.request.fillIn()
	if lambda, ok := lambdacontext.FromContext(ctx); ok && run.id == "" {
		run.id = lambda.AwsRequestID
	}
	run.log = r.log.With("run_id", run.id, "trigger", run.request.Trigger)
	run.reserve, run.deadline = reserveMax, run.started.Add(LongestRun)
	if deadline, ok := ctx.Deadline(); ok {
		run.reserve, run.deadline = reserve(time.Until(deadline)), deadline
	}
	work, cancel := withReserve(ctx)
	defer cancel()
	report, err := run.all(work)
	if err != nil {
		run.log.ErrorContext(ctx, "the run failed", "error", err.Error())
	}
	return report, err
}

// run is one invocation.
type run struct {
	*Runner
	request Request
	id      string
	started time.Time
	// deadline is when Lambda ends the run.
	deadline time.Time
	reserve  time.Duration
	log      *slog.Logger
	config   Config
	// lease is the object that holds it while it is ours.
	lease *object
	// session and sessionErr are set once the first certificate needed them.
	session    *session
	sessionErr error
	// informant is set once the first certificate needed it.
	informant *informant
	// looked tells that some certificate needed more than its memory.
	looked bool
}

// all looks at the certificates in turn.
func (r *run) all(ctx context.Context) (Report, error) {
	report := Report{RunID: r.id}
	if err := r.request.check(); err != nil {
		return report, err
	}
	err := r.patiently(ctx, func() error {
		var err error
		r.config, err = r.source.load(ctx, r.clients.S3)
		return err
	})
	if err != nil {
		return report, err
	}
	certificates, err := r.selected()
	if err != nil {
		return report, err
	}
	defer r.logOut()
	defer r.release(ctx)
	one := r.one
	if r.request.DryRun {
		one = r.foretell
	}
	var failures []error
	for i, certificate := range certificates {
		share, cancel := withShare(ctx, len(certificates)-i)
		status, err := one(share, certificate)
		cancel()
		report.Certificates = append(report.Certificates, status)
		if err != nil {
			failures = append(failures, fmt.Errorf("certificate (%s): %w", certificate.Key, err))
		}
	}
	if !r.request.DryRun {
		r.measure(ctx, report.Certificates)
		r.sweep(ctx)
	}
	return report, errors.Join(failures...)
}

// selected are the certificates that the request names.
func (r *run) selected() ([]Certificate, error) {
	keys := r.request.Keys
	if r.request.Rollback != nil {
		keys = []string{r.request.Rollback.Key}
	}
	if len(keys) == 0 {
		return r.config.Certificates, nil
	}
	var selected []Certificate
	for n, key := range keys {
		i := slices.IndexFunc(r.config.Certificates, func(c Certificate) bool { return c.Key == key })
		if i < 0 {
			return nil, fmt.Errorf("choosing certificates: there is none with the key %q", key)
		}
		if !slices.Contains(keys[:n], key) { // nobody wants the same one twice
			selected = append(selected, r.config.Certificates[i])
		}
	}
	return selected, nil
}

// one looks at one certificate, and tells how that ended.
func (r *run) one(ctx context.Context, c Certificate) (Status, error) {
	log := r.log.With("certificate", c.Key)
	status := Status{
		Key:       c.Key,
		RunID:     r.id,
		Trigger:   r.request.Trigger,
		State:     StateRunning,
		ConfigSHA: r.source.SHA256,
		StartedAt: time.Now().UTC(),
	}
	memory, err := r.recall(ctx, log, c)
	if told := r.told(ctx, log, c); told != nil {
		return *told, told.err()
	}
	if err == nil && r.quiet(ctx, log, memory, &status) {
		return status, nil
	}
	if err == nil {
		r.looked = true
		var told *Status
		if told, err = r.work(ctx, log, c, &status, memory); told != nil {
			return *told, told.err()
		}
	}
	status.FinishedAt = time.Now().UTC()
	late := false
	if err != nil {
		if status.State == StateIssued {
			memory.Untold = status.Stored.Serial
		}
		status.Failure = failure(err)
		status.Failure.InForce = status.Failure.InForce || errors.Is(err, errUndelivered) && status.State != StateKept
		status.State = StateFailed
		if r.request.Rollback == nil {
			memory.failed(err, &status, time.Now())
			status.Failure.sayNext()
		}
		log.ErrorContext(ctx, "the certificate was not renewed", "error", err.Error())
	} else {
		late = memory.Untold == status.Stored.Serial
		memory.good(&status, time.Now())
		log.InfoContext(ctx, "the certificate is good", "state", status.State, "not_after", status.Stored.NotAfter, "serial", status.Stored.Serial)
	}
	news := status
	if late {
		news.State = StateIssued // only now do all its readers have it
	}
	after, cancel := afterwards(ctx, r.reserve/3)
	defer cancel()
	// Whoever waits for the status may start the next run, which is to know of
	// this one; else the three do not depend on each other.
	return status, errors.Join(err, r.remember(after, c, memory), r.storeEnd(after, status), r.tell(after, c, news))
}

// logIn answers the session of this run. Its error is kept as well, so that an
// authority that refuses the account is not asked again for each certificate.
func (r *run) logIn(ctx context.Context) (*session, error) {
	if r.session == nil && r.sessionErr == nil {
		r.session, r.sessionErr = r.newSession(ctx)
	}
	return r.session, r.sessionErr
}

func (r *run) newSession(ctx context.Context) (*session, error) {
	var s *session
	err := r.patiently(ctx, func() error {
		key, err := accountKey(ctx, r.clients.SSM, r.config.ACME)
		if err != nil {
			return err
		}
		transport, err := r.connect(r.config.ACME.CACertificatePEM)
		if err != nil {
			return err
		}
		if s, err = newSession(ctx, transport, r.config.ACME, key, r.clients); err != nil {
			transport.close()
		}
		return err
	})
	return s, err
}

// logOut gives up the session's connections.
func (r *run) logOut() {
	if r.session != nil {
		r.session.transport.close()
	}
	if r.informant != nil && r.informant.transport != nil {
		r.informant.transport.close()
	}
}

// patiently does what needs permissions. Right after the role was made IAM may
// still deny them, which says nothing yet.
func (r *run) patiently(ctx context.Context, do func() error) error {
	until := r.started.Add(propagation)
	for wait := time.Second; ; wait = min(2*wait, 10*time.Second) {
		err := do()
		if r.request.Trigger != TriggerApply || !awserr.IsAccessDenied(err) || time.Now().Add(wait).After(until) {
			return err
		}
		r.log.InfoContext(ctx, "access is denied, which may pass while IAM spreads the role's permissions", "error", err.Error())
		if waitErr := sleep(ctx, wait); waitErr != nil {
			return errors.Join(err, waitErr)
		}
	}
}
