package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/fargatedirect/terraform-provider-fargatedirect/proxy/internal/proxytest"
)

// nowhere is the environment of a container in which there is only the proxy.
func nowhere() []string { return []string{"SSL_CERT_FILE=/nowhere", "SSL_CERT_DIR=/nowhere"} }

// TestRoots checks whom a process trusts that has no roots of trust beside it.
// The roots are read once in a process, so each case has one of its own.
func TestRoots(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "own.pem")
	if err := os.WriteFile(own, []byte(proxytest.NewAuthority().RootPEM()), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		environment []string
		trusted     bool
	}{
		"no roots":  {nowhere(), true},
		"own roots": {[]string{"SSL_CERT_FILE=" + own, "SSL_CERT_DIR=/nowhere"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestTrustsPublicRoots$", "-test.v")
			cmd.Env = append(tt.environment, "TRUSTS=1")
			said, err := cmd.CombinedOutput()
			if trusted := err == nil && strings.Contains(string(said), "--- PASS"); trusted != tt.trusted {
				t.Errorf("public roots are trusted: %v, want %v (%v)\n%s", trusted, tt.trusted, err, said)
			}
		})
	}
}

// TestTrustsPublicRoots is what TestRoots runs.
func TestTrustsPublicRoots(t *testing.T) {
	if os.Getenv("TRUSTS") == "" {
		t.Skip("TestRoots runs this")
	}
	tried := 0
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		// Amazon's are those that sign for S3.
		if !strings.Contains(certificate.Subject.CommonName, "Amazon Root CA") {
			continue
		}
		tried++
		if _, err := certificate.Verify(x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
			t.Errorf("%s: %v", certificate.Subject.CommonName, err)
		}
	}
	if tried == 0 {
		t.Error("there is no root of Amazon's")
	}
}

// TestOwnRoots has S3 answer by TLS, with a certificate of an authority that
// only SSL_CERT_FILE names: so may an endpoint of one's own, or a firewall that
// looks into connections.
func TestOwnRoots(t *testing.T) {
	t.Parallel()
	bucket := proxytest.NewBucket(t)
	bucket.Publish(bucket.Authority.Issue(nil))
	endpoint := bucket.Authority.Issue(func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	pair, err := tls.X509KeyPair([]byte(endpoint.Chain), []byte(endpoint.Key))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(bucket)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	own := filepath.Join(t.TempDir(), "own.pem")
	if err := os.WriteFile(own, []byte(bucket.Authority.RootPEM()), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := append(bucket.Env(), "AWS_ENDPOINT_URL="+server.URL, proxytest.Metadata(t), "FARGATEDIRECT_BACKEND_PORT=8080",
		"FARGATEDIRECT_DOMAIN="+proxytest.Domain, "FARGATEDIRECT_LISTEN="+proxytest.FreeAddress(t), "FARGATEDIRECT_HEALTH_LISTEN="+proxytest.FreeAddress(t))

	process := proxytest.Start(t, append(environment, "SSL_CERT_FILE="+own))
	process.Await(t, "serving")
	if err := process.Terminate(t, time.Minute); err != nil {
		t.Errorf("ends with %v", err)
	}
	process = proxytest.Start(t, append(environment, nowhere()...))
	process.Await(t, "certificate signed by unknown authority")
}
