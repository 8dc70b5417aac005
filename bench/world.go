package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"
)

// The task that the proxies are thought to run in.
const (
	domain   = "tasks.example.com"
	taskID   = "0123456789abcdef0123456789abcdef"
	hostname = taskID + "." + domain
)

// world is what all servers are given: a certificate and a folder.
type world struct {
	directory  string
	chain, key string
	// aws is the bucket with the certificate and the metadata endpoint of ECS.
	aws *httptest.Server
}

// newWorld makes a certificate and writes it to a folder of its own, and
// serves it as the function publishes it. The caller closes the world.
func newWorld() (*world, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xabc), Subject: pkix.Name{CommonName: hostname}, DNSNames: []string{"*." + domain},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 90),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	directory, err := os.MkdirTemp("", "fargatedirect-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	w := &world{directory: directory, chain: filepath.Join(directory, "cert.pem"), key: filepath.Join(directory, "key.pem")}
	chainText := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyText := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	for path, text := range map[string][]byte{w.chain: chainText, w.key: keyText} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			w.close()
			return nil, err
		}
	}
	w.aws = httptest.NewServer(published(template.SerialNumber.Text(16), chainText, keyText))
	return w, nil
}

// pool is what a client trusts that trusts the certificate.
func (w *world) pool() (*x509.CertPool, error) {
	text, err := os.ReadFile(w.chain)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("reading the certificate: there is none")
	}
	return pool, nil
}

func (w *world) close() {
	if w.aws != nil {
		w.aws.Close()
	}
	_ = os.RemoveAll(w.directory)
}

// published is the bucket as the function leaves it, below /certs/browser/,
// and the metadata endpoint below /metadata.
func published(serial string, chain, key []byte) http.Handler {
	type object struct {
		Key string `json:"object_key"`
		Sum string `json:"sha256"`
	}
	folder := "browser/versions/" + serial + "/"
	pointer, err := json.Marshal(map[string]any{
		"version": serial,
		"key":     object{folder + "key.pem", sum(key)}, "certificate": object{folder + "cert.pem", sum(chain)},
	})
	if err != nil {
		panic(err)
	}
	files := map[string][]byte{
		"/certs/browser/current.json":   pointer,
		"/certs/" + folder + "key.pem":  key,
		"/certs/" + folder + "cert.pem": chain,
		"/metadata/task":                []byte(`{"Cluster":"default","TaskARN":"arn:aws:ecs:eu-west-2:123456789012:task/default/` + taskID + `","Family":"app"}`),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		tag := `"` + sum(text)[:32] + `"`
		switch {
		case !ok:
			http.NotFound(w, r)
		case r.Header.Get("If-None-Match") == tag:
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", tag)
			_, _ = w.Write(text)
		}
	})
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
