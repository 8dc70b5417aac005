package localcloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const pebblePackage = "github.com/letsencrypt/pebble/v2/cmd/pebble"

// startPebble builds Pebble if need be and starts it on free ports.
func (c *Cloud) startPebble(ctx context.Context, o Options) error {
	var err error
	if c.pebbleBinary, err = o.buildPebble(ctx); err != nil {
		return err
	}
	authority, err := newAuthority(filepath.Join(c.Dir, "directory.pem"), filepath.Join(c.Dir, "directory-key.pem"))
	if err != nil {
		return err
	}
	c.DirectoryCAPEM = authority
	begun := time.Now()
	var at pebbleAddress
	c.pebble, at, err = c.runPebble(ctx, "pebble", nil)
	if err != nil {
		return err
	}
	c.DirectoryURL, c.ManagementURL = at.directory, at.management
	o.progress("Pebble answers at %s after %.1f s", c.DirectoryURL, time.Since(begun).Seconds())
	return nil
}

// buildPebble is the path of the binary of the version that the tools' module
// names.
func (o Options) buildPebble(ctx context.Context) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	tools := filepath.Join(root, "tools")
	key := [][]byte{[]byte(runtime.Version() + runtime.GOOS + runtime.GOARCH), fmt.Append(nil, pebbleMends)}
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(tools, name))
		if err != nil {
			return "", fmt.Errorf("building Pebble: %w", err)
		}
		key = append(key, b)
	}
	anything := func(string) bool { return true }
	dir, err := o.cached(ctx, "pebble", key, anything, func(dir string) error {
		o.progress("building Pebble (once, about half a minute)")
		modfile, err := mendPebble(ctx, tools, dir)
		if err != nil {
			return err
		}
		_, err = run(ctx, []string{"CGO_ENABLED=0", "GOFLAGS="}, "go", "build", "-C", tools, "-modfile", modfile, "-o", filepath.Join(dir, "pebble"), pebblePackage)
		return err
	})
	return filepath.Join(dir, "pebble"), err
}

// pebbleMends are what Pebble's source says once in a file, and what it is to
// say instead.
var pebbleMends = []struct{ file, old, mended string }{
	// It is told to validate every order anew, and yet takes one authorization
	// in a hundred from an order before: rand.Intn(100) may be 0.
	{"wfe/wfe.go", "rand.Intn(100) > wfe.authzReusePercent", "rand.Intn(100) >= wfe.authzReusePercent"},
	// A validation has 15 s, and yet fails if one answer of the DNS takes longer
	// than 2 s, which it may on a busy machine.
	{"va/va.go", "va.dnsClient = new(dns.Client)", "va.dnsClient = &dns.Client{Timeout: validationTimeout}"},
}

// mendPebble copies Pebble's module and mends it there, and answers a go.mod
// that has the tools compiled with the copy. Go takes no overlay of what lies in
// its module cache.
func mendPebble(ctx context.Context, tools, dir string) (string, error) {
	const module = "github.com/letsencrypt/pebble/v2"
	answer, err := run(ctx, []string{"GOFLAGS="}, "go", "-C", tools, "mod", "download", "-json", module)
	if err != nil {
		return "", err
	}
	var original struct{ Dir string }
	if err := json.Unmarshal(answer, &original); err != nil {
		return "", fmt.Errorf("mending Pebble: finding its module: %w", err)
	}
	copied := filepath.Join(dir, "source")
	if err := os.CopyFS(copied, os.DirFS(original.Dir)); err != nil {
		return "", fmt.Errorf("mending Pebble: %w", err)
	}
	for _, m := range pebbleMends {
		if err := mendFile(filepath.Join(copied, filepath.FromSlash(m.file)), m.old, m.mended); err != nil {
			return "", fmt.Errorf("mending Pebble: %w", err)
		}
	}
	modfile := filepath.Join(dir, "go.mod")
	err = errors.Join(
		copyFile(filepath.Join(tools, "go.mod"), modfile, "\nreplace "+module+" => "+copied+"\n"),
		copyFile(filepath.Join(tools, "go.sum"), filepath.Join(dir, "go.sum"), ""),
	)
	if err != nil {
		return "", fmt.Errorf("mending Pebble: %w", err)
	}
	return modfile, nil
}

// mendFile replaces a text that a file holds once. The file may be read-only,
// as those of Go's module cache are.
func mendFile(path, old, mended string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(source), old); n != 1 {
		return fmt.Errorf("%s holds %q %d times, not once; see whether that is still to be mended", path, old, n)
	}
	return errors.Join(os.Remove(path), os.WriteFile(path, []byte(strings.Replace(string(source), old, mended, 1)), 0o600))
}

// copyFile copies a file and puts a text behind it.
func copyFile(from, to, more string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, append(b, more...), 0o600)
}

// pebbleAddress is where a Pebble answers.
type pebbleAddress struct{ directory, management string }

