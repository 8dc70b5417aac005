package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

func TestMain(m *testing.M) { os.Exit(proxytest.Main(m)) }

// TestServe runs the binary as a task would, from its environment to its end.
func TestServe(t *testing.T) {
	t.Parallel()
	bucket := proxytest.NewBucket(t)
	bucket.Publish(bucket.Authority.Issue(nil))
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello from %s by %s", r.Host, r.Header.Get("X-Forwarded-Proto"))
	}))
	t.Cleanup(backend.Close)
	_, port, _ := net.SplitHostPort(backend.Listener.Addr().String())
	listen, health := proxytest.FreeAddress(t), proxytest.FreeAddress(t)
	process := proxytest.Start(t, append(bucket.Env(), proxytest.Metadata(t), "FARGATEDIRECT_BACKEND_PORT="+port, "FARGATEDIRECT_DOMAIN="+proxytest.Domain,
		"FARGATEDIRECT_LISTEN="+listen, "FARGATEDIRECT_HEALTH_LISTEN="+health))
	process.Await(t, "serving")

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: bucket.Authority.Pool(), ServerName: proxytest.Hostname}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+listen+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = proxytest.Hostname
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if want := "hello from " + proxytest.Hostname + " by https"; string(body) != want {
		t.Errorf("answers %q, want %q", body, want)
	}
	if err := process.Terminate(t, time.Minute); err != nil {
		t.Errorf("ends with %v", err)
	}
	for line := range strings.Lines(process.Output()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
}
