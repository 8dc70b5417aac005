package secretsearch_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/secretsearch"
)

// planted is a private key and the number in it that is secret.
type planted struct {
	key    any
	secret []byte
	// other is the DER form beside PKCS #8.
	other []byte
}

func keys(t *testing.T) map[string]planted {
	t.Helper()
	made := map[string]planted{}
	for name, curve := range map[string]elliptic.Curve{"P256": elliptic.P256(), "P384": elliptic.P384()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		made[name] = planted{key, must(t)(key.Bytes()), must(t)(x509.MarshalECPrivateKey(key))}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	made["RSA2048"] = planted{key, key.D.Bytes(), x509.MarshalPKCS1PrivateKey(key)}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made["Ed25519"] = planted{edwards, edwards.Seed(), must(t)(x509.MarshalPKCS8PrivateKey(edwards))}
	return made
}

func must(t *testing.T) func([]byte, error) []byte {
	t.Helper()
	return func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// TestFormsAreFound writes keys in all the ways in which programs write them.
func TestFormsAreFound(t *testing.T) {
	t.Parallel()
	for kind, p := range keys(t) {
		var s secretsearch.Searcher
		if err := s.AddKey("the key", p.key); err != nil {
			t.Fatal(err)
		}
		pkcs8 := must(t)(x509.MarshalPKCS8PrivateKey(p.key))
		text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
		old := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: p.other}))
		asJSON := string(must(t)(json.Marshal(map[string]string{"key": text})))
		forms := map[string]string{
			"PKCS #8 DER":                   string(pkcs8),
			"SEC 1 or PKCS #1 DER":          string(p.other),
			"PKCS #8 PEM":                   text,
			"SEC 1 or PKCS #1 PEM":          old,
			"PEM with CRLF":                 strings.ReplaceAll(text, "\n", "\r\n"),
			"PEM in JSON":                   asJSON,
			"PEM in JSON in JSON":           string(must(t)(json.Marshal(asJSON))),
			"PEM with its lines joined":     strings.ReplaceAll(text, "\n", ""),
			"PEM in short lines":            strings.Join(strings.Split(strings.ReplaceAll(text, "\n", ""), ""), "\n"),
			"PEM in short lines in JSON":    strings.Join(strings.Split(strings.ReplaceAll(text, "\n", ""), ""), `\n`),
			"PEM in a URL":                  url.QueryEscape(text),
			"PEM quoted":                    fmt.Sprintf("%q", text),
			"base64 of the PEM":             base64.StdEncoding.EncodeToString([]byte(text)),
			"base64url of the old PEM":      base64.RawURLEncoding.EncodeToString([]byte("x" + old)),
			"hex of the PEM":                hex.EncodeToString([]byte(text)),
			"base64 of the DER":             base64.StdEncoding.EncodeToString(pkcs8),
			"base64url of the DER":          base64.URLEncoding.EncodeToString(pkcs8),
			"hex of the DER":                hex.EncodeToString(pkcs8),
			"HEX of the DER":                strings.ToUpper(hex.EncodeToString(p.other)),
			"hex with colons":               strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf("% x", p.secret)), " ", ":"),
			"bytes as Go prints them":       fmt.Sprintf("%d", pkcs8),
			"bytes as Go writes them":       fmt.Sprintf("%#v", pkcs8),
			"bytes quoted":                  fmt.Sprintf("%q", p.secret),
			"bytes as a JSON array":         strings.ReplaceAll(fmt.Sprintf("%d", p.secret), " ", ","),
			"the number":                    new(big.Int).SetBytes(p.secret).String(),
			"a JWK's d":                     `{"kty":"EC","d":"` + base64.RawURLEncoding.EncodeToString(p.secret) + `"}`,
			"an excerpt of the number":      hex.EncodeToString(p.secret)[7:25],
			"an excerpt of base64":          base64.StdEncoding.EncodeToString(p.secret)[5:24],
			"an excerpt of a JSON of a JWK": `"d":"` + base64.RawURLEncoding.EncodeToString(p.secret)[:20] + "…",
		}
		for before := range 3 {
			around := append(bytes.Repeat([]byte{'x'}, before), p.secret...)
			forms[fmt.Sprintf("base64 after %d bytes", before)] = base64.StdEncoding.EncodeToString(append(around, "yy"...))
			forms[fmt.Sprintf("base64url after %d bytes", before)] = base64.RawURLEncoding.EncodeToString(append(around, "yyy"...))
		}
		if kind != "Ed25519" {
			forms["as Go prints the key"] = fmt.Sprintf("%v", p.key)
			forms["as Go writes the key as JSON"] = string(must(t)(json.Marshal(p.key)))
		}
		for form, leak := range forms {
			found, err := s.Find("place", []byte("time=12:00 level=INFO msg="+leak+" end\n"))
			if err != nil || len(found) == 0 || found[0].Secret != "the key" || found[0].Place != "place" {
				t.Errorf("%s as %s: found %v, %v", kind, form, found, err)
			}
			for _, f := range found {
				if strings.Contains(f.String(), leak) {
					t.Errorf("%s as %s: the finding repeats the secret", kind, form)
				}
			}
		}
	}
}

