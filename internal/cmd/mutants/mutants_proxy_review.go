package main

// proxyReviewMutants break what keeps attackers, and logs that stand still,
// from doing harm to the proxy.
func proxyReviewMutants() []mutant {
	const (
		dir = "proxy/internal/server/"
		pkg = "./proxy/internal/server"
	)
	return []mutant{
		{
			name: "proxy/redirect-to-a-longer-name",
			file: dir + "redirect.go",
			old:  "		case !strings.HasPrefix(r.URL.RequestURI(), \"/\"):\n",
			new:  "		case false:\n",
			pkg:  pkg, test: "^TestRedirect$",
		},
		{
			name: "proxy/redirect-to-what-is-no-name",
			file: dir + "redirect.go",
			old:  "	if strings.ContainsFunc(label, func(c rune) bool { return !isLabel(c) }) {\n",
			new:  "	if false {\n",
			pkg:  pkg, test: "^TestRedirect$",
		},
		{
			name: "proxy/large-frames",
			file: dir + "front.go",
			old:  "MaxReadFrameSize: maxFrame,",
			new:  "",
			pkg:  pkg, test: "^TestLargeFrame$",
		},
		{
			name: "proxy/hidden-request",
			file: dir + "answer.go",
			old:  "return a.body != nil && !a.body.ended.Load()",
			new:  "return false",
			pkg:  pkg, test: "^TestOutOfStep$",
		},
		{
			name: "proxy/stalled-after-answer",
			file: dir + "answer.go",
			old:  "		a.reading.hurry(lateBody)\n		a.body.discard()\n",
			new:  "",
			pkg:  pkg, test: "^TestOutOfStep$",
		},
		{
			name: "proxy/stalled-after-failure",
			file: dir + "answer.go",
			old:  "	if !returned && ",
			new:  "	if false && ",
			pkg:  pkg, test: "^TestOutOfStep$",
		},
		{
			name: "proxy/slow-clients-look-stalled",
			file: dir + "connections.go",
			old:  "	limitUnsent(c)\n",
			new:  "",
			pkg:  pkg, test: "^TestSlowBodies$",
		},
		{
			name: "proxy/stuck-log-keeps-waiting",
			file: dir + "server.go",
			old:  "slog.NewJSONHandler(lines, nil)",
			new:  "slog.NewJSONHandler(out, nil)",
			pkg:  pkg, test: "^TestStuckLog$",
		},
		{
			name: "proxy/log-flooded-by-connections",
			file: dir + "connections.go",
			old:  "crowded: slog.New(newSampler(log.Handler()))",
			new:  "crowded: log",
			pkg:  pkg, test: "^TestMaxConnections$",
		},
		{
			name: "proxy/log-is-not-json",
			file: "proxy/internal/certificate/certificate.go",
			old:  "o.DisableLogOutputChecksumValidationSkipped = true",
			new:  "",
			pkg:  "./proxy", test: "^TestServe$",
		},
	}
}
