package certbot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// shortLifetime is below which half of the lifetime must be left, not a third:
// days, not weeks, remain to notice that renewals fail.
const shortLifetime = 10 * 24 * time.Hour

// unfit answers why the held certificate does not serve, whatever its age; ""
// if it does. It takes the time, so that it depends on nothing else.
func unfit(want Certificate, directory string, have *held, now time.Time) string {
	if have == nil {
		return "there is none yet"
	}
	if have.broken != nil {
		return "the stored one cannot be used: " + have.broken.Error()
	}
	leaf := have.leaf()
	names := normalNames(want.Domains)
	switch {
	case !slices.Equal(names, normalNames(leaf.DNSNames)):
		return fmt.Sprintf("the names changed from %s to %s", strings.Join(normalNames(leaf.DNSNames), ", "), strings.Join(names, ", "))
	case keyTypeOf(leaf.PublicKey) != want.KeyType:
		return fmt.Sprintf("the key type changed from %s to %s", keyTypeOf(leaf.PublicKey), want.KeyType)
	case have.directory != directory:
		return fmt.Sprintf("the authority changed from %q to %q", have.directory, directory)
	case have.profile != want.Profile:
		return fmt.Sprintf("the profile changed from %q to %q", have.profile, want.Profile)
	case have.preferred != want.PreferredChain && !satisfies(have.chain, want.PreferredChain):
		// An authority that was asked for it already has no such chain.
		return fmt.Sprintf("the preferred chain changed from %q to %q", have.preferred, want.PreferredChain)
	case now.Before(leaf.NotBefore):
		return "the stored one is not valid before " + stamp(leaf.NotBefore)
	case !now.Before(leaf.NotAfter):
		return "the stored one expired on " + stamp(leaf.NotAfter)
	}
	return ""
}

// renewAt is when a certificate is old enough to be renewed: when a third of
// its lifetime is left, or half of a short one.
func renewAt(notBefore, notAfter time.Time) time.Time {
	lifetime := notAfter.Sub(notBefore)
	if lifetime < shortLifetime {
		return notAfter.Add(-lifetime / 2)
	}
	return notAfter.Add(-lifetime / 3)
}

// stamp writes a time for a person.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