// runPebble starts a Pebble on free ports. Its configuration and its log bear
// the name; with binding keys it takes only accounts that are bound by one.
func (c *Cloud) runPebble(ctx context.Context, name string, bindingKeys map[string]string) (*process, pebbleAddress, error) {
	var at pebbleAddress
	p, err := retryStart(func() (*process, error) {
		var p *process
		var err error
		p, at, err = c.tryPebble(ctx, name, bindingKeys)
		return p, err
	})
	return p, at, err
}

func (c *Cloud) tryPebble(ctx context.Context, name string, bindingKeys map[string]string) (*process, pebbleAddress, error) {
	port, err := freePort()
	if err != nil {
		return nil, pebbleAddress{}, err
	}
	management, err := freePort()
	if err != nil {
		return nil, pebbleAddress{}, err
	}
	config := filepath.Join(c.Dir, name+".json")
	b, err := json.MarshalIndent(pebbleConfig(c.Dir, port, management, bindingKeys), "", "  ")
	if err != nil {
		return nil, pebbleAddress{}, fmt.Errorf("configuring Pebble: %w", err)
	}
	if err := os.WriteFile(config, b, 0o600); err != nil {
		return nil, pebbleAddress{}, fmt.Errorf("configuring Pebble: %w", err)
	}
	env := []string{
		"PEBBLE_VA_NOSLEEP=1",         // Validates at once; who polls politely loses nothing.
		"PEBBLE_WFE_NONCEREJECT=20",   // A client must cope with badNonce.
		"PEBBLE_AUTHZREUSE=0",         // Every order is validated anew.
		"PEBBLE_ALTERNATE_ROOTS=1",    // There is a chain to prefer.
		"SSL_CERT_FILE=" + os.DevNull, // It calls nobody over TLS.
	}
	p, err := startProcess("Pebble", filepath.Join(c.LogDir, name+".log"), env,
		c.pebbleBinary, "-strict", "-config", config, "-dnsserver", c.DNSAddr)
	if err != nil {
		return nil, pebbleAddress{}, err
	}
	at := pebbleAddress{fmt.Sprintf("https://127.0.0.1:%d/dir", port), fmt.Sprintf("https://127.0.0.1:%d", management)}
	return p, at, p.waitFor(ctx, func(ctx context.Context) error {
		for _, url := range []string{at.directory, at.management + "/roots/0"} {
			if _, err := c.getFromPebble(ctx, url); err != nil {
				return err
			}
		}
		return nil
	})
}

type pebbleProfile struct {
	Description    string `json:"description"`
	ValidityPeriod int    `json:"validityPeriod"`
}

// pebbleConfig offers the two lifetimes that Let's Encrypt's certificates have
// had longest and shortest, and one that a test can see the end of. An order
// should name its profile: Pebble picks one by chance for an order that does
// not.
func pebbleConfig(dir string, port, management int, bindingKeys map[string]string) any {
	return map[string]any{"pebble": map[string]any{
		"externalAccountBindingRequired": len(bindingKeys) > 0,
		"externalAccountMACKeys":         bindingKeys,

		"listenAddress":           fmt.Sprintf("127.0.0.1:%d", port),
		"managementListenAddress": fmt.Sprintf("127.0.0.1:%d", management),
		"certificate":             filepath.Join(dir, "directory.pem"),
		"privateKey":              filepath.Join(dir, "directory-key.pem"),
		"keyAlgorithm":            "ecdsa",
		"retryAfter":              map[string]int{"authz": 1, "order": 1},
		"profiles": map[string]pebbleProfile{
			"default":    {Description: "90 days", ValidityPeriod: 90 * 24 * 3600},
			"shortlived": {Description: "160 hours", ValidityPeriod: 160 * 3600},
			"fleeting":   {Description: "30 seconds", ValidityPeriod: 30},
		},
	}}
}

// Root is the certificate (PEM) of one of the authorities that issue: 0 is the
// default one, 1 the one of the alternate chain. They are new at each start.
func (c *Cloud) Root(ctx context.Context, n int) ([]byte, error) {
	return c.getFromPebble(ctx, fmt.Sprintf("%s/roots/%d", c.ManagementURL, n))
}

// RootPool trusts exactly the default authority.
func (c *Cloud) RootPool(ctx context.Context) (*x509.CertPool, error) {
	root, err := c.Root(ctx, 0)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(root) {
		return nil, fmt.Errorf("reading Pebble's root: no certificate in %q", root)
	}
	return pool, nil
}

// DirectoryClient is an HTTP client for the directory and for the management
// interface: it trusts the CA of those two and no other.
func (c *Cloud) DirectoryClient() *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.DirectoryCAPEM)
	return &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
	}
}

func (c *Cloud) getFromPebble(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("asking Pebble: %w", err)
	}
	client := c.DirectoryClient()
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking Pebble: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("asking Pebble: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking Pebble for %s: %s", url, res.Status)
	}
	return body, nil
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
