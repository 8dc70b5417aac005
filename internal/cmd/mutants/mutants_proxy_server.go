package main

// proxyServerMutants break how the proxy ends, what it bears of clients, and
// which settings it takes.
func proxyServerMutants() []mutant {
	const (
		dir      = "proxy/internal/server/"
		pkg      = "./proxy/internal/server"
		settings = "proxy/internal/settings/"
		settled  = "./proxy/internal/settings"
	)
	return []mutant{
		{
			name: "proxy/last-answer-not-told",
			file: dir + "drain.go",
			old:  "	f.draining.Store(true)\n",
			new:  "",
			pkg:  pkg, test: "^TestDrainLastAnswer$",
		},
		{
			name: "proxy/shutdown-while-requests-come",
			file: dir + "drain.go",
			old:  "	lingering, cancel := context.WithTimeout(ctx, linger)\n",
			new:  "	go func() { _ = f.server.Shutdown(ctx) }()\n	lingering, cancel := context.WithTimeout(ctx, linger)\n",
			pkg:  pkg, test: "^TestDrainLastAnswer$",
		},
		{
			name: "proxy/idle-http2-not-told",
			file: dir + "drain.go",
			old:  "	f.draining.Store(true)\n	f.goAway()\n",
			new:  "	f.draining.Store(true)\n",
			pkg:  pkg, test: "^TestDrainIdle$",
		},
		{
			name: "proxy/idle-clients-waited-for",
			file: dir + "connections.go",
			old:  "	case http.StateNew, http.StateIdle:\n",
			new:  "	case http.StateNew:\n",
			pkg:  pkg, test: "^TestDrainIdle$",
		},
		{
			name: "proxy/websockets-cut-at-once",
			file: dir + "drain.go",
			old:  "for f.conns.count() > 0 || f.running.Load() > 0 {",
			new:  "for f.running.Load() > f.tunnels.Load() {",
			pkg:  pkg, test: "^TestDrainCut$",
		},
		{
			name: "proxy/websockets-cut-are-a-failure",
			file: dir + "answer.go",
			old:  "		a.front.tunnels.Add(1)\n",
			new:  "",
			pkg:  pkg, test: "^TestDrainCut$",
		},
		{
			name: "proxy/a-byte-now-and-then",
			file: dir + "stall.go",
			old:  "	w.waited += time.Since(w.begun)\n",
			new:  "	w.waited = 0\n",
			pkg:  pkg, test: "^TestWatch$",
		},
		{
			name: "proxy/slow-but-moving-is-cut",
			file: dir + "stall.go",
			old:  "		w.waited, w.moved = 0, 0\n",
			new:  "		w.moved = 0\n",
			pkg:  pkg, test: "^TestWatch$",
		},
		{
			name: "proxy/silent-stream-cut",
			file: dir + "answer.go",
			old:  "	if f.grpc && isGRPC(r) {\n",
			new:  "	if f.grpc && !isGRPC(r) {\n",
			pkg:  pkg, test: "^TestSlowServers$",
		},
		{
			name: "proxy/header-without-end",
			file: dir + "front.go",
			old:  "		ReadHeaderTimeout: s.HeaderTimeout,\n",
			new:  "",
			pkg:  pkg, test: "^TestSlowClients$",
		},
		{
			name: "proxy/connections-without-number",
			file: dir + "connections.go",
			old:  "places: make(chan struct{}, s.MaxConnections)",
			new:  "places: make(chan struct{}, 2*s.MaxConnections)",
			pkg:  pkg, test: "^TestMaxConnections$",
		},
		{
			name: "proxy/place-not-given-back",
			file: dir + "connections.go",
			old:  "	l.mu.Unlock()\n	<-l.places\n",
			new:  "	l.mu.Unlock()\n",
			pkg:  pkg, test: "^TestMaxConnections$",
		},
		{
			name: "proxy/one-client-takes-all",
			file: dir + "connections.go",
			old:  "has.connections > l.perClient || ",
			new:  "",
			pkg:  pkg, test: "^TestMaxConnectionsPerClient$",
		},
		{
			name: "proxy/client-never-comes-back",
			file: dir + "connections.go",
			old:  "	has.connections -= less.connections\n",
			new:  "",
			pkg:  pkg, test: "^TestMaxConnectionsPerClient$",
		},
		{
			name: "proxy/one-client-asks-all",
			file: dir + "connections.go",
			old:  " || has.requests > l.perClient",
			new:  "",
			pkg:  pkg, test: "^TestRequestsPerClient$",
		},
		{
			name: "proxy/request-never-ends",
			file: dir + "drain.go",
			old:  "			defer f.conns.endRequest(client)\n",
			new:  "",
			pkg:  pkg, test: "^TestRequestsPerClient$",
		},
		{
			name: "proxy/client-of-many-addresses",
			file: dir + "connections.go",
			old:  "		bits = 64\n",
			new:  "		bits = 128\n",
			pkg:  pkg, test: "^TestClientOf$",
		},
		{
			name: "proxy/open-redirect",
			file: dir + "redirect.go",
			old:  "		known := host == hostname\n",
			new:  "		known := host != \"\"\n",
			pkg:  pkg, test: "^TestRedirect$",
		},
		{
			name: "proxy/certificate-not-followed",
			file: dir + "server.go",
			old:  "	go reader.Run(reading)\n",
			new:  "",
			pkg:  pkg, test: "^TestRenewals$",
		},
		{
			name: "proxy/secret-in-an-error",
			file: settings + "explain.go",
			old:  "		return fmt.Sprintf(\"a text of %d characters\", len(value))\n",
			new:  "		return value\n",
			pkg:  settled, test: "^TestSecretIsNotTold$",
		},
		{
			name: "proxy/empty-variable-is-a-value",
			file: settings + "settings.go",
			old:  "		if value == \"\" || !strings.HasPrefix(name, Prefix) {",
			new:  "		if !strings.HasPrefix(name, Prefix) {",
			pkg:  settled, test: "^TestParse$",
		},
		{
			name: "proxy/forwards-to-itself",
			file: settings + "check.go",
			old:  "for _, other := range []string{\"backend-port\", \"listen\",",
			new:  "for _, other := range []string{\"listen\",",
			pkg:  settled, test: "^TestWrong$",
		},
	}
}
