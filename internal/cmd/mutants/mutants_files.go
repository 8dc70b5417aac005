package main

// filesMutants break what the proxy that keeps files says, and to whom.
func filesMutants() []mutant {
	const (
		command = "proxy/internal/files/command.go"
		files   = "./proxy/internal/files"
	)
	return []mutant{
		{
			name: "files/key-cut-in-two",
			file: command,
			old:  "most = max(most, maxLine+len(secret))",
			new:  "most = max(most, maxLine+0*len(secret))",
			pkg:  files, test: "^TestRunCommand$",
		},
		{
			name: "files/log-is-waited-for",
			file: "proxy/main.go",
			old:  "slog.NewJSONHandler(lines, nil)",
			new:  "slog.NewJSONHandler(out, nil)",
			pkg:  files, test: "^TestStuckOutput$",
		},
		{
			name: "files/ended-for-no-reason",
			file: "proxy/main.go",
			old:  "begin(fmt.Errorf(\"the process was told to end (%s)\", <-told))",
			new:  "<-told\n		begin(nil)",
			pkg:  files, test: "^TestOnce$",
		},
		{
			name: "settings/sources-not-told",
			file: "proxy/internal/settings/check.go",
			old:  "given = append(given, source.name)",
			new:  "given = append(given, \"one\")",
			pkg:  "./proxy/internal/settings", test: "^TestWrong$",
		},
		{
			name: "files/expired-beside-the-next-one",
			file: "proxy/internal/health/report.go",
			old:  "case s.Missed != nil && now.Before(s.Missed().NotAfter):",
			new:  "case s.Missed != nil && now.Before(s.Missed().NotBefore):",
			pkg:  "./proxy/internal/health", test: "^TestReport$",
		},
		{
			name: "files/missed-is-not-told",
			file: "proxy/internal/files/files.go",
			old:  "Missed: w.missed, ",
			new:  "",
			pkg:  files, test: "^TestMissed$",
		},
	}
}
