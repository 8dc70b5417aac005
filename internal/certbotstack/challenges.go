package certbotstack

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"golang.org/x/sync/errgroup"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/dnsname"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/hostedzone"
)

// challenge is where the proof for a name is given.
func (s Spec) challenge(domain string) string {
	asked := certbot.ChallengeName(domain)
	return cmp.Or(s.Challenges[asked], asked)
}

// delegated are the names among these whose proofs are given elsewhere than
// where they are looked for; nil if there are none.
func (s Spec) delegated(domains []string) map[string]string {
	var elsewhere map[string]string
	for _, d := range domains {
		asked := certbot.ChallengeName(d)
		if given := s.challenge(d); given != asked {
			if elsewhere == nil {
				elsewhere = map[string]string{}
			}
			elsewhere[asked] = given
		}
	}
	return elsewhere
}

// ChallengeNames are where the proofs of all certificates are given, by the
// names at which they are looked for.
func (s Spec) ChallengeNames() map[string]string {
	names := map[string]string{}
	for _, cert := range s.Certificates {
		for _, d := range cert.Domains {
			names[certbot.ChallengeName(d)] = s.challenge(d)
		}
	}
	return names
}

// ZonesAPI is what FindChallenges calls of Route 53.
type ZonesAPI interface {
	hostedzone.API
	hostedzone.RecordsAPI
}

// CNAMEs looks CNAME records up in DNS. It answers "" where there is none of
// the name itself.
type CNAMEs interface {
	Next(ctx context.Context, name string) (string, error)
}

// Challenges is what FindChallenges found.
type Challenges struct {
	// Names are for Spec.Challenges. Those that could not be found are missing,
	// and a problem tells why.
	Names    map[string]string
	Problems []Problem
	// Warnings tell which names are those of before because the lookup failed.
	Warnings []string
}

// maxHops is how many CNAME records are followed, as most resolvers do.
const maxHops = 8

// lookups is how many names are looked up at the same time.
const lookups = 8

// FindChallenges finds out where the proofs for these certificates are to be
// given: where the CNAME records of _acme-challenge lead, which must be in the
// certificate's hosted zone. It tells which zones do not exist as well. A zone
// that needs a role is not looked at, and one that the caller may not read
// counts as any other, of unknown name.
//
// Names inside of a zone are asked of Route 53 and others of DNS, so there are
// no questions to DNS if all names lie in zones that can be read. The names of
// before stand in for those whose lookup fails.
func (s Spec) FindChallenges(ctx context.Context, zones ZonesAPI, dns CNAMEs, keys []string, before map[string]string) (Challenges, error) {
	found := Challenges{Names: map[string]string{}}
	var wanted []*sought
	known := map[string]*place{}
	for _, key := range slices.Sorted(slices.Values(keys)) {
		p, problem := s.place(ctx, zones, key, known)
		if problem != nil {
			found.Problems = append(found.Problems, *problem)
		}
		if p == nil {
			continue
		}
		asked := map[string]bool{}
		for _, d := range s.Certificates[key].Domains {
			asked[dnsname.Base(d)] = true
		}
		for _, domain := range slices.Sorted(maps.Keys(asked)) {
			wanted = append(wanted, &sought{key: key, domain: domain, place: p})
		}
	}
	var all errgroup.Group
	all.SetLimit(lookups)
	for _, w := range wanted {
		all.Go(func() error {
			w.end, w.err = w.follow(ctx, zones, dns)
			return nil
		})
	}
	if err := errors.Join(all.Wait(), ctx.Err()); err != nil {
		return found, err
	}
	for _, w := range wanted {
		found.add(w, before)
	}
	return found, nil
}

// place is a hosted zone.
type place struct {
	id string
	// name is empty if it is not known.
	name string
	// err is why it could not be read.
	err error
}

// place is where the proofs of a certificate are to be given, nil if that does
// not exist, which is a problem when it is first met.
func (s Spec) place(ctx context.Context, zones ZonesAPI, key string, known map[string]*place) (*place, *Problem) {
	id := s.ZoneID(key)
	if s.ZoneRole(key).ARN != "" {
		return &place{id: id}, nil
	}
	if p, ok := known[id]; ok {
		return p, nil
	}
	name, err := hostedzone.Name(ctx, zones, id)
	if errors.Is(err, hostedzone.ErrNotFound) {
		known[id] = nil
		owner := key
		if s.Certificates[key].HostedZoneID == "" {
			owner = ""
		}
		return nil, &Problem{owner, "hosted_zone_id", fmt.Sprintf("there is no hosted zone %s in this AWS account", id)}
	}
	known[id] = &place{id: id, name: name, err: err}
	return known[id], nil
}

