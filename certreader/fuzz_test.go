package certreader

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"
)

// Whatever lies in the bucket, a pointer that is taken names two objects of one
// version below the prefix, by hashes.
func FuzzPointer(f *testing.F) {
	p := newAuthority().pair()
	text := p.published()[pointerObject]
	f.Add([]byte(text))
	f.Add([]byte(strings.Replace(text, "a/versions", "a/../b/versions", 1)))
	f.Add([]byte(`{"version":"a/../..","key":{"object_key":"a/versions/a/../../key.pem"}}`))
	f.Add([]byte(`{"VERSION":"0","version":null,"key":[]}`))
	f.Add([]byte("null"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parsePointer(text, testPrefix)
		if err != nil {
			return
		}
		version, ok := strings.CutPrefix(got.Key.ObjectKey, testPrefix+versionsPrefix)
		version, isKey := strings.CutSuffix(version, "/"+keyObject)
		if !ok || !isKey || version == "" || strings.ContainsAny(version, "/.") || got.Certificate.ObjectKey != testPrefix+versionsPrefix+version+"/"+chainObject {
			t.Errorf("it takes %+v", got)
		}
		if len(got.Key.SHA256) != 64 || len(got.Certificate.SHA256) != 64 {
			t.Errorf("it takes the hashes of %+v", got)
		}
	})
}

// Whatever a bundle holds, a pair that is taken is whole, and written as it was
// read.
func FuzzBundle(f *testing.F) {
	ca := newAuthority()
	p := ca.pair()
	f.Add([]byte(p.key + p.chain))
	f.Add([]byte(p.chain + p.key))
	f.Add([]byte(p.key + chainText(ca.root)))
	f.Add([]byte(p.key + strings.Replace(p.chain, "\n", "\r\n", 3)))
	f.Add([]byte(strings.Replace(p.key, "\n", "\nProc-Type: 4,ENCRYPTED\n\n", 1) + p.chain))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		key, chain, err := splitBundle(text)
		if err != nil {
			return
		}
		holdsWholePair(t, key, chain)
	})
}

func holdsWholePair(t *testing.T, key, chain []byte) {
	t.Helper()
	pair, err := parsePair(key, chain)
	if err != nil {
		if strings.Contains(err.Error(), "-----") {
			t.Errorf("the error quotes what it read: %v", err)
		}
		return
	}
	var parsed []*x509.Certificate
	for _, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, c)
	}
	if pair.Leaf == nil || pair.PrivateKey == nil || len(parsed) == 0 || len(parsed) > maxCertificates || chainText(parsed...) != string(chain) {
		t.Errorf("it takes %q with %q", key, chain)
	}
	// What is taken can be checked, whatever is in it.
	_ = Options{Names: []string{testName, "*.example.com"}, ClockSkew: time.Minute}.check(pair, "abc", time.Now())
}

func FuzzKeyAndCertificate(f *testing.F) {
	ca := newAuthority()
	p, other := ca.pair(), ca.pair()
	f.Add([]byte(p.key), []byte(p.chain))
	f.Add([]byte(p.key), []byte(other.chain))
	f.Add([]byte(p.key+p.key), []byte(p.chain))
	f.Add([]byte(p.chain), []byte(p.key))
	f.Add([]byte{}, []byte{})
	f.Fuzz(holdsWholePair)
}

// Whatever the secret holds, no error quotes it.
func FuzzSecret(f *testing.F) {
	p := newAuthority().pair()
	f.Add([]byte(p.secret()))
	f.Add([]byte(`{"version":"0","private_key":1}`))
	f.Add([]byte(`{"version":"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="}`))
	f.Add([]byte("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parseSecret(text)
		if err != nil {
			if len(text) > 60 && strings.Contains(err.Error(), string(text)) || len(err.Error()) > 100 {
				t.Errorf("the error is %v", err)
			}
			return
		}
		if !serialPattern.MatchString(got.Version) {
			t.Errorf("it takes the version %q", got.Version)
		}
		holdsWholePair(t, []byte(got.PrivateKey), []byte(got.Certificate))
	})
}

// Whatever a template is, the name of a task is one label below the domain.
func FuzzTemplate(f *testing.F) {
	for _, template := range []string{"{task_id}", "{short_id}-x", "a{b}c", "{{short_id}}", "{service}-{short_id}", "{short_id}.{task_id}"} {
		f.Add(template)
	}
	f.Fuzz(func(t *testing.T, template string) {
		if checkTemplate(template) != nil {
			return
		}
		for _, id := range []string{taskID32, "0b2f7c1e-5b0d-4d0e-9d0b-7f6f4f1f2a10"} {
			label := fillTemplate(template, id)
			if len(label) > maxLabel || strings.HasPrefix(label, "_") || strings.Contains(label, ".") || !domainPattern.MatchString(label+".example.com") {
				t.Errorf("%q makes the label %q", template, label)
			}
		}
	})
}

// Whatever the metadata endpoint answers, an id is a label of DNS.
func FuzzTask(f *testing.F) {
	f.Add([]byte(taskAnswer))
	f.Add([]byte(`{"TaskARN":"arn:aws:ecs:eu-west-2:123456789012:task/a/b/` + taskID32 + `"}`))
	f.Add([]byte(`{"TaskARN":"arn:aws:ecs:eu-west-2:123456789012:task/` + taskID32 + `\n"}`))
	f.Add([]byte(`{"TaskARN":7}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		id, err := parseTask(text)
		if err != nil {
			return
		}
		if !domainPattern.MatchString(id + ".example.com") {
			t.Errorf("it takes the id %q", id)
		}
	})
}