// TestPublicIsNotFound looks for keys in what others and their public halves
// look like.
func TestPublicIsNotFound(t *testing.T) {
	t.Parallel()
	mine, others := keys(t), keys(t)
	var s secretsearch.Searcher
	for kind, p := range mine {
		if err := s.AddKey(kind, p.key); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(s.Secrets()); got != len(mine) {
		t.Errorf("%d secrets are known, want %d", got, len(mine))
	}
	var text bytes.Buffer
	for kind, p := range mine {
		public := p.key.(interface{ Public() crypto.PublicKey }).Public()
		der := must(t)(x509.MarshalPKIXPublicKey(public))
		_ = pem.Encode(&text, &pem.Block{Type: "PUBLIC KEY", Bytes: der})
		fmt.Fprintf(&text, "%v %x %s\n", public, der, base64.RawURLEncoding.EncodeToString(der))
		// A key of the same kind begins and ends alike.
		der = must(t)(x509.MarshalPKCS8PrivateKey(others[kind].key))
		_ = pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
		fmt.Fprintf(&text, "%v %x %s %s\n", der, der, base64.StdEncoding.EncodeToString(text.Bytes()), others[kind].other)
	}
	noise := make([]byte, 1<<20)
	_, _ = rand.Read(noise)
	text.Write(noise)
	text.WriteString(hex.EncodeToString(noise) + base64.StdEncoding.EncodeToString(noise) + strings.Repeat("0 ", 100) + strings.Repeat("A", 100))
	if found, err := s.Find("place", text.Bytes()); err != nil || len(found) > 0 {
		t.Errorf("found %v, %v; want nothing", found, err)
	}
}

// TestBytesAreFound looks for a secret that is no key.
func TestBytesAreFound(t *testing.T) {
	t.Parallel()
	value := make([]byte, 32)
	_, _ = rand.Read(value)
	var s secretsearch.Searcher
	if err := s.AddBytes("the HMAC key", value); err != nil {
		t.Fatal(err)
	}
	given := base64.RawURLEncoding.EncodeToString(value)
	for _, leak := range []string{string(value), given, base64.StdEncoding.EncodeToString(value), hex.EncodeToString(value), base64.StdEncoding.EncodeToString([]byte(`{"hmac":"` + given + `"}`))} {
		if found, err := s.Find("place", []byte("a"+leak+"b")); err != nil || len(found) == 0 {
			t.Errorf("found %v, %v in %q", found, err, leak)
		}
	}
	if err := s.AddBytes("short", value[:15]); err == nil {
		t.Error("a secret that is too short was taken")
	}
}

// TestArchivesAreUnpacked hides a key in archives in archives.
func TestArchivesAreUnpacked(t *testing.T) {
	t.Parallel()
	p := keys(t)["P256"]
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(t)(x509.MarshalPKCS8PrivateKey(p.key))})
	var s secretsearch.Searcher
	if err := s.AddPEM("the key", text); err != nil {
		t.Fatal(err)
	}
	if err := s.AddPEM("no key", []byte("nothing")); err == nil {
		t.Error("what is no key was taken for one")
	}
	var zipped, twice bytes.Buffer
	archive := zip.NewWriter(&zipped)
	member, err := archive.Create("tfplan")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = member.Write(text)
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	compressed := gzip.NewWriter(&twice)
	_, _ = compressed.Write(zipped.Bytes())
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := s.Find("place", twice.Bytes())
	if err != nil || len(found) == 0 || found[0].Place != "place/gunzip/tfplan" {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := s.Find("place", zipped.Bytes()[:40]); err == nil {
		t.Error("half an archive was taken for searched")
	}
}
