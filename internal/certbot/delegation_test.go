package certbot

import (
	"strings"
	"testing"
	"testing/synctest"
)

// delegatedWorld has a certificate whose two challenges are both answered at a
// name of another zone than the domain's.
func delegatedWorld() *world {
	const answer = "app-example-org.challenges.example.com"
	w := newWorld([]string{"app.example.org", "*.app.example.org"})
	w.config.Certificates[0].Challenges = map[string]string{"_acme-challenge.app.example.org": answer}
	w.ca.aliases = map[string]string{"app.example.org": answer}
	w.zone.also = answer
	return w
}

func TestDelegatedChallengeIsAnsweredWhereItLeads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := delegatedWorld()
		w.mustRun(t, Request{})
		w.holdsValidPair(t, "a", "app.example.org", "*.app.example.org")
		w.holdsNoRecords(t)
		for i, change := range w.zone.changes {
			for name := range change.sets {
				if name != w.zone.also {
					t.Errorf("change %d has a record at %s", i, name)
				}
			}
		}
	})
}

// Two certificates whose challenges end at one name do not get into each
// other's way, nor do the values of others there.
func TestDelegatedChallengesShareAName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := delegatedWorld()
		second := w.config.Certificates[0]
		second.Key, second.Prefix, second.Domains = "b", "b/", []string{"other.example.org"}
		second.Challenges = map[string]string{"_acme-challenge.other.example.org": w.zone.also}
		w.ca.aliases["other.example.org"] = w.zone.also
		w.config.Certificates = append(w.config.Certificates, second)
		w.zone.foreign(w.zone.also, 300, `"of somebody else"`)
		w.mustRun(t, Request{})
		w.holdsValidPair(t, "a", "app.example.org")
		w.holdsValidPair(t, "b", "other.example.org")
		if left := w.zone.values(w.zone.also); len(left) != 1 || left[0] != `"of somebody else"` {
			t.Errorf("left behind: %q", left)
		}
	})
}

func TestFailedDelegatedChallengeTellsTheDelegation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := delegatedWorld()
		w.ca.aliases = nil // the CNAME record is gone
		status := w.mustFail(t, t.Context())
		for _, want := range []string{
			"answered at " + w.zone.also + ", where the CNAME record of _acme-challenge.app.example.org led",
			"check that _acme-challenge.app.example.org is still a CNAME record that leads to " + w.zone.also,
		} {
			if !strings.Contains(status.Failure.Message, want) {
				t.Errorf("the message is %q, want %q in it", status.Failure.Message, want)
			}
		}
		w.holdsNoRecords(t)
	})
}
