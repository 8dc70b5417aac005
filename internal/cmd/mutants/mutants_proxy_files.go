package main

// proxyFilesMutants break what a proxy tells of its health, where it looks for
// its certificate, and how it keeps it in files.
func proxyFilesMutants() []mutant {
	const (
		folder  = "proxy/internal/files/folder.go"
		command = "proxy/internal/files/command.go"
		files   = "./proxy/internal/files"
		report  = "proxy/internal/health/report.go"
		health  = "./proxy/internal/health"
		source  = "proxy/internal/certificate/certificate.go"
		finds   = "./proxy/internal/certificate"
	)
	return []mutant{
		{
			name: "certreader/value-looked-at-again",
			file: "certreader/reader.go",
			old:  "	if fixed(r.source) {\n		r.outlast(ctx)",
			new:  "	if fixed(r.source) && ctx.Err() != nil {\n		r.outlast(ctx)",
			pkg:  "./certreader", test: "^TestFromValue$",
		},
		{
			name: "certreader/variables-that-a-task-cannot-know",
			file: "certreader/template.go",
			old:  "if v[1] != taskVariable && v[1] != shortVariable {",
			new:  "if v[1] == \"\" {",
			pkg:  "./certreader", test: "^TestHostnameFrom$",
		},
		{
			name: "proxy/outage-is-unhealthy",
			file: report,
			old:  "	case v.Fixed && now.After(v.NotAfter):",
			new:  "	case v.Fixed && now.After(v.NotAfter), v.LastError != nil:",
			pkg:  health, test: "^TestReport$",
		},
		{
			name: "proxy/killed-since-nobody-renews",
			file: report,
			old:  "	case v.Fixed && now.After(v.NotAfter):",
			new:  "	case now.After(v.NotAfter):",
			pkg:  health, test: "^TestReport$",
		},
		{
			name: "proxy/expired-without-a-warning",
			file: report,
			old:  "	case v.NotAfter.IsZero() || !now.After(v.NotAfter):",
			new:  "	case v.NotAfter.IsZero() || now.After(v.NotBefore):",
			pkg:  health, test: "^TestReport$",
		},
		{
			name: "proxy/healthy-until-it-is-too-late",
			file: report,
			old:  "case v.Fixed && v.NotAfter.Sub(now) < lead(v, share):",
			new:  "case v.Fixed && v.NotAfter.Sub(now) < 0:",
			pkg:  health, test: "^TestReport$",
		},
		{
			name: "proxy/replaced-again-and-again",
			file: report,
			old:  "return min(time.Duration(share*float64(most)), v.NotAfter.Sub(v.Since)/2)",
			new:  "return time.Duration(share * float64(most))",
			pkg:  health, test: "^TestReplacementsAreFew$",
		},
		{
			name: "proxy/health-asked-through-a-proxy",
			file: "proxy/internal/health/check.go",
			old:  "&http.Transport{DisableKeepAlives: true}",
			new:  "http.DefaultTransport",
			pkg:  health, test: "^TestCheckAsksNoProxy$",
		},
		{
			name: "proxy/configured-for-nothing",
			file: source,
			old:  "	if s.Secret != \"\" {",
			new:  "	if _, err := config.LoadDefaultConfig(ctx); err == nil && s.Secret != \"\" {",
			pkg:  finds, test: "^TestSecretNeedsNoAWS$",
		},
		{
			name: "proxy/secret-in-the-tasks-region",
			file: source,
			old:  "	return secret.Region, nil",
			new:  "	return s.Region, nil",
			pkg:  finds, test: "^TestRegion$",
		},
		{
			name: "proxy/version-gone-at-once",
			file: folder,
			old:  "time.Since(at) >= stay",
			new:  "time.Since(at) >= 0",
			pkg:  files, test: "^TestTidy$",
		},
		{
			name: "proxy/key-of-everybody",
			file: folder,
			old:  "{keyFile, f.keyMode, key}",
			new:  "{keyFile, chainMode, key}",
			pkg:  files, test: "^TestLayout$",
		},
		{
			name: "proxy/link-gone-for-a-moment",
			file: folder,
			old:  "	if err := f.root.Rename(nextLink, currentLink); err != nil {",
			new:  "	_ = f.root.Remove(currentLink)\n	if err := f.sync(\".\"); err != nil {\n		return err\n	}\n	if err := f.root.Rename(nextLink, currentLink); err != nil {",
			pkg:  files, test: "^TestReadersSeePairs$",
		},
		{
			name: "proxy/writes-elsewhere",
			file: folder,
			old:  "f.root.OpenFile(lockFile,",
			new:  "os.OpenFile(filepath.Join(f.path, lockFile),",
			pkg:  files, test: "^TestHostileFolder$",
		},
		{
			name: "proxy/removes-what-is-somebodys",
			file: folder,
			old:  "		if versionPattern.MatchString(entry.Name()) {",
			new:  "		if entry.Name() != \"\" {",
			pkg:  files, test: "^TestTidyWithWrongClock$",
		},
		{
			name: "proxy/old-keys-of-a-wrong-clock",
			file: folder,
			old:  "	next := current\n",
			new:  "	next := \"\"\n",
			pkg:  files, test: "^TestTidyWithWrongClock$",
		},
		{
			name: "proxy/key-through-a-link-elsewhere",
			file: folder,
			old:  "	file, err := f.root.OpenFile(path, os.O_RDONLY|",
			new:  "	file, err := os.OpenFile(filepath.Join(f.path, path), os.O_RDONLY|",
			pkg:  files, test: "^TestHostileFolder$",
		},
		{
			name: "proxy/two-writers",
			file: folder,
			old:  "errors.Is(err, syscall.EWOULDBLOCK) {",
			new:  "errors.Is(err, syscall.EINVAL) {",
			pkg:  files, test: "^TestFolderRefused$",
		},
		{
			name: "proxy/secret-for-the-command",
			file: command,
			old:  "return strings.HasPrefix(setting, settings.SecretVariable+\"=\")",
			new:  "return setting == settings.SecretVariable",
			pkg:  files, test: "^TestRunCommand$",
		},
		{
			name: "proxy/key-in-the-log",
			file: command,
			old:  "return strings.Contains(line, secret)",
			new:  "return line == secret",
			pkg:  files, test: "^TestRunCommand$",
		},
		{
			name: "proxy/child-left-behind",
			file: command,
			old:  "_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)",
			new:  "_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)",
			pkg:  files, test: "^TestCommandIsStopped$",
		},
		{
			name: "proxy/command-not-repeated",
			file: "proxy/internal/files/keep.go",
			old:  "		timer.Reset(pause)",
			new:  "		timer.Reset(longestPause)",
			pkg:  files, test: "^TestKeepTriesAgain$",
		},
	}
}
