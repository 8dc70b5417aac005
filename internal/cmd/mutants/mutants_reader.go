package main

// readerMutants break what a reader of certificates believes, and what it does
// when it can not.
func readerMutants() []mutant {
	const (
		bucket  = "certreader/bucket.go"
		pair    = "certreader/pair.go"
		pointer = "certreader/pointer.go"
		reader  = "certreader/reader.go"
		look    = "certreader/look.go"
		pkg     = "./certreader"
	)
	return []mutant{
		{
			name: "certreader/hash-not-checked",
			file: bucket,
			old:  "if hexSum(text) != o.SHA256 {",
			new:  "if len(o.SHA256) == 0 {",
			pkg:  pkg, test: "^TestRefused$",
		},
		{
			name: "certreader/key-of-another-certificate",
			file: pair,
			old:  "if !ok || !public.Equal(key.Public()) {",
			new:  "if !ok && !public.Equal(key.Public()) {",
			pkg:  pkg, test: "^TestRefused$",
		},
		{
			name: "certreader/chain-not-checked",
			file: pair,
			old:  "chain[i].CheckSignatureFrom(certificate); err != nil {",
			new:  "chain[i].CheckSignatureFrom(certificate); err != nil && i > len(chain) {",
			pkg:  pkg, test: "^TestRefused$",
		},
		{
			name: "certreader/pointer-to-elsewhere",
			file: pointer,
			old:  "case p.Key.ObjectKey != folder+keyObject, p.Certificate.ObjectKey != folder+chainObject:",
			new:  "case p.Key.ObjectKey == p.Certificate.ObjectKey:",
			pkg:  pkg, test: "^TestRefused$",
		},
		{
			name: "certreader/refused-not-read-again",
			file: look,
			old:  "	next := *old\n",
			new:  "	next := *old\n	next.mark = f.mark\n",
			pkg:  pkg, test: "^TestRefused$",
		},
		{
			name: "certreader/look-without-an-end",
			file: look,
			old:  "context.WithTimeout(ctx, lookTimeout)",
			new:  "context.WithTimeout(ctx, 100*lookTimeout)",
			pkg:  pkg, test: "^TestOutage$",
		},
		{
			name: "certreader/no-backoff",
			file: look,
			old:  "pause = min(pause, firstBackoff<<failures)",
			new:  "pause = min(pause, firstBackoff)",
			pkg:  pkg, test: "^TestOutage$",
		},
		{
			name: "certreader/quiet-about-expiry",
			file: reader,
			old:  "case time.Now().After(now.NotAfter):",
			new:  "case now.NotAfter.IsZero():",
			pkg:  pkg, test: "^TestExpiresWhileServed$",
		},
		{
			name: "certreader/read-again-without-news",
			file: bucket,
			old:  "	f := found{mark: mark{tag: tag, version: p.identity()}, serial: p.Version}\n	if f.version == have.version {",
			new:  "	f := found{mark: mark{tag: tag, version: p.identity()}, serial: p.Version}\n	if f.version == \"\" {",
			pkg:  pkg, test: "^TestSameVersionIsNotReadAgain$",
		},
		{
			name: "certreader/key-denied-and-no-hint",
			file: bucket,
			old:  "hinted(redirected(fmt.Errorf(\"reading %s: %w\", location(bucket, key), err)))",
			new:  "redirected(fmt.Errorf(\"reading %s: %w\", location(bucket, key), err))",
			pkg:  pkg, test: "^TestRefused$",
		},
		{
			name: "certreader/no-answer-and-no-hint",
			file: bucket,
			old:  "case errors.Is(err, context.DeadlineExceeded):",
			new:  "case err == context.DeadlineExceeded:",
			pkg:  pkg, test: "^TestNoAnswer$",
		},
		{
			name: "proxy/role-waited-for-without-an-end",
			file: "proxy/internal/certificate/certificate.go",
			old:  "awshttp.NewBuildableClient().WithTimeout(roleTimeout)",
			new:  "awshttp.NewBuildableClient().WithTimeout(1000 * roleTimeout)",
			pkg:  "./proxy/internal/certificate", test: "^TestRoleThatDoesNotAnswer$",
		},
		{
			name: "certreader/silent-metadata-asked-once",
			file: "certreader/hostname.go",
			old:  "context.WithTimeout(ctx, metadataAnswer)",
			new:  "context.WithTimeout(ctx, metadataTimeout)",
			pkg:  pkg, test: "^TestHostnameAsksAgain$",
		},
		{
			name: "certreader/busy-metadata-asked-once",
			file: "certreader/hostname.go",
			old:  "status == http.StatusTooManyRequests || status >= 500",
			new:  "status == 0",
			pkg:  pkg, test: "^TestHostnameAsksAgain$",
		},
		{
			name: "certreader/long-interval-is-none",
			file: look,
			old:  "min(positive(o.Interval, defaultInterval), longestInterval)",
			new:  "positive(o.Interval, defaultInterval)",
			pkg:  pkg, test: "^TestPause$",
		},
	}
}
