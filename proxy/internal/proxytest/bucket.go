// Package proxytest is the world of a proxy's tests: an authority, a bucket
// that publishes certificates as the function does, the metadata endpoint of
// ECS, and the proxy's own binary.
package proxytest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Bucket is a bucket of S3 with one certificate in it, which every proxy of a
// test may read.
type Bucket struct {
	// Authority signs what is published.
	Authority *Authority
	server    *httptest.Server

	mu      sync.Mutex
	objects map[string]string
	fault   http.Handler
}

// Where the certificate is.
const (
	BucketName = "certs"
	Prefix     = "browser/"
)

// NewBucket starts a bucket, which ends with the test. Nothing is published.
func NewBucket(t testing.TB) *Bucket {
	t.Helper()
	b := &Bucket{Authority: NewAuthority(), objects: map[string]string{}}
	b.server = httptest.NewServer(b)
	t.Cleanup(b.server.Close)
	return b
}

// Env is what a process needs in its environment to read the certificate as a
// task would.
func (b *Bucket) Env() []string {
	return append(b.AWSEnv(), "FARGATEDIRECT_BUCKET="+BucketName, "FARGATEDIRECT_PREFIX="+Prefix)
}

// AWSEnv is what a process needs in its environment to call AWS here, and
// nothing that this machine has for others.
func (b *Bucket) AWSEnv() []string {
	return append(b.awsEnv(), "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
}

// TaskEnv is Env for a process that sees nothing of this machine.
func (b *Bucket) TaskEnv() []string {
	return append(b.awsEnv(), "FARGATEDIRECT_BUCKET="+BucketName, "FARGATEDIRECT_PREFIX="+Prefix)
}

func (b *Bucket) awsEnv() []string {
	return []string{"AWS_ENDPOINT_URL=" + b.server.URL, "AWS_REGION=eu-west-2", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test"}
}

// Publish puts a pair in force.
func (b *Bucket) Publish(p Pair) {
	folder := Prefix + "versions/" + p.Serial + "/"
	type object struct {
		Key string `json:"object_key"`
		Sum string `json:"sha256"`
	}
	pointer, err := json.Marshal(map[string]any{
		"version": p.Serial,
		"key":     object{folder + "key.pem", sum(p.Key)}, "certificate": object{folder + "cert.pem", sum(p.Chain)},
	})
	if err != nil {
		panic(err)
	}
	b.Put(folder+"key.pem", p.Key)
	b.Put(folder+"cert.pem", p.Chain)
	b.Put(Prefix+"current.json", string(pointer))
}

// Put writes an object.
func (b *Bucket) Put(key, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = text
}

// Fail has a handler answer all requests from now on; nil ends that.
func (b *Bucket) Fail(handler http.Handler) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = handler
}

// ServeHTTP is the part of S3 that a reader needs.
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	fault := b.fault
	text, ok := b.objects[strings.TrimPrefix(r.URL.Path, "/"+BucketName+"/")]
	b.mu.Unlock()
	tag := `"` + sum(text)[:32] + `"`
	switch {
	case fault != nil:
		fault.ServeHTTP(w, r)
	case r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/"+BucketName+"/"):
		http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
	case !ok:
		http.Error(w, "<Error><Code>NoSuchKey</Code></Error>", http.StatusNotFound)
	case r.Header.Get("If-None-Match") == tag:
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", tag)
		_, _ = w.Write([]byte(text))
	}
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}
