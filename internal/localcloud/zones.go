package localcloud

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// zone is a public hosted zone. Its name is lower-case and ends with a dot.
type zone struct {
	id   string
	name string
}

// recordSet is all records of one name and type. Its name is lower-case, ends
// with a dot and holds "*" as such.
type recordSet struct {
	name   string
	kind   string
	ttl    uint32
	values []string
}

// zoneSource knows the zones and what is in them.
type zoneSource interface {
	zones(ctx context.Context) ([]zone, error)
	records(ctx context.Context, zoneID string) ([]recordSet, error)
}

// response is what a resolver would say.
type response struct {
	rcode     int
	answer    []dns.RR
	authority []dns.RR
}

// maxAliases is how many CNAME records are followed for one question.
const maxAliases = 8

// resolve answers a question as a resolver does that finds all zones
// delegated: CNAME records are followed across zones. A name in none of the
// zones is refused, for nobody here knows whether it exists.
func resolve(ctx context.Context, source zoneSource, name string, qtype uint16) (response, error) {
	zones, err := source.zones(ctx)
	if err != nil {
		return response{}, err
	}
	var answer []dns.RR
	name = dns.CanonicalName(name)
	for range maxAliases {
		content, err := authority(ctx, source, zones, name)
		if err != nil {
			return response{}, err
		}
		if content == nil && answer == nil {
			return response{rcode: dns.RcodeRefused}, nil
		}
		if content == nil {
			return response{answer: answer}, nil
		}
		found, alias, err := content.lookup(name, qtype)
		if err != nil {
			return response{}, err
		}
		answer = append(answer, found.answer...)
		if alias == "" {
			found.answer = answer
			return found, nil
		}
		name = alias
	}
	return response{rcode: dns.RcodeServerFailure}, nil
}

// zoneContent is a zone with its records.
type zoneContent struct {
	zone zone
	sets []recordSet
}

// authority finds the zone that answers for a name, as delegations lead to
// it: from the topmost hosted zone down, wherever NS records cut it. A zone
// that its parent does not delegate to is as invisible as on the Internet. It
// returns nil if no zone holds the name.
func authority(ctx context.Context, source zoneSource, zones []zone, name string) (*zoneContent, error) {
	var top *zone
	for i, z := range zones {
		if dns.IsSubDomain(z.name, name) && (top == nil || len(z.name) < len(top.name)) {
			top = &zones[i]
		}
	}
	if top == nil {
		return nil, nil
	}
	sets, err := source.records(ctx, top.id)
	if err != nil {
		return nil, err
	}
	content := &zoneContent{zone: *top, sets: sets}
	for {
		cut := content.cutAbove(name)
		if cut == nil {
			return content, nil
		}
		content, err = delegated(ctx, source, zones, cut)
		if err != nil {
			return nil, err
		}
	}
}

// delegated finds the zone that NS records in its parent lead to: of several
// zones of that name the one whose own name servers they are.
func delegated(ctx context.Context, source zoneSource, zones []zone, cut *recordSet) (*zoneContent, error) {
	for _, z := range zones {
		if z.name != cut.name {
			continue
		}
		sets, err := source.records(ctx, z.id)
		if err != nil {
			return nil, err
		}
		content := &zoneContent{zone: z, sets: sets}
		own := content.find(z.name, "NS")
		if own != nil && sameNames(own.values, cut.values) {
			return content, nil
		}
	}
	return nil, fmt.Errorf("%s is delegated to %v, which serve no such zone", cut.name, cut.values)
}

func sameNames(a, b []string) bool {
	return slices.Equal(canonical(a), canonical(b))
}

func canonical(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, dns.CanonicalName(n))
	}
	slices.Sort(out)
	return out
}

// cutAbove is the NS record set that delegates the name away, if any.
func (z *zoneContent) cutAbove(name string) *recordSet {
	var top *recordSet
	for i, s := range z.sets {
		if s.kind != "NS" || s.name == z.zone.name || !dns.IsSubDomain(s.name, name) {
			continue
		}
		if top == nil || len(s.name) < len(top.name) {
			top = &z.sets[i]
		}
	}
	return top
}

func (z *zoneContent) find(name, kind string) *recordSet {
	for i, s := range z.sets {
		if s.name == name && s.kind == kind {
			return &z.sets[i]
		}
	}
	return nil
}

// exists tells whether the name owns records or lies above one that does.
func (z *zoneContent) exists(name string) bool {
	return slices.ContainsFunc(z.sets, func(s recordSet) bool {
		return s.name == name || strings.HasSuffix(s.name, "."+name)
	})
}

// owner is the name whose records answer for a name: itself, or the wildcard
// below its closest ancestor that exists (RFC 4592), or "".
func (z *zoneContent) owner(name string) string {
	if name == z.zone.name || z.exists(name) {
		return name
	}
	for parent := name; parent != z.zone.name; {
		_, rest, _ := strings.Cut(parent, ".")
		parent = rest
		if parent != z.zone.name && !z.exists(parent) {
			continue
		}
		if wildcard := "*." + parent; z.exists(wildcard) {
			return wildcard
		}
		return ""
	}
	return ""
}

// lookup answers from this zone. The alias is where a CNAME record leads.
func (z *zoneContent) lookup(name string, qtype uint16) (found response, alias string, err error) {
	owner := z.owner(name)
	kind := dns.TypeToString[qtype]
	for _, s := range z.sets {
		follow := s.kind == "CNAME" && qtype != dns.TypeCNAME
		if s.name != owner || s.kind != kind && !follow {
			continue
		}
		for _, v := range s.values {
			rr, err := newRR(name, s.ttl, s.kind, v)
			if err != nil {
				return response{}, "", err
			}
			found.answer = append(found.answer, rr)
			if c, ok := rr.(*dns.CNAME); ok && follow {
				alias = dns.CanonicalName(c.Target)
			}
		}
	}
	if len(found.answer) > 0 {
		return found, alias, nil
	}
	if owner == "" {
		found.rcode = dns.RcodeNameError
	}
	found.authority = []dns.RR{z.negative()}
	return found, "", nil
}

// negative is the SOA record that says how long a resolver may remember that
// a name or type does not exist (RFC 2308).
func (z *zoneContent) negative() *dns.SOA {
	if s := z.find(z.zone.name, "SOA"); s != nil && len(s.values) == 1 {
		rr, err := newRR(s.name, s.ttl, s.kind, s.values[0])
		if soa, ok := rr.(*dns.SOA); ok && err == nil {
			soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
			return soa
		}
	}
	// An emulator without our extension has no valid SOA record. This is the
	// one that Route 53 gives to a new zone.
	return &dns.SOA{
		Hdr:    dns.RR_Header{Name: z.zone.name, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 900},
		Ns:     "ns-1.awsdns-00.com.",
		Mbox:   "awsdns-hostmaster.amazon.com.",
		Serial: 1, Refresh: 7200, Retry: 900, Expire: 1209600, Minttl: 86400,
	}
}

func newRR(name string, ttl uint32, kind, value string) (dns.RR, error) {
	rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", name, ttl, kind, value))
	if err != nil {
		return nil, fmt.Errorf("reading record (%s %s %q): %w", name, kind, value, err)
	}
	return rr, nil
}
