package main

// certbotAnewMutants break what a run makes of how another one ended.
func certbotAnewMutants() []mutant {
	const (
		memory = "internal/certbot/memory.go"
		work   = "internal/certbot/work.go"
		order  = "internal/certbot/order.go"
		repeat = "internal/certbot/repeat.go"
		pkg    = "./internal/certbot"
	)
	return []mutant{
		{
			name: "certbot/status-of-a-later-run-overwritten",
			file: work,
			old:  "s.StartedAt.After(kept.StartedAt)",
			new:  "kept.StartedAt.IsZero()",
			pkg:  pkg, test: "^TestKeptCertificateIsToldWhereThatIsNews$",
		},
		{
			name: "certbot/dry-run-hides-an-undelivered-secret",
			file: "internal/certbot/dryrun.go",
			old:  "!r.delivered(ctx, c, place)",
			new:  "!r.delivered(ctx, Certificate{}, place)",
			pkg:  pkg, test: "^TestDryRunTellsWhatIsNotWhole$",
		},
		{
			name: "certbot/late-certificate-never-told",
			file: "internal/certbot/runner.go",
			old:  "late = memory.Untold == status.Stored.Serial",
			new:  "late = memory.Untold == memory.Delivery",
			pkg:  pkg, test: "^TestCertificateThatFailedHalfwayIsToldOnce$",
		},
		{
			name: "certbot/late-certificate-told-again-and-again",
			file: memory,
			old:  "m.Failures, m.NextAttempt, m.Untold = 0, time.Time{}, \"\"",
			new:  "m.Failures, m.NextAttempt = 0, time.Time{}",
			pkg:  pkg, test: "^TestCertificateThatFailedHalfwayIsToldOnce$",
		},
		{
			name: "certbot/kept-certificate-told-as-new",
			file: "internal/certbot/runner.go",
			old:  "errors.Is(err, errUndelivered) && status.State != StateKept",
			new:  "errors.Is(err, errUndelivered)",
			pkg:  pkg, test: "^TestKeptCertificateThatIsDeliveredIsNoNews$",
		},
		{
			name: "certbot/no-pause-after-waiting",
			file: work,
			old:  "	if r.quiet(ctx, log, m, status) {\n",
			new:  "	if r.leased() && false {\n",
			pkg:  pkg, test: "^TestRunThatWaitedObeysThePause$",
		},
		{
			name: "certbot/retry-after-ended-by-any-good-run",
			file: memory,
			old:  "status.State == StateIssued || !now.Before(m.RetryAfter)",
			new:  "status.State != StateFailed || !now.Before(m.RetryAfter)",
			pkg:  pkg, test: "^TestRetryAfterOutlivesWhatNeedsNoAuthority$",
		},
		{
			name: "certbot/retry-after-ended-by-another-failure",
			file: memory,
			old:  "m.RetryAfter = later(m.RetryAfter, f.RetryAfter)",
			new:  "m.RetryAfter = f.RetryAfter",
			pkg:  pkg, test: "^TestRetryAfterOutlivesWhatNeedsNoAuthority$",
		},
		{
			name: "certbot/torn-rollback-forgotten",
			file: work,
			old:  "		m.unsettle(time.Now())\n",
			new:  "",
			pkg:  pkg, test: "^TestTornRollbackIsRepaired$",
		},
		{
			name: "certbot/issued-certificate-given-up-at-once",
			file: repeat,
			old:  "!mayCome(err) || sleep",
			new:  "mayCome(err) || sleep",
			pkg:  pkg, test: "^TestIssuedCertificateIsWaitedFor$",
		},
		{
			name: "certbot/lost-certificate-not-counted",
			file: order,
			old:  "	o.issued()\n	chain, err := o.download(ctx, done.Certificate)\n	if err != nil {\n		return pair{}, err\n	}\n",
			new:  "	chain, err := o.download(ctx, done.Certificate)\n	if err != nil {\n		return pair{}, err\n	}\n	o.issued()\n",
			pkg:  pkg, test: "^TestLostCertificatesCount$",
		},
	}
}
