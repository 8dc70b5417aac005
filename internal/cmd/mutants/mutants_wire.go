package main

// proxyWireMutants break what hostile clients, and servers that answer at odd
// moments, must not do to the proxy.
func proxyWireMutants() []mutant {
	const (
		forward = "proxy/internal/forward/"
		pkg     = "./proxy/internal/forward"
		server  = "proxy/internal/server/"
		served  = "./proxy/internal/server"
	)
	return []mutant{
		{
			name: "proxy-wire/websocket-with-a-body",
			file: forward + "forward.go",
			old:  "	if isWebsocket(r.Header) && r.ContentLength != 0 {\n",
			new:  "	if isWebsocket(r.Header) && r.ContentLength > 1<<20 {\n",
			pkg:  pkg, test: "^TestWebsocketWithBody$",
		},
		{
			name: "proxy-wire/cut-is-the-clients-doing",
			file: server + "drain.go",
			old:  "	f.cutting.Store(true)\n",
			new:  "",
			pkg:  served, test: "^TestCutIsKnown$",
		},
		{
			name: "proxy-wire/cut-is-told-as-gone",
			file: "proxy/internal/accesslog/accesslog.go",
			old:  "gone && !cutting()",
			new:  "gone",
			pkg:  "./proxy/internal/accesslog", test: "^TestGone$",
		},
		{
			name: "proxy-wire/log-does-not-ask-who-cuts",
			file: server + "server.go",
			old:  "return https.cutting.Load() })",
			new:  "return false })",
			pkg:  served, test: "^TestDrainCut$",
		},
		{
			name: "proxy-wire/long-body-is-not-read",
			file: server + "stall.go",
			old:  "		_, _ = io.Copy(io.Discard, b.ReadCloser)\n",
			new:  "",
			pkg:  served, test: "^TestDiscard$",
		},
		{
			name: "proxy-wire/connection-kept-after-head",
			file: forward + "rewrite.go",
			old:  "	out.Close = in.Method == http.MethodHead && (!h.h2c || isWebsocket(out.Header))\n",
			new:  "",
			pkg:  pkg, test: "^TestHeadIsLast$",
		},
		{
			name: "proxy-wire/connection-kept-after-head-for-a-websocket",
			file: forward + "rewrite.go",
			old:  "(!h.h2c || isWebsocket(out.Header))",
			new:  "!h.h2c",
			pkg:  pkg, test: "^TestHeadIsLastWhereItCounts$",
		},
		{
			name: "proxy-wire/closing-waits-for-the-body",
			file: server + "stall.go",
			old:  "	if b.stays {\n",
			new:  "	if false {\n",
			pkg:  served, test: "^TestSlowBodies$",
		},
		{
			name: "proxy-wire/early-answer-is-not-the-last",
			file: server + "answer.go",
			old:  "a.front.draining.Load() || a.isEarly()",
			new:  "a.front.draining.Load()",
			pkg:  served, test: "^TestEarlyAnswer$",
		},
		{
			name: "proxy-wire/early-answer-waits-for-the-client",
			file: server + "answer.go",
			old:  "		a.reading.hurry(lateBody)\n",
			new:  "",
			pkg:  served, test: "^TestEarlyAnswer$",
		},
		{
			name: "proxy-wire/what-the-server-sent-in-the-log",
			file: server + "stray.go",
			old:  "string(line)), `\"`)",
			new:  "string(line)), \"\\n\")",
			pkg:  served, test: "^TestStray$",
		},
		{
			name: "proxy-wire/hints-for-http-1.0",
			file: server + "answer.go",
			old:  "	} else if !a.request.ProtoAtLeast(1, 1) {\n",
			new:  "	} else if a.request.ProtoMajor < 1 {\n",
			pkg:  served, test: "^TestEarlyHints$",
		},
	}
}
