package main

// certbotRenewMutants break when the function renews, and what it remembers.
func certbotRenewMutants() []mutant {
	const (
		renewal = "internal/certbot/renewal.go"
		replace = "internal/certbot/replace.go"
		memory  = "internal/certbot/memory.go"
		pkg     = "./internal/certbot"
	)
	return []mutant{
		{
			name: "certbot/renewal-information-of-an-error-believed",
			file: renewal,
			old:  "if response.StatusCode != http.StatusOK {",
			new:  "if response.StatusCode == 0 {",
			pkg:  pkg, test: "^TestUselessRenewalInformationChangesNothing$",
		},
		{
			name: "certbot/renewal-window-unchecked",
			file: renewal,
			old:  "		err = sane(info.SuggestedWindow, leaf)\n",
			new:  "		_ = sane\n		info.SuggestedWindow.End = info.SuggestedWindow.End.Add(time.Nanosecond)\n",
			pkg:  pkg, test: "^TestUselessRenewalInformationChangesNothing$",
		},
		{
			name: "certbot/renewal-moment-drawn-again",
			file: renewal,
			old:  "if p.Start.Equal(start) && p.End.Equal(end) {",
			new:  "if p.Start.Equal(end) {",
			pkg:  pkg, test: "^TestMomentIsDrawnOnceInAWindow$",
		},
		{
			name: "certbot/renewal-information-asked-too-early",
			file: renewal,
			old:  "	if now.Before(plan.CheckAfter) {\n",
			new:  "	if now.Before(plan.Start) && plan.CheckAfter.IsZero() {\n",
			pkg:  pkg, test: "^TestRetryAfterOfRenewalInformationIsObeyed$",
		},
		{
			name: "certbot/late-window-awaited",
			file: renewal,
			old:  "-notAfter.Sub(backstop) / 2",
			new:  "-notAfter.Sub(backstop) / 200",
			pkg:  pkg, test: "^TestLateWindowDoesNotLetItExpire$",
		},
		{
			name: "certbot/rate-limited-replacement-ordered-again",
			file: replace,
			old:  "!ok || details.Type == acme.RateLimitedErr",
			new:  "!ok",
			pkg:  pkg, test: "^TestRefusedReplacementIsOrderedPlainly$",
		},
		{
			name: "certbot/refused-replacement-fails",
			file: replace,
			old:  "!refusesReplacement(err)",
			new:  "refusesReplacement(err)",
			pkg:  pkg, test: "^TestRefusedReplacementIsOrderedPlainly$",
		},
		{
			name: "certbot/retry-after-forgotten",
			file: memory,
			old:  "	m.RetryAfter = later(m.RetryAfter, f.RetryAfter)\n",
			new:  "",
			pkg:  pkg, test: "^TestAuthoritysRetryAfterIsNeverOverridden$",
		},
		{
			name: "certbot/retry-after-overridden",
			file: memory,
			old:  "	if now.Before(m.RetryAfter) {\n",
			new:  "	if m.Failures > 99 {\n",
			pkg:  pkg, test: "^TestAuthoritysRetryAfterIsNeverOverridden$",
		},
		{
			name: "certbot/failures-not-counted",
			file: memory,
			old:  "	m.Failures++\n",
			new:  "	m.Failures = 1\n",
			pkg:  pkg, test: "^TestFailuresAreRetriedOnALadder$",
		},
		{
			name: "certbot/no-budget-of-failures",
			file: memory,
			old:  "n >= attemptsPerHour",
			new:  "n > 10*attemptsPerHour",
			pkg:  pkg, test: "^TestBudgetOfFailures$",
		},
		{
			name: "certbot/no-budget-of-certificates",
			file: memory,
			old:  "n >= allowed",
			new:  "n > 10*allowed",
			pkg:  pkg, test: "^TestBudgetOfCertificates$",
		},
	}
}
