package main

// certbotRunMutants break what keeps runs apart, and what one run knows of
// another.
func certbotRunMutants() []mutant {
	const (
		lease  = "internal/certbot/lease.go"
		memory = "internal/certbot/memory.go"
		work   = "internal/certbot/work.go"
		orphan = "internal/certbot/orphans.go"
		pkg    = "./internal/certbot"
	)
	return []mutant{
		{
			name: "certbot/no-lease",
			file: lease,
			old:  "time.Now().Before(other.Until)",
			new:  "other.Token == \"\" && time.Now().Before(other.Until)",
			pkg:  pkg, test: "^TestConcurrentRuns$",
		},
		{
			name: "certbot/not-decided-anew-under-the-lease",
			file: work,
			old:  "	return r.work(ctx, log, c, status, m)\n",
			new:  "	return nil, r.act(ctx, log, c, place, status, m)\n",
			pkg:  pkg, test: "^TestConcurrentRuns$",
		},
		{
			name: "certbot/lease-not-released",
			file: lease,
			old:  "	released.Until = time.Time{}\n",
			new:  "",
			pkg:  pkg, test: "^TestConcurrentRuns$",
		},
		{
			name: "certbot/lease-that-is-over-holds",
			file: lease,
			old:  "other := found.lease(); time.Now().Before(other.Until)",
			new:  "other := found.lease(); !other.Until.IsZero()",
			pkg:  pkg, test: "^TestRunGivesUpOnAHeldLease$",
		},
		{
			name: "certbot/memory-of-the-lease-overwritten",
			file: memory,
			old:  "	if r.leased() {\n",
			new:  "	if r.config.Name != \"\" {\n",
			pkg:  pkg, test: "^TestMemoryOfTheLeaseWins$",
		},
		{
			name: "certbot/idle-run-takes-the-lease",
			file: work,
			old:  `	return r.reason(ctx, log, c, place.have, m) != "" || !r.delivered(ctx, c, place), nil` + "\n",
			new:  `	return r.reason(ctx, log, c, place.have, m) != "-", nil` + "\n",
			pkg:  pkg, test: "^TestIdleRunsTakeNoLease$",
		},
		{
			name: "certbot/orphaned-records-not-removed",
			file: work,
			old:  "	r.removeOrphans(ctx, log, c, m)\n",
			new:  "",
			pkg:  pkg, test: "^TestRecordsOfAKilledRunAreRemoved$",
		},
		{
			name: "certbot/records-not-noted-before-they-are-added",
			file: orphan,
			old:  "	return r.remember(ctx, c, m)\n",
			new:  "	return ctx.Err()\n",
			pkg:  pkg, test: "^TestRecordsOfAKilledRunAreRemoved$",
		},
		{
			name: "certbot/orphaned-records-given-up-at-once",
			file: orphan,
			old:  "awserr.IsAccessDenied(err) && !p.of(c, name)",
			new:  "awserr.IsAccessDenied(err)",
			pkg:  pkg, test: "^TestRecordsOfAKilledRunAreRemoved$",
		},
		{
			name: "certbot/next-attempt-not-told",
			file: "internal/certbot/problem.go",
			old:  "	if !f.NextAttempt.IsZero() {\n		after",
			new:  "	if f.NextAttempt.IsZero() {\n		after",
			pkg:  pkg, test: "^TestFailuresTellTheNextAttempt$",
		},
		{
			name: "certbot/torn-told-as-untouched",
			file: "internal/certbot/problem.go",
			old:  "		f.InForce = true\n",
			new:  "",
			pkg:  pkg, test: "^TestTornPublicationIsNotToldAsUntouched$",
		},
		{
			name: "certbot/broken-connection-fails-the-run",
			file: "internal/certbot/retry.go",
			old:  "err != nil && !mayPass(err) ||",
			new:  "err != nil && mayPass(err) ||",
			pkg:  pkg, test: "^TestFaultyCA$",
		},
		{
			name: "certbot/gateway-fails-the-run",
			file: "internal/certbot/retry.go",
			old:  "err == nil && !turnedAway(response) ||",
			new:  "err == nil ||",
			pkg:  pkg, test: "^TestFaultyCA$",
		},
		{
			name: "certbot/finalized-order-thrown-away",
			file: "internal/certbot/order.go",
			old:  "!mayBeDone(err) || !o.isFinalized(location)",
			new:  "!mayBeDone(err) || o.isFinalized(location)",
			pkg:  pkg, test: "^TestFaultyCA$",
		},
		{
			name: "certbot/validation-begun-already-fails",
			file: "internal/certbot/repeat.go",
			old:  "		return failed // it has not begun\n	}\n	return nil\n",
			new:  "		return failed // it has not begun\n	}\n	return failed\n",
			pkg:  pkg, test: "^TestFaultyCA$",
		},
	}
}
