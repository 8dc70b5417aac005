package main

// certbotDeliverMutants break how certificates get into secrets, and who may
// read them there.
func certbotDeliverMutants() []mutant {
	const (
		deliver = "internal/certbot/deliver.go"
		work    = "internal/certbot/work.go"
		secret  = "internal/certbotstack/secret.go"
		part    = "internal/parts/managedsecret.go"
		pkg     = "./internal/certbot"
		stack   = "./internal/certbotstack"
	)
	return []mutant{
		{
			name: "certbot/secret-delivered-before-the-pointer",
			file: work,
			old:  "		return nil, r.delivering(ctx, log, c, place, r.act(ctx, log, c, place, status, m))\n",
			new:  "		if err := r.delivering(ctx, log, c, place, nil); err != nil {\n			return nil, err\n		}\n		return nil, r.act(ctx, log, c, place, status, m)\n",
			pkg:  pkg, test: "^TestDelivered$",
		},
		{
			name: "certbot/secret-of-any-version-taken-for-delivered",
			file: deliver,
			old:  "return strings.HasPrefix(versionID, p.mark())",
			new:  "return versionID != \"\"",
			pkg:  pkg, test: "^TestDelivered$",
		},
		{
			name: "certbot/secret-version-forgets-the-one-before",
			file: deliver,
			old:  "sha256.Sum256([]byte(after))",
			new:  "sha256.Sum256([]byte(after[:0]))",
			pkg:  pkg, test: "^TestRollbackIsDelivered$",
		},
		{
			name: "certbot/failed-delivery-ignored",
			file: deliver,
			old:  "return fmt.Errorf(\"%w; %w\", undelivered, errUndelivered)",
			new:  "return nil",
			pkg:  pkg, test: "^TestFailureToDeliver$",
		},
		{
			name: "certbot/secret-of-another-runs-version",
			file: deliver,
			old:  "		if err := s.stillInForce(ctx); err != nil {\n			return fmt.Errorf(\"writing secret (%s): %w\", c.Secret, err)\n		}\n",
			new:  "",
			pkg:  pkg, test: "^TestAnotherRunsPointerIsNotUndone$",
		},
		{
			name: "certbot/run-after-a-dead-one-is-idle",
			file: "internal/certbot/memory.go",
			old:  "	m.Stored = nil\n	m.Attempts",
			new:  "	m.Attempts",
			pkg:  pkg, test: "^TestDeliveredAfterACrash$",
		},
		{
			name: "certbotstack/execution-role-reads-all-secrets",
			file: secret,
			old:  "Action: []string{\"secretsmanager:GetSecretValue\"}, Resource: []string{arn}",
			new:  "Action: []string{\"secretsmanager:GetSecretValue\"}, Resource: []string{arn, \"*\"}",
			pkg:  stack, test: "^TestWhoMayUseSecrets$",
		},
		{
			name: "certbotstack/function-writes-all-secrets",
			file: secret,
			old:  "arns = append(arns, s.secretARN(key))",
			new:  "arns = append(arns, s.secretARN(key)+\"*\")",
			pkg:  stack, test: "^TestWhoMayUseSecrets$",
		},
		{
			name: "parts/policy-of-a-secret-stays-lifted",
			file: part,
			old:  "return errors.Join(err, s.putPolicy(context.WithoutCancel(ctx)))",
			new:  "return err",
			pkg:  "./internal/parts", test: "^TestSecretPolicyComesBack$",
		},
	}
}
