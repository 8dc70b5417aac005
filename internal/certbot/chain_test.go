package certbot

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-acme/lego/v4/certcrypto"
)

// storedRoot is where the stored chain of certificate "a" leads to.
func (w *world) storedRoot(t *testing.T) string {
	t.Helper()
	w.holdsValidPair(t, "a", "example.com")
	chain, err := certcrypto.ParsePEMBundle([]byte(w.s3.text("a/cert.pem")))
	if err != nil {
		t.Fatal(err)
	}
	return chain[len(chain)-1].Issuer.CommonName
}

func TestPreferredChain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prefer  string
		change  func(*fakeCA)
		want    string
		warning string
		// fetched tells whether alternates are asked for.
		fetched bool
	}{
		"none":            {want: "Fake Root"},
		"the default one": {prefer: "Fake Root", want: "Fake Root"},
		"an alternate":    {prefer: "Old Root", want: "Old Root", fetched: true},
		"the other one":   {prefer: "Other Root", want: "Other Root", fetched: true},
		"no such chain":   {prefer: "X1", want: "Fake Root", fetched: true, warning: `no chain that has the issuer "X1", so its default one is stored; it offers chains to "Fake Root" and "Old Root" and "Other Root"`},
		"no alternates": {
			prefer: "X1", change: func(ca *fakeCA) { ca.chains.roots = nil },
			want: "Fake Root", warning: `it offers chains to "Fake Root".`,
		},
		"an alternate of another key": {
			prefer: "Old Root", change: func(ca *fakeCA) { ca.chains.foreign = true },
			want: "Fake Root", fetched: true, warning: `no chain that has the issuer "Old Root"`,
		},
		"alternates that cannot be had": {
			prefer: "Old Root", change: func(ca *fakeCA) { ca.chains.refusal = refusal400("serverInternal", "lost it") },
			want: "Fake Root", fetched: true, warning: "the other chains could not be read (downloading alternate chains: the authority answered: lost it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld([]string{"example.com"})
				w.ca.chains.roots = []string{"Old Root", "Other Root"}
				if test.change != nil {
					test.change(w.ca)
				}
				w.config.Certificates[0].PreferredChain = test.prefer
				status := w.mustRun(t, Request{})[0]
				if got := w.storedRoot(t); got != test.want {
					t.Errorf("the stored chain leads to %q, want %q", got, test.want)
				}
				if got := strings.Join(status.Warnings, " "); !strings.Contains(got, test.warning) || (got == "") != (test.warning == "") {
					t.Errorf("warnings %q, want %q", got, test.warning)
				}
				if test.warning != "" && !strings.Contains(*w.sns.messages[0].Message, "\nWarning: "+status.Warnings[0]+"\n") {
					t.Errorf("the message does not tell the warning:\n%s", *w.sns.messages[0].Message)
				}
				if got := slices.ContainsFunc(w.ca.requests, func(path string) bool { return strings.HasPrefix(path, alternatePath) }); got != test.fetched {
					t.Errorf("alternates were asked for: %v", got)
				}
				// Whatever the authority had, it is not asked again.
				if again := w.mustRun(t, Request{Trigger: TriggerApply})[0]; again.State != StateKept || w.ordered() != 1 {
					t.Errorf("the next run: %+v, want the certificate kept", again)
				}
			})
		})
	}
}

func TestChangedPreferenceReissues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld([]string{"example.com"})
		w.ca.chains.roots = []string{"Old Root"}
		// While renewal information is known a run with nothing due reads
		// nothing else.
		w.ca.ari.window(time.Now().Add(60*24*time.Hour), time.Now().Add(61*24*time.Hour))
		w.ca.ari.retryAfter = "21600"
		for i, step := range []struct{ prefer, state, root string }{
			{"", StateIssued, "Fake Root"},
			{"Old Root", StateIssued, "Old Root"},
			{"", StateKept, "Old Root"}, // any will do
			{"Old Root", StateKept, "Old Root"},
			{"Fake Root", StateKept, "Old Root"}, // it is in the chain
			{"Ünknown Root", StateIssued, "Fake Root"},
			{"Ünknown Root", StateKept, "Fake Root"},
			{"Fake Root", StateKept, "Fake Root"},
			{"Old Root", StateAdopted, "Old Root"}, // of the second step
		} {
			w.config.Certificates[0].PreferredChain = step.prefer
			got := w.mustRun(t, Request{})[0]
			if root := w.storedRoot(t); got.State != step.state || root != step.root {
				t.Errorf("step %d, preferring %q: %s, to %q; want %s, to %q", i, step.prefer, got.State, root, step.state, step.root)
			}
			time.Sleep(3 * time.Hour)
		}
	})
}

// The objects of old tell what was asked for as the pointer does.
func TestOriginIsReadBack(t *testing.T) {
	t.Parallel()
	for _, want := range []origin{
		{},
		{directory: "https://ca.test/dir", profile: "p", account: "https://ca.test/account/1", preferred: "ISRG Root X1"},
		{preferred: "Ünknown + 100% Root"},
	} {
		metadata := want.metadata()
		for name, value := range metadata {
			if strings.ContainsFunc(value, func(c rune) bool { return c > '~' }) {
				t.Errorf("%s is %q, which S3 would not keep", name, value)
			}
		}
		if got := originOf(metadata); got != want {
			t.Errorf("%+v is read back as %+v", want, got)
		}
	}
}
