package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// nobody has no variables.
func nobody(string) string { return "" }

// newRegistry starts a registry, behind another handler if there is one, and
// answers its address.
func newRegistry(t *testing.T, before func(next http.Handler) http.Handler) string {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	if before != nil {
		handler = before(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestPush(t *testing.T) {
	t.Parallel()
	var writes atomic.Int64
	host := newRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				writes.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	index := packed(t, "a proxy")
	want, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	reference := host + "/some/proxy:1.2.3"
	if err := pushTo(t.Context(), index, reference, nobody, io.Discard); err != nil {
		t.Fatal(err)
	}
	// By its digest it is had as it was made.
	digest, err := name.NewDigest(host + "/some/proxy@" + want.String())
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Index(digest, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(pulled); err != nil {
		t.Error(err)
	}
	manifest, err := pulled.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifest.Manifests {
		image, err := pulled.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if config, err := image.ConfigFile(); err != nil || config.Config.User != "65532:65532" || config.Architecture != m.Platform.Architecture {
			t.Errorf("pulled for %s: %+v (%v)", m.Platform, config, err)
		}
		checkLayer(t, image, "a proxy for "+m.Platform.Architecture)
	}
	// A second time there is nothing to do.
	before := writes.Load()
	if err := pushTo(t.Context(), packed(t, "a proxy"), reference, nobody, io.Discard); err != nil || writes.Load() != before {
		t.Errorf("pushed again: error %v, %d writes", err, writes.Load()-before)
	}
	// Another image does not get the tag.
	err = pushTo(t.Context(), packed(t, "another proxy"), reference, nobody, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "is another image's already, "+want.String()) {
		t.Errorf("the tag was moved: %v", err)
	}
	if has, err := remote.Get(digest.Tag("1.2.3"), remote.WithContext(t.Context())); err != nil || has.Digest != want {
		t.Errorf("the tag is of %+v (%v), want %s", has, err, want)
	}
}

func TestPushWhereTo(t *testing.T) {
	t.Parallel()
	index := packed(t, "a proxy")
	for _, reference := range []string{"", "proxy", "localhost:1/proxy", "localhost:1/Proxy:1", "localhost:1/proxy@sha256:" + strings.Repeat("0", 64)} {
		err := pushTo(t.Context(), index, reference, nobody, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "<registry>/<repository>:<tag>") {
			t.Errorf("%q: error %v, want one that shows the form", reference, err)
		}
	}
}

func TestPushCredentials(t *testing.T) {
	t.Parallel()
	host := newRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "AWS" || password != "s3cret" {
				w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	index := packed(t, "a proxy")
	for _, tt := range []struct {
		password string
		in       bool
	}{{"wrong", false}, {"s3cret", true}} {
		getenv := func(name string) string {
			return map[string]string{"PROXY_IMAGE_USERNAME": "AWS", "PROXY_IMAGE_PASSWORD": tt.password}[name]
		}
		err := pushTo(t.Context(), index, host+"/proxy:1", getenv, io.Discard)
		if (err == nil) != tt.in {
			t.Errorf("password %q: error %v", tt.password, err)
		}
		if err != nil && strings.Contains(err.Error(), tt.password) {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

// TestPushBelievesNoRegistry has a registry that takes everything and keeps
// something else.
func TestPushBelievesNoRegistry(t *testing.T) {
	t.Parallel()
	host := newRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/manifests/1") {
				text, _ := io.ReadAll(r.Body)
				changed := string(text) + "\n"
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
			}
			next.ServeHTTP(w, r)
		})
	})
	err := pushTo(t.Context(), packed(t, "a proxy"), host+"/proxy:1", nobody, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "was given") {
		t.Errorf("error %v, want one that names what the registry has", err)
	}
}
