package main

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// tellsNoKey looks for each line of a pair's private key.
func tellsNoKey(t *testing.T, what, text string, pair proxytest.Pair) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(pair.Key), "\n")
	for _, line := range append(lines[1:len(lines)-1], "PRIVATE KEY") {
		if strings.Contains(text, line) {
			t.Errorf("%s tells the private key", what)
		}
	}
}

// A proxy that serves tells its key to nobody: not in its log, its answers, at
// /healthz, nor when it dies with the stacks of all that it does.
func TestServeTellsNoKey(t *testing.T) {
	t.Parallel()
	ca := proxytest.NewAuthority()
	pair := ca.Issue(nil)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = r.Write(w) }))
	t.Cleanup(backend.Close)
	_, port, _ := net.SplitHostPort(backend.Listener.Addr().String())
	listen, health := proxytest.FreeAddress(t), proxytest.FreeAddress(t)
	environment := []string{"FARGATEDIRECT_SECRET=" + pair.Secret(), "FARGATEDIRECT_BACKEND_PORT=" + port, "FARGATEDIRECT_LISTEN=" + listen, "FARGATEDIRECT_HEALTH_LISTEN=" + health, "GOTRACEBACK=all"}
	process := proxytest.Start(t, environment)
	process.Await(t, "serving")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), ServerName: proxytest.Hostname}}}
	for _, url := range []string{"https://" + listen + "/", "https://" + listen + "/healthz", "http://" + listen + "/", "http://" + health + "/healthz", "http://" + health + "/"} {
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		tellsNoKey(t, url, string(text), pair)
	}
	asked := proxytest.Start(t, environment, "health")
	if err := asked.Ended(t, time.Minute); err != nil {
		t.Error(err)
	}
	tellsNoKey(t, "the health command", asked.Output(), pair)
	process.Signal(t, syscall.SIGQUIT)
	if err := process.Ended(t, time.Minute); err == nil || !strings.Contains(process.Output(), "goroutine ") {
		t.Errorf("it ends with %v and shows no stacks", err)
	}
	tellsNoKey(t, "the log", process.Output(), pair)
}

// Nor does one that is given a key in the wrong place, or a wrong one, nor one
// whose command looks for it.
func TestErrorsTellNoKey(t *testing.T) {
	t.Parallel()
	ca := proxytest.NewAuthority()
	pair := ca.Issue(nil)
	usual := []string{"PATH=" + os.Getenv("PATH"), "FARGATEDIRECT_DIRECTORY=" + t.TempDir()}
	for name, test := range map[string]struct {
		environment, arguments []string
		fails                  bool
	}{
		"the command's environment": {[]string{"FARGATEDIRECT_SECRET=" + pair.Secret()}, []string{"files", "-once", "--", "sh", "-c", "env; tr '\\0' '\\n' </proc/self/environ"}, false},
		"the command's error":       {[]string{"FARGATEDIRECT_SECRET=" + pair.Secret()}, []string{"files", "-once", "--", "sh", "-c", "sed -n 2p $FARGATEDIRECT_DIRECTORY/key.pem >&2; exit 1"}, true},
		"the key alone":             {[]string{"FARGATEDIRECT_SECRET=" + pair.Key}, []string{"files", "-once"}, true},
		"a torn secret":             {[]string{"FARGATEDIRECT_SECRET=" + pair.Secret()[:len(pair.Secret())-300]}, []string{"files", "-once"}, true},
		"another certificate":       {[]string{"FARGATEDIRECT_SECRET=" + proxytest.Pair{Serial: pair.Serial, Key: pair.Key, Chain: ca.Issue(nil).Chain}.Secret()}, []string{"files", "-once"}, true},
		"the key as another value":  {[]string{"FARGATEDIRECT_SECRET=" + strings.Replace(pair.Secret(), `"version":"`, `"version":"`+strings.ReplaceAll(pair.Key, "\n", ""), 1)}, []string{"files", "-once"}, true},
		"as an ARN":                 {[]string{"FARGATEDIRECT_SECRET_ARN=" + pair.Secret()}, []string{"files", "-once"}, true},
		"as a bucket":               {[]string{"FARGATEDIRECT_BUCKET=" + pair.Key}, []string{"files", "-once"}, true},
		"as a number":               {[]string{"FARGATEDIRECT_BACKEND_PORT=" + pair.Key}, nil, true},
		"as a time":                 {[]string{"FARGATEDIRECT_INTERVAL=" + pair.Secret()}, []string{"files", "-once"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			process := proxytest.Start(t, append(test.environment, usual...), test.arguments...)
			if err := process.Ended(t, time.Minute); (err != nil) != test.fails {
				t.Errorf("it ends with %v", err)
			}
			tellsNoKey(t, "it", process.Output(), pair)
		})
	}
}
