package main

// taskDNSRecordsMutants break how the function that names tasks changes and
// reads the records of a zone, and how it paces its calls.
func taskDNSRecordsMutants() []mutant {
	const (
		plan    = "internal/taskdns/plan.go"
		batch   = "internal/taskdns/batch.go"
		apply   = "internal/taskdns/apply.go"
		refused = "internal/taskdns/refused.go"
		read    = "internal/taskdns/read.go"
		bucket  = "internal/pace/bucket.go"
		pacer   = "internal/pace/pace.go"
		pkg     = "./internal/taskdns"
		pace    = "./internal/pace"
	)
	return []mutant{
		{
			name: "taskdns/upsert-for-create",
			file: plan,
			old:  "{change(types.ChangeActionCreate, r.recordSet(it, it.address))}",
			new:  "{change(types.ChangeActionUpsert, r.recordSet(it, it.address))}",
			pkg:  pkg, test: "^TestApply$",
		},
		{
			name: "taskdns/inexact-delete",
			file: plan,
			old:  "	return verdictChange, []types.Change{change(types.ChangeActionDelete, &set)}\n",
			new:  "	set.TTL = &r.ttl\n	return verdictChange, []types.Change{change(types.ChangeActionDelete, &set)}\n",
			pkg:  pkg, test: "^TestApply$",
		},
		{
			name: "taskdns/foreign-record-deleted",
			file: plan,
			old:  "ttl != r.ttl && !slices.Contains(r.ours, ttl)",
			new:  "ttl < 0 && !slices.Contains(r.ours, ttl)",
			pkg:  pkg, test: "^TestApply$",
		},
		{
			name: "taskdns/successor-of-the-address-deleted",
			file: plan,
			old:  "		it.last.IsValid() && !holds(set, it.last),\n",
			new:  "",
			pkg:  pkg, test: "^TestApply$",
		},
		{
			name: "taskdns/foreign-record-overwritten",
			file: plan,
			old:  "if !right && (!r.takeOver || ",
			new:  "if !right && (",
			pkg:  pkg, test: "^TestApply$",
		},
		{
			name: "taskdns/our-ttl-makes-it-ours",
			file: plan,
			old:  "if !right && (!r.takeOver || ",
			new:  "if !right && (!r.takeOver && aws.ToInt64(set.TTL) != r.ttl || ",
			pkg:  pkg, test: "^TestApply$",
		},
		{
			name: "taskdns/weighted-record-taken-for-ours",
			file: plan,
			old:  "return set.SetIdentifier == nil && set.AliasTarget == nil && set.Weight == nil &&",
			new:  "return set.AliasTarget == nil &&",
			pkg:  pkg, test: "^TestDecide$",
		},
		{
			name: "taskdns/touch-without-a-change",
			file: plan,
			old:  " && !it.want.touch {",
			new:  " {",
			pkg:  pkg, test: "^TestApply$",
		},
		{
			name: "taskdns/answer-lost-and-nobody-told",
			file: apply,
			old:  "it.want.touch || errors.As(",
			new:  "it.want.touch && errors.As(",
			pkg:  pkg, test: "^TestApplyTellsOfChangesWithoutAnAnswer$",
		},
		{
			name: "taskdns/batch-over-the-limit",
			file: batch,
			old:  "records+r > most",
			new:  "records > most",
			pkg:  pkg, test: "^TestSplit$",
		},
		{
			name: "taskdns/characters-over-the-limit",
			file: batch,
			old:  "characters+c > maxBatchCharacters",
			new:  "characters > maxBatchCharacters",
			pkg:  pkg, test: "^TestSplit$",
		},
		{
			name: "taskdns/one-refused-change-fails-the-batch",
			file: refused,
			old:  "case !named:",
			new:  "case named:",
			pkg:  pkg, test: "^TestApplySortsOutWhatIsRefused$",
		},
		{
			name: "taskdns/refused-items-dropped",
			file: refused,
			old:  "// with a routing policy\n			it.known = known{refused: true}",
			new:  "// with a routing policy\n			it.finish(nil)",
			pkg:  pkg, test: "^TestApplySortsOutWhatIsRefused$",
		},
		{
			name: "taskdns/complaint-about-another-name",
			file: refused,
			old:  "return r == '-' || r == '.'",
			new:  "return r == '.'",
			pkg:  pkg, test: "^TestComplaintsAboutLongerNames$",
		},
		{
			name: "taskdns/complaint-about-another-type",
			file: refused,
			old:  "kind = m[1]",
			new:  "kind = m[1][:0]",
			pkg:  pkg, test: "^TestApplySortsOutWhatIsRefused$",
		},
		{
			name: "taskdns/one-refusal-for-each-record",
			file: refused,
			old:  "it.bystood++; it.bystood >= patient",
			new:  "it.bystood++; it.bystood < 0",
			pkg:  pkg, test: "^TestApplyIsNotLedByTheNose$",
		},
		{
			name: "taskdns/reading-delays-what-is-sure",
			file: apply,
			old:  "sure, doubtful := sortOut(r, items)\n",
			new:  "sure, doubtful := sortOut(r, items)\n		z.read(ctx, doubtful)\n",
			pkg:  pkg, test: "^TestApplyDoesWhatIsSureFirst$",
		},
		{
			name: "taskdns/one-list-for-each-name",
			file: read,
			old:  "return name == canonical(start) || it.order <= p.end",
			new:  "return name == canonical(start)",
			pkg:  pkg, test: "^TestReadCountsCalls$",
		},
		{
			name: "taskdns/escaped-names-in-the-order",
			file: read,
			old:  "if !strings.Contains(name, `\\`) {",
			new:  "if name != \"\" {",
			pkg:  pkg, test: "^TestReadAmongAllKindsOfNames$",
		},
		{
			name: "pace/throttled-and-as-fast-as-before",
			file: bucket,
			old:  "b.rate = max(b.rate/2, ",
			new:  "b.rate = max(b.rate, ",
			pkg:  pace, test: "^TestThrottlingHalvesTheRate$",
		},
		{
			name: "pace/never-as-fast-again",
			file: bucket,
			old:  "	b.rate = min(b.rate+b.full*passed.Seconds()/recovery.Seconds(), b.full)\n",
			new:  "",
			pkg:  pace, test: "^TestThrottlingHalvesTheRate$",
		},
		{
			name: "pace/waits-for-its-deadline",
			file: pacer,
			old:  "ok && !time.Now().Add(d).Before(deadline)",
			new:  "ok && time.Now().After(deadline)",
			pkg:  pace, test: "^TestDoDoesNotWaitForItsDeadline$",
		},
		{
			name: "pace/tokens-lost",
			file: pacer,
			old:  "		p.Changes.giveBack(float64(changes))\n",
			new:  "",
			pkg:  pace, test: "^TestDoDoesNotWaitForItsDeadline$",
		},
		{
			name: "pace/busy-zone-asked-at-once",
			file: pacer,
			old:  "return priorLeast + p.upTo(priorMost-priorLeast)",
			new:  "return p.upTo(priorMost - priorLeast)",
			pkg:  pace, test: "^TestDoTriesAgain$",
		},
	}
}
