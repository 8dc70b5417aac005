package main

// taskDNSReconcileMutants break how the function that gives tasks their names
// makes the zone right, claims domains and leaves them.
func taskDNSReconcileMutants() []mutant {
	const (
		survey    = "internal/taskdns/survey.go"
		reconcile = "internal/taskdns/reconcile.go"
		orphans   = "internal/taskdns/orphans.go"
		claim     = "internal/taskdns/claim.go"
		drain     = "internal/taskdns/drain.go"
		state     = "internal/taskdns/state.go"
		faces     = "internal/taskdns/interfaces.go"
		pkg       = "./internal/taskdns"
	)
	return []mutant{
		{
			name: "taskdns/no-sweep",
			file: reconcile,
			old:  "slices.Concat(wants, s.gone)",
			new:  "wants",
			pkg:  pkg, test: "^TestOrphan$",
		},
		{
			name: "taskdns/missing-names-are-not-made",
			file: reconcile,
			old:  "slices.Concat(wants, s.gone)",
			new:  "slices.Concat(wants[:0], s.gone)",
			pkg:  pkg, test: "^TestReconcileMakesWhatIsMissing$",
		},
		{
			name: "taskdns/no-grace",
			file: orphans,
			old:  "case !l.due[o.name]:",
			new:  "case l.ask && doubtful[o.name] && !l.due[o.name]:",
			pkg:  pkg, test: "^TestOrphan$",
		},
		{
			name: "taskdns/name-of-a-task-that-starts-is-an-orphan",
			file: orphans,
			old:  "stay[name] = true",
			new:  "stay[name] = t.publishable",
			pkg:  pkg, test: "^TestOrphan$",
		},
		{
			name: "taskdns/early-recheck-counts",
			file: reconcile,
			old:  "if sent.IsZero() || h.now().Sub(sent) < graceLeast {",
			new:  "if sent.IsZero() {",
			pkg:  pkg, test: "^TestForgedRechecks$",
		},
		{
			name: "taskdns/no-guard",
			file: orphans,
			old:  "case holds:",
			new:  "case holds && false:",
			pkg:  pkg, test: "^TestGuard$",
		},
		{
			name: "taskdns/guard-of-one-message",
			file: orphans,
			old:  "len(doubtful) > guardNames &&",
			new:  "len(l.due) > guardNames &&",
			pkg:  pkg, test: "^TestGuardCountsAll$",
		},
		{
			name: "taskdns/foreign-claim-ignored",
			file: reconcile,
			old:  "	if !held.ours {\n		return report, nil, fmt",
			new:  "	if held.set == nil {\n		return report, nil, fmt",
			pkg:  pkg, test: "^TestForeignClaim$",
		},
		{
			name: "taskdns/claim-of-another-region-is-ours",
			file: claim,
			old:  " && c.Region == other.Region",
			new:  "",
			pkg:  pkg, test: "^TestForeignClaim$",
		},
		{
			name: "taskdns/claim-forgets-earlier-ttls",
			file: claim,
			old:  "next := found.claim.with(h.cfg.TTL)",
			new:  "next := Claim{TTLs: []int64{h.cfg.TTL}}",
			pkg:  pkg, test: "^TestClaimRemembersTTLs$",
		},
		{
			name: "taskdns/drain-of-a-foreign-ttl",
			file: drain,
			old:  "len(set.ResourceRecords) == 1 && slices.Contains(ttls, aws.ToInt64(set.TTL))",
			new:  "len(set.ResourceRecords) == 1 && len(ttls) > 0",
			pkg:  pkg, test: "^TestDrainTakesOursAndThenTheClaim$",
		},
		{
			name: "taskdns/drain-without-a-claim",
			file: drain,
			old:  "		if !held.ours {\n",
			new:  "		if held.set != nil && !held.ours {\n",
			pkg:  pkg, test: "^TestDrainWithoutClaim$",
		},
		{
			name: "taskdns/drain-leaves-what-comes-late",
			file: drain,
			old:  "settleTime = 2 * time.Second",
			new:  "settleTime = time.Millisecond",
			pkg:  pkg, test: "^TestDrainWaitsForOthers$",
		},
		{
			name: "taskdns/no-answer-of-ec2-is-not-ours",
			file: orphans,
			old:  "	if err != nil {\n		return nil, err\n	}\n	doubtful :=",
			new:  "	_ = err\n	doubtful :=",
			pkg:  pkg, test: "^TestGuardThatCannotAsk$",
		},
		{
			name: "taskdns/a-part-of-the-tasks-counts-as-all",
			file: state,
			old:  "		in.NextToken = out.NextToken\n",
			new:  "		return nil\n",
			pkg:  pkg, test: "^TestReconcileMakesWhatIsMissing$",
		},
		{
			name: "taskdns/tasks-that-cannot-be-asked-about-are-gone",
			file: survey,
			old:  "v.unasked = errors.Join(err, v.untold())",
			new:  "v.unasked = err",
			pkg:  pkg, test: "^TestReconcileThatCannotAsk$",
		},
		{
			name: "taskdns/private-ipv6-address-is-published",
			file: faces,
			old:  " && a.IsGlobalUnicast() && !a.IsPrivate()",
			new:  " && a.IsGlobalUnicast()",
			pkg:  pkg, test: "^TestReconcileBothFamilies$",
		},
	}
}
