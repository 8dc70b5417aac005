package main

// proxyBenchMutants break how the proxy is measured, and what was found by it.
func proxyBenchMutants() []mutant {
	const (
		measure = "bench/measure.go"
		run     = "bench/main.go"
		pkg     = "./bench"
	)
	return []mutant{
		{
			name: "bench/warming-up-counts",
			file: measure,
			old:  "	if begun.Before(r.begin) {\n",
			new:  "	if begun.Before(r.begin.AddDate(-1, 0, 0)) {\n",
			pkg:  pkg, test: "^TestRecorder$",
		},
		{
			name: "bench/rank-rounded-down",
			file: measure,
			old:  "len(s.latencies)) + 0.999999)",
			new:  "len(s.latencies)) - 0.999999)",
			pkg:  pkg, test: "^TestQuantile$",
		},
		{
			name: "bench/servers-left-running",
			file: run,
			old:  "defer s.stop()",
			new:  "defer s.wanted(load1)",
			pkg:  pkg, test: "^TestBench$",
		},
		{
			name: "proxy/frames-in-two-records",
			file: "proxy/internal/server/stall.go",
			old:  "piece = 16<<10 - 9",
			new:  "piece = 16 << 10",
			pkg:  "./proxy/internal/server", test: "^TestRecords$",
		},
	}
}
