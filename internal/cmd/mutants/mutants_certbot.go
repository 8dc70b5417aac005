package main

// certbotMutants break the function that renews certificates.
func certbotMutants() []mutant {
	const (
		runner  = "internal/certbot/runner.go"
		work    = "internal/certbot/work.go"
		order   = "internal/certbot/order.go"
		txt     = "internal/certbot/txt.go"
		store   = "internal/certbot/store.go"
		publish = "internal/certbot/publish.go"
		account = "internal/certbot/account.go"
		pair    = "internal/certbot/pair.go"
		due     = "internal/certbot/due.go"
		session = "internal/certbot/session.go"
		notify  = "internal/certbot/notify.go"
		pkg     = "./internal/certbot"
	)
	return []mutant{
		{
			name: "certbot/txt-values-of-others-overwritten",
			file: txt,
			old:  "		want := slices.Clone(have)\n		for _",
			new:  "		want := have[:0:0]\n		for _",
			pkg:  pkg, test: "^TestTXTValuesLiveBesideOthers$",
		},
		{
			name: "certbot/txt-upsert",
			file: txt,
			old: "		if old != nil {\n" +
				"			changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: old})\n" +
				"		}\n" +
				"		if len(want) > 0 {\n" +
				"			changes = append(changes, types.Change{Action: types.ChangeActionCreate,",
			new: "		if old != nil && len(want) == 0 {\n" +
				"			changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: old})\n" +
				"		}\n" +
				"		if len(want) > 0 {\n" +
				"			changes = append(changes, types.Change{Action: types.ChangeActionUpsert,",
			pkg: pkg, test: "^TestTXTConflictIsReadAgain$",
		},
		{
			name: "certbot/txt-values-of-others-removed",
			file: txt,
			old:  "return want, len(want) < len(have)",
			new:  "return want[:0], len(want) < len(have)",
			pkg:  pkg, test: "^TestTXTValuesLiveBesideOthers$",
		},
		{
			name: "certbot/txt-not-cleaned-up",
			file: order,
			old:  "if err := o.records.remove(after, values); err != nil {",
			new:  "if err := after.Err(); err != nil {",
			pkg:  pkg, test: "^TestIssueApexAndWildcardTogether$",
		},
		{
			name: "certbot/txt-not-cleaned-up-after-a-cancel",
			file: order,
			old:  "records.remove(after, values)",
			new:  "records.remove(ctx, values)",
			pkg:  pkg, test: "^TestCancelledRunCleansUp$",
		},
		{
			name: "certbot/insync-not-awaited",
			file: order,
			old:  "	if err := awaitInSync(ctx, o.records.api, change); err != nil {\n		return err\n	}\n",
			new:  "	_ = change\n",
			pkg:  pkg, test: "^TestIssueApexAndWildcardTogether$",
		},
		{
			name: "certbot/authorizations-left-pending",
			file: order,
			old:  "		o.abandon(ctx, placed.Authorizations)\n",
			new:  "",
			pkg:  pkg, test: "^TestFailuresLeaveEverythingAsItWas$",
		},
		{
			name: "certbot/account-key-not-reused",
			file: account,
			old:  "	key, err := readAccountKey(ctx, api, config.KeyParameter)\n	if key",
			new:  "	key, err := newKey(accountKeyType)\n	if key",
			pkg:  pkg, test: "^TestRunsKeepAndRenew$",
		},
		{
			name: "certbot/account-key-overwritten",
			file: account,
			old:  "Overwrite:   aws.Bool(false),",
			new:  "Overwrite:   aws.Bool(true),",
			pkg:  pkg, test: "^TestAccountKeyIsNeverReplaced$",
		},
		{
			name: "certbot/config-hash-not-checked",
			file: store,
			old:  "got != s.SHA256 {",
			new:  `got == "" {`,
			pkg:  pkg, test: "^TestConfigMustBeTheOneTold$",
		},
		{
			name: "certbot/torn-pair-told-as-stored",
			file: publish,
			old:  `fmt.Errorf("%w; %w", err, errTorn)`,
			new:  `fmt.Errorf("%w; %v", err, errTorn)`,
			pkg:  pkg, test: "^TestTornPairIsToldAndRepaired$",
		},
		{
			name: "certbot/certificate-before-its-key",
			file: publish,
			old:  "err = s.put(ctx, KeyObject, t.key, origin{})\n	}\n	if err == nil {\n		err = s.put(ctx, CertificateObject, t.chain, from)",
			new:  "err = s.put(ctx, CertificateObject, t.chain, from)\n	}\n	if err == nil {\n		err = s.put(ctx, KeyObject, t.key, origin{})",
			pkg:  pkg, test: "^TestIssueApexAndWildcardTogether$",
		},
		{
			name: "certbot/torn-pair-kept",
			file: pair,
			old:  "	if !p.matches() {",
			new:  "	if p.leaf() == nil {",
			pkg:  pkg, test: "^TestTornObjectsWithoutAVersionAreReplaced$",
		},
		{
			name: "certbot/certificate-of-another-key-stored",
			file: pair,
			old:  "	case !p.matches():",
			new:  "	case leaf == nil:",
			pkg:  pkg, test: "^TestCheckRefusesWrongCertificates$",
		},
		{
			name: "certbot/previous-pair-overwritten-on-failure",
			file: work,
			old:  "	session, err := r.logIn(ctx)\n",
			new: "	if _, err := putObject(ctx, r.clients.S3, r.config.Bucket, c.Prefix+KeyObject, pemType, nil, nil); err != nil {\n" +
				"		return err\n" +
				"	}\n" +
				"	session, err := r.logIn(ctx)\n",
			pkg: pkg, test: "^TestFailuresLeaveEverythingAsItWas$",
		},
		{
			name: "certbot/one-failure-stops-the-others",
			file: runner,
			old:  "certificate.Key, err))\n",
			new:  "certificate.Key, err))\n			break\n",
			pkg:  pkg, test: "^TestOneOfThreeFails$",
		},
		{
			name: "certbot/failed-run-succeeds",
			file: runner,
			old:  "return report, errors.Join(failures...)",
			new:  "return report, errors.Join(failures[:0]...)",
			pkg:  pkg, test: "^TestOneOfThreeFails$",
		},
		{
			name: "certbot/issues-although-none-is-due",
			file: work,
			old:  `if reason == "" && !force {`,
			new:  `if reason == "" && force {`,
			pkg:  pkg, test: "^TestRunsKeepAndRenew$",
		},
		{
			name: "certbot/no-patience-with-new-permissions",
			file: runner,
			old:  "r.request.Trigger != TriggerApply || !awserr",
			new:  "r.request.Trigger != \"\" || !awserr",
			pkg:  pkg, test: "^TestPermissionsMaySpreadSlowly$",
		},
		{
			name: "certbot/no-time-to-tell",
			file: runner,
			old:  "work, cancel := withReserve(ctx)",
			new:  "work, cancel := context.WithCancel(ctx)",
			pkg:  pkg, test: "^TestDeadlineLeavesTimeToTell$",
		},
		{
			name: "certbot/one-certificate-takes-all-the-time",
			file: runner,
			old:  "withShare(ctx, len(certificates)-i)",
			new:  "withShare(ctx, 1+0*i)",
			pkg:  pkg, test: "^TestHangingCertificateStarvesNobody$",
		},
		{
			name: "certbot/private-key-logged",
			file: work,
			old:  "	stored, err := place.publish(after,",
			new: "	if text, err := issued.keyPEM(); err == nil {\n" +
				"		log.DebugContext(ctx, \"issued\", \"key\", text)\n" +
				"		log.InfoContext(ctx, \"issued\", \"key\", string(text))\n" +
				"	}\n" +
				"	stored, err := place.publish(after,",
			pkg: pkg, test: "^TestNoSecretIsTold$",
		},
		{
			name: "certbot/stored-key-in-the-error",
			file: pair,
			old:  `return nil, fmt.Errorf("parsing the private key: %w", err)`,
			new:  `return nil, fmt.Errorf("parsing the private key (%s): %w", text, err)`,
			pkg:  pkg, test: "^TestAccountKeyIsNeverReplaced$",
		},
		{
			name: "certbot/renews-too-late",
			file: due,
			old:  "-lifetime / 3",
			new:  "-lifetime / 30",
			pkg:  pkg, test: "^TestRunsKeepAndRenew$",
		},
		{
			name: "certbot/another-authority-not-noticed",
			file: due,
			old:  "case have.directory != directory:",
			new:  `case have.directory == "":`,
			pkg:  pkg, test: "^TestDue$",
		},
		{
			name: "certbot/authority-looked-at-too-early",
			file: session,
			old:  "pause := max(first, s.transport.retryAfter())",
			new:  "pause := first",
			pkg:  pkg, test: "^TestPaceOfTheAuthority$",
		},
		{
			name: "certbot/authority-polled-too-fast",
			file: session,
			old:  "pause = max(wait, s.transport.retryAfter())",
			new:  "pause = wait",
			pkg:  pkg, test: "^TestPollWaitsAsTheAuthorityWants$",
		},
		{
			name: "certbot/failure-not-told",
			file: notify,
			old:  `r.config.FailureTopicARN, "Certificate Issue Failure"`,
			new:  `"", "Certificate Issue Failure"`,
			pkg:  pkg, test: "^TestOneOfThreeFails$",
		},
	}
}
