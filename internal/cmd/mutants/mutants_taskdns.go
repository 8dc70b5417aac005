package main

// taskDNSMutants break the function that gives tasks their names.
func taskDNSMutants() []mutant {
	const (
		handler  = "internal/taskdns/handler.go"
		state    = "internal/taskdns/state.go"
		parse    = "internal/taskdns/parse.go"
		settle   = "internal/taskdns/settle.go"
		collect  = "internal/taskdns/collect.go"
		handback = "internal/taskdns/handback.go"
		pkg      = "./internal/taskdns"
	)
	return []mutant{
		{
			name: "taskdns/the-message-is-believed",
			file: settle,
			old:  "		ok = true\n",
			new:  "		ok = true\n		s.publishable = s.publishable && m.claim.version == t.version\n",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/no-version-check",
			file: settle,
			old:  "case !t.found, m.claim.version > t.version:",
			new:  "case !t.found:",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/unknown-task-is-stopped",
			file: settle,
			old:  "case !t.found, m.claim.version > t.version:",
			new:  "case t.found && m.claim.version > t.version:",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/patience-without-end",
			file: settle,
			old:  "	case !m.young:\n		return nil\n",
			new:  "",
			pkg:  pkg, test: "^TestHandleLosesPatience$",
		},
		{
			name: "taskdns/invented-time-is-believed",
			file: collect,
			old:  "m.young = h.now().Sub(m.sent) < patience",
			new:  "m.young = h.now().Sub(m.claim.at) < patience",
			pkg:  pkg, test: "^TestHandleLosesPatience$",
		},
		{
			name: "taskdns/invented-age-is-believed",
			file: collect,
			old:  "m.young = h.now().Sub(m.sent) < patience",
			new:  "m.young = h.now().Sub(earlier(m.claim.at, m.sent)) < patience",
			pkg:  pkg, test: "^TestHandle$",
		},
		{
			name: "taskdns/failed-items-dropped",
			file: settle,
			old:  "m.err = cmp.Or(m.err, failed[id])",
			new:  "_ = cmp.Or(m.err, failed[id])",
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
			file: settle,
			old:  "		return want{}, unread\n",
			new:  "		w.last = &address\n",
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
			pkg:  pkg, test: "^TestTasksIgnoresStrangeAnswers$",
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
			old:  "append(seconds, delay(m, h.random))",
			new:  "append(seconds, 100*delay(m, h.random))",
			pkg:  pkg, test: "^TestHandle$",
		},
	}
}