// sought is a proof for a name, and where it is to be given.
type sought struct {
	key, domain string
	place       *place
	end         string
	err         error
}

// errChain tells of CNAME records that cannot be followed to an end.
var errChain = errors.New("its CNAME records form a loop or a chain of more than 8")

// follow finds the end of the chain of CNAME records.
func (w *sought) follow(ctx context.Context, zones ZonesAPI, dns CNAMEs) (string, error) {
	if w.place.err != nil {
		return "", w.place.err
	}
	at := certbot.ChallengeName(w.domain)
	for range maxHops + 1 {
		next, err := w.place.next(ctx, zones, dns, at)
		if err != nil || next == "" {
			return at, err
		}
		at = next
	}
	return "", errChain
}

// next is where the CNAME record of a name leads, "" if there is none. The
// zone itself tells of its own names, where nothing is old and wildcards
// cannot be mistaken for records.
func (p *place) next(ctx context.Context, zones ZonesAPI, dns CNAMEs, name string) (string, error) {
	if p.name == "" || !dnsname.Within(name, p.name) {
		return dns.Next(ctx, name)
	}
	set, err := hostedzone.RecordSet(ctx, zones, p.id, name, types.RRTypeCname)
	if set == nil || err != nil {
		if awserr.IsAccessDenied(err) {
			err = nil // the caller need not be allowed to
		}
		return "", err
	}
	targets := hostedzone.Values(*set)
	if set.AliasTarget != nil {
		targets = hostedzone.Names([]string{aws.ToString(set.AliasTarget.DNSName)})
	}
	return strings.Join(targets, " "), nil // there is one
}

// add takes what was found of a name, or tells what is wrong with it.
func (c *Challenges) add(w *sought, before map[string]string) {
	asked := certbot.ChallengeName(w.domain)
	problem := func(format string, args ...any) {
		c.Problems = append(c.Problems, Problem{w.key, "domains", fmt.Sprintf(format, args...)})
	}
	end := w.end
	switch old := before[asked]; {
	case errors.Is(w.err, errChain):
		problem("the challenge for %q cannot be answered: %s has no end, %s", w.domain, asked, w.err)
		return
	case w.err != nil && old == "":
		problem("%s could not be found out: %s", w.question(), w.err)
		return
	case w.err != nil:
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s: %s", asked, w.err))
		end = old
	}
	if other, ok := c.Names[asked]; ok && other != end {
		problem("the challenge for %q would be answered at %s for one certificate and at %s for another; use one hosted zone for both", w.domain, other, end)
		return
	}
	if text := w.place.refuses(w.domain, end); text != "" {
		problem("%s", text)
		return
	}
	c.Names[asked] = end
}

// question is what a lookup did not answer.
func (w *sought) question() string {
	if p := w.place; p.name != "" && !dnsname.Within(w.domain, p.name) {
		return fmt.Sprintf("%q is outside of hosted zone %s (%s), and whether a CNAME record of %s leads into it", w.domain, p.id, p.name, certbot.ChallengeName(w.domain))
	}
	return fmt.Sprintf("where the challenge for %q is to be answered", w.domain)
}

// refuses tells why the proof for a domain cannot be given at a name.
func (p *place) refuses(domain, end string) string {
	asked := certbot.ChallengeName(domain)
	if err := dnsname.CheckRecord(end); err != nil {
		return fmt.Sprintf("the challenge for %q cannot be answered where the CNAME record of %s leads: %s", domain, asked, err)
	}
	if p.name == "" || dnsname.Within(end, p.name) {
		return ""
	}
	if end == asked {
		return fmt.Sprintf("%q is outside of hosted zone %s (%s), and no CNAME record of %s leads into it, so the challenge could not be answered. Name the zone that holds the domain in hosted_zone_id, or make this record where the domain is hosted (a wildcard's does not count): %s. CNAME %s.", domain, p.id, p.name, asked, asked, suggested(domain, p.name))
	}
	return fmt.Sprintf("the challenge for %q is to be answered at %s, where the CNAME record of %s leads, which is outside of hosted zone %s (%s). Name the zone that holds it in hosted_zone_id, or change the record: %s. CNAME %s.", domain, end, asked, p.id, p.name, asked, suggested(domain, p.name))
}

// suggested is a name in a zone for the proofs of a domain alone.
func suggested(domain, zone string) string {
	label := strings.ReplaceAll(domain, ".", "-")
	if len(label) > 63 {
		sum := sha256.Sum256([]byte(domain))
		label = "challenge-" + hex.EncodeToString(sum[:])[:12]
	}
	return label + "." + zone
}
