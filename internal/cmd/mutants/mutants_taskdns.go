package main

// taskDNSMutants break the function that gives tasks their names.
func taskDNSMutants() []mutant {
	const (
		handler  = "internal/taskdns/handler.go"
		state    = "internal/taskdns/state.go"
		parse    = "internal/taskdns/parse.go"
		handback = "internal/taskdns/handback.go"
		pkg      = "./internal/taskdns"
	)
	return []mutant{
		{
			name: "taskdns/the-message-is-believed",
			file: handler,
			old:  "		if t.cluster == \"\" {",
			new:  "		if m.claim.stopped {\n			t.running = false\n		}\n		if t.cluster == \"\" {",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/no-version-check",
			file: handler,
			old:  "case t.found && m.claim.version > t.version, !t.found && !m.claim.stopped:",
			new:  "case !t.found && !m.claim.stopped:",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/unknown-task-is-stopped",
			file: handler,
			old:  "case t.found && m.claim.version > t.version, !t.found && !m.claim.stopped:",
			new:  "case t.found && m.claim.version > t.version:",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/patience-without-end",
			file: handler,
			old:  "	case !m.young:\n		return nil\n",
			new:  "",
			pkg:  pkg, test: "^TestHandleLosesPatience$",
		},
		{
			name: "taskdns/invented-time-is-believed",
			file: handler,
			old:  "if a.IsZero() || !b.IsZero() && b.Before(a) {",
			new:  "if a.IsZero() {",
			pkg:  pkg, test: "^TestHandleLosesPatience$",
		},
		{
			name: "taskdns/failed-items-dropped",
			file: handler,
			old:  "m.err = unsettled[m.claim.taskID]",
			new:  "_ = unsettled[m.claim.taskID]",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/no-time-to-hand-back",
			file: handler,
			old:  "deadline.Add(-reserve)",
			new:  "deadline.Add(reserve)",
			pkg:  pkg, test: "^TestHandleGivesUpBeforeTheDeadline$",
		},
		{
			name: "taskdns/unreadable-address-is-none",
			file: handler,
			old:  "			failed[id] = err\n			continue\n",
			new:  "			continue\n",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/stopping-task-keeps-its-name",
			file: state,
			old:  "read.publishable = desired == statusRunning && (last == statusRunning || early)",
			new:  "read.publishable = last == statusRunning || early",
			pkg:  pkg, test: "^TestHandleTakesTheNameBeforeTheTaskHasStopped$",
		},
		{
			name: "taskdns/wrong-cluster-is-believed",
			file: state,
			old:  "if home != c && !seen[id].found && seen[id].err == nil {",
			new:  "if home != c && seen[id].found && seen[id].err == nil {",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/no-answer-is-missing",
			file: state,
			old:  "seen[id] = task{err: err}",
			new:  "seen[id] = task{}",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/other-spelling-of-the-attachment",
			file: state,
			old:  `kind != "eni" && kind != "ElasticNetworkInterface"`,
			new:  `kind != "eni"`,
			pkg:  pkg, test: "^TestInterfaceID$",
		},
		{
			name: "taskdns/cluster-of-another-region",
			file: parse,
			old:  "c.partition != partition || c.region != region || c.account != account",
			new:  "c.partition != partition || region == \"\" || c.account != account",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/secret-of-the-body-logged",
			file: parse,
			old:  `errors.New("the body is not an event in JSON")`,
			new:  `errors.New("the body is not an event in JSON: " + body)`,
			pkg:  pkg, test: "^TestHandleLogsNoBody$",
		},
		{
			name: "taskdns/handed-back-after-the-whole-timeout",
			file: handback,
			old:  "VisibilityTimeout: r.delay(m),",
			new:  "VisibilityTimeout: 100 * r.delay(m),",
			pkg:  pkg, test: "^TestHandle$",
		},
	}
}
