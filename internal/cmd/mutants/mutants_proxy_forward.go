package main

// proxyForwardMutants break what a server is told of its clients, and what the
// log is.
func proxyForwardMutants() []mutant {
	const (
		forward   = "proxy/internal/forward/forward.go"
		rewrite   = "proxy/internal/forward/rewrite.go"
		transport = "proxy/internal/forward/transport.go"
		websocket = "proxy/internal/forward/websocket.go"
		writer    = "proxy/internal/accesslog/writer.go"
		pkg       = "./proxy/internal/forward"
	)
	return []mutant{
		{
			name: "proxy-forward/any-host",
			file: forward,
			old:  "if h.guarded && !isHost(r.Host, h.hostname) {",
			new:  "if h.guarded && r.Host == \"\" {",
			pkg:  pkg, test: "^TestGuard$",
		},
		{
			name: "proxy-forward/forged-by-underscores",
			file: rewrite,
			old:  "	return '_'\n",
			new:  "	return c\n",
			pkg:  pkg, test: "^TestHeaders$",
		},
		{
			name: "proxy-forward/query-tidied-up",
			file: rewrite,
			old:  "	out.URL.RawQuery = in.URL.RawQuery\n",
			new:  "",
			pkg:  pkg, test: "^TestTargetByteForByte$",
		},
		{
			name: "proxy-forward/h2c-tunnel",
			file: rewrite,
			old:  "	if !isWebsocket(out.Header) {",
			new:  "	if out.Header.Get(\"Upgrade\") == \"\" {",
			pkg:  pkg, test: "^TestUpgradeToHTTP2IsNotForwarded$",
		},
		{
			name: "proxy-forward/refused-switch-left-open",
			file: forward,
			old:  "ModifyResponse: refuseSwitch,",
			new:  "ModifyResponse: nil,",
			pkg:  pkg, test: "^TestRefusedSwitchIsClosed$",
		},
		{
			name: "proxy-forward/other-switch-left-open",
			file: websocket,
			old:  "defer u.end()",
			new:  "",
			pkg:  pkg, test: "^TestRefusedSwitchIsClosed$",
		},
		{
			name: "proxy-forward/no-wait-for-the-server",
			file: transport,
			old:  "|| d.reached.Load() ||",
			new:  "|| !d.reached.Load() ||",
			pkg:  pkg, test: "^TestPatience$",
		},
		{
			name: "proxy-forward/idle-connection-kept",
			file: transport,
			old:  "		IdleConnTimeout:        idleTimeout,\n",
			new:  "		IdleConnTimeout:        90 * idleTimeout,\n",
			pkg:  pkg, test: "^TestIdleConnection$",
		},
		{
			name: "proxy-forward/buffer-never-shrinks",
			file: websocket,
			old:  "	if n < length {",
			new:  "	if n < length && length == relaySizes[0] {",
			pkg:  pkg, test: "^TestRelay$",
		},
		{
			name: "proxy-forward/dropped-lines-not-counted",
			file: writer,
			old:  "		w.dropped++\n",
			new:  "",
			pkg:  "./proxy/internal/accesslog", test: "^TestStuckOutput$",
		},
	}
}
