package certbot

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestDue(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	issued := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	want := Certificate{Domains: []string{"*.example.com", "Example.com"}, KeyType: "P256", Profile: "p"}
	for name, test := range map[string]struct {
		change   func(*Certificate, *held)
		lifetime time.Duration
		age      time.Duration
		reason   string // part of it; "" if not due
	}{
		"new":                     {nil, 90 * day, 0, ""},
		"two thirds used, nearly": {nil, 90 * day, 60*day - time.Second, ""},
		"two thirds used":         {nil, 90 * day, 60 * day, "expires on 2026-05-30"},
		"short, half used nearly": {nil, 160 * time.Hour, 80*time.Hour - time.Second, ""},
		"short, half used":        {nil, 160 * time.Hour, 80 * time.Hour, "expires on"},
		"ten days is not short":   {nil, 10 * day, 6 * day, ""},
		"expired":                 {nil, 90 * day, 90 * day, "expired on 2026-05-30"},
		"from the future":         {nil, 90 * day, -time.Second, "not valid before"},
		"name added":              {func(c *Certificate, _ *held) { c.Domains = append(c.Domains, "x.example.com") }, 90 * day, 0, "names changed"},
		"name removed":            {func(c *Certificate, _ *held) { c.Domains = c.Domains[:1] }, 90 * day, 0, "names changed"},
		"names in another order":  {func(c *Certificate, _ *held) { c.Domains = []string{"example.com", "*.example.com"} }, 90 * day, 0, ""},
		"other key type":          {func(c *Certificate, _ *held) { c.KeyType = "RSA2048" }, 90 * day, 0, "from P256 to RSA2048"},
		"other profile":           {func(c *Certificate, _ *held) { c.Profile = "" }, 90 * day, 0, `from "p" to ""`},
		"other authority":         {func(_ *Certificate, h *held) { h.directory = "https://staging" }, 90 * day, 0, "authority changed"},
		"authority not recorded":  {func(_ *Certificate, h *held) { h.directory = "" }, 90 * day, 0, "authority changed"},
		"broken":                  {func(_ *Certificate, h *held) { h.broken, h.pair = errors.New("no match"), pair{} }, 90 * day, 0, "no match"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			have := &held{origin: origin{directory: "https://ca", profile: "p"}, pair: pair{key: key, chain: []*x509.Certificate{{
				SerialNumber: big.NewInt(1), DNSNames: []string{"example.com", "*.example.com"}, PublicKey: key.Public(),
				NotBefore: issued, NotAfter: issued.Add(test.lifetime),
			}}}}
			c := want
			if test.change != nil {
				test.change(&c, have)
			}
			now := issued.Add(test.age)
			reason := cmp.Or(unfit(c, "https://ca", have, now), ripe(issued, issued.Add(test.lifetime), nil, now))
			if (reason == "") != (test.reason == "") || !strings.Contains(reason, test.reason) {
				t.Errorf("due because %q, want %q", reason, test.reason)
			}
		})
	}
	if reason := unfit(want, "https://ca", nil, issued); reason != "there is none yet" {
		t.Errorf("without a certificate due because %q", reason)
	}
}

func TestKeyTypes(t *testing.T) {
	t.Parallel()
	for _, keyType := range []string{"P256", "P384", "RSA2048", "RSA3072"} {
		key, err := newKey(keyType)
		if err != nil {
			t.Fatal(err)
		}
		if got := keyTypeOf(key.Public()); got != keyType {
			t.Errorf("a key of type %s is of type %s", keyType, got)
		}
		text, err := marshalKey(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseKey(text)
		if err != nil || keyTypeOf(again.Public()) != keyType {
			t.Errorf("%s is not read back: %v", keyType, err)
		}
	}
	if _, err := newKey("RSA1024"); err == nil || !strings.Contains(err.Error(), "RSA1024") {
		t.Errorf("RSA1024: error %v", err)
	}
}

func TestCommonName(t *testing.T) {
	t.Parallel()
	fits := strings.Repeat("a", 60) + ".com" // 64 bytes
	for _, test := range []struct {
		names []string
		want  string
	}{
		{[]string{"*.example.com", "example.com"}, "example.com"},
		{[]string{"b.example.com", "a.example.com"}, "b.example.com"},
		{[]string{"a" + fits, fits}, fits},
		{[]string{"a" + fits}, ""},
	} {
		if got := commonName(test.names); got != test.want {
			t.Errorf("common name of %q is %q, want %q", test.names, got, test.want)
		}
	}
}

func TestCheckRefusesWrongCertificates(t *testing.T) {
	t.Parallel()
	key, err := newKey("P256")
	if err != nil {
		t.Fatal(err)
	}
	other, err := newKey("P256")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	good := x509.Certificate{PublicKey: key.Public(), DNSNames: []string{"b", "A"}, NotAfter: now.Add(time.Hour)}
	for name, test := range map[string]struct {
		change func(*x509.Certificate)
		want   string
	}{
		"good":        {func(*x509.Certificate) {}, ""},
		"other key":   {func(c *x509.Certificate) { c.PublicKey = other.Public() }, "not for our key"},
		"other names": {func(c *x509.Certificate) { c.DNSNames = []string{"a"} }, "it is for a, not for a, b"},
		"expired":     {func(c *x509.Certificate) { c.NotAfter = now }, "expired"},
	} {
		leaf := good
		test.change(&leaf)
		err := pair{key: key, chain: []*x509.Certificate{&leaf}}.check([]string{"a", "b"}, now)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}
