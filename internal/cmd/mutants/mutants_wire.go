package main

// proxyWireMutants break what hostile clients, and servers that answer at odd
// moments, must not do to the proxy.
func proxyWireMutants() []mutant {
	const (
		forward = "proxy/internal/forward/"
		pkg     = "./proxy/internal/forward"
	)
	return []mutant{
		{
			name: "proxy-wire/websocket-with-a-body",
			file: forward + "forward.go",
			old:  "	if isWebsocket(r.Header) && r.ContentLength != 0 {\n",
			new:  "	if isWebsocket(r.Header) && r.ContentLength > 1<<20 {\n",
			pkg:  pkg, test: "^TestWebsocketWithBody$",
		},
	}
}
