package main

// certbotAskMutants break what becomes of requests: dry runs, requests that
// come twice, and wrong payloads.
func certbotAskMutants() []mutant {
	const (
		again  = "internal/certbot/again.go"
		dryrun = "internal/certbot/dryrun.go"
		pkg    = "./internal/certbot"

		version = "internal/certbotstack/version.go"
	)
	return []mutant{
		{
			name: "certbot/repeated-request-runs-again",
			file: again,
			old:  `if r.request.RunID == "" {`,
			new:  `if r.request.RunID != "" {`,
			pkg:  pkg, test: "^TestRequestThatComesAgain$",
		},
		{
			name: "certbot/late-repetition-forces-again",
			file: "internal/certbot/work.go",
			old:  " && !m.spentBy(r.request.RunID)",
			new:  "",
			pkg:  pkg, test: "^TestLateRepetitionForcesNothing$",
		},
		{
			name: "certbot/repetition-does-not-wait-for-its-twin",
			file: "internal/certbot/work.go",
			old:  "if r.request.Force || r.request.Rollback != nil ||",
			new:  "if r.forces(m) || r.request.Rollback != nil ||",
			pkg:  pkg, test: "^TestRequestThatComesAgainMeanwhile$",
		},
		{
			name: "certbot/dry-run-makes-an-account-key",
			file: dryrun,
			old:  "readAccountKey(ctx, r.clients.SSM, r.config.ACME.KeyParameter)",
			new:  "accountKey(ctx, r.clients.SSM, r.config.ACME)",
			pkg:  pkg, test: "^TestDryRun$",
		},
		{
			name: "certbot/dry-run-forgets-the-budgets",
			file: dryrun,
			old:  "if err := m.mayTry(c, place.have.lifetime(), time.Now()); err != nil {",
			new:  "if err := m.mayTry(c, place.have.lifetime(), time.Now().Add(week)); err != nil {",
			pkg:  pkg, test: "^TestDryRunFindsWhatWouldFail$",
		},
		{
			name: "certbotstack/changed-version-answered",
			file: version,
			old:  "hex.EncodeToString(sum[:]) != o.SHA256 {",
			new:  "hex.EncodeToString(sum[:]) == \"\" {",
			pkg:  "./internal/certbotstack", test: "^TestReadVersion$",
		},
		{
			name: "certbotstack/key-of-another-certificate-answered",
			file: version,
			old:  "_, err := tls.X509KeyPair(chain, key); err != nil {",
			new:  "_, err := tls.X509KeyPair(chain, key); err != nil && len(key) == 0 {",
			pkg:  "./internal/certbotstack", test: "^TestReadVersion$",
		},
		{
			name: "awsclient/reads-of-keys-logged",
			file: "internal/awsclient/clients.go",
			old:  "logging.Nop{}\n	o.APIOptions = append(o.APIOptions, withoutLog)\n",
			new:  "logging.Nop{}\n",
			pkg:  "./internal/awsclient", test: "^TestUnloggedS3$",
		},
		{
			name: "certbot/unknown-payload-members-ignored",
			file: "internal/certbot/request.go",
			old:  "	decoder.DisallowUnknownFields()\n",
			new:  "",
			pkg:  pkg, test: "^TestWrongPayloadsAreRefused$",
		},
	}
}
