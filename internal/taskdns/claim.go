package taskdns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Claim tells whose a domain is. It is a TXT record in the domain's zone, so
// that another resource sees it from wherever it is, and so that the record
// sets of a resource can be told from others after its TTL has changed.
type Claim struct {
	// Owner is the value of the owner tag, "task_dns/<name>", and Account and
	// Region are those of the resource.
	Owner, Account, Region string
	// TTLs are those that records of the resource can have, in seconds, the
	// current one first.
	TTLs []int64
}

// ClaimName is the name of a domain's claim.
func ClaimName(domain string) string { return "_fargatedirect." + domain }

const (
	claimTTL = 300 // seconds
	// maxTTLs is how many TTLs a claim remembers. A reconciliation gives
	// records the current one, so that older ones soon are on no record.
	maxTTLs = 8
	// claimMark is the first word of a claim.
	claimMark = "fargatedirect"
)

// String tells whose the domain is in words.
func (c Claim) String() string {
	return fmt.Sprintf("%s of account %s in region %s", c.Owner, c.Account, c.Region)
}

// sameHolder tells whether two claims are of the same resource.
func (c Claim) sameHolder(other Claim) bool {
	return c.Owner == other.Owner && c.Account == other.Account && c.Region == other.Region
}

// with adds TTLs to a claim, in front.
func (c Claim) with(ttls ...int64) Claim {
	var all []int64
	for _, ttl := range slices.Concat(ttls, c.TTLs) {
		if !slices.Contains(all, ttl) {
			all = append(all, ttl)
		}
	}
	c.TTLs = all[:min(len(all), maxTTLs)]
	return c
}

// recordSet is the claim as a record set.
func (c Claim) recordSet(domain string) *types.ResourceRecordSet {
	var ttls []string
	for _, ttl := range c.TTLs {
		ttls = append(ttls, strconv.FormatInt(ttl, 10))
	}
	text := fmt.Sprintf(`"%s owner=%s account=%s region=%s ttl=%s"`, claimMark, c.Owner, c.Account, c.Region, strings.Join(ttls, ","))
	return &types.ResourceRecordSet{
		Name: aws.String(ClaimName(domain) + "."), Type: types.RRTypeTxt, TTL: aws.Int64(claimTTL),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(text)}},
	}
}

// readClaim reads a claim. It answers false for a record set that is none;
// such a one still stands in the way of a claim.
func readClaim(set types.ResourceRecordSet) (Claim, bool) {
	text := value(set)
	if !isPlain(set) || len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return Claim{}, false
	}
	words := strings.Fields(text[1 : len(text)-1])
	if len(words) == 0 || words[0] != claimMark {
		return Claim{}, false
	}
	said := make(map[string]string)
	for _, word := range words[1:] {
		key, v, _ := strings.Cut(word, "=")
		said[key] = v
	}
	c := Claim{Owner: said["owner"], Account: said["account"], Region: said["region"], TTLs: readTTLs(said["ttl"])}
	return c, c.Owner != "" && c.Account != "" && c.Region != "" && len(c.TTLs) > 0
}

// readTTLs reads the TTLs in a claim. There are none if one of them is none.
func readTTLs(text string) []int64 {
	var ttls []int64
	for one := range strings.SplitSeq(text, ",") {
		ttl, err := strconv.ParseInt(one, 10, 64)
		if err != nil || ttl <= 0 {
			return nil
		}
		ttls = append(ttls, ttl)
	}
	return ttls
}

// holding is what bears a claim's name.
type holding struct {
	set   *types.ResourceRecordSet // nil if the domain is not claimed
	claim Claim                    // whose it is
	ours  bool
}

// claimant is who holds the domain, in words; empty if nobody does.
func (o holding) claimant() string {
	switch {
	case o.set == nil:
		return ""
	case o.claim.Owner == "":
		return fmt.Sprintf("somebody whose TXT record %s is no claim that can be read", strings.TrimSuffix(aws.ToString(o.set.Name), "."))
	}
	return o.claim.String()
}

// report tells of a holding.
func (o holding) report() Report { return Report{Claimant: o.claimant(), Ours: o.ours, Done: true} }

// self is the claim that this resource makes.
func (h *Handler) self() Claim {
	return Claim{Owner: h.cfg.Owner, Account: h.clusters[0].account, Region: h.clusters[0].region, TTLs: []int64{h.cfg.TTL}}
}

// holdingOf finds the claim of a domain among record sets.
func (h *Handler) holdingOf(domain string, sets []types.ResourceRecordSet) holding {
	for i, set := range sets {
		if set.Type != types.RRTypeTxt || !sameName(aws.ToString(set.Name), ClaimName(domain)) {
			continue
		}
		found := holding{set: &sets[i]}
		if c, ok := readClaim(set); ok {
			found.claim, found.ours = c, c.sameHolder(h.self())
		}
		return found
	}
	return holding{}
}

// status reads who holds the domain.
func (h *Handler) status(ctx context.Context) (holding, error) {
	page, err := h.zone.list(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId:    aws.String(h.cfg.HostedZoneID),
		StartRecordName: aws.String(ClaimName(h.cfg.Domain) + "."),
		StartRecordType: types.RRTypeTxt,
		MaxItems:        aws.Int32(1),
	})
	if err != nil {
		return holding{}, fmt.Errorf("reading the claim of domain (%s): %w", h.cfg.Domain, err)
	}
	return h.holdingOf(h.cfg.Domain, page.ResourceRecordSets), nil
}

// claim claims the domain if nobody else has, and makes the claim know the
// current TTL. It never takes over a claim.
func (h *Handler) claim(ctx context.Context) (holding, error) {
	var refusal error
	for range maxRounds {
		found, err := h.status(ctx)
		if err != nil {
			return holding{}, err
		}
		if found.set != nil && !found.ours || found.ours && found.claim.TTLs[0] == h.cfg.TTL {
			return found, nil
		}
		next := found.claim.with(h.cfg.TTL)
		next.Owner, next.Account, next.Region = h.self().Owner, h.self().Account, h.self().Region
		var changes []types.Change
		if found.set != nil {
			changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: found.set})
		}
		set := next.recordSet(h.cfg.Domain)
		changes = append(changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: set})
		id, err := h.zone.change(ctx, changes, "fargatedirect "+h.cfg.Owner+" claims the domain")
		if refused := new(types.InvalidChangeBatch); errors.As(err, &refused) {
			refusal = err // somebody was faster: look whose it is now
			continue
		}
		if err != nil {
			return holding{}, fmt.Errorf("claiming domain (%s): %w", h.cfg.Domain, err)
		}
		h.log.Info("domain claimed", "domain", h.cfg.Domain, "ttls", next.TTLs, "change", id)
		return holding{set: set, claim: next, ours: true}, nil
	}
	return holding{}, fmt.Errorf("claiming domain (%s): %w", h.cfg.Domain, refusal)
}
