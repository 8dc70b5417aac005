package main

// certbotTellMutants break what the certificate function tells.
func certbotTellMutants() []mutant {
	const (
		event   = "internal/certbot/event.go"
		metrics = "internal/certbot/metrics.go"
		pause   = "internal/certbotstack/pause.go"
		pkg     = "./internal/certbot"
	)
	return []mutant{
		{
			name: "certbot/refused-event-taken-for-put",
			file: event,
			old:  `if code := aws.ToString(e.ErrorCode); code != "" {`,
			new:  `if code := aws.ToString(e.ErrorCode); code == "none" {`,
			pkg:  pkg, test: "^TestTelling$",
		},
		{
			name: "certbot/lost-event-fails-a-good-run",
			file: event,
			old:  "	if published == nil {\n		return nil\n	}\n",
			new:  "",
			pkg:  pkg, test: "^TestTelling$",
		},
		{
			name: "certbot/a-run-for-some-ends-the-alarm-of-others",
			file: metrics,
			old:  "	if r.ofAll() || failures > 0 {\n",
			new:  "	{\n",
			pkg:  pkg, test: "^TestMetrics$",
		},
		{
			name: "certbot/failures-not-measured",
			file: metrics,
			old:  "			failures++\n",
			new:  "			failures += 0\n",
			pkg:  pkg, test: "^TestMetrics$",
		},
		{
			name: "certbotstack/pause-over-the-weekend-not-seen",
			file: pause,
			old:  "	longest := runs[0] + daysOfWeek*minutesOfDay - runs[len(runs)-1]\n",
			new:  "	longest := 0\n",
			pkg:  "./internal/certbotstack", test: "^TestDidNotRun$",
		},
	}
}
