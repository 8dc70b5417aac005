package certreader

import (
	"context"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// refused are the ways in which what is in force cannot be used, by what the
// error says. They start with another pair in force.
var refused = map[string]struct {
	source string
	want   string
	harm   func(ca *authority, aws *fakeAWS)
}{
	"expired": {"pointer", "expired on", func(ca *authority, aws *fakeAWS) {
		aws.publish(ca.issue(newECKey(elliptic.P256()), func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-6 * time.Minute) }))
	}},
	"not valid yet": {"bundle", "is not valid before", func(ca *authority, aws *fakeAWS) {
		aws.publish(ca.issue(newECKey(elliptic.P256()), func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }))
	}},
	"key of another": {"pointer", "does not belong", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		p.key = ca.pair().key
		aws.publish(p)
	}},
	"key of another in the secret": {"secret", "does not belong", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		p.key = ca.pair().key
		aws.publish(p)
	}},
	"wrong name": {"pointer", "is for login.example.com, not for " + testName, func(ca *authority, aws *fakeAWS) {
		aws.publish(ca.issue(newECKey(elliptic.P256()), func(c *x509.Certificate) { c.DNSNames = []string{"login.example.com"} }))
	}},
	"chain of another authority": {"bundle", "certificate 1 of its chain is not signed by the next", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		block := strings.SplitAfter(p.chain, "-----END CERTIFICATE-----\n")
		p.chain = block[0] + chainText(newAuthority().intermediate)
		aws.publish(p)
	}},
	"chain in another order": {"secret", "not signed by the next", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		block := strings.SplitAfter(p.chain, "-----END CERTIFICATE-----\n")
		p.chain = block[0] + chainText(ca.root, ca.intermediate)
		aws.publish(p)
	}},
	"weak key": {"bundle", "nor RSA of 2048 to 8192 bits", func(ca *authority, aws *fakeAWS) { aws.publish(ca.issue(newRSAKey(1024), nil)) }},
	"other curve": {"pointer", "neither of P-256 or P-384", func(ca *authority, aws *fakeAWS) {
		aws.publish(ca.issue(newECKey(elliptic.P521()), nil))
	}},
	"serial of another": {"secret", "serial number is", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		p.serial = "abcdef"
		aws.publish(p)
	}},
	"torn: the pointer is ahead of its key": {"pointer", "NoSuchKey", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		aws.publish(p)
		aws.change("versions/"+p.serial+"/key.pem", nil)
	}},
	"torn: the pointer is ahead of its certificate": {"pointer", "following s3://certs/a/current.json: reading s3://certs/a/versions/", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		aws.publish(p)
		aws.change("versions/"+p.serial+"/cert.pem", nil)
	}},
	"torn: an object of another version": {"pointer", "its SHA-256 is not the one in s3://certs/a/current.json", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		aws.publish(p)
		aws.change("versions/"+p.serial+"/key.pem", func(string) string { return ca.pair().key })
	}},
	"torn bundle": {"bundle", "it is not plain PEM", func(_ *authority, aws *fakeAWS) {
		aws.change(bundleObject, func(s string) string { return s[:len(s)-100] })
	}},
	"bundle without a key": {"bundle", "not a private key followed by", func(ca *authority, aws *fakeAWS) {
		aws.change(bundleObject, func(string) string { return ca.pair().chain })
	}},
	"something between": {"bundle", "it is not plain PEM", func(_ *authority, aws *fakeAWS) {
		aws.change(bundleObject, func(s string) string {
			return strings.Replace(s, "-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----\n# hello\n", 1)
		})
	}},
	"no pointer": {"pointer", "there is no certificate yet", func(_ *authority, aws *fakeAWS) { aws.change(pointerObject, nil) }},
	"pointer to elsewhere": {"pointer", "it names other objects than key.pem and cert.pem below a/versions/", func(_ *authority, aws *fakeAWS) {
		aws.change(pointerObject, func(s string) string { return strings.Replace(s, "a/versions/", "b/versions/", 1) })
	}},
	"pointer up and away": {"pointer", "its version is not a serial number", func(_ *authority, aws *fakeAWS) {
		aws.change(pointerObject, func(string) string {
			return `{"version":"../../b","key":{"object_key":"a/versions/../../b/key.pem","sha256":""},"certificate":{"object_key":"a/versions/../../b/cert.pem","sha256":""}}`
		})
	}},
	"pointer without hashes": {"pointer", "its SHA-256 hashes are none", func(_ *authority, aws *fakeAWS) {
		aws.change(pointerObject, func(s string) string { return strings.ReplaceAll(s, `"sha256"`, `"sha1"`) })
	}},
	"pointer with more after it": {"pointer", "it is not JSON", func(_ *authority, aws *fakeAWS) {
		aws.change(pointerObject, func(s string) string { return s + s })
	}},
	"pointer too long": {"pointer", "more than 65536 bytes", func(_ *authority, aws *fakeAWS) {
		aws.change(pointerObject, func(s string) string { return s + strings.Repeat(" ", maxPointer) })
	}},
	"key too long": {"pointer", "more than 16384 bytes", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		aws.publish(p)
		aws.change("versions/"+p.serial+"/key.pem", func(s string) string { return strings.Repeat(s, 100) })
	}},
	"bundle too long": {"bundle", "it is too long", func(_ *authority, aws *fakeAWS) {
		aws.change(bundleObject, func(s string) string { return s + strings.Repeat(s, 1000) })
	}},
	"long chain": {"secret", "more blocks than 10", func(ca *authority, aws *fakeAWS) {
		p := ca.pair()
		p.chain += strings.Repeat(chainText(ca.root), 9)
		aws.publish(p)
	}},
	"secret too long":     {"secret", "more than 65536 bytes", func(_ *authority, aws *fakeAWS) { aws.setSecret(aws.secret + strings.Repeat(" ", maxSecret)) }},
	"secret with nothing": {"secret", "ResourceNotFoundException; there is no certificate yet", func(_ *authority, aws *fakeAWS) { aws.setSecret("") }},
	"secret of others":    {"secret", "it is not JSON, from byte 1 on", func(_ *authority, aws *fakeAWS) { aws.setSecret("hunter2") }},
	"secret of another kind": {"secret", "JSON of another kind", func(_ *authority, aws *fakeAWS) {
		aws.setSecret(`{"version":123456789}`)
	}},
	"denied": {"pointer", "the role needs the certificate's reader_policy_json", func(_ *authority, aws *fakeAWS) {
		aws.failing(func(context.Context, string) error { return errDenied })
	}},
	"key denied": {"pointer", "AccessDenied; the role needs the certificate's reader_policy_json, and must be in reader_role_arns", func(ca *authority, aws *fakeAWS) {
		aws.publish(ca.pair())
		aws.failing(func(_ context.Context, key string) error {
			if strings.HasSuffix(key, pointerObject) {
				return nil
			}
			return errDenied
		})
	}},
	"no way there": {"bundle", "a public IP, a NAT gateway or VPC endpoints", func(_ *authority, aws *fakeAWS) {
		aws.failing(func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		})
	}},
	"secret denied": {"secret", "the role needs the certificate's execution_policy_json", func(_ *authority, aws *fakeAWS) {
		aws.failing(func(context.Context, string) error { return awsError{"AccessDeniedException", 400} })
	}},
}

func newRSAKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits) //nolint:gosec // weak on purpose
	if err != nil {
		panic(err)
	}
	return key
}

// What cannot be used is refused with a clear message, the pair before it is
// served on, and a good one is taken soon after it is there.
func TestRefused(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	for name, test := range refused {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ca := newAuthority()
				first := ca.pair()
				aws := newFakeAWS(first)
				var log lockedLog
				r := started(t, aws.sources()[test.source], Options{Names: []string{testName}, Logger: log.logger()})
				time.Sleep(time.Second)
				test.harm(ca, aws)
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				v := serves(t, r, first)
				if v.LastError == nil || !strings.Contains(v.LastError.Error(), test.want) || time.Since(v.LastLook) < 4*time.Minute {
					t.Errorf("it says %v, last look %s ago; want %q", v.LastError, time.Since(v.LastLook), test.want)
				}
				if !strings.Contains(log.String(), `"level":"WARN","msg":"no news of the certificate, serving the same"`) || !strings.Contains(log.String(), first.serial) || !strings.Contains(log.String(), `"not_after":"2000-03-31T`) {
					t.Errorf("the log says %s", &log)
				}
				if strings.Contains(log.String(), "hunter2") || strings.Contains(log.String(), "123456789,") {
					t.Errorf("the log quotes a secret: %s", &log)
				}
				holdsNoKeys(t, log.String(), first)
				// A reader that starts now says the same.
				if _, err := New(t.Context(), aws.sources()[test.source], Options{Names: []string{testName}, Logger: log.logger()}); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("a new reader says %v, want %q", err, test.want)
				}

				good := ca.pair()
				aws.failing(nil)
				aws.publish(good)
				time.Sleep(6 * time.Minute)
				synctest.Wait()
				if v := serves(t, r, good); v.LastError != nil {
					t.Errorf("after it was mended it says %v", v.LastError)
				}
			})
		})
	}
}
