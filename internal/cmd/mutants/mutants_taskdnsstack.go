package main

// taskDNSStackMutants break how a domain is claimed, left and watched over.
func taskDNSStackMutants() []mutant {
	const pkg = "./internal/taskdnsstack"
	return []mutant{
		{
			name: "taskdnsstack/foreign-claim-accepted",
			file: "internal/taskdnsstack/claim.go",
			old:  "	if !report.Ours {",
			new:  "	if !report.Ours && report.Claimant == \"\" {",
			pkg:  pkg, test: "^TestClaimEnsure$",
		},
		{
			name: "taskdnsstack/place-of-a-failed-move-forgotten",
			file: "internal/taskdnsstack/spec.go",
			old:  "append(slices.Clone(earlier), before.place(), s.place())",
			new:  "append(slices.Clone(earlier[:0]), before.place(), s.place())",
			pkg:  pkg, test: "^TestRetiring$",
		},
		{
			name: "taskdnsstack/no-reconciliation-no-alarm",
			file: "internal/taskdnsstack/alarms.go",
			old:  "Periods: 3, Missing: missingIsBad",
			new:  "Periods: 3, Missing: missingIsGood",
			pkg:  pkg, test: "^TestReconciliationAlarm$",
		},
		{
			name: "stack/function-gone-before-its-names",
			file: "internal/stack/stack.go",
			old:  "if errors.Is(err, ErrStop) {",
			new:  "if errors.Is(err, ErrStop) && len(errs) == 0 {",
			pkg:  "./internal/stack", test: "^TestDeleteStopsWhereAPartAsksForIt$",
		},
	}
}
