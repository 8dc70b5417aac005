package main

// partsMutants break single parts.
func partsMutants() []mutant {
	const (
		dir = "internal/parts/"
		pkg = "./internal/parts"
	)
	return []mutant{
		{
			name: "parts/tags-not-removed",
			file: dir + "tags.go",
			old:  "remove = append(remove, k)",
			new:  "_ = k",
			pkg:  pkg, test: "^TestTags$",
		},
		{
			name: "parts/ignored-tags-removed",
			file: dir + "tags.go",
			old:  " || t.Ignore != nil && t.Ignore(key)",
			new:  "",
			pkg:  pkg, test: "^TestTags$",
		},
		{
			name: "parts/drift-of-the-retention-ignored",
			file: dir + "loggroup.go",
			old:  "got != g.RetentionDays {",
			new:  "got > g.RetentionDays+1000000 {",
			pkg:  pkg, test: "^TestLogGroupDrift$",
		},
		{
			name: "parts/drift-of-the-code-ignored",
			file: dir + "function_state.go",
			old:  "got != f.CodeSHA256 {",
			new:  `got == "" {`,
			pkg:  pkg, test: "^TestFunctionDrift$",
		},
		{
			name: "parts/environment-in-messages",
			file: dir + "function_state.go",
			old:  `fmt.Sprintf("environment variable %s differs", name)`,
			new:  `fmt.Sprintf("environment variable %s is %s", name, got)`,
			pkg:  pkg, test: "^TestFunctionNeverTellsValues$",
		},
		{
			name: "parts/new-role-not-awaited",
			file: dir + "function.go",
			old:  "f.retry(ctx, isRoleSpreading, func() error {",
			new:  "f.retry(ctx, isLambdaBusy, func() error {",
			pkg:  pkg, test: "^TestFunctionWaitsForItsRole$",
		},
		{
			name: "parts/failed-events-run-again",
			file: dir + "function.go",
			old:  "functionAsyncRetries int32 = 0",
			new:  "functionAsyncRetries int32 = 2",
			pkg:  pkg, test: "^TestFunctionDrift$",
		},
		{
			name: "parts/function-invoked-from-any-account",
			file: dir + "permission.go",
			old:  "		SourceAccount: &p.SourceAccount,\n",
			new:  "",
			pkg:  pkg, test: "^TestPermissionLife$",
		},
		{
			name: "parts/drift-of-the-permission-ignored",
			file: dir + "permission.go",
			old:  "return err == nil && iampolicy.Equivalent(string(rest), string(want))",
			new:  "return err == nil && string(rest) != string(want)",
			pkg:  pkg, test: "^TestPermissionDrift$",
		},
		{
			name: "parts/bucket-with-certificates-deleted",
			file: dir + "bucket.go",
			old:  "	if holds {",
			new:  "	if holds && b.Name == \"\" {",
			pkg:  pkg, test: "^TestBucketCheckDelete$",
		},
		{
			name: "parts/bucket-to-keep-deleted",
			file: dir + "bucket_delete.go",
			old:  "	if b.Keep {\n",
			new:  "	if b.Keep && b.ForceDestroy {\n",
			pkg:  pkg, test: "^TestBucketKeep$",
		},
	}
}

// policyMutants give somebody more than is needed.
func policyMutants() []mutant {
	const (
		certbot     = "internal/certbotstack/policies.go"
		certbotSpec = "internal/certbotstack/spec.go"
		certbotPkg  = "./internal/certbotstack"
		taskDNS     = "internal/taskdnsstack/policies.go"
		taskDNSPkg  = "./internal/taskdnsstack"
	)
	return []mutant{
		{
			name: "policies/any-rule-sends-to-the-queue",
			file: taskDNS,
			old:  `{"aws:SourceArn": rules}`,
			new:  `{"aws:SourceArn": append(rules, "*")}`,
			pkg:  taskDNSPkg, test: "^TestPolicies$",
		},
		{
			name: "policies/rules-of-any-account",
			file: taskDNS,
			old:  "				\"StringEquals\": {\"aws:SourceAccount\": {s.Scope.Account}},\n",
			new:  "",
			pkg:  taskDNSPkg, test: "^TestPolicies$",
		},
		{
			name: "policies/any-name-of-the-domain",
			file: taskDNS,
			old:  `names = append(names, label+"."+p.Domain)`,
			new:  `names = append(names, label[:0]+"*."+p.Domain)`,
			pkg:  taskDNSPkg, test: "^TestPolicies$",
		},
		{
			name: "policies/tasks-of-any-cluster",
			file: taskDNS,
			old:  "			Condition: iampolicy.Condition{\"ArnEquals\": {\"ecs:cluster\": s.clusters()}},\n",
			new:  "",
			pkg:  taskDNSPkg, test: "^TestPolicies$",
		},
		{
			name: "policies/last-rule-may-not-send",
			file: taskDNS,
			old:  "for n := range s.patterns() {\n		rules",
			new:  "for n := range s.patterns()[1:] {\n		rules",
			pkg:  taskDNSPkg, test: "^TestPatternsAreSplit$",
		},
		{
			name: "policies/pattern-too-long",
			file: taskDNS,
			old:  "cluster))) > maxPattern {",
			new:  "cluster))) > 2*maxPattern {",
			pkg:  taskDNSPkg, test: "^TestPatternsAreSplit$",
		},
		{
			name: "policies/upsert-allowed",
			file: certbot,
			old:  `actions: {"CREATE", "DELETE"}}`,
			new:  `actions: {"CREATE", "DELETE", "UPSERT"}}`,
			pkg:  certbotPkg, test: "^TestPolicies$",
		},
		{
			name: "policies/condition-without-the-key",
			file: certbot,
			old:  "		\"Null\":                      {recordNames: {\"false\"}, recordTypes: {\"false\"}, actions: {\"false\"}},\n",
			new:  "",
			pkg:  certbotPkg, test: "^TestPolicies$",
		},
		{
			name: "policies/everybody-reads-keys",
			file: certbot,
			old:  "if len(s.ReaderRoleARNs) > 0 {",
			new:  "if len(s.ReaderRoleARNs) > 99 {",
			pkg:  certbotPkg, test: "^TestPolicies$",
		},
		{
			name: "policies/everybody-writes-certificates",
			file: certbot,
			old:  `Action:      []string{"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},`,
			new:  `Action:      []string{"s3:DeleteObject", "s3:DeleteObjectVersion"},`,
			pkg:  certbotPkg, test: "^TestPolicies$",
		},
		{
			name: "policies/reader-of-one-reads-all",
			file: certbot,
			old:  `Resource: []string{bucket + "/" + prefix + "*"}}`,
			new:  `Resource: []string{bucket + "/*"}}`,
			pkg:  certbotPkg, test: "^TestReaderPolicyIsOfOneCertificate$",
		},
		{
			name: "policies/one-account-key-for-all-authorities",
			file: certbotSpec,
			old:  "hex.EncodeToString(sum[:])[:12]",
			new:  "hex.EncodeToString(sum[:0])",
			pkg:  certbotPkg, test: "^TestKeyParameterFollowsTheDirectory$",
		},
	}
}
